// SPDX-License-Identifier: Apache-2.0
#include "widgets/PathBar.h"

#include "model/Format.h"
#include "theme/Theme.h"
#include "widgets/Cards.h"
#include "widgets/JobTreeView.h"

#include <QActionGroup>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QToolButton>

namespace coroscope::app {

using observe::noNode;

namespace {
constexpr qsizetype longestName = 28;
} // namespace

PathBar::PathBar(Workspace& workspace, JobTreeView& tree, QWidget* parent)
    : QFrame(parent)
    , workspace_(workspace)
    , tree_(tree)
    , path_(new QLabel(this)) {
    setObjectName(QStringLiteral("pathBar"));
    setFixedHeight(measure::row + 5);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 0, 6, 0);
    layout->setSpacing(2);
    path_->setObjectName(QStringLiteral("path"));
    path_->setTextFormat(Qt::RichText);
    path_->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    path_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    path_->setAccessibleName(tr("Path to the selected job"));
    connect(path_, &QLabel::linkActivated, this,
            [this](const QString& id) { emit jobClicked(JobId{id.toULongLong()}); });
    layout->addWidget(path_, 1);
    const auto button = [&](const QString& name, const QString& text, const QString& tip) {
        auto* made = new QToolButton(this);
        made->setObjectName(name);
        made->setText(text);
        made->setToolTip(tip);
        made->setAutoRaise(true);
        layout->addWidget(made);
        return made;
    };
    pins_ = button(QStringLiteral("pins"), tr("Pinned"),
                   tr("Jobs to come back to (Ctrl+P pins the selected one)"));
    pinsMenu_ = new QMenu(pins_);
    pins_->setMenu(pinsMenu_);
    pins_->setPopupMode(QToolButton::InstantPopup);
    connect(pinsMenu_, &QMenu::aboutToShow, this, &PathBar::fillPins);
    levels_ = button(QStringLiteral("levels"), tr("Levels"), tr("How deep the tree is open"));
    auto* levels = new QMenu(levels_);
    for (unsigned level = 1; level <= 6; ++level)
        levels->addAction(tr("Open to level %1").arg(level), this, [this, level] { tree_.expandTo(level); });
    levels->addSeparator();
    levels->addAction(tr("Collapse all"), &tree_, &JobTreeView::collapseAll);
    levels_->setMenu(levels);
    levels_->setPopupMode(QToolButton::InstantPopup);
    group_ = button(QStringLiteral("groupBy"), tr("Group by"),
                    tr("Jobs by what they have in common, instead of the tree (Ctrl+G)"));
    buildGrouping();
    fold_ = button(QStringLiteral("foldAlike"), tr("Fold alike"),
                   tr("Siblings that are alike, with all below them, as one row with their number"));
    fold_->setCheckable(true);
    fold_->setChecked(workspace_.rows().folds());
    connect(fold_, &QToolButton::toggled, &tree_, &JobTreeView::setFolding);
    connect(&tree_, &JobTreeView::foldingChanged, fold_, &QToolButton::setChecked);
    connect(&workspace_, &Workspace::groupingChanged, this, &PathBar::refreshGrouping);
    connect(&tree_, &JobTreeView::pinsChanged, this, &PathBar::refreshPins);
    connect(&workspace_, &Workspace::selectionChanged, this, &PathBar::refresh);
    connect(&workspace_, &Workspace::numbersDue, this, &PathBar::refresh);
    refresh();
    refreshPins();
    refreshGrouping();
}

void PathBar::buildGrouping() {
    auto* menu = new QMenu(group_);
    auto* one = new QActionGroup(menu);
    const auto add = [&](const QString& text, std::optional<observe::GroupBy> by) {
        QAction* action = menu->addAction(text, this, [this, by] { choose(by); });
        action->setCheckable(true);
        one->addAction(action);
        groupings_.push_back(action);
    };
    add(tr("Nothing: the tree"), std::nullopt);
    add(tr("Where created"), observe::GroupBy::CreationSite);
    add(tr("Where suspended"), observe::GroupBy::SuspensionSite);
    add(tr("Identical stack"), observe::GroupBy::Stack);
    group_->setMenu(menu);
    group_->setPopupMode(QToolButton::InstantPopup);
}

