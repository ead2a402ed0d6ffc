// SPDX-License-Identifier: Apache-2.0
// The commands that a program was given from outside, as it remembers them itself, as text.
#pragma once

#include "Snapshot.h"

#include <iosfwd>
#include <string>
#include <vector>

namespace coroscope::ctl {

/// One of them.
struct PastCommand {
    const observe::Incident* incident;
    std::string who;
    std::string reason;
};
/// The last one first.
std::vector<PastCommand> pastCommands(const Snapshot& snapshot);

/// Each in a line:
///   3.2 s ago  conn-3 launch #489 by user 1000, pid 4711: drain the node
void printCommands(std::ostream& out, const Snapshot& snapshot);

} // namespace coroscope::ctl
