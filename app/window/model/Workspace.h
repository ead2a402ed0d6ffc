// SPDX-License-Identifier: Apache-2.0
// What the window is about: the program it is attached to, its tree, findings, the selected job and the
// cancels.
#pragma once

#include "model/Exports.h"
#include "model/FindingIndex.h"
#include "model/Labels.h"
#include "model/TreeRows.h"

#include <coroscope/observe/CancelProgress.h>
#include <coroscope/observe/Dump.h>
#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/FindingLog.h>
#include <coroscope/observe/Query.h>
#include <coroscope/observe/Session.h>
#include <coroscope/observe/Waits.h>

#include <QObject>
#include <QString>
#include <QTimer>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
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
    /// What it did as far back as that is known; made out in the background after the selection.
    observe::JobHistory history;
    std::optional<observe::JobChange> whenSelected; ///< what it did then, if it was alive
};

/// Widgets read from it and bind to its signals; they hold no state of the target themselves. Attaching and
/// reading happen on other threads, everything else here on the window's, in steps of a few milliseconds.
class Workspace : public QObject {
    Q_OBJECT
public:
    /// Ended: the program that was attached to is gone, and what it was stays. File: a dump.
    enum class State { Empty, Attaching, Live, Ended, File };

    explicit Workspace(QObject* parent = nullptr);
    ~Workspace() override;

    /// Attaches in the background; what is shown stays until it worked. Ends in attached() or attachFailed().
    void attach(int pid);
    /// The same at the far end of a command (observe/Remote.h). Ends in attached() or throughFailed().
    void attachThrough(const QString& command, int pid);
    /// Gives up an attach() or openFile() that goes on.
    void stopOpening();
    /// Opens a dump in the background, as attach() does. Ends in attached() or openFailed().
    void openFile(const QString& path);
    /// A dump that somebody has copied as text; `name` is what it is called.
    void openText(const QString& text, const QString& name);
    /// Shows this source from now on. What was on show stays open.
    void open(std::unique_ptr<observe::Source> source);
    void open(std::shared_ptr<observe::Session> session);
    /// Everything that is open.
    void close();

    /// One of those that are open at once. Only one is on show; the others go on in the background and keep
    /// their tree, selection, search and commands.
    struct OpenSession {
        int key = 0;
        State state = State::Empty;
        observe::SourceInfo info;
        std::optional<observe::SourceEnd> end;
        bool shown = false;
        /// Of a program that has ended, or whose link was lost: the session that took its place when the same
        /// program was attached to again. 0 while there is none.
        int successor = 0;
    };
    /// In the order in which they were opened.
    std::vector<OpenSession> sessions() const;
    /// As OpenSession::successor.
    int successorOf(int key) const;
    /// 0 when nothing is on show.
    int shownKey() const noexcept { return shownKey_; }
    void show(int key);
    /// Detaches, or closes a dump. Of the one on show, the one opened last takes its place, before those that
    /// have ended.
    void closeSession(int key);

    State state() const noexcept { return state_; }
    /// There are jobs to look at.
    bool shows() const noexcept {
        return state_ == State::Live || state_ == State::Ended || state_ == State::File;
    }
    int attachingPid() const noexcept { return attachingPid_; }
    const QString& openingFile() const noexcept { return openingFile_; }
    struct OpeningProgress {
        std::uint64_t read = 0, size = 0; ///< bytes of the file; its size is 0 where it is not known
    };
    OpeningProgress openingProgress() const noexcept { return {opening_->read, opening_->size}; }
    /// The command of an attachThrough() that goes on.
    const QString& openingThrough() const noexcept { return openingThrough_; }
    const observe::SourceInfo& info() const noexcept { return info_; }
    /// What can be had of it at present; stateChanged() tells of a change.
    const observe::Contact& contact() const noexcept { return contact_; }
    observe::SessionStatus status() const;
    const observe::JobTree& tree() const noexcept { return tree_; }
    /// The jobs that ended last.
    const observe::EndedJobs& endedJobs() const noexcept { return ended_; }
    TreeRows& rows() noexcept { return rows_; }
    const TreeRows& rows() const noexcept { return rows_; }
    const Labels& labels() const noexcept { return labels_; }
    const FindingIndex& findings() const noexcept { return findings_; }
    /// Nothing has come since they were found.
    bool judged() const noexcept { return !treeChangedSinceFindings_ && !judging_; }
    /// When findings appeared while this session was on show.
    const observe::FindingLog& findingLog() const noexcept { return findingLog_; }
    /// As Session::timeHistory, of what is on show.
    bool timeHistory(observe::TimeHistory& into) const;
    /// What ages are counted to: stands still once the target has ended, and in a dump.
    std::int64_t now() const;
    /// Seconds since 1970 of a moment of the target's clock.
    std::int64_t wallClock(std::int64_t at) const;

