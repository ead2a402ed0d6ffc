// SPDX-License-Identifier: Apache-2.0
// The tree of jobs as text.
#pragma once

#include "Snapshot.h"

#include <iosfwd>
#include <string>
#include <vector>

namespace coroscope::ctl {

/// "dump of 2026-11-21 08:30:00, 4 m 10 s ago  "; empty for a live process.
std::string takenText(const observe::SourceInfo& info);

/// Each job on a line of its own below its parent:
///   ├─ reader-311 launch #40219  Suspended 0.3 s  at reader.cpp:88 Reader::next  [swallowed]
/// Orphans come last, in a group of their own, each with the job that launched it. `shown`: only these nodes;
/// empty: all.
void printTree(std::ostream& out, const Snapshot& snapshot, const std::vector<bool>& shown = {});

/// The findings, each in four lines: which job, what, why, what to do.
void printFindings(std::ostream& out, const Snapshot& snapshot);

} // namespace coroscope::ctl
