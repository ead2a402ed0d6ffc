// SPDX-License-Identifier: Apache-2.0
// The JSON that --json prints, but for the tree's, which is that of an export. Field names are stable:
// append, never rename. Times are seconds as numbers, ids and numbers are numbers, places are {"file",
// "function", "line"}. docs/EXPORT_FORMATS.md has what is written here in capitals.
#pragma once

#include "Snapshot.h"

#include <coroscope/observe/Discovery.h>

#include <vector>

#include <nlohmann/json.hpp>

namespace coroscope::ctl {

using Json = nlohmann::ordered_json;

// What more than one of them has: a time, a place (null when not known), the "dump" of a target.
double seconds(std::int64_t nanoseconds);
Json toJson(const observe::SiteText& site);
Json dumpFacts(const observe::SourceInfo& info);

/// {"pid", "program", "commandLine", "user", "runsForSeconds", "jobs" (null when unknown), "attachable",
/// "problem"}
Json toJson(const observe::Target& target);

/// A JOB without its children, and "path" (the numbers of the jobs above it, from the root), "waitedForBy"
/// (the numbers of at most a hundred), "waiters" (how many wait for it).
/// "creationStack": null or a STACK, {"frames", "cut", "note"}, innermost frame first; the line of a frame
/// that is known by its symbol only is 0.
Json jobToJson(const Snapshot& snapshot, observe::Node node);

/// {"thread", "name", "pausedSeconds", "takenAt" (seconds since 1970), "stack": STACK}
Json toJson(const observe::ThreadSample& sample);

/// {"pid", "program", "failed", "endedOtherwise", "dump", "ended": [ENDED...]}, the last one first.
Json endedToJson(const Snapshot& snapshot, bool onlyFailures);

/// {"pid", "program", "commands": [{"secondsAgo", "job", "number", "name", "by", "reason"}...]}, the last one
/// first.
Json commandsToJson(const Snapshot& snapshot);

/// A FINDING.
Json toJson(const observe::Finding& finding, const Snapshot& snapshot);

/// What is not valid UTF-8 in a target's texts is replaced, so that this cannot fail.
std::string print(const Json& json);

} // namespace coroscope::ctl
