// SPDX-License-Identifier: Apache-2.0
// How many children of a job are in which state, counted in steps: there may be a million.
#pragma once

#include <coroscope/observe/JobTree.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace coroscope::app {

/// Counts again and again. What it tells is as of the last count that came to its end, or, before the first
/// one has, of the children that were looked at so far. Threads: one.
class ChildStates {
public:
    struct Count {
        JobState state;
        Execution execution;
        std::uint64_t jobs;
    };

    /// Begins to count, unless a count of the same job goes on.
    void start(const observe::JobTree& tree, JobId parent);
    bool counting() const noexcept { return next_ != observe::noNode; }
    /// Looks at so many children. Call it after changes of the tree; one that befell the child that is next
    /// in turn ends the count, and the next start() begins anew.
    void step(const observe::JobTree& tree, std::size_t children);

    /// The most frequent first.
    const std::vector<Count>& counts() const noexcept { return counts_; }
    /// Not all children have been looked at yet.
    bool partial() const noexcept { return partial_; }

private:
    void publish();

    JobId parent_;
    observe::Node next_ = observe::noNode;
    JobId nextId_;
    std::vector<Count> running_, counts_;
    bool partial_ = false;
};

} // namespace coroscope::app
