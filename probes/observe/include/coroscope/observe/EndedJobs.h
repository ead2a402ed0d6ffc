// SPDX-License-Identifier: Apache-2.0
// The jobs that ended last, and the incidents. Pure data: no threads, no clock, no Qt.
#pragma once

#include <coroscope/observe/Batch.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/LargeVector.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace coroscope::observe {

/// Kept beside a JobTree by whoever applies the batches. Failed jobs and the others are kept apart, the last
/// 10,000 of each, so that a flood of jobs that ended well does not push the failures out. A job counts as
/// failed when it ended with an exception, also where its state says that it was cancelled.
///
/// Costs some 140 bytes a job, 2.8 MB at most, and a copy for each end; texts of exceptions stay with the
/// Source until somebody asks for them (Source::failureText keeps those of the last 10,000 failures).
/// Incidents, of which the last 10,000 are kept as well, have theirs with them.
class EndedJobs {
public:
    static constexpr std::size_t mostOfEach = 10'000;

    /// Takes in the ends of a batch. Call it *before* JobTree::apply of the same batch: where the batch does
    /// not say what a job was, `tree` still knows.
    void apply(const Batch& batch, const JobTree& tree);

    std::size_t size() const noexcept { return failed_.jobs.size() + others_.jobs.size(); }
    std::size_t failures() const noexcept { return failed_.jobs.size(); }
    /// All that have ended since the first batch, also those no longer kept.
    std::uint64_t total() const noexcept { return failed_.total + others_.total; }
    std::uint64_t totalFailures() const noexcept { return failed_.total; }

    /// Those kept, the last one first. The pointers are good until the next apply().
    std::vector<const EndedJob*> newestFirst(bool onlyFailures = false) const;
    /// Without the plain failures. In the order in which they were told.
    const std::deque<Incident>& incidents() const noexcept { return incidents_; }
    /// Null when it is not kept. Looks at all of them.
    const EndedJob* find(JobId id) const noexcept;

private:
    struct Entry {
        EndedJob job;
        std::uint64_t order = 0; ///< counts all ends
    };
    /// The last ones in a circle.
    struct Circle {
        LargeVector<Entry> jobs;
        std::size_t oldest = 0;
        std::uint64_t total = 0;

        Entry& next();
        /// 0 is the newest.
        const Entry& newest(std::size_t index) const noexcept;
    };

    Circle failed_, others_;
    std::deque<Incident> incidents_;
};

} // namespace coroscope::observe
