// SPDX-License-Identifier: Apache-2.0
// A dump: the jobs of one program at one moment, and how it gets into a file. Out of the file again: open()
// in Source.h. The format: docs/DUMP_FORMAT.md.
#pragma once

#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Source.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace coroscope::observe {

/// All that a dump holds. A copy: whoever observes may go on while it is saved.
struct Dump {
    SourceInfo info; ///< takenAt and takenWallClock say of when it is
    std::shared_ptr<const Dictionary> dictionary;
    LargeVector<JobRow> jobs;
    std::vector<EndedJob> ended; ///< in the order in which they ended
    /// As Source::failureText, of those in `ended`. Threads: any.
    std::function<std::string(const EndedJob&)> failureText;
    std::vector<Incident> incidents;
    std::vector<Resource> resources;
    std::string endText;         ///< how the program had ended before; empty while it ran
    bool followedEvents = false; ///< as Contact::followsEvents when it was taken
    std::uint64_t untracked = 0;
    std::uint64_t events = 0;
    std::uint64_t lost = 0;
    std::uint64_t endedUntold = 0, failedUntold = 0; ///< as in Batch
};

/// The state that `tree` and `ended` have now; of a source that is a file itself, as of when that was taken.
/// followedEvents, the counters and endText are left for the
/// caller. Costs a copy of all rows.
Dump takeDump(const SourceInfo& info, std::shared_ptr<const Dictionary> dictionary, const JobTree& tree,
              const EndedJobs& ended, const std::function<std::string(const EndedJob&)>& failureText);

struct SaveOptions {
    /// Names, files, functions, messages and addresses become pseudonyms; equal ones stay equal.
    /// docs/DUMP_FORMAT.md lists what is replaced and what is not.
    bool redact = false;
    /// Called now and then with the share that is done, 0 to 1. False gives up.
    std::function<bool(double)> progress;
};

struct SavedDump {
    std::string path;
    std::uint64_t jobs = 0;
    std::uint64_t ended = 0;
    std::uint64_t bytes = 0;
};

/// Writes a file that only this user can read. It appears under its name when it is complete, and an older
/// one of that name stays as it is until then; whatever goes wrong leaves nothing behind. Threads: any.
Result<SavedDump> saveDump(const Dump& dump, const std::string& path, const SaveOptions& options = {});

/// "orders-4711-20261121-083000.coroscope": program, pid, and the local time of the file's moment or of now.
/// The program's name only as far as it is fit for a file's name.
std::string suggestedFileName(const SourceInfo& info, bool redact = false);

} // namespace coroscope::observe