    void select(JobId id);
    /// Selects a job that has ended, if it is still kept.
    void selectEnded(JobId id);
    /// Of one in endedJobs(): type and message, then a line for each suppressed exception.
    QString failureText(const observe::EndedJob& job) const;
    const std::optional<SelectedJob>& selected() const noexcept { return selected_; }
    /// The node of the selected job, noNode when there is none or it has ended.
    observe::Node selectedNode() const noexcept;
    /// Who waits for the selected job; looked for again and again, a slice of the tree with each tick.
    const observe::WaiterSearch& waiters() const noexcept { return waiters_; }

    /// The native stack of whoever made a job, by JobRow::creationStack. Null until it has been made out, in
    /// the background; then callStackKnown() comes.
    const observe::CallStackText* callStack(CallStackId id);
    /// Asks for the stack of the thread that runs this job, in the background. It is stopped for a moment.
    void sampleThread(JobId job);
    struct Sampling {
        JobId job;
        bool going = true;
        std::optional<observe::ThreadSample> sample;
        QString problem; ///< a sentence, when there is none
    };
    /// The last one asked for.
    const std::optional<Sampling>& sampling() const noexcept { return sampling_; }

    /// Jobs in groups instead of the tree; nothing: the tree. Of a dump that does not say who is whose child
    /// the groups are there from the beginning. Each session has its own choice.
    void setGrouping(std::optional<observe::GroupBy> by);
    std::optional<observe::GroupBy> grouping() const noexcept;
    /// Selects a group (TreeRows::groups()) by its key, instead of a job.
    void selectGroup(std::uint64_t key);
    /// Its node, noNode when none is selected.
    observe::Node selectedGroup() const noexcept;

    /// The jobs of an open session as they are now, to compare them; null when it is not open. Costs a copy.
    std::shared_ptr<const observe::Dump> dumpOf(int key);

    /// Saves what is shown, as it is now, in the background.
    void save(const QString& path, bool redact);
    /// The same in any format, or a part of it. Without a path it comes as text, with textReady().
    void exportTo(const QString& path, const ExportWish& wish);
    using Saving = Exports::Saving;
    /// The last save or export.
    const std::optional<Saving>& saving() const noexcept { return exports_.last(); }
    /// Gives up one that goes on; forgets one that is over.
    void dismissSaving() { exports_.dismiss(); }

    /// Shows only the jobs that match this query, and what is above them. One that has a problem changes
    /// nothing else.
    void setSearch(const QString& text);
    /// The one in use.
    const QString& search() const noexcept { return search_; }
    /// Of the text that was set last.
    const std::optional<observe::QueryProblem>& searchProblem() const noexcept { return searchProblem_; }
    /// Asks jobs that have ended; null when nothing is searched for.
    std::unique_ptr<observe::QueryMatcher> searchMatcher() const;

    /// Sends the command. Progress is in cancels(), newest last.
    void cancel(JobId job, bool childrenOnly, const QString& reason);
    /// Sends a command for each of these, none of which is below another. `what` names them together.
    void cancelAll(const std::vector<JobId>& jobs, const QString& what, const QString& reason);
    struct Cancel {
        QString name;
        bool childrenOnly = false;
        observe::CancelProgress progress;
        QString answer;             ///< a sentence when the target did not do it
        std::int64_t sentAt = 0;    ///< of the target's clock
        std::int64_t wallClock = 0; ///< the same moment, seconds since 1970
    };
    const std::vector<Cancel>& cancels() const noexcept { return cancels_; }
    /// Why cancel cannot work; empty when it can.
    QString cancelProblem() const;

