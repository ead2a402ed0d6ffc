// SPDX-License-Identifier: Apache-2.0
// Cancels a subtree and watches it go.
#pragma once

#include "Exit.h"
#include "Snapshot.h"

#include <iosfwd>
#include <string>

namespace coroscope::ctl {

struct CancelOptions {
    std::string reason;
    bool childrenOnly = false;
    double timeout = 30; ///< seconds to watch
    bool json = false;   ///< prints one object at the end: {"job", "requested", "reached", "finished",
                         ///< "seconds", "outcome": finished|unfinished|refused, "problem", "laggards"}
};

/// Prints what a cancel of this job would meet.
void printPreview(std::ostream& out, const Snapshot& snapshot, observe::Node node, bool childrenOnly);

/// Prints progress to `out` as it changes, ends when the last job of the subtree has, or the time is over.
/// What was asked and what came of it is logged (CommandLog.h); where that fails, `problems` gets a line and
/// the cancel goes on.
Exit cancelAndWatch(std::ostream& out, std::ostream& problems, Snapshot& snapshot, observe::Node node,
                    const CancelOptions& options);

} // namespace coroscope::ctl
