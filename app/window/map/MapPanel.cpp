// SPDX-License-Identifier: Apache-2.0
#include "map/MapPanel.h"

#include "map/IcicleView.h"
#include "map/LegendBar.h"
#include "map/MapExport.h"
#include "map/NodeLinkView.h"
#include "program/Log.h"
#include "theme/Theme.h"
#include "widgets/FileDialogs.h"

#include <QActionGroup>
#include <QButtonGroup>
#include <QDir>
#include <QEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHideEvent>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
/// Of a long path the first and the last are told.
constexpr std::size_t mostSteps = 6;
constexpr QChar groupLink = u'g'; ///< in front of a group's key
} // namespace

MapPanel::MapPanel(Workspace& workspace, QWidget* parent)
    : QWidget(parent)
    , workspace_(workspace)
    , map_(workspace) {
    setObjectName(QStringLiteral("mapPanel"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* head = new QWidget(this);
    head->setObjectName(QStringLiteral("page"));
    head->setFixedHeight(measure::row + 7);
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(12, 0, 8, 0);
    row->setSpacing(8);
    path_ = new QLabel(head);
    path_->setObjectName(QStringLiteral("mapPath"));
    path_->setTextFormat(Qt::RichText);
    path_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    path_->setTextInteractionFlags(Qt::LinksAccessibleByMouse);
    colour_ = new QToolButton(head);
    colour_->setObjectName(QStringLiteral("mapColour"));
    colour_->setPopupMode(QToolButton::InstantPopup);
    colour_->setToolTip(tr("What the colours say"));
    auto* menu = new QMenu(colour_);
    auto* group = new QActionGroup(menu);
    const QString texts[] = {tr("State"), tr("Age"), tr("Dispatcher"), tr("Place of creation"),
                             tr("Finding")};
    for (const MapColour colour : allMapColours) {
        QAction* action = menu->addAction(texts[static_cast<int>(colour)]);
        action->setCheckable(true);
        action->setData(static_cast<int>(colour));
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, colour] {
            setColour(colour);
            QSettings().setValue(QStringLiteral("map/colour"), nameOf(colour));
        });
    }
    colour_->setMenu(menu);
    row->addWidget(path_, 1);
    switch_ = new QButtonGroup(this);
    auto* segments = new QHBoxLayout;
    segments->setSpacing(0);
    const auto addDrawing = [&](Drawing drawing, const QString& name, const QString& text,
                                const QString& tip) {
        auto* button = new QPushButton(text, head);
        button->setObjectName(name);
        button->setProperty("segment", true);
        button->setProperty("small", true);
        button->setCheckable(true);
        button->setToolTip(tip);
        switch_->addButton(button, static_cast<int>(drawing));
        segments->addWidget(button);
    };
    addDrawing(Drawing::Icicle, QStringLiteral("showIcicle"), tr("Icicle"),
               tr("Every job, as wide as what is below it"));
    addDrawing(Drawing::Nodes, QStringLiteral("showNodes"), tr("Nodes"),
               tr("Boxes and links: some hundred jobs, the rest folded"));
    connect(switch_, &QButtonGroup::idToggled, this, [this](int id, bool on) {
        if (!on || drawing() == static_cast<Drawing>(id))
            return;
        setDrawing(static_cast<Drawing>(id));
        QSettings().setValue(QStringLiteral("map/drawing"), drawing() == Drawing::Nodes
                                                                ? QStringLiteral("nodes")
                                                                : QStringLiteral("icicle"));
        canvas().setFocus();
    });
    row->addLayout(segments);
    row->addWidget(colour_);
    save_ = new QToolButton(head);
    save_->setObjectName(QStringLiteral("mapSave"));
    save_->setText(tr("Save picture…"));
    save_->setToolTip(tr("Save what the map shows as PNG or SVG"));
    connect(save_, &QToolButton::clicked, this, &MapPanel::askExport);
    row->addWidget(save_);
    drawings_ = new QStackedWidget(this);
    icicle_ = new IcicleView(map_, drawings_);
    nodes_ = new NodeLinkView(map_, drawings_);
    legend_ = new LegendBar(map_, this);
    layout->addWidget(head);
    layout->addWidget(drawings_, 1);
    layout->addWidget(legend_);
    for (JobCanvas* canvas : {static_cast<JobCanvas*>(icicle_), static_cast<JobCanvas*>(nodes_)}) {
        drawings_->addWidget(canvas);
        connect(canvas, &JobCanvas::cancelRequested, this, &MapPanel::cancelRequested);
        connect(canvas, &JobCanvas::copyRequested, this, &MapPanel::copyRequested);
        connect(canvas, &JobCanvas::exportRequested, this, &MapPanel::exportRequested);
        connect(canvas, &JobCanvas::showInTreeRequested, this, &MapPanel::showInTreeRequested);
        connect(canvas, &JobCanvas::filterRequested, this, &MapPanel::filterRequested);
        connect(canvas, &JobCanvas::viewChanged, this, &MapPanel::refreshPath);
    }
    setDrawing(QSettings().value(QStringLiteral("map/drawing")).toString() == QStringLiteral("nodes")
                   ? Drawing::Nodes
                   : Drawing::Icicle);
    connect(&workspace_, &Workspace::numbersDue, this, &MapPanel::refreshPath);
    connect(path_, &QLabel::linkActivated, this, [this](const QString& link) {
        if (link.startsWith(groupLink)) {
            canvas().zoomTo(workspace_.rows().groupOfKey(QStringView(link).mid(1).toULongLong()));
            return;
        }
        const JobId job{link.toULongLong()};
        if (const Node node = workspace_.tree().find(job); job && node != noNode)
            canvas().zoomTo(node);
        else
            canvas().fit();
    });
    const QString remembered = QSettings().value(QStringLiteral("map/colour")).toString();
    MapColour colour = MapColour::State;
    for (const MapColour each : allMapColours) {
        if (nameOf(each) == remembered)
            colour = each;
    }
    setColour(colour);
}

