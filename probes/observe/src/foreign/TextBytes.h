// SPDX-License-Identifier: Apache-2.0
// Text of whatever encoding as UTF-8.
#pragma once

#include "foreign/ByteSource.h"

#include <memory>

namespace coroscope::observe {

/// The same bytes, without the mark that some programs put in front of UTF-8; or, when they begin with the
/// mark of UTF-16 in either order (what PowerShell writes), what they say, converted as they are read.
std::unique_ptr<ByteSource> asUtf8(std::unique_ptr<ByteSource> bytes);

} // namespace coroscope::observe
