// SPDX-License-Identifier: Apache-2.0
// Short texts for people that window, command line and findings say alike.
#pragma once

#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/JobRow.h>

#include <cstdint>
#include <string>

namespace coroscope::observe {

/// "audit launch #4711", or "launch #4711" for a job without a name.
std::string jobLabel(const JobRow& row, const Dictionary& dictionary);

/// Both axes, state and execution: "Suspended", "Cancelling, suspended", "Waits for children", "Completing,
/// ...".
std::string stateText(JobState state, Execution execution);

/// "230 µs", "41 ms", "3.2 s", "4 m 10 s", "2 h 05 m", "3 d 04 h". Negative ones count as nothing.
std::string durationText(std::int64_t nanoseconds);
/// In the whole process "us" instead, or "µs" again: for who writes to a place that has no such letter. While
/// there are no other threads.
void writeMicrosAsAscii(bool ascii);

/// "std::runtime_error: no such card" and the lines below it, of the text that Source::failureText and
/// incidents have, where the message begins a line of its own.
std::string exceptionText(std::string text);

/// "312 bytes", "41 kB", "1.2 MB".
std::string sizeText(std::uint64_t bytes);

/// "1,021,004".
std::string countText(std::uint64_t count);

} // namespace coroscope::observe
