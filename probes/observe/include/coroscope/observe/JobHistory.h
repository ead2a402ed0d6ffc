// SPDX-License-Identifier: Apache-2.0
// What jobs did, change by change, as far back as there is room for. Pure data: no threads, no clock, no Qt.
#pragma once

#include <coroscope/observe/JobRow.h>
#include <coroscope/observe/LargeVector.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace coroscope::observe {

/// From `at` on the job was so.
struct JobChange {
    std::int64_t at = 0; ///< CLOCK_MONOTONIC ns
    JobState state = JobState::New;
    Execution execution = Execution::None;
    StackId suspendedAt = 0; ///< 0 unless it was suspended
    friend bool operator==(const JobChange&, const JobChange&) = default;
};

/// What is known of one job.
struct JobHistory {
    JobId job;
    std::vector<JobChange> changes; ///< the oldest first, at most ChangeRing::mostOfOne
    /// The first change is how the job came to be.
    bool fromBirth = false;
    /// Changes before this may be missing.
    std::int64_t completeSince = 0;
    /// Why: it was before the attach, there was no room for more, events were lost.
    enum class Limit : std::uint8_t { Attach, Room, Loss } limit = Limit::Attach;
    std::uint64_t version = 0; ///< another one where anything is different
};

/// The last changes of all jobs together. A reader looks a thousand times a second: what a job did between
/// two looks is one change.
///
/// Takes 20 bytes a change, 5 MB in all: a program that changes 1,000 jobs a second is told of for over four
/// minutes, one that changes a million for a quarter of a second. What hangs has not changed since: the
/// present state of a job, and since when, is known without this.
class ChangeRing {
public:
    static constexpr std::size_t defaultRoom = 256 * 1'024;
    static constexpr std::size_t mostOfOne = 200;

    explicit ChangeRing(std::size_t room = defaultRoom)
        : room_(room) {}

    /// Nothing is kept before; what happened earlier is not known.
    void begin(std::int64_t at);
    /// A row that is new or different. `born`: it was not known before.
    void add(const JobRow& row, bool born);
    void add(const EndedJob& ended);
    /// Something happened up to now that nobody read.
    void lost(std::int64_t at) noexcept { lostAt_ = at; }

    /// All that is kept of it. Looks at the whole ring: a millisecond.
    JobHistory of(JobId job) const;

private:
    /// Times in microseconds, to save room.
    struct Entry {
        std::uint32_t idLow, idHigh;
        std::uint32_t suspendedAt;
        std::uint32_t atLow;
        std::uint16_t atHigh;
        std::uint8_t what; ///< from below: state 3 bits, execution 3, whether it was born then
        std::uint8_t spare;
    };
    static_assert(sizeof(Entry) == 20);
    static std::int64_t timeOf(const Entry& entry) noexcept;
    void put(JobId job, std::int64_t at, JobState state, Execution execution, StackId suspendedAt, bool born);

    std::size_t room_;
    LargeVector<Entry> entries_; ///< grows to room_, then a circle
    std::size_t oldest_ = 0;
    std::int64_t begun_ = 0, droppedAt_ = 0, lostAt_ = 0;
};

/// Appends a change to the history that ChangeRing::of() gave. False when it says nothing new.
bool append(JobHistory& history, JobChange change);
/// The change that made a row what it is.
JobChange changeOf(const JobRow& row) noexcept;
JobChange changeOf(const EndedJob& ended) noexcept;

} // namespace coroscope::observe
