// SPDX-License-Identifier: Apache-2.0
// A target as it is now, or was when a dump of it was taken: its tree complete.
#pragma once

#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Source.h>
#include <coroscope/observe/Waits.h>

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
    std::int64_t now = 0;               ///< CLOCK_MONOTONIC ns of the target's machine, ages count to it
    std::uint64_t events = 0, lost = 0; ///< of all batches so far

    /// Takes in what is new since.
    void update();
    /// Fills `findings`. Looks again for some tenths of a second where a finding might pass.
    void find();
    /// "reader-311 launch #40219", "launch #40219".
    std::string label(const observe::JobRow& row) const;
    /// Who waits for this job; the search is through.
    observe::WaiterSearch waitersOf(JobId job) const;
    /// Indexes into `findings`.
    std::unordered_multimap<JobId, std::size_t> findingsByJob() const;
};

/// `target`: a pid, the name of a program that runs once, a file, or "-" for standard input. What looks like
/// a path is a file.
observe::Result<std::unique_ptr<observe::Source>> openTarget(const std::string& target);
/// With `via`, a command (observe/Remote.h): a pid or a name at its far end.
observe::Result<Snapshot> takeSnapshot(const std::string& target, const std::string& via = {});

/// The job that a person means: "#4711", "4711", or a name that only one job has. The problem lists the
/// candidates when there are several.
observe::Result<observe::Node> findJob(const Snapshot& snapshot, const std::string& wanted);

} // namespace coroscope::ctl
