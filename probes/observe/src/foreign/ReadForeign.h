// SPDX-License-Identifier: Apache-2.0
// Dumps that other programs wrote, known by their content, with anything in front of them and behind.
#pragma once

#include "foreign/ByteSource.h"

#include <coroscope/observe/Dump.h>

#include <functional>

namespace coroscope::observe {

/// The problem is the second half of a sentence: "holds no dump that is known here ...". `goesOn` is called
/// now and then with the bytes that were taken of the file; false gives up.
Result<Dump> readForeign(PeekedBytes& bytes, const std::function<bool(std::uint64_t)>& goesOn = {});

} // namespace coroscope::observe
