// SPDX-License-Identifier: Apache-2.0
// One who attaches to a process, follows it and asks for findings, as the window does.
#pragma once

#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Source.h>

#include <memory>
#include <vector>

namespace endtoend {

class Observer {
public:
    /// Attaches as soon as the process can be attached to. XDG_RUNTIME_DIR must be the process's own. Throws
    /// if it cannot be.
    explicit Observer(int pid);

    /// Takes in what is new, waiting for it some milliseconds. False when the process has ended.
    bool look();

    /// As of the last look.
    const coroscope::observe::JobTree& tree() const { return tree_; }
    const coroscope::observe::Batch& news() const { return news_; }
    const std::vector<coroscope::observe::Finding>& findings() const { return findings_; }

private:
    std::unique_ptr<coroscope::observe::Source> source_;
    coroscope::observe::JobTree tree_;
    coroscope::observe::EndedJobs ended_;
    coroscope::observe::FindingWatch watch_;
    coroscope::observe::Batch news_;
    std::vector<coroscope::observe::Finding> findings_;
};

} // namespace endtoend
