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
Exit cancelAndWatch(std::ostream& out, Snapshot& snapshot, observe::Node node, const CancelOptions& options);

} // namespace coroscope::ctl
