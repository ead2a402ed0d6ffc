// SPDX-License-Identifier: Apache-2.0
// The jobs that have ended, as text.
#pragma once

#include "Snapshot.h"

#include <iosfwd>

namespace coroscope::ctl {

/// The last one first, each in a line, failed ones with their exception in the lines below:
///   Failed 3.2 s ago after 41 ms  payment launch #4711  created at payments.cpp:88
///       std::runtime_error: no such card
///       suppressed: std::logic_error: ...
void printEnded(std::ostream& out, const Snapshot& snapshot, bool onlyFailures);

} // namespace coroscope::ctl
