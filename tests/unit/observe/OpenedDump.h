// SPDX-License-Identifier: Apache-2.0
// Opens a dump and says what is in it, for tests.
#pragma once

#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Source.h>

#include <memory>
#include <string>
#include <vector>

namespace coroscope::test {

struct Opened {
    std::unique_ptr<observe::Source> source;
    observe::JobTree tree;
    observe::EndedJobs ended;
    std::string problem;

    explicit Opened(observe::Result<std::unique_ptr<observe::Source>> result);
    std::string name(observe::Node node) const;
    observe::Node named(const std::string& wanted) const;
    observe::JobRow row(const std::string& wanted) const;
    /// A line for each job: "+reader launch #3 Active suspended".
    std::string drawn() const;
    std::vector<std::string> frames(const std::string& wanted) const;
    const std::vector<std::string>& problems() const { return source->info().problems; }
    std::vector<observe::Finding> findings() const;
    /// A line for each: "deadlock error proven: teller thread #21".
    std::string told() const;
};

/// The path of a file in tests/data/dumps.
std::string dumpFile(const std::string& name);
std::string contents(const std::string& path);
/// Opens this text through a pipe, as standard input of a command would come.
Opened openedText(const std::string& bytes, const observe::OpenOptions& options = {});

} // namespace coroscope::test
