// SPDX-License-Identifier: Apache-2.0
// The agent: a thread that lets observers in, hands them the record, and takes their commands. It blocks all
// signals, runs no code of the user and waits for nobody, so it answers though everything else in the process
// hangs.
#pragma once

#include <string_view>

namespace coroscope::record {

/// Opens the socket and starts the thread. Without an agent the record can still be read through /proc.
void startAgent();

/// What went wrong in startAgent(), empty when nothing did.
std::string_view withoutAgentText() noexcept;

/// Path of the socket, empty without one.
std::string_view agentSocket() noexcept;

/// Removes the socket from the file system. For the end of the process.
void removeAgentSocket() noexcept;

/// Closes what a forked child must not keep open in its parent's place. Only calls close().
void closeAgentInChild() noexcept;

} // namespace coroscope::record