QFileDialog* MapPanel::fileDialog() const noexcept {
    return dialog_.data();
}

JobCanvas& MapPanel::canvas() const noexcept {
    return *static_cast<JobCanvas*>(drawings_->currentWidget());
}

MapPanel::Drawing MapPanel::drawing() const noexcept {
    return drawings_->currentWidget() == nodes_ ? Drawing::Nodes : Drawing::Icicle;
}

/// What was zoomed to in one is what the other shows.
void MapPanel::setDrawing(Drawing drawing) {
    const JobId focus = canvas().focus();
    const std::optional<std::uint64_t> group = canvas().focusGroup();
    const bool other = this->drawing() != drawing;
    drawings_->setCurrentIndex(static_cast<int>(drawing));
    switch_->button(static_cast<int>(drawing))->setChecked(true);
    setFocusProxy(&canvas());
    if (!other || !map_.active())
        return;
    if (const Node node = group   ? workspace_.rows().groupOfKey(*group)
                          : focus ? workspace_.tree().find(focus)
                                  : noNode;
        node != noNode)
        canvas().zoomTo(node);
    if (const Node node = canvas().current(); node != noNode)
        canvas().show(node);
    refreshPath();
}

void MapPanel::setColour(MapColour colour) {
    map_.setColour(colour);
    for (QAction* action : colour_->menu()->actions()) {
        action->setChecked(action->data().toInt() == static_cast<int>(colour));
        if (action->isChecked())
            colour_->setText(tr("Colour: %1 ▾").arg(action->text().toLower()));
    }
    colour_->setAccessibleName(tr("Colour: %1").arg(nameOf(colour)));
}

void MapPanel::showSelected() {
    if (const Node node = canvas().current(); node != noNode && isVisible())
        canvas().show(node);
}

void MapPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    map_.setActive(true);
    refreshPath();
}

void MapPanel::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    // A window that is only minimised is wanted again.
    if (!event->spontaneous())
        map_.setActive(false);
}