void PathBar::toggleGrouping() {
    choose(workspace_.grouping() ? std::nullopt : std::optional(lastGrouping_));
}

/// What is selected stays in sight.
void PathBar::choose(std::optional<observe::GroupBy> by) {
    workspace_.setGrouping(by);
    if (tree_.current() != noNode)
        tree_.show(tree_.current());
}

void PathBar::refreshGrouping() {
    const std::optional<observe::GroupBy> by = workspace_.grouping();
    const std::size_t chosen = by ? 1 + static_cast<std::size_t>(*by) : 0;
    groupings_[chosen]->setChecked(true);
    lastGrouping_ = by.value_or(lastGrouping_);
    group_->setText(by ? tr("Grouped: %1").arg(groupings_[chosen]->text().toLower()) : tr("Group by"));
    fold_->setEnabled(!by);
}

void PathBar::resizeEvent(QResizeEvent* event) {
    QFrame::resizeEvent(event);
    refresh();
}

void PathBar::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refresh();
}

/// As many of those above as have room, from the job upwards; the root is always told.
void PathBar::refresh() {
    const Tokens& t = Theme::tokens();
    const std::optional<SelectedJob>& selected = workspace_.selected();
    if (!selected) {
        const QString hint =
            QStringLiteral("<span style=\"color:%1\">%2</span>")
                .arg(t.faint.name(), workspace_.selectedGroup() != noNode ? tr("A group is selected")
                                                                          : tr("No job is selected"));
        if (path_->text() != hint)
            path_->setText(hint);
        return;
    }
    const QString separator = QStringLiteral(" › ");
    const QFontMetrics metrics(path_->font());
    const auto shortened = [](const QString& name) {
        return nameText(name.size() > longestName ? name.left(longestName - 1) + QChar(0x2026) : name);
    };
    const QString own =
        shortened(selected->row.id ? workspace_.labels().name(selected->row) : tr("Unknown job"));
    int left = path_->width() - metrics.horizontalAdvance(own) - 24;
    const QString link = QStringLiteral("<a href=\"%1\" style=\"color:%2;text-decoration:none\">%3</a>");
    const QString colour = Theme::readable(t, t.accent, t.panel).name();
    QString text = QStringLiteral("<b>%1</b>").arg(own.toHtmlEscaped());
    const auto& path = selected->path;
    const int rootWidth =
        path.empty()
            ? 0
            : metrics.horizontalAdvance(shortened(path.front().second) + separator + QStringLiteral("… › "));
    for (std::size_t i = path.size(); i-- > 0;) {
        const QString name = shortened(path[i].second);
        const int width = metrics.horizontalAdvance(name + separator);
        if (i > 0 && left - width < rootWidth) {
            text.prepend(QStringLiteral("… › "));
            i = 1; // the root comes next
            continue;
        }
        left -= width;
        text.prepend(link.arg(path[i].first.value).arg(colour, name.toHtmlEscaped()) + separator);
    }
    if (path_->text() != text)
        path_->setText(text);
}

void PathBar::refreshPins() {
    pins_->setVisible(!tree_.pins().empty());
    pins_->setText(tr("Pinned %1").arg(tree_.pins().size()));
}

void PathBar::fillPins() {
    pinsMenu_->clear();
    for (const JobId id : tree_.pins()) {
        const observe::Node node = workspace_.tree().find(id);
        QAction* action =
            pinsMenu_->addAction(node == noNode ? tr("A job that has ended")
                                                : workspace_.labels().fullName(workspace_.tree().row(node)),
                                 this, [this, id] { emit jobClicked(id); });
        action->setEnabled(node != noNode);
    }
    pinsMenu_->addSeparator();
    pinsMenu_->addAction(tr("Unpin all"), this, [this] {
        for (const JobId id : std::vector<JobId>(tree_.pins()))
            tree_.setPinned(id, false);
    });
}

} // namespace coroscope::app
