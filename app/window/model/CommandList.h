// SPDX-License-Identifier: Apache-2.0
// Who has told the program on show to cancel what, when, why, and what came of it: this window's commands and
// those of others that the program's record tells of.
#pragma once

#include "model/Workspace.h"

#include <QString>

#include <vector>

namespace coroscope::app {

struct CommandLine {
    JobId job; ///< the first, where there are several
    bool own = false;
    std::int64_t at = 0;        ///< of the target's clock, ns
    std::int64_t wallClock = 0; ///< the same moment, seconds since 1970
    QString who;
    QString what;
    QString why;
    QString outcome;
    bool problem = false; ///< not done, or not done yet
};

/// The newest first.
std::vector<CommandLine> commandLines(const Workspace& workspace);

/// For a file or a mail: a line of what it is about, then one for each command, the oldest first.
QString commandText(const Workspace& workspace, const std::vector<CommandLine>& lines);

} // namespace coroscope::app
