// SPDX-License-Identifier: Apache-2.0
// The observed program as a bench sees it: a process beside this one.
#pragma once

#include <coroscope/observe/Source.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace coroscope::bench {

/// A program that lies beside this one, killed at the end. Whatever goes wrong ends the bench with a
/// sentence: a figure that was measured on something else would be worse than none.
class Target {
public:
    /// Waits until the program has printed its first line. `record`: "on" or "off".
    Target(const char* program, const std::vector<std::string>& arguments, const char* record = "on");
    ~Target();
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    pid_t pid() const { return pid_; }
    /// What bench_crowd has done so far.
    struct Done {
        std::uint64_t rounds = 0;
        std::uint64_t events = 0; ///< written to its rings
        double seconds = 0;       ///< on its clock
    };
    Done ask() const;
    /// Stops it, as a debugger would.
    void stop() const;
    /// A descriptor of its record, found as an observer would that gets no answer. The caller closes it.
    int record() const;
    /// Processor time of all its threads.
    double cpuSeconds() const;

private:
    std::string line() const;

    pid_t pid_ = -1;
    int in_ = -1, out_ = -1;
};

/// bench_crowd with so many jobs, ready.
inline Target crowd(std::size_t live, const char* mode) {
    return Target("bench_crowd", {std::to_string(live), mode});
}
inline Target crowd(std::size_t live, const char* mode, double eventsPerSecond) {
    return Target("bench_crowd", {std::to_string(live), mode, std::to_string(eventsPerSecond)});
}

std::unique_ptr<observe::Source> attachOrExit(pid_t pid);

} // namespace coroscope::bench
