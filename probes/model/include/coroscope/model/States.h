// SPDX-License-Identifier: Apache-2.0
// The two axes on which a job is described (its state, and what its code is doing), and what kinds of job
// there are. The numbers are part of the record's format: append, never renumber.
#pragma once

#include <cstdint>
#include <string_view>

namespace coroscope {

/// Where a job is in its life (rules 1 - 11 of docs/SEMANTICS.md). Independent of Execution: a Cancelling job
/// is often still suspended, or running, or waiting for children.
enum class JobState : std::uint8_t {
    New = 0,        ///< created lazily, not started
    Active = 1,     ///< started, not done
    Completing = 2, ///< its own work is done, children are not
    Cancelling = 3, ///< told to stop, not yet stopped
    Completed = 4,  ///< ended with a value
    Cancelled = 5,  ///< ended by cancellation
    Failed = 6,     ///< ended by an error (Kotlin reports this as Cancelled too)
};
inline constexpr bool isFinal(JobState s) noexcept {
    return s >= JobState::Completed;
}

/// What a job's code is doing. Plain jobs, which have no code, stay at None.
enum class Execution : std::uint8_t {
    None = 0,            ///< a job without code: Job(), CompletableDeferred
    Unstarted = 1,       ///< the body has not begun
    Queued = 2,          ///< ready, waits for a thread of its dispatcher
    Running = 3,         ///< on a thread now
    Suspended = 4,       ///< waits for something, at a known site
    WaitsForChildren = 5 ///< the body has returned, children are still there
};

/// What a suspended job waits for; says how Slot::waitsFor is to be read.
enum class WaitKind : std::uint8_t {
    Unknown = 0,
    Delay = 1,    ///< waitsFor: the due time, CLOCK_MONOTONIC in ns
    Job = 2,      ///< waitsFor: id of the joined or awaited job
    Scope = 3,    ///< waitsFor: id of the scope's job (coroutineScope, withContext, withTimeout ...)
    Callback = 4, ///< suspendCancellableCoroutine; waitsFor: 0
    Mutex = 5,    ///< waitsFor: id of the Resource, 0 where it is not known; so for the next two
    Semaphore = 6,
    Channel = 7,
    Event = 8,  ///< waitsFor: address
    Yield = 9,  ///< gave way to others
    Select = 10 ///< several at once
};

/// How a job came to be.
enum class JobKind : std::uint8_t {
    Launch = 0,
    Async = 1,
    RunBlocking = 2,
    CoroutineScope = 3,
    SupervisorScope = 4,
    WithContext = 5,
    WithTimeout = 6,
    Job = 7,
    SupervisorJob = 8,
    CompletableDeferred = 9,
    RunTest = 10,
    Foreign = 11, ///< fed by another coroutine library
    Produce = 12, ///< sends into a channel of its own
    // Only in dumps of other programs.
    Goroutine = 13,
    Thread = 14,
    ThreadScope = 15 ///< threads that were started in it: a pool, or a scope of the JDK
};

/// Facts about a job that are part of its job word and change with it.
namespace JobFlags {
inline constexpr std::uint16_t launchedInGlobalScope = 1u << 0;
/// The launch named a Job of its own in its context: cut off from the scope it was launched in.
inline constexpr std::uint16_t parentFromContext = 1u << 1;
inline constexpr std::uint16_t supervisor = 1u << 2;
/// The body runs in NonCancellable now.
inline constexpr std::uint16_t shielded = 1u << 3;
/// An observer asked for the cancellation.
inline constexpr std::uint16_t cancelledByObserver = 1u << 4;
/// The cancellation was thrown into the body at least once.
inline constexpr std::uint16_t cancellationDelivered = 1u << 5;
inline constexpr std::uint16_t lazyStart = 1u << 6;
/// Somebody outside the runtime holds a handle (Job, Deferred, scope). Told of roots only: a job with a
/// parent can be cancelled through that.
inline constexpr std::uint16_t held = 1u << 7;
/// The body caught its cancellation, let go of it, and went on to its next suspension.
inline constexpr std::uint16_t swallowedCancellation = 1u << 8;
/// The Job of a scope that somebody made for itself: who drops the last handle to it gives up what runs
/// there.
inline constexpr std::uint16_t ownsScope = 1u << 9;
} // namespace JobFlags

/// What happened to a job that is worth remembering after it is gone.
enum class IncidentKind : std::uint8_t {
    Unknown = 0,
    Failed = 1,                    ///< it ended by an exception that is no cancellation
    UnseenFailure = 2,             ///< it failed, and nobody was told or asked
    SwallowedCancellation = 3,     ///< its body caught the cancellation and went on to its next suspension
    CancellationBecameValue = 4,   ///< its body caught the cancellation and returned
    CancellationBecameFailure = 5, ///< its body caught the cancellation and threw something else
    Commanded = 6,                 ///< somebody outside had it cancelled; the text: who, newline, why
    // Only in dumps of other programs.
    CircularReference = 7 ///< a job above it stands below it once more; the text: which one
};

/// The kinds of wait whose waitsFor is a ResourceId; also the kinds of resource there are.
inline constexpr bool isResource(WaitKind w) noexcept {
    return w == WaitKind::Mutex || w == WaitKind::Semaphore || w == WaitKind::Channel;
}

inline constexpr std::string_view name(JobState s) noexcept {
    switch (s) {
    case JobState::New:
        return "New";
    case JobState::Active:
        return "Active";
    case JobState::Completing:
        return "Completing";
    case JobState::Cancelling:
        return "Cancelling";
    case JobState::Completed:
        return "Completed";
    case JobState::Cancelled:
        return "Cancelled";
    case JobState::Failed:
        return "Failed";
    }
    return "unknown state";
}

inline constexpr std::string_view name(Execution e) noexcept {
    switch (e) {
    case Execution::None:
        return "no code";
    case Execution::Unstarted:
        return "not started";
    case Execution::Queued:
        return "queued";
    case Execution::Running:
        return "running";
    case Execution::Suspended:
        return "suspended";
    case Execution::WaitsForChildren:
        return "waits for children";
    }
    return "unknown";
}

inline constexpr std::string_view name(WaitKind w) noexcept {
    switch (w) {
    case WaitKind::Unknown:
        return "something";
    case WaitKind::Delay:
        return "delay";
    case WaitKind::Job:
        return "job";
    case WaitKind::Scope:
        return "scope";
    case WaitKind::Callback:
        return "callback";
    case WaitKind::Mutex:
        return "mutex";
    case WaitKind::Semaphore:
        return "semaphore";
    case WaitKind::Channel:
        return "channel";
    case WaitKind::Event:
        return "event";
    case WaitKind::Yield:
        return "yield";
    case WaitKind::Select:
        return "select";
    }
    return "something";
}

/// The builder's name as the field writes it.
inline constexpr std::string_view name(JobKind k) noexcept {
    switch (k) {
    case JobKind::Launch:
        return "launch";
    case JobKind::Async:
        return "async";
    case JobKind::RunBlocking:
        return "runBlocking";
    case JobKind::CoroutineScope:
        return "coroutineScope";
    case JobKind::SupervisorScope:
        return "supervisorScope";
    case JobKind::WithContext:
        return "withContext";
    case JobKind::WithTimeout:
        return "withTimeout";
    case JobKind::Job:
        return "Job";
    case JobKind::SupervisorJob:
        return "SupervisorJob";
    case JobKind::CompletableDeferred:
        return "CompletableDeferred";
    case JobKind::RunTest:
        return "runTest";
    case JobKind::Foreign:
        return "job";
    case JobKind::Produce:
        return "produce";
    case JobKind::Goroutine:
        return "goroutine";
    case JobKind::Thread:
        return "thread";
    case JobKind::ThreadScope:
        return "threads";
    }
    return "job";
}

} // namespace coroscope