void MapPanel::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        map_.appearanceChanged();
        path_->clear();
        refreshPath();
    }
}

void MapPanel::askExport() {
    if (dialog_ != nullptr || !workspace_.shows() || !isVisible())
        return;
    dialog_ = new QFileDialog(this, tr("Save a picture of the map"));
    dialog_->setAttribute(Qt::WA_DeleteOnClose);
    dialog_->setAcceptMode(QFileDialog::AcceptSave);
    dialog_->setOption(QFileDialog::DontUseNativeDialog);
    dialog_->setOption(QFileDialog::DontConfirmOverwrite); // it would wait in a loop of its own
    dialog_->setNameFilters({tr("Pictures (*.png)"), tr("Drawings (*.svg)")});
    dialog_->setDefaultSuffix(QStringLiteral("png"));
    connect(dialog_, &QFileDialog::filterSelected, dialog_, [dialog = dialog_.data()](const QString& filter) {
        const QString suffix =
            filter.contains(QStringLiteral("svg")) ? QStringLiteral("svg") : QStringLiteral("png");
        dialog->setDefaultSuffix(suffix);
        if (const QFileInfo chosen(dialog->selectedFiles().value(0)); !chosen.completeBaseName().isEmpty())
            dialog->selectFile(chosen.completeBaseName() + u'.' + suffix);
    });
    tidy(*dialog_);
    dialog_->setDirectory(QSettings().value(QStringLiteral("pictures"), QDir::homePath()).toString());
    dialog_->selectFile(QString::fromStdString(workspace_.info().program) + QStringLiteral("-map.png"));
    connect(dialog_, &QFileDialog::fileSelected, this, [this](const QString& path) {
        QSettings().setValue(QStringLiteral("pictures"), QFileInfo(path).absolutePath());
        askToReplace(this, tr("Save a picture"), path, [this, path] { save(path); });
    });
    dialog_->open();
}

void MapPanel::save(const QString& path) {
    const QString problem = exportMap(canvas(), path);
    if (problem.isEmpty()) {
        logInfo(tr("saved a picture of the map to %1").arg(path));
        emit pictureSaved(tr("Saved the picture to %1.").arg(path), true);
        return;
    }
    logWarning(problem);
    emit pictureSaved(problem, false);
}

void MapPanel::refreshPath() {
    if (!isVisible())
        return;
    const QString dim = Theme::tokens().dim.name(), text = Theme::tokens().text.name();
    struct Step {
        QString link, name;
    };
    const JobId focus = canvas().focus();
    std::vector<Step> steps; // from the innermost outwards, as they lie in the map
    Node at = focus                   ? workspace_.tree().find(focus)
              : canvas().focusGroup() ? workspace_.rows().groupOfKey(*canvas().focusGroup())
                                      : noNode;
    for (; map_.layout().known(at) && at != programGroup && at != orphanGroup; at = map_.layout().parent(at))
        steps.push_back(
            {isJob(at) ? QString::number(workspace_.tree().id(at).value)
                       : groupLink + QString::number(
                                         workspace_.rows().groups()->place(TreeRows::groupNumber(at)).key),
             map_.title(at)});
    steps.push_back({QStringLiteral("0"), map_.title(programGroup)});
    std::reverse(steps.begin(), steps.end());
    if (steps.size() > mostSteps)
        steps.erase(steps.begin() + 2, steps.end() - (mostSteps - 2));
    QStringList parts;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const bool last = i + 1 == steps.size();
        const QString name = steps[i].name.toHtmlEscaped();
        parts << (last ? QStringLiteral("<b style='color:%1'>%2</b>").arg(text, name)
                       : QStringLiteral("<a style='color:%1; text-decoration:none' href='%2'>%3</a>")
                             .arg(dim, steps[i].link, name));
    }
    const QString html =
        parts.join(QStringLiteral(" <span style='color:%1'>›</span> ").arg(Theme::tokens().faint.name()));
    if (path_->text() != html)
        path_->setText(html);
}

} // namespace coroscope::app
