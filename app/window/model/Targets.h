// SPDX-License-Identifier: Apache-2.0
// The programs on this machine that can be observed, kept fresh once a second.
#pragma once

#include <coroscope/observe/Discovery.h>

#include <QAbstractListModel>
#include <QSet>
#include <QTimer>

#include <atomic>
#include <memory>
#include <vector>

namespace coroscope::app {

/// Looks on a worker thread, never twice at a time, and merges in place: rows of programs that are still
/// there keep their indices, so that selections survive. Threads: the window's.
class Targets : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role {
        PidRole = Qt::UserRole,
        ProgramRole,
        DetailRole,
        StateRole,
        AttachableRole,
        FilterRole,
        EndedRole
    };

    explicit Targets(QObject* parent = nullptr);
    ~Targets() override;

    void start();
    const std::vector<observe::Target>& all() const noexcept { return targets_; }
    const observe::Target* find(int pid) const noexcept;
    /// The program that is on show has this many jobs now: newer than what was found.
    void setJobs(int pid, std::int64_t jobs);
    /// These are open in the window, but not on show.
    void setAttached(const QSet<int>& pids);
    /// Takes in what was found.
    void merge(std::vector<observe::Target> found);

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

signals:
    void refreshed();

private:
    void look();

    std::vector<observe::Target> targets_;
    int shownPid_ = 0;
    QSet<int> attached_;
    QTimer timer_;
    std::shared_ptr<std::atomic<bool>> looking_ = std::make_shared<std::atomic<bool>>(false);
};

} // namespace coroscope::app
