// SPDX-License-Identifier: Apache-2.0
#include "widgets/FindingsPanel.h"

#include "theme/Icons.h"
#include "theme/Theme.h"
#include "widgets/RowHeight.h"

#include <QHeaderView>
#include <QTreeView>

#include <algorithm>
#include <iterator>
#include <set>

namespace coroscope::app {

namespace {
QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}
/// More changes than this at once are not worth doing one by one.
constexpr std::size_t mostSteps = 200;
/// More findings than this have rows of one height.
constexpr int mostFitted = 500;
constexpr int narrow = 720; ///< pixels of the panel

/// As high as the sentence wants at its column's width.
class FindingRows : public RowHeight {
public:
    explicit FindingRows(QTreeView* list)
        : RowHeight(list)
        , list_(list) {}
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        constexpr int padding = 8, air = 8;
        if (index.column() != FindingModel::SentenceColumn)
            return {0, measure::row};
        const int most = list_->width() < narrow ? 4 : 2;
        const QFontMetrics& metrics = option.fontMetrics;
        const QRect text =
            metrics.boundingRect(QRect(0, 0, list_->columnWidth(index.column()) - padding, 1'000),
                                 Qt::TextWordWrap, index.data(Qt::DisplayRole).toString());
        const int high = std::min(text.height(), most * metrics.lineSpacing());
        return {0, std::max<int>(measure::row, high + air)};
    }

private:
    QTreeView* list_;
};
} // namespace

FindingModel::FindingModel(Workspace& workspace, QObject* parent)
    : QAbstractTableModel(parent)
    , workspace_(workspace) {}

/// Rows come and go where they belong, so that those that stay are not taken for others.
void FindingModel::refresh() {
    std::vector<Key> wanted;
    for (const observe::Finding& finding : workspace_.findings().all())
        wanted.emplace_back(finding.job.value, finding.rule);
    const std::set<Key> now(wanted.begin(), wanted.end());
    const std::set<Key> before(keys_.begin(), keys_.end());
    const auto stays = [&](const Key& key) { return now.count(key) != 0; };
    const auto gone = std::count_if(keys_.begin(), keys_.end(), [&](const Key& key) { return !stays(key); });
    std::vector<Key> rest, kept;
    std::copy_if(keys_.begin(), keys_.end(), std::back_inserter(rest), stays);
    std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(kept),
                 [&](const Key& key) { return before.count(key) != 0; });
    const auto changes = static_cast<std::size_t>(gone) + wanted.size() - kept.size();
    if (rest != kept || changes > mostSteps) {
        beginResetModel();
        keys_ = std::move(wanted);
        endResetModel();
        return;
    }
    for (std::size_t row = keys_.size(); row-- > 0;) {
        if (stays(keys_[row]))
            continue;
        beginRemoveRows({}, static_cast<int>(row), static_cast<int>(row));
        keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(row));
        endRemoveRows();
    }
    for (std::size_t row = 0; row < wanted.size(); ++row) {
        if (row < keys_.size() && keys_[row] == wanted[row])
            continue;
        beginInsertRows({}, static_cast<int>(row), static_cast<int>(row));
        keys_.insert(keys_.begin() + static_cast<std::ptrdiff_t>(row), wanted[row]);
        endInsertRows();
    }
    if (!keys_.empty())
        emit dataChanged(index(0, 0), index(static_cast<int>(keys_.size()) - 1, Columns - 1));
}

int FindingModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(keys_.size());
}
int FindingModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : Columns;
}

QVariant FindingModel::data(const QModelIndex& index, int role) const {
    const auto& all = workspace_.findings().all();
    if (!index.isValid() || static_cast<std::size_t>(index.row()) >= all.size())
        return {};
    const observe::Finding& finding = all[static_cast<std::size_t>(index.row())];
    const Tokens& t = Theme::tokens();
    const bool proven = finding.confidence == observe::Confidence::Proven;
    const QColor colour = Theme::readable(t, proven ? t.failed : t.cancelling, t.selection);
    switch (role) {
    case jobRole:
        return QVariant::fromValue<quint64>(finding.job.value);
    case Qt::DisplayRole:
        switch (index.column()) {
        case RuleColumn:
            return fromView(finding.rule);
        case SentenceColumn:
            return QString::fromStdString(finding.evidence);
        case ConfidenceColumn:
            return fromView(observe::name(finding.confidence));
        case JobNameColumn:
            return finding.ended ? tr("%1, ended").arg(QString::fromStdString(finding.jobName))
                                 : QString::fromStdString(finding.jobName);
        default:
            return {};
        }
    case Qt::ToolTipRole:
        return QString::fromStdString(finding.title + "\n" + finding.evidence + "\n" + finding.advice)
            .toHtmlEscaped()
            .replace(QLatin1Char('\n'), QLatin1String("<br>"));
    case Qt::DecorationRole:
        if (index.column() == RuleColumn)
            return icon(finding.rule.substr(0, 6) == "orphan" ? QStringLiteral("broken-link")
                        : proven                              ? QStringLiteral("warning")
                                                              : QStringLiteral("suspected"),
                        finding.rule.substr(0, 6) == "orphan" ? t.orphan
                        : proven                              ? t.failed
                                                              : t.cancelling);
        return {};
    case Qt::FontRole:
        if (index.column() == RuleColumn) {
            QFont font = Theme::text();
            font.setWeight(QFont::DemiBold);
            return font;
        }
        return {};
    case Qt::ForegroundRole:
        if (index.column() == ConfidenceColumn)
            return colour;
        if (index.column() == RuleColumn)
            return t.text;
        return Theme::readable(t, t.dim, t.selection);
    default:
        return {};
    }
}

