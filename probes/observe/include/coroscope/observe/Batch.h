// SPDX-License-Identifier: Apache-2.0
// How news of jobs travel from a Source to a JobTree.
#pragma once

#include <coroscope/observe/JobRow.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/LargeVector.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace coroscope::observe {

/// What is new since the last batch. Apply in this order: reset, tree, rows, ended.
struct Batch {
    bool reset = false; ///< forget everything: `tree` and `rows` are the complete state
    /// Only with `reset`: the state as a tree already, so that a million jobs are held once. Its nodes have
    /// no gaps. What is in `rows` and `ended` came after it.
    std::optional<JobTree> tree;
    LargeVector<JobRow> rows; ///< new or changed, each complete
    /// Also, as far as they are known, jobs that came and went without ever being in `rows`.
    std::vector<EndedJob> ended;
    /// All resources that there are, when anything about them has changed since the last batch that had them.
    /// They are looked at some twenty times a second, so a row may for a moment name one that is not here.
    std::optional<std::vector<Resource>> resources;
    /// Each once; with the first batch those that the target still remembers from before the attach.
    std::vector<Incident> incidents;
    /// Ends that are not in `ended`, but counted: of jobs, and how many of these failed.
    std::uint64_t endedUntold = 0, failedUntold = 0;
    std::uint64_t events = 0; ///< events that this batch was made of
    std::uint64_t lost = 0;   ///< events overwritten before they were read; state is complete all the same
    void clear() {
        *this = Batch{.reset = false,
                      .tree = std::nullopt,
                      .rows = std::move(rows),
                      .ended = std::move(ended),
                      .resources = std::nullopt,
                      .incidents = std::move(incidents)};
        rows.clear();
        ended.clear();
        incidents.clear();
    }
    bool empty() const noexcept {
        return !reset && rows.empty() && ended.empty() && !resources && incidents.empty();
    }
};

} // namespace coroscope::observe
