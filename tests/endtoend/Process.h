// SPDX-License-Identifier: Apache-2.0
// Real processes, and waiting for what they do without sleeping for a fixed time.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace endtoend {

/// How long a condition may take before a test gives up: generous, because sanitizers and a busy machine are
/// slow.
inline constexpr std::chrono::seconds patience{80};

/// Asks `condition` again and again. False if it has not come true within `limit`.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = patience);

/// A directory of its own, removed at the end.
class ScratchDirectory {
public:
    ScratchDirectory();
    ~ScratchDirectory();
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// A child process. Killed at the end if it still runs, and in any case when the test's process dies.
class Process {
public:
    using Environment = std::map<std::string, std::string>;
    enum class Input { Empty, Open };
    /// `output`: file for its standard output and error. `environment` is added to this process's own.
    Process(const std::vector<std::string>& command, const Environment& environment,
            const std::string& output, Input input = Input::Empty);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t pid() const { return pid_; }
    void signal(int number) const;
    /// By SIGSTOP, and waits until it stands. False if it is too slow.
    bool stop() const;
    /// Ends an open input.
    void closeInput();
    bool isRunning();
    /// Waits for its end. The exit status; 128 + the number of the signal that killed it; nothing if it is
    /// too slow.
    std::optional<int> wait(std::chrono::milliseconds limit = patience);

private:
    pid_t pid_ = -1;
    int input_ = -1; ///< the end that we would write to
    std::optional<int> status_;
};

struct Output {
    int status = -1;
    std::string text;
};
/// Runs a command to its end; both streams in one text.
Output runCommand(const std::vector<std::string>& command, const Process::Environment& environment);

/// The whole file; empty if there is none.
std::string contentsOf(const std::string& file);

} // namespace endtoend
