// SPDX-License-Identifier: Apache-2.0
// For spdlog: who has told this program from outside to cancel what.
#pragma once

#include <coroscope/record/Record.h>

#include <spdlog/spdlog.h>

#include <string>

namespace coroscope {

/// From now on writes a line to spdlog's default logger for each cancel command that comes from a window or
/// from coroscopectl, before it is carried out: the job, who asked, and why.
///
///     user 1000 (pid 4711) cancels conn-3#489: drain the node
inline void logCommands() noexcept {
    record::setCommandLog([](const record::CommandNote& command) {
        std::string job(command.name.empty() ? "coroutine" : command.name);
        job += '#' + std::to_string(command.number);
        if (command.number == 0)
            job = "a job that has ended";
        spdlog::warn("user {} (pid {}) cancels {}{}: {}", command.uid, command.pid,
                     command.childrenOnly ? "what is below " : "", job, command.reason);
    });
}

} // namespace coroscope
