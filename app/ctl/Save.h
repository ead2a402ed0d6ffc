// SPDX-License-Identifier: Apache-2.0
// Saves a dump of a target, or exports it in another format.
#pragma once

#include "Exit.h"
#include "Snapshot.h"

#include <coroscope/observe/Export.h>

#include <iosfwd>
#include <optional>
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

struct ExportOptions {
    std::string file;                            ///< as above; "-": the standard output
    std::optional<observe::ExportFormat> format; ///< empty: that of the file's ending
    std::string filter;
    std::string job; ///< as findJob takes it; empty: all
    bool redact = false;
    bool json = false; ///< as above; not with "-"
};

/// As saveSnapshot. Nothing but the export goes to `out` when that is where it goes.
Exit exportSnapshot(std::ostream& out, std::ostream& problems, const Snapshot& snapshot,
                    const ExportOptions& options);

/// What `tree --json` prints: an export without what has ended.
Exit printTreeAsJson(std::ostream& out, std::ostream& problems, const Snapshot& snapshot,
                     const std::string& filter);

} // namespace coroscope::ctl
