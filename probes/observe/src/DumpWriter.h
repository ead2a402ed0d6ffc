// SPDX-License-Identifier: Apache-2.0
// The bytes of a dump's file, wherever they go.
#pragma once

#include <coroscope/observe/Dump.h>

#include <cstddef>
#include <functional>
#include <string>

namespace coroscope::observe {

/// Hands all of it to `sink`. `goesOn` is called now and then with the share that is done; false gives up,
/// and is the answer then.
bool writeDump(const Dump& what, const std::function<void(const void*, std::size_t)>& sink,
               const std::function<bool(double)>& goesOn);

/// The machine that the program runs on; empty where that is not known.
std::string hostOf(const SourceInfo& info);

} // namespace coroscope::observe
