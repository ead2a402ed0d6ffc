// SPDX-License-Identifier: Apache-2.0
// What a job waits for, and who waits for it.
#pragma once

#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/JobTree.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace coroscope::observe {

/// What a job waits for, to follow "waits for". The job, where there is one, is named between the two texts,
/// so that it can be made a link.
struct WaitText {
    std::string before;
    JobId job;
    std::string after;

    bool empty() const noexcept { return before.empty() && !job && after.empty(); }
    /// All in one. A job that is no longer there is "a job that has ended".
    std::string plain(const JobTree& tree, const Dictionary& dictionary) const;
};

/// Empty for a job that waits for nothing. `now`: what a delay's rest is counted from.
WaitText describeWait(const JobTree& tree, const JobRow& row, const Dictionary& dictionary, std::int64_t now);

/// What a job does at present, for a list of those that somebody waits for: "Cancelling, suspended at
/// Drain.cpp:40, waits for a delay, 3.2 s left, in NonCancellable".
std::string activityText(const JobTree& tree, const JobRow& row, const Dictionary& dictionary,
                         std::int64_t now);

/// Looks for those who wait for one job, for its end or for the mutex that it holds, some nodes of the tree
/// at a time. An index would cost every job memory and each of its suspensions time, for the sake of the one
/// job that somebody looks at.
///
/// Jobs that move in the tree during a round may be missed or be there twice until the next one.
class WaiterSearch {
public:
    /// So many are named; the others are counted.
    static constexpr std::size_t mostNamed = 100;

    /// From now on for this job, unless it is that one already; for none with an id of zero.
    void start(JobId job);
    /// Looks at so many nodes, or at all if they are fewer. True when that has completed a round whose
    /// outcome differs from that of the round before.
    bool step(const JobTree& tree, std::size_t nodes);

    /// A round was completed: the following are known.
    bool known() const noexcept { return known_; }
    const std::vector<JobId>& waiters() const noexcept { return waiters_; }
    std::uint64_t count() const noexcept { return count_; }

private:
    bool finishRound(const JobTree& tree);

    JobId job_;
    Node at_ = 0;
    bool known_ = false;
    std::vector<JobId> waiters_, found_;
    std::uint64_t count_ = 0, foundCount_ = 0;
};

} // namespace coroscope::observe
