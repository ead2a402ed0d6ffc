// SPDX-License-Identifier: Apache-2.0
#include "model/Targets.h"

#include "model/Format.h"

#include <QCoreApplication>
#include <QPointer>
#include <QThreadPool>

#include <algorithm>

namespace coroscope::app {

namespace {
bool sameProcess(const observe::Target& a, const observe::Target& b) {
    return a.pid == b.pid && a.processStart == b.processStart;
}
} // namespace

Targets::Targets(QObject* parent)
    : QAbstractListModel(parent) {
    timer_.setInterval(1000);
    connect(&timer_, &QTimer::timeout, this, &Targets::look);
}

Targets::~Targets() = default;

void Targets::start() {
    timer_.start();
    look();
}

void Targets::look() {
    if (looking_->exchange(true))
        return;
    QPointer<Targets> self(this);
    QThreadPool::globalInstance()->start([self, looking = looking_] {
        auto found = std::make_shared<std::vector<observe::Target>>(observe::discover());
        looking->store(false);
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [self, found] {
                if (self)
                    self->merge(std::move(*found));
            },
            Qt::QueuedConnection);
    });
}

const observe::Target* Targets::find(int pid) const noexcept {
    const auto found =
        std::find_if(targets_.begin(), targets_.end(), [pid](const auto& t) { return t.pid == pid; });
    return found == targets_.end() ? nullptr : &*found;
}

void Targets::setJobs(int pid, std::int64_t jobs) {
    shownPid_ = pid;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        if (targets_[i].pid != pid || targets_[i].jobs == jobs)
            continue;
        targets_[i].jobs = jobs;
        const QModelIndex at = index(static_cast<int>(i));
        emit dataChanged(at, at, {DetailRole});
    }
}

void Targets::setAttached(const QSet<int>& pids) {
    if (attached_ == pids)
        return;
    attached_ = pids;
    if (!targets_.empty())
        emit dataChanged(index(0), index(rowCount() - 1), {StateRole});
}

void Targets::merge(std::vector<observe::Target> found) {
    for (std::size_t i = targets_.size(); i-- > 0;) {
        const bool stays = std::any_of(found.begin(), found.end(),
                                       [&](const auto& t) { return sameProcess(t, targets_[i]); });
        if (stays)
            continue;
        beginRemoveRows({}, static_cast<int>(i), static_cast<int>(i));
        targets_.erase(targets_.begin() + static_cast<std::ptrdiff_t>(i));
        endRemoveRows();
    }
    for (observe::Target& target : found) {
        const auto known = std::find_if(targets_.begin(), targets_.end(),
                                        [&](const auto& t) { return sameProcess(t, target); });
        if (known != targets_.end()) {
            if (target.pid == shownPid_)
                target.jobs = known->jobs;
            *known = std::move(target);
            const QModelIndex at = index(static_cast<int>(known - targets_.begin()));
            emit dataChanged(at, at);
            continue;
        }
        const int row = static_cast<int>(targets_.size());
        beginInsertRows({}, row, row);
        targets_.push_back(std::move(target));
        endInsertRows();
    }
    emit refreshed();
}

int Targets::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(targets_.size());
}

Qt::ItemFlags Targets::flags(const QModelIndex& index) const {
    if (!index.isValid())
        return Qt::NoItemFlags;
    return targets_[static_cast<std::size_t>(index.row())].attachable
               ? Qt::ItemIsEnabled | Qt::ItemIsSelectable
               : Qt::NoItemFlags;
}

QVariant Targets::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<std::size_t>(index.row()) >= targets_.size())
        return {};
    const observe::Target& target = targets_[static_cast<std::size_t>(index.row())];
    const QString program = QString::fromStdString(target.program);
    QString detail = tr("pid %1").arg(target.pid);
    if (target.jobs >= 0)
        detail += QStringLiteral(" · ") + jobsText(static_cast<std::uint64_t>(target.jobs));
    switch (role) {
    case Qt::DisplayRole:
    case ProgramRole:
        return program;
    case PidRole:
        return target.pid;
    case DetailRole:
        return detail;
    case StateRole:
        return !target.attachable               ? tr("closed")
               : !target.problem.empty()        ? tr("not answering")
               : attached_.contains(target.pid) ? tr("attached")
                                                : tr("live");
    case AttachableRole:
        return target.attachable;
    case FilterRole:
        return program + QLatin1Char(' ') + QString::number(target.pid) + QLatin1Char(' ') +
               QString::fromStdString(target.user) + QLatin1Char(' ') +
               QString::fromStdString(target.commandLine);
    case Qt::ToolTipRole: {
        QString tip = QString::fromStdString(target.commandLine);
        tip += QLatin1Char('\n') +
               tr("runs for %1, as %2")
                   .arg(durationText(target.runsFor * 1'000'000'000), QString::fromStdString(target.user));
        if (!target.problem.empty())
            tip += QLatin1Char('\n') + QString::fromStdString(target.problem);
        return tip.toHtmlEscaped().replace(QLatin1Char('\n'), QLatin1String("<br>"));
    }
    case Qt::AccessibleTextRole:
        return program + QStringLiteral(", ") + detail + QStringLiteral(", ") +
               data(index, StateRole).toString();
    case Qt::StatusTipRole:
        return QString::fromStdString(target.problem);
    default:
        return {};
    }
}

} // namespace coroscope::app
