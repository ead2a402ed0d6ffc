// SPDX-License-Identifier: Apache-2.0
// A command that was started with its three standard streams in our hands.
#pragma once

#include "Process.h"

#include <coroscope/observe/Result.h>

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace coroscope::observe::remote {

/// Threads: one at a time.
class Command {
public:
    /// The words are run as they are, without a shell. The streams here do not block. With a terminal it
    /// stays in our process group, where it may ask for a password; else it has a session of its own.
    static Result<Command> start(const std::vector<std::string>& words, bool useTerminal);
    Command(Command&& other) noexcept;
    Command& operator=(Command&&) = delete;
    ~Command() { end(); }

    /// End of its input, SIGTERM, some tenths of a second later SIGKILL.
    void end() noexcept;

    int input() const noexcept { return input_.get(); }
    int output() const noexcept { return output_.get(); }
    int errors() const noexcept { return errors_.get(); }

    /// How it ended, as waitpid says; nothing while it runs, or after some tenths of a second of waiting.
    std::optional<int> status(int waitMilliseconds);

private:
    Command() = default;
    void signal(int number) const noexcept;

    pid_t pid_ = -1;
    bool ownGroup_ = false;
    Descriptor input_, output_, errors_;
    std::optional<int> status_;
};

/// "exit status 255", "killed by signal 9".
std::string statusText(int status);

} // namespace coroscope::observe::remote
