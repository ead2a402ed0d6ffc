// SPDX-License-Identifier: Apache-2.0
#include "widgets/EndedPanel.h"

#include "model/Format.h"
#include "theme/Icons.h"
#include "widgets/Cards.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QScrollBar>
#include <QTreeView>

#include <algorithm>

namespace coroscope::app {

namespace {
/// It is no longer what it was last seen to be: who looks for running jobs does not mean those that have
/// ended.
observe::JobRow asEnded(const observe::EndedJob& job) {
    observe::JobRow row = job.row;
    row.state = job.finalState;
    row.execution = Execution::None;
    return row;
}
} // namespace

EndedModel::EndedModel(Workspace& workspace, QObject* parent)
    : QAbstractTableModel(parent)
    , workspace_(workspace) {}

void EndedModel::refresh(bool onlyFailures) {
    const std::unique_ptr<observe::QueryMatcher> filter = workspace_.searchMatcher();
    beginResetModel();
    jobs_.clear();
    const std::vector<const observe::EndedJob*> all = workspace_.endedJobs().newestFirst(onlyFailures);
    for (const bool failed : {true, false})
        for (const observe::EndedJob* job : all)
            if (job->failed() == failed && (!filter || (job->row.id && filter->matches(asEnded(*job)))))
                jobs_.push_back(*job);
    endResetModel();
}

int EndedModel::rowOf(JobId job) const {
    const auto at = std::find_if(jobs_.begin(), jobs_.end(),
                                 [job](const observe::EndedJob& each) { return each.id == job; });
    return at == jobs_.end() ? -1 : static_cast<int>(at - jobs_.begin());
}

int EndedModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(jobs_.size());
}
int EndedModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : Columns;
}

QString EndedModel::text(const observe::EndedJob& job, int column) const {
    const bool known = static_cast<bool>(job.row.id);
    switch (column) {
    case NameColumn:
        return known ? workspace_.labels().fullName(job.row) : tr("unknown job");
    case StateColumn:
        return stateText(job.finalState, Execution::None);
    case EndedColumn:
        return clockText(workspace_.wallClock(job.at));
    case LivedColumn:
        return known ? durationText(job.at - job.row.createdAt) : QString();
    case SiteColumn:
        return known ? workspace_.labels().site(job.row.site) : QString();
    case ExceptionColumn:
        return workspace_.failureText(job).section(QLatin1Char('\n'), 0, 0);
    default:
        return {};
    }
}

QVariant EndedModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<std::size_t>(index.row()) >= jobs_.size())
        return {};
    const observe::EndedJob& job = jobs_[static_cast<std::size_t>(index.row())];
    const Tokens& t = Theme::tokens();
    const StateLook look = lookOf(job.failed() ? JobState::Failed : job.finalState, Execution::None);
    switch (role) {
    case jobRole:
        return QVariant::fromValue<quint64>(job.id.value);
    case Qt::DisplayRole:
        return text(job, index.column());
    case Qt::ToolTipRole: {
        const QString failure = workspace_.failureText(job);
        return (failure.isEmpty() ? text(job, index.column()) : failure)
            .toHtmlEscaped()
            .replace(QLatin1Char('\n'), QLatin1String("<br>"));
    }
    case Qt::DecorationRole:
        return index.column() == StateColumn ? QVariant(icon(iconName(look), Theme::stateColour(t, look)))
                                             : QVariant();
    case Qt::ForegroundRole:
        if (index.column() == NameColumn)
            return t.text;
        if (index.column() == StateColumn)
            return Theme::readable(t, Theme::stateColour(t, look), t.selection);
        return Theme::readable(t, t.dim, t.selection);
    case Qt::TextAlignmentRole:
        return index.column() == LivedColumn ? QVariant(Qt::AlignRight | Qt::AlignVCenter) : QVariant();
    default:
        return {};
    }
}

