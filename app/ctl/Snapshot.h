// SPDX-License-Identifier: Apache-2.0
// A target as it is now: attached, and its tree complete.
#pragma once

#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Source.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace coroscope::ctl {

struct Snapshot {
    std::unique_ptr<observe::Source> source;
    std::shared_ptr<const observe::Dictionary> dictionary;
    observe::JobTree tree;
    observe::EndedJobs ended;
    std::vector<observe::Finding> findings;
    std::int64_t now = 0; ///< CLOCK_MONOTONIC ns, ages count from it

    /// Takes in what is new since.
    void update();
    /// "reader-311 launch #40219", "launch #40219".
    std::string label(const observe::JobRow& row) const;
    /// Indexes into `findings`.
    std::unordered_multimap<JobId, std::size_t> findingsByJob() const;
};

observe::Result<Snapshot> takeSnapshot(int pid);

/// The job that a person means: "#4711", "4711", or a name that only one job has. The problem lists the
/// candidates when there are several.
observe::Result<observe::Node> findJob(const Snapshot& snapshot, const std::string& wanted);

} // namespace coroscope::ctl
