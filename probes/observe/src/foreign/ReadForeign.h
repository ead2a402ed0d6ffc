// SPDX-License-Identifier: Apache-2.0
// Dumps that other programs wrote, known by their content, with anything in front of them and behind.
#pragma once

#include "foreign/ByteSource.h"

#include <coroscope/observe/Dump.h>

namespace coroscope::observe {

/// Of text that is UTF-8. The problem is the second half of a sentence: "holds no dump that is known here
/// ...".
Result<Dump> readForeign(PeekedBytes& bytes);

} // namespace coroscope::observe
