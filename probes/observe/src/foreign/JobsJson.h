// SPDX-License-Identifier: Apache-2.0
// The JSON that exports write (docs/EXPORT_FORMATS.md), read again.
#pragma once

#include "foreign/ByteSource.h"

#include <coroscope/observe/Dump.h>

#include <string_view>

namespace coroscope::observe {

/// Whether a file that begins so is one.
bool beginsJobsJson(std::string_view beginning);

/// Whether one begins within this line.
bool mentionsJobsJson(std::string_view line);

/// All of it, or as much as can be read: SourceInfo::problems says what is missing. The problem is the second
/// half of a sentence.
Result<Dump> readJobsJson(ByteSource& bytes);

} // namespace coroscope::observe
