// SPDX-License-Identifier: Apache-2.0
// What the window is about: the program it is attached to, its tree, findings, the selected job and the
// cancels.
#pragma once

#include "model/FindingIndex.h"
#include "model/Labels.h"
#include "model/TreeRows.h"

#include <coroscope/observe/CancelProgress.h>
#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/Session.h>

#include <QObject>
#include <QString>
#include <QTimer>

#include <memory>
#include <optional>
#include <vector>

namespace coroscope::app {

/// The selected job as a person last saw it: it stays on show after its end.
struct SelectedJob {
    JobId id;
    observe::JobRow row;
    std::vector<std::pair<JobId, QString>> path; ///< from the root to its parent
    std::optional<observe::EndedJob> ended;
    QString failure;
    std::int64_t endedWallClock = 0;
};

/// Widgets read from it and bind to its signals; they hold no state of the target themselves. Attaching and
/// reading happen on other threads, everything else here on the window's, in steps of a few milliseconds.
class Workspace : public QObject {
    Q_OBJECT
public:
    enum class State { Empty, Attaching, Live, Ended };

    explicit Workspace(QObject* parent = nullptr);
    ~Workspace() override;

    /// Attaches in the background; what is shown stays until it worked. Ends in attached() or attachFailed().
    void attach(int pid);
    /// Shows this source from now on.
    void open(std::unique_ptr<observe::Source> source);
    void close();

    State state() const noexcept { return state_; }
    int attachingPid() const noexcept { return attachingPid_; }
    const observe::SourceInfo& info() const noexcept { return info_; }
    observe::SessionStatus status() const;
    const observe::JobTree& tree() const noexcept { return tree_; }
    /// The jobs that ended last.
    const observe::EndedJobs& endedJobs() const noexcept { return ended_; }
    TreeRows& rows() noexcept { return rows_; }
    const TreeRows& rows() const noexcept { return rows_; }
    const Labels& labels() const noexcept { return labels_; }
    const FindingIndex& findings() const noexcept { return findings_; }
    /// What ages are counted to: stands still once the target has ended.
    std::int64_t now() const;

    void select(JobId id);
    const std::optional<SelectedJob>& selected() const noexcept { return selected_; }
    /// The node of the selected job, noNode when there is none or it has ended.
    observe::Node selectedNode() const noexcept;

    void setSearch(const QString& words);
    const QString& search() const noexcept { return search_; }

    /// Sends the command. Progress is in cancels(), newest last.
    void cancel(JobId job, bool childrenOnly, const QString& reason);
    struct Cancel {
        QString name;
        bool childrenOnly = false;
        observe::CancelProgress progress;
        QString answer; ///< a sentence when the target did not do it
        std::int64_t sentAt = 0;
    };
    const std::vector<Cancel>& cancels() const noexcept { return cancels_; }
    /// Why cancel cannot work; empty when it can.
    QString cancelProblem() const;

    /// Takes in what is new, as a timer does sixty times a second.
    void tick();

signals:
    void stateChanged();
    void attached();
    void attachFailed(int pid, const QString& sentence);
    /// Before rows come, go or change, and after.
    void aboutToUpdate();
    void updated(bool newSource);
    /// Ten times a second while attached: everything that shows a number reads it now, so that they agree.
    void numbersDue();
    void findingsChanged();
    void selectionChanged();
    void searchChanged();
    void cancelsChanged();

private:
    void applySome();
    void applyBatch(observe::Batch batch);
    void refreshSelected();
    void refreshFindings();
    void refreshCancels();

    QTimer timer_;
    State state_ = State::Empty;
    int attachingPid_ = 0;
    std::uint64_t attachRound_ = 0; ///< results of an older attach are dropped

    std::unique_ptr<observe::Session> session_;
    observe::SourceInfo info_;
    observe::JobTree tree_;
    observe::EndedJobs ended_;
    TreeRows rows_{tree_};
    Labels labels_;
    observe::FindingWatch watch_;
    FindingIndex findings_;
    bool freshSource_ = false;
    bool treeChangedSinceFindings_ = false;
    std::int64_t findingsDue_ = 0;

    observe::Batch batch_; ///< taken, applied up to batchAt_
    observe::Batch slice_;
    observe::TreeChanges changes_;
    std::size_t batchAt_ = 0;
    bool batchOpen_ = false;
    std::int64_t filterDue_ = 0;

    std::optional<SelectedJob> selected_;
    QString search_;
    std::vector<Cancel> cancels_;
    std::int64_t cancelsDue_ = 0;
    std::int64_t numbersDueAt_ = 0;
};

} // namespace coroscope::app