FindingsPanel::FindingsPanel(Workspace& workspace, QWidget* parent)
    : ListPanel(QStringLiteral("findings"), tr("Findings"), new FindingModel(workspace), parent)
    , workspace_(workspace)
    , model_(static_cast<FindingModel*>(list()->model())) {
    list()->setHeaderHidden(true);
    list()->setWordWrap(true);
    list()->setItemDelegate(new FindingRows(list()));
    list()->header()->setStretchLastSection(false);
    connect(list()->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& now) {
                if (!linking_ && now.isValid())
                    emit jobClicked(JobId{now.data(FindingModel::jobRole).toULongLong()});
            });
    connect(list(), &QTreeView::clicked, this, [this](const QModelIndex& index) {
        emit jobClicked(JobId{index.data(FindingModel::jobRole).toULongLong()});
    });
    connect(&workspace_, &Workspace::findingsChanged, this, &FindingsPanel::refresh);
    connect(&workspace_, &Workspace::stateChanged, this, &FindingsPanel::refresh);
    connect(&workspace_, &Workspace::selectionChanged, this, &FindingsPanel::selectLinked);
    refresh();
}

void FindingsPanel::refresh() {
    linking_ = true;
    model_->refresh();
    linking_ = false;
    switch (workspace_.state()) {
    case Workspace::State::Empty:
    case Workspace::State::Attaching:
        showListOr(tr("What is wrong with a program shows here."));
        break;
    case Workspace::State::Live:
        showListOr(tr("Nothing found."));
        break;
    case Workspace::State::File:
        if (!workspace_.judged())
            showListOr(tr("Looking for what is wrong…"));
        else if (!workspace_.info().problems.empty())
            showListOr(tr("Nothing found in what could be read of this dump."));
        else if (workspace_.info().format.empty() || workspace_.info().rootsTold)
            showListOr(tr("Nothing found in this dump. Every job had an owner."));
        else
            showListOr(tr("Nothing found in this dump. Whether every job had an owner it does not tell."));
        break;
    case Workspace::State::Ended:
        showListOr(tr("Nothing had been found when the program ended."));
        break;
    }
    // Each height is asked for, again and again: not of thousands.
    list()->setUniformRowHeights(model_->rowCount() > mostFitted);
    selectLinked();
}

void FindingsPanel::selectLinked() {
    linking_ = true;
    // A selection made elsewhere must not scroll away what somebody reads here.
    list()->setAutoScroll(list()->hasFocus());
    const quint64 wanted = workspace_.selected() ? workspace_.selected()->id.value : 0;
    const QModelIndex current = list()->currentIndex();
    if (!(current.isValid() && current.data(FindingModel::jobRole).toULongLong() == wanted)) {
        QModelIndex found;
        if (wanted != 0) {
            const auto& indices = workspace_.findings().of(JobId{wanted});
            if (!indices.empty())
                found = model_->index(static_cast<int>(indices.front()), 0);
        }
        if (found.isValid())
            list()->setCurrentIndex(found);
        else {
            list()->setCurrentIndex({});
            list()->clearSelection();
        }
    }
    list()->setAutoScroll(true);
    linking_ = false;
}

void FindingsPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    const int all = std::max(300, width());
    // In a narrow window the sign alone says whether it is proven; the sentence needs the room.
    const bool small = all < narrow;
    list()->header()->setSectionHidden(FindingModel::ConfidenceColumn, small);
    const int rule = small ? std::min(160, all / 3) : 212;
    const int confidence = small ? 0 : 92;
    const int job = small ? all / 5 : std::clamp(all / 6, 130, 240);
    list()->header()->resizeSection(FindingModel::RuleColumn, rule);
    list()->header()->resizeSection(FindingModel::ConfidenceColumn, confidence);
    list()->header()->resizeSection(FindingModel::JobNameColumn, job);
    list()->header()->resizeSection(FindingModel::SentenceColumn,
                                    std::max(80, all - rule - confidence - job - 12));
    emit list() -> itemDelegate()->sizeHintChanged({});
}

} // namespace coroscope::app