    /// Takes in what is new, as a timer does sixty times a second.
    void tick();

signals:
    void stateChanged();
    void attached();
    /// Another of those that are open is about to be shown, and is.
    void aboutToSwitch();
    void switched();
    /// Which are open, or whether they have ended.
    void sessionsChanged();
    void attachFailed(int pid, const QString& sentence);
    void throughFailed(const QString& command, const QString& sentence);
    void openFailed(const QString& path, const QString& sentence);
    void savingChanged();
    /// What was exported without a path.
    void textReady(const QString& text);
    /// The jobs in endedJobs() are others than before; some times a second.
    void endedJobsChanged();
    /// Before rows come, go or change, and after.
    void aboutToUpdate();
    void updated(bool newSource);
    /// After each change of the tree and the rows, some of them between aboutToUpdate() and updated().
    void treeChanged(const observe::TreeChanges& changes);
    /// Ten times a second while attached: everything that shows a number reads it now, so that they agree.
    void numbersDue();
    /// Four times a second while attached, in another tick than numbersDue() unless all are slow: what takes
    /// long to lay out is not to fall into the same frame as what is drawn anew then.
    void detailsDue();
    void findingsChanged();
    void selectionChanged();
    /// By what the jobs are grouped, if at all.
    void groupingChanged();
    void searchChanged();
    void cancelsChanged();
    void callStackKnown();
    void samplingChanged();

private:
    /// What the thread that opens and the window's share.
    struct OpeningControl {
        std::atomic<bool> stop = false;
        std::atomic<std::uint64_t> read = 0, size = 0;
        observe::OpenOptions options();
    };
    using Opened = observe::Result<std::unique_ptr<observe::Source>>;
    struct Parked;
    std::unique_ptr<Parked> park();
    void unpark(Parked& parked);
    struct Heritage {
        QString search;
        std::optional<observe::GroupBy> grouping;
    };
    Heritage replaceDead(const observe::SourceInfo& program);
    void forgetKey(int key);
    void showNothing();
    void tellAll();
    void watchParked();
    void startOpening(int pid, const QString& file, const QString& through);
    void openLater(std::function<Opened()> work, std::function<void(const QString&)> failed);
    void applySome();
    void applyBatch(observe::Batch& batch);
    void refreshContact();
    void refreshSelected();
    void lookForWaiters();
    void refreshFindings();
    void stopJudging();
    void refreshCancels();
    void sendCancel(const std::vector<observe::Node>& tops, bool childrenOnly, const QString& name,
                    const QString& reason);
    void applyQuery();
    void refreshFilter();
    void group(std::optional<observe::GroupBy> by);

    QTimer timer_;
    State state_ = State::Empty;
    int attachingPid_ = 0;
    QString openingFile_, openingThrough_;
    std::shared_ptr<OpeningControl> opening_ = std::make_shared<OpeningControl>();
    std::uint64_t attachRound_ = 0; ///< results of an older attach are dropped

    int shownKey_ = 0;
    int lastKey_ = 0;
    std::vector<std::unique_ptr<Parked>> parked_; ///< in the order of their keys
    std::size_t parkedEnded_ = 0;                 ///< of them have ended, as last told
    std::unordered_map<int, int> successors_;     ///< by the key of the one that has ended

    std::shared_ptr<observe::Session> session_; ///< work in the background may hold it for a moment longer
    observe::SourceInfo info_;
    observe::Contact contact_;
    observe::JobTree tree_;
    observe::EndedJobs ended_;
    TreeRows rows_{tree_};
    Labels labels_;
    observe::FindingWatch watch_;
    observe::FindingLog findingLog_;
    FindingIndex findings_;
    bool freshSource_ = false;
    bool treeChangedSinceFindings_ = false;
    std::unique_ptr<observe::FindingSearch> judging_; ///< goes on with each tick, as long as nothing changes
    std::int64_t judgingCost_ = 0;                    ///< ns so far
    std::int64_t findingsDue_ = 0;

    observe::Batch batch_; ///< taken, applied up to batchAt_
    observe::Batch slice_;
    observe::TreeChanges changes_;
    std::size_t batchAt_ = 0;
    bool batchOpen_ = false;
    std::int64_t filterDue_ = 0;

    std::optional<SelectedJob> selected_;
    std::optional<std::uint64_t> selectedGroup_; ///< its key
    observe::WaiterSearch waiters_;
    QString search_;
    observe::Query query_; ///< that search_ means
    std::optional<observe::QueryProblem> searchProblem_;
    std::shared_ptr<observe::QueryMatcher> matcher_;
    std::int64_t askedAt_ = 0, askAgainDue_ = 0;
    std::unordered_map<CallStackId, std::optional<observe::CallStackText>> callStacks_; ///< empty: asked for
    std::optional<Sampling> sampling_;
    std::vector<Cancel> cancels_;
    std::int64_t cancelsDue_ = 0;
    Exports exports_;
    std::uint64_t endedTold_ = 0; ///< endedJobs().total() when it was last told
    std::int64_t endedDue_ = 0;
    std::int64_t numbersDueAt_ = 0, detailsDueAt_ = 0;
};

} // namespace coroscope::app
