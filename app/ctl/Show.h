// SPDX-License-Identifier: Apache-2.0
// One job, as text: what the window's details have.
#pragma once

#include "Snapshot.h"

#include <iosfwd>

namespace coroscope::ctl {

/// State, what it waits for, who waits for it, the chain of awaiting callers, where it was created, its
/// findings.
void printJob(std::ostream& out, const Snapshot& snapshot, observe::Node node);

/// The stack of the thread that ran a job, and how long that stood still.
void printSample(std::ostream& out, const observe::ThreadSample& sample);

} // namespace coroscope::ctl
