// SPDX-License-Identifier: Apache-2.0
// Who has given which command from here, and what came of it: a file that only grows.
#pragma once

#include <string>

namespace coroscope::ctl {

/// Appends a line with the time and the user to `$XDG_STATE_HOME/coroscope/coroscopectl.log` (else below
/// ~/.local/state). Answers a sentence when that was not possible, else nothing.
std::string logCommand(const std::string& what);

} // namespace coroscope::ctl
