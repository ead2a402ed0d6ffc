// SPDX-License-Identifier: Apache-2.0
// Programs elsewhere: this end and the far end of a command that reaches them.
#pragma once

#include "Exit.h"

#include <coroscope/observe/Remote.h>

#include <string>

namespace coroscope::ctl {

/// As it suits a terminal: the command may ask there, and what it says goes to the standard error.
observe::RemoteOptions remoteOptions();

/// The far end: serves an observer on the standard streams. `target` as for openTarget, but running; empty:
/// only the list of those there.
Exit proxy(const std::string& target, bool readOnly);

} // namespace coroscope::ctl
