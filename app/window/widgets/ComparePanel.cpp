// SPDX-License-Identifier: Apache-2.0
#include "widgets/ComparePanel.h"

#include "model/Format.h"
#include "theme/Theme.h"

#include <coroscope/observe/Labels.h>

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPointer>
#include <QPushButton>
#include <QThreadPool>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

#include <algorithm>

namespace coroscope::app {

namespace {
QString byText(observe::GroupBy by) {
    switch (by) {
    case observe::GroupBy::CreationSite:
        return ComparePanel::tr("By where created");
    case observe::GroupBy::SuspensionSite:
        return ComparePanel::tr("By where suspended");
    case observe::GroupBy::Stack:
        break;
    }
    return ComparePanel::tr("By stack");
}
} // namespace

void CompareModel::show(observe::Comparison comparison) {
    beginResetModel();
    comparison_ = std::move(comparison);
    endResetModel();
}

int CompareModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(comparison_.groups.size());
}
int CompareModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : Columns;
}

QString CompareModel::text(const observe::GroupChange& group, int column) const {
    switch (column) {
    case ChangeColumn:
        return QString::fromStdString(observe::changeText(group.change()));
    case BeforeColumn:
        return countText(group.before);
    case AfterColumn:
        return countText(group.after);
    case NewColumn:
        return comparison_.matched ? countText(group.fresh.size()) : QString();
    case GoneColumn:
        return comparison_.matched ? countText(group.gone.size()) : QString();
    default:
        return QString::fromStdString(group.place.label());
    }
}

QVariant CompareModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<std::size_t>(index.row()) >= comparison_.groups.size())
        return {};
    const observe::GroupChange& group = comparison_.groups[static_cast<std::size_t>(index.row())];
    const Tokens& t = Theme::tokens();
    switch (role) {
    case Qt::DisplayRole:
        return text(group, index.column());
    case Qt::TextAlignmentRole:
        return static_cast<int>((index.column() == PlaceColumn ? Qt::AlignLeft : Qt::AlignRight) |
                                Qt::AlignVCenter);
    case Qt::FontRole:
        return index.column() == PlaceColumn ? Theme::mono() : Theme::text();
    case Qt::ForegroundRole:
        return index.column() == ChangeColumn && group.change() > 0
                   ? Theme::readable(t, t.failed, t.selection)
               : group.change() == 0 ? Theme::readable(t, t.dim, t.selection)
                                     : t.text;
    case Qt::ToolTipRole: {
        QStringList lines;
        for (const observe::SiteText& frame : group.place.stack.frames)
            lines << QString::fromStdString(frame.shortText() + ' ' + frame.shortFunction());
        if (comparison_.matched) {
            lines << tr("%1 of them were here before").arg(countText(group.stayed));
            if (group.came > 0)
                lines << tr("%1 came from elsewhere").arg(countText(group.came));
            if (group.left > 0)
                lines << tr("%1 are elsewhere now").arg(countText(group.left));
        }
        return lines.join(QLatin1Char('\n')).toHtmlEscaped();
    }
    case Qt::AccessibleTextRole:
        return headerData(index.column(), Qt::Horizontal, Qt::DisplayRole).toString() + QStringLiteral(": ") +
               text(group, index.column());
    default:
        return {};
    }
}

