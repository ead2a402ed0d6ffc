// SPDX-License-Identifier: Apache-2.0
// The sample program as a test sees it: a process, its log, its control socket; and coroscopectl beside it.
#pragma once

#include "Process.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

namespace endtoend {

using Json = nlohmann::json;

class Sample {
public:
    /// Starts it with a log, a control socket and a runtime directory of its own, and waits until it answers.
    explicit Sample(int jobs);

    Process& process() { return process_; }
    /// Its XDG_RUNTIME_DIR.
    const std::string& directory() const { return directory_.path(); }

    /// What it says of itself. Nothing here goes through Coroscope.
    std::vector<std::string> log() const;
    /// The lines from the `first` on (counted from 0).
    std::vector<std::string> logSince(std::size_t first) const;
    /// One command, one line of answer.
    std::string control(const std::string& command) const;

    /// coroscopectl with the sample's runtime directory.
    Output ctl(const std::vector<std::string>& arguments) const;
    /// `coroscopectl tree PID --json`; throws if that fails.
    Json tree() const;

private:
    ScratchDirectory directory_;
    Process process_;
};

/// All jobs below `roots`, parents first.
std::vector<const Json*> allJobs(const Json& tree);
/// The job with that name, or null.
const Json* findByName(const Json& tree, const std::string& name);
/// This job and all below it.
std::vector<const Json*> subtree(const Json& job);
/// "file:line", or "?".
std::string placeOf(const Json& job);

} // namespace endtoend
