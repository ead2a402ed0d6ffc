// SPDX-License-Identifier: Apache-2.0
// Reads a dump that may be damaged or hostile. Each size is checked against what is there before memory is
// asked for, so that what is held in memory is at most some hundred times the file. A damaged section loses
// only itself.
#pragma once

#include <coroscope/observe/Dump.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace coroscope::observe {

/// Whether a file that begins so is a dump of ours, of whatever version.
bool beginsAsDump(const unsigned char* bytes, std::size_t size) noexcept;

/// The file must be an ordinary one. `goesOn` is asked now and then, with the bytes that were read; what it
/// says no to gives nothing. What could not be read is in `info.problems`. The problem of one that
/// gives nothing is the second half of a sentence: "was written by a newer Coroscope ...".
Result<Dump> readDump(int file, std::uint64_t size, const std::function<bool(std::uint64_t)>& goesOn = {});

} // namespace coroscope::observe
