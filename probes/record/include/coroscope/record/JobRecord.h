// SPDX-License-Identifier: Apache-2.0
// One job's entry in the record: what a coroutine library calls as a job lives.
#pragma once

#include <coroscope/model/Ids.h>
#include <coroscope/model/RecordLayout.h>
#include <coroscope/model/States.h>
#include <coroscope/record/Record.h>

#include <cstdint>
#include <string_view>

namespace coroscope::record {

/// What is known of a job when it begins. The first members are in an order in which no compiler reads two of
/// them at once: a load that is wider than the store before it makes the processor wait.
struct Birth {
    JobKind kind = JobKind::Foreign;
    JobState state = JobState::Active;
    std::uint16_t flags = 0;                    ///< JobFlags
    Execution execution = Execution::Unstarted; ///< Running: `begin` and `runs` in one
    JobId parent{};
    JobId launcher{}; ///< the job whose code made this one, else the scope that it was cut off from
    SiteId site = 0;
    JobName name{};
    std::uint32_t context = 0;
    std::uint64_t number = 0; ///< from nextJobNumber()
    void* owner = nullptr;    ///< handed to the CommandHandler
};

/// A number for the #number in names and logs: unique in the process, small, not dense. Works with the record
/// off.
std::uint64_t nextJobNumber() noexcept;

/// What is known of a job, kept by those who may have to tell of it after its end.
struct JobFacts : layout::Incident {
    layout::OwnName ownName; ///< where `jobName` says so
    /// As the job has it now; lives as long as this, or as the process.
    std::string_view name() const noexcept;
};

/// Appends to the ring of incidents, which keeps the last few thousand, whether anybody observes or not.
/// `text`: type, newline, message, or empty. Threads: any. Does nothing without facts or with the record off.
/// Answers 1 + the incident's number, 0 when there is none.
std::uint64_t tellIncident(IncidentKind what, const JobFacts& facts, std::string_view text) noexcept;

/// The job's place in the record. All calls do nothing when the record is off or was full when the job began.
///
/// Threads: the job word (stateChanges, flagsChange, held) may be changed from any thread at any time between
/// begin and end. The execution (queued, runs, suspends, waitsForChildren) is stored only by whoever holds
/// the job's continuation, and `suspends` before the continuation is published to anyone who might resume it.
class JobRecord {
public:
    JobRecord() noexcept = default;
    /// Of a job that has begun, for callers that keep ids instead of objects.
    explicit JobRecord(JobId begun) noexcept
        : id_(begun) {}
    JobRecord(const JobRecord&) = delete;
    JobRecord& operator=(const JobRecord&) = delete;

    /// The time of birth is the beginning of this thread's stretch of running, if it is in one.
    void begin(const Birth& birth) noexcept;
    JobId id() const noexcept { return id_; }

    void stateChanges(JobState state, std::uint16_t setFlags = 0, std::uint16_t clearFlags = 0) noexcept;
    void flagsChange(std::uint16_t setFlags, std::uint16_t clearFlags) noexcept;

    /// A hint that `queued` or `runs` comes in a moment: fetches the slot, which has left the caches while
    /// the job waited.
    void approach() const noexcept;
    /// Ready to run, in a dispatcher's queue.
    void queued() noexcept;
    /// On this thread now. Begins a stretch of running; the time is that of the thread's last stamp.
    void runs() noexcept;
    /// Not on this thread any more; ends the stretch of running. `at`: chain of awaiting callers, innermost
    /// first.
    void suspends(StackId at, WaitKind kind, std::uint64_t waitsFor) noexcept;
    /// Suspended only to let others run, and ready again at once: suspends and queued in one.
    void givesWay() noexcept;
    /// The body has returned; ends the stretch of running.
    void waitsForChildren() noexcept;
    /// Another job ran inside this one's stretch (undispatched start) and has returned: only says who runs
    /// here.
    void continuesHere() noexcept;

    /// May be called after end too, when the last handle goes: it does nothing then.
    void held(bool byAnyone) noexcept;
    /// Does nothing after end. Threads: one at a time.
    void renamed(const JobName& name) noexcept;
    void contextChanges(std::uint32_t context) noexcept;

    /// For tellIncident; without facts (no job) where there are none. Threads: whoever may call `end`.
    JobFacts facts() const noexcept;

    /// The job is in its final state. Frees the slot: nothing may be called after it, and `owner` is not
    /// handed to the CommandHandler any more once this returns. `failure`: type, newline, message; told as
    /// an incident.
    void end(JobState finalState, std::string_view failure = {}) noexcept;

private:
    JobId id_;
};

/// The job that runs on this thread now according to the record, or none.
JobId runningHere() noexcept;

/// After a thread was idle: its next stretch of running begins now and not when the last one ended. Where a
/// job runs here, which waits in a loop of its own, what it ran before is not counted.
void wokeUp() noexcept;

} // namespace coroscope::record
