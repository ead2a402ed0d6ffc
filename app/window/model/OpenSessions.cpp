// SPDX-License-Identifier: Apache-2.0
#include "model/OpenSessions.h"

#include "model/Format.h"
#include "model/Targets.h"

#include <QFileInfo>

#include <algorithm>

namespace coroscope::app {

OpenSessions::OpenSessions(const Workspace& workspace, QObject* parent)
    : QAbstractListModel(parent)
    , workspace_(workspace) {}

void OpenSessions::refresh() {
    std::vector<Workspace::OpenSession> now, earlier;
    for (const Workspace::OpenSession& session : workspace_.sessions())
        if (session.state != Workspace::State::Live || !session.info.via.empty())
            (session.successor == 0 ? now : earlier).push_back(session);
    // One that is followed by another run of its program stands below that, or at the end.
    for (const Workspace::OpenSession& session : earlier) {
        const auto next = std::find_if(now.begin(), now.end(),
                                       [&](const auto& each) { return each.key == session.successor; });
        now.insert(next == now.end() ? next : next + 1, session);
    }
    const bool same = std::equal(now.begin(), now.end(), sessions_.begin(), sessions_.end(),
                                 [](const auto& a, const auto& b) { return a.key == b.key; });
    if (same) {
        sessions_ = std::move(now);
        if (!sessions_.empty())
            emit dataChanged(index(0), index(rowCount() - 1));
        return;
    }
    beginResetModel();
    sessions_ = std::move(now);
    endResetModel();
}

int OpenSessions::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(sessions_.size());
}

QVariant OpenSessions::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<std::size_t>(index.row()) >= sessions_.size())
        return {};
    const Workspace::OpenSession& session = sessions_[static_cast<std::size_t>(index.row())];
    const bool dump = session.state == Workspace::State::File;
    const bool live = session.state == Workspace::State::Live;
    const QString via = QString::fromStdString(session.info.via);
    const QString program = QString::fromStdString(session.info.program);
    const QString file = QString::fromStdString(session.info.file);
    switch (role) {
    case Qt::DisplayRole:
    case Targets::ProgramRole:
        return program;
    case Targets::PidRole:
        return session.key;
    case Targets::DetailRole:
        return dump   ? QFileInfo(file).fileName()
               : live ? tr("pid %1 · via %2").arg(session.info.pid).arg(via)
                      : (session.end && session.end->linkLost ? tr("pid %1 · link lost %2")
                                                              : tr("pid %1 · ended %2"))
                            .arg(session.info.pid)
                            .arg(session.end ? clockText(session.end->wallClock) : QString());
    case Targets::StateRole:
        return dump ? tr("dump") : live ? tr("live") : session.successor != 0 ? tr("before") : tr("ended");
    case Targets::AttachableRole:
        return true;
    case Targets::EndedRole:
        return !live;
    case Qt::ToolTipRole:
        return (dump   ? file
                : live ? tr("%1 on %2, via %3").arg(program, QString::fromStdString(session.info.host), via)
                : session.end ? QString::fromStdString(session.end->text)
                              : QString())
            .toHtmlEscaped();
    case Qt::AccessibleTextRole:
        return program + QStringLiteral(", ") + data(index, Targets::DetailRole).toString() +
               QStringLiteral(", ") + data(index, Targets::StateRole).toString();
    default:
        return {};
    }
}

} // namespace coroscope::app
