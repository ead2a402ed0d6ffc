// SPDX-License-Identifier: Apache-2.0
// What an observer knows of one job.
#pragma once

#include <coroscope/model/Ids.h>
#include <coroscope/model/States.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace coroscope::observe {

/// One job as last seen. Times are nanoseconds of CLOCK_MONOTONIC of the machine the target runs on.
struct JobRow {
    JobId id;
    JobId parent;
    JobId launcher;
    std::uint64_t number = 0;
    std::int64_t createdAt = 0;
    std::int64_t stateSince = 0;     ///< last change of `state`
    std::int64_t executionSince = 0; ///< last change of `execution`
    std::uint64_t waitsFor = 0;      ///< by waitKind; for Delay the due time in ns; see resource()
    std::uint32_t jobVersion = 0;
    std::uint32_t executionSequence = 0;
    SiteId site = 0; ///< where it was created
    StackId suspendedAt = 0;
    TextId name = 0;
    std::uint32_t context = 0;
    std::uint32_t resumes = 0;
    CallStackId creationStack = 0; ///< 0 unless the target was asked for them
    std::uint16_t flags = 0;       ///< JobFlags
    JobKind kind = JobKind::Foreign;
    JobState state = JobState::New;
    Execution execution = Execution::None;
    WaitKind waitKind = WaitKind::Unknown;
    bool held = false;
    /// The target was in the middle of writing this row, each time we looked.
    bool changing = false;

    /// ns since it was created, and since it came into its state. Nothing where a foreign dump does not tell.
    std::optional<std::int64_t> age(std::int64_t now) const noexcept {
        return createdAt == 0 ? std::nullopt : std::optional(now - createdAt);
    }
    std::optional<std::int64_t> timeInState(std::int64_t now) const noexcept {
        const std::int64_t since = std::max(stateSince, executionSince);
        return since == 0 ? std::nullopt : std::optional(now - since);
    }

    /// The mutex, semaphore or channel that it waits for; none if it waits for something else, or that is not
    /// known.
    ResourceId resource() const noexcept { return {isResource(waitKind) ? waitsFor : 0}; }
};

/// What jobs wait for that is no job, as last seen. Known from the first time that a job had to wait for it.
struct Resource {
    static constexpr std::uint64_t unlimited = ~std::uint64_t{0};

    ResourceId id;
    WaitKind kind = WaitKind::Unknown; ///< Mutex, Semaphore or Channel
    JobId owner;                       ///< who holds the mutex; none if free or not known
    std::uint64_t count = 0;           ///< free permits; buffered elements
    std::uint64_t capacity = 0;        ///< permits in all; elements that can be buffered, or unlimited
    std::uint32_t waiting = 0;         ///< jobs that wait for it
    TextId name = 0;
    SiteId site = 0; ///< where it was created
    friend bool operator==(const Resource&, const Resource&) = default;
};

/// A job that is no more.
struct EndedJob {
    JobId id;
    JobState finalState = JobState::Completed;
    std::uint64_t failure = 0; ///< see Source::failureText; 0 without one
    std::int64_t at = 0;
    /// What was last known of it. Its id is zero when nothing was: the job came and went between two looks,
    /// and its slot was in use again.
    JobRow row = {};

    bool failed() const noexcept { return finalState == JobState::Failed || failure != 0; }
};

/// Something that happened to a job and that the target itself remembers, whether anybody observes it or not.
struct Incident {
    std::uint64_t number = 0; ///< counts up over the life of the target, with gaps
    IncidentKind what = IncidentKind::Unknown;
    std::int64_t at = 0;
    /// The job at that moment, with its final state if the incident is an end. Without versions.
    JobRow job;
    std::string text; ///< of the exception: type, newline, message; empty without one
};

} // namespace coroscope::observe
