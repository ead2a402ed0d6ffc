// SPDX-License-Identifier: Apache-2.0
// A job in one line of a tree that is text.
#pragma once

#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/JobTree.h>

#include <cstdint>
#include <string>

namespace coroscope::observe {

/// "reader-3 launch #12  Suspended 4.2 s  at Reader.cpp:40 Reader::next  waits for channel orders": what it
/// is called, what it does and since when, where, for what; of an orphan who launched it.
std::string jobLine(const JobTree& tree, Node node, const Dictionary& dictionary, std::int64_t now);

} // namespace coroscope::observe
