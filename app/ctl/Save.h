// SPDX-License-Identifier: Apache-2.0
// Saves a dump of a target.
#pragma once

#include "Exit.h"
#include "Snapshot.h"

#include <iosfwd>
#include <string>

namespace coroscope::ctl {

struct SaveOptions {
    std::string file; ///< empty: a name made of program, pid and time, in the current directory
    bool redact = false;
    bool json = false; ///< prints one object: {"file", "jobs", "ended", "bytes"}
};

/// Says in `out` where the dump went, or in `problems` why there is none.
Exit saveSnapshot(std::ostream& out, std::ostream& problems, const Snapshot& snapshot,
                  const SaveOptions& options);

} // namespace coroscope::ctl