QVariant EndedModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((section == LivedColumn ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    const QString names[] = {tr("Job"),   tr("State"),      tr("Ended"),
                             tr("Lived"), tr("Created at"), tr("Exception")};
    return section < Columns ? QVariant(names[section]) : QVariant();
}

EndedPanel::EndedPanel(Workspace& workspace, QWidget* parent)
    : ListPanel(QStringLiteral("ended"), tr("Jobs that have ended"), new EndedModel(workspace), parent)
    , workspace_(workspace)
    , model_(static_cast<EndedModel*>(list()->model()))
    , counts_(dimLabel(QString(), this))
    , onlyFailures_(new QCheckBox(tr("Only failures"), this)) {
    counts_->setObjectName(QStringLiteral("endedCounts"));
    onlyFailures_->setObjectName(QStringLiteral("endedOnlyFailures"));
    top()->addWidget(counts_, 1);
    top()->addWidget(onlyFailures_);
    list()->setIconSize({14, 14});
    connect(list()->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &EndedPanel::select);
    connect(list(), &QTreeView::clicked, this, &EndedPanel::select);
    connect(onlyFailures_, &QCheckBox::toggled, this, &EndedPanel::refresh);
    connect(&workspace_, &Workspace::endedJobsChanged, this, &EndedPanel::refresh);
    connect(&workspace_, &Workspace::searchChanged, this, &EndedPanel::refresh);
    connect(&workspace_, &Workspace::stateChanged, this, &EndedPanel::refreshWords);
    connect(&workspace_, &Workspace::selectionChanged, this, [this] {
        const auto& selected = workspace_.selected();
        const JobId here{list()->currentIndex().data(EndedModel::jobRole).toULongLong()};
        if (!linking_ && !(selected && selected->ended && selected->id == here)) {
            linking_ = true;
            list()->setCurrentIndex({});
            list()->clearSelection();
            linking_ = false;
        }
    });
    refresh();
}

void EndedPanel::select(const QModelIndex& index) {
    if (linking_ || !index.isValid())
        return;
    linking_ = true;
    workspace_.selectEnded(JobId{index.data(EndedModel::jobRole).toULongLong()});
    linking_ = false;
}

/// What somebody reads or has selected stays where it is: rows come in above it.
void EndedPanel::refresh() {
    // Out of sight only a search wants to know.
    if (!isVisible() && workspace_.search().isEmpty()) {
        refreshWords();
        emit refreshed();
        return;
    }
    QScrollBar* bar = list()->verticalScrollBar();
    const JobId current{list()->currentIndex().data(EndedModel::jobRole).toULongLong()};
    const bool atTop = bar->value() == 0;
    const JobId top{list()->indexAt({4, 4}).data(EndedModel::jobRole).toULongLong()};
    linking_ = true;
    model_->refresh(onlyFailures_->isChecked());
    list()->setAutoScroll(false);
    if (const int row = current ? model_->rowOf(current) : -1; row >= 0)
        list()->setCurrentIndex(model_->index(row, 0));
    if (const int row = top && !atTop ? model_->rowOf(top) : -1; row >= 0)
        list()->scrollTo(model_->index(row, 0), QAbstractItemView::PositionAtTop);
    list()->setAutoScroll(true);
    linking_ = false;
    refreshWords();
    emit refreshed();
}

void EndedPanel::refreshWords() {
    const observe::EndedJobs& ended = workspace_.endedJobs();
    const bool some = workspace_.shows();
    const std::uint64_t failed = ended.totalFailures(), others = ended.total() - failed;
    QString text = tr("%1 failed · %2 ended otherwise").arg(countText(failed), countText(others));
    if (ended.size() < ended.total())
        text += tr(" · the last %1 are kept").arg(countText(ended.size()));
    counts_->setText(text);
    counts_->setVisible(some && ended.total() > 0);
    onlyFailures_->setVisible(some && ended.total() > 0);
    if (!some)
        showListOr(tr("Jobs that have ended show here, those that failed with their exception."));
    else if (ended.size() > 0)
        showListOr(workspace_.search().isEmpty() ? tr("None of them has failed.")
                                                 : tr("None of them matches the search."));
    else
        showListOr(
            workspace_.state() == Workspace::State::File
                ? tr("Nobody watched this program before the dump was taken, and nothing had failed.")
                : tr("No job has ended since this program was attached to, and none had failed before."));
}

void EndedPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
}

void EndedPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    const int all = std::max(360, width());
    QHeaderView* header = list()->header();
    // Where there is little room, the exception needs it most.
    header->setSectionHidden(EndedModel::SiteColumn, all < 680);
    header->setSectionHidden(EndedModel::LivedColumn, all < 520);
    header->resizeSection(EndedModel::NameColumn, std::clamp(all / 4, 110, 260));
    header->resizeSection(EndedModel::StateColumn, 100);
    header->resizeSection(EndedModel::EndedColumn, 92);
    header->resizeSection(EndedModel::LivedColumn, 78);
    header->resizeSection(EndedModel::SiteColumn, std::clamp(all / 6, 90, 190));
}

} // namespace coroscope::app