QVariant CompareModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section >= Columns)
        return {};
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((section == PlaceColumn ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    const QString names[] = {tr("Where"), tr("Before"), tr("After"), tr("Change"), tr("New"), tr("Gone")};
    return role == Qt::DisplayRole ? QVariant(names[section]) : QVariant();
}

ComparePanel::ComparePanel(Workspace& workspace, QWidget* parent)
    : ListPanel(QStringLiteral("compare"), tr("What has changed"), new CompareModel, parent)
    , workspace_(workspace)
    , model_(static_cast<CompareModel*>(list()->model()))
    , words_(new QLabel(this))
    , notes_(new QLabel(this))
    , byButton_(new QToolButton(this))
    , swap_(new QPushButton(tr("Swap"), this))
    , again_(new QPushButton(tr("Again"), this)) {
    words_->setObjectName(QStringLiteral("compareWords"));
    notes_->setObjectName(QStringLiteral("compareNotes"));
    notes_->setProperty("dim", true);
    words_->setWordWrap(true);
    auto* lines = new QVBoxLayout;
    lines->setSpacing(1);
    for (QLabel* const label : {words_, notes_}) {
        label->setTextFormat(Qt::PlainText);
        label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
        lines->addWidget(label);
    }
    byButton_->setObjectName(QStringLiteral("compareBy"));
    byButton_->setToolTip(tr("What the jobs of a line have in common"));
    byButton_->setAutoRaise(true);
    auto* menu = new QMenu(byButton_);
    for (const observe::GroupBy by : observe::allGroupings)
        menu->addAction(byText(by), this, [this, by] {
            chooseGrouping(by);
            start(before_, after_, false);
        });
    byButton_->setMenu(menu);
    byButton_->setPopupMode(QToolButton::InstantPopup);
    swap_->setObjectName(QStringLiteral("compareSwap"));
    swap_->setToolTip(tr("The first one becomes the second"));
    again_->setObjectName(QStringLiteral("compareAgain"));
    again_->setToolTip(tr("With what is there now"));
    top()->setSpacing(8);
    top()->addLayout(lines, 1);
    top()->addWidget(byButton_);
    top()->addWidget(swap_);
    top()->addWidget(again_);
    list()->header()->setStretchLastSection(false);
    list()->header()->setSectionResizeMode(CompareModel::PlaceColumn, QHeaderView::Stretch);
    connect(swap_, &QPushButton::clicked, this, [this] { start(after_, before_, false); });
    connect(again_, &QPushButton::clicked, this, [this] {
        Side before = before_, after = after_;
        for (Side* const side : {&before, &after})
            if (side->session != 0)
                side->dump = sideOf(side->session).dump;
        start(std::move(before), std::move(after), false);
    });
    connect(list(), &QTreeView::activated, this, &ComparePanel::activate);
    say({});
}

/// With nothing to list the sentence stands in place of the list.
void ComparePanel::say(const QString& sentence) {
    const bool any = model_->rowCount() > 0;
    for (QWidget* const widget : {static_cast<QWidget*>(byButton_), static_cast<QWidget*>(swap_),
                                  static_cast<QWidget*>(again_), static_cast<QWidget*>(words_)})
        widget->setVisible(any);
    notes_->setVisible(any && !assumed_.isEmpty());
    fitWords();
    showListOr(sentence.isEmpty()
                   ? tr("“Compare with” in the menu shows what has changed since a dump was taken.")
                   : sentence);
}

/// The numbers first, then of what: on a line of its own where both do not fit into one. What does not fit
/// then is in the tooltip.
void ComparePanel::fitWords() {
    const QString outcome = counts_.isEmpty() ? sides_ : tr("%1: %2").arg(counts_, sides_);
    const auto fit = [](const QLabel* label, const QString& text, Qt::TextElideMode mode) {
        return label->fontMetrics().elidedText(text, mode, label->width());
    };
    if (counts_.isEmpty() || words_->fontMetrics().horizontalAdvance(outcome) <= words_->width())
        words_->setText(fit(words_, outcome, Qt::ElideMiddle));
    else
        words_->setText(counts_ + QLatin1Char('\n') + fit(words_, sides_, Qt::ElideMiddle));
    notes_->setText(fit(notes_, assumed_, Qt::ElideRight));
    for (const auto& [label, text] : {std::pair(words_, outcome), std::pair(notes_, assumed_)}) {
        label->setToolTip(text.toHtmlEscaped());
        label->setAccessibleName(text);
    }
}

void ComparePanel::chooseGrouping(observe::GroupBy by) {
    by_ = by;
    byButton_->setText(byText(by));
}

ComparePanel::Side ComparePanel::sideOf(int key) const {
    for (const Workspace::OpenSession& session : workspace_.sessions())
        if (session.key == key) {
            const QString file = QString::fromStdString(session.info.file);
            const QString name =
                session.info.live
                    ? tr("%1 pid %2").arg(QString::fromStdString(session.info.program)).arg(session.info.pid)
                    : QFileInfo(file).fileName();
            return {name, {}, key, workspace_.dumpOf(key)};
        }
    return {};
}

void ComparePanel::withFile(const QString& path) {
    chooseGrouping(workspace_.grouping().value_or(observe::usualGrouping(workspace_.info())));
    start({QFileInfo(path).fileName(), path, 0, nullptr}, sideOf(workspace_.shownKey()), true);
}

void ComparePanel::withSession(int key) {
    chooseGrouping(workspace_.grouping().value_or(observe::usualGrouping(workspace_.info())));
    start(sideOf(key), sideOf(workspace_.shownKey()), true);
}

/// In the background. `byTime`: the older one comes first, where their times are known.
ComparePanel::Compared ComparePanel::work(Side before, Side after, observe::GroupBy by, bool byTime) {
    Compared compared;
    for (Side* const side : {&before, &after}) {
        if (side->dump != nullptr || side->file.isEmpty())
            continue;
        auto source = observe::open(QFile::encodeName(side->file).toStdString());
        if (!source) {
            compared.problem = QString::fromStdString(source.problem());
            return compared;
        }
        observe::Batch batch;
        (*source)->read(batch);
        auto dump = std::make_shared<observe::Dump>();
        dump->info = (*source)->info();
        dump->dictionary = (*source)->dictionary();
        dump->jobs = std::move(batch.rows);
        side->dump = std::move(dump);
    }
    if (before.dump == nullptr || after.dump == nullptr) {
        compared.problem = tr("One of the two is no longer open.");
        return compared;
    }
    const std::int64_t first = before.dump->info.takenWallClock, second = after.dump->info.takenWallClock;
    if (byTime && first != 0 && second != 0 && first > second)
        std::swap(before, after);
    compared.comparison = observe::compare(*before.dump, *after.dump, by);
    compared.before = std::move(before);
    compared.after = std::move(after);
    return compared;
}

void ComparePanel::start(Side before, Side after, bool byTime) {
    const std::uint64_t round = ++round_;
    busy_ = true;
    say(tr("Comparing…"));
    emit started();
    QPointer<ComparePanel> self(this);
    QThreadPool::globalInstance()->start(
        [self, round, by = by_, byTime, before = std::move(before), after = std::move(after)]() mutable {
            auto compared = std::make_shared<Compared>(work(std::move(before), std::move(after), by, byTime));
            QMetaObject::invokeMethod(
                QCoreApplication::instance(),
                [self, round, compared] {
                    if (self && self->round_ == round)
                        self->done(std::move(*compared));
                },
                Qt::QueuedConnection);
        });
}

void ComparePanel::done(Compared compared) {
    busy_ = false;
    if (!compared.problem.isEmpty()) {
        model_->show({});
        say(compared.problem);
        return;
    }
    before_ = std::move(compared.before);
    after_ = std::move(compared.after);
    model_->show(std::move(compared.comparison));
    const observe::Comparison& found = model_->comparison();
    sides_ =
        tr("%1 (%2) → %3 (%4)").arg(before_.name, jobsText(found.before), after_.name, jobsText(found.after));
    counts_ = found.matched ? tr("%1 new, %2 gone, %3 still there")
                                  .arg(countText(found.fresh), countText(found.gone), countText(found.stayed))
                            : QString();
    assumed_.clear();
    for (const std::string& note : found.notes)
        assumed_ += (assumed_.isEmpty() ? QString() : QStringLiteral(" ")) + QString::fromStdString(note);
    say({});
    list()->setColumnHidden(CompareModel::NewColumn, !found.matched);
    list()->setColumnHidden(CompareModel::GoneColumn, !found.matched);
    list()->setCurrentIndex(model_->index(0, 0));
}

void ComparePanel::activate(const QModelIndex& index) {
    if (!index.isValid())
        return;
    const observe::Comparison& found = model_->comparison();
    const observe::GroupChange& group = found.groups[static_cast<std::size_t>(index.row())];
    const Side& side = (group.after > 0 && after_.session != 0) || before_.session == 0 ? after_ : before_;
    if (side.session != 0)
        emit groupRequested(side.session, found.by, group.place.key);
}

void ComparePanel::resizeEvent(QResizeEvent* event) {
    ListPanel::resizeEvent(event);
    for (int column = CompareModel::BeforeColumn; column < CompareModel::Columns; ++column)
        list()->header()->resizeSection(column, std::clamp(width() / 10, 66, 84));
    fitWords();
}

} // namespace coroscope::app
