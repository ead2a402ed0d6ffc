// SPDX-License-Identifier: Apache-2.0
// What "jcmd PID Thread.dump_to_file -format=json" writes: the threads of a JVM, in the scopes that they were
// started in.
#pragma once

#include "foreign/ByteSource.h"
#include "foreign/ForeignDump.h"

#include <string_view>

namespace coroscope::observe {

/// Whether a file that begins so is one.
bool beginsJdkThreadDump(std::string_view beginning);

/// Whether one begins within this line, or its first line behind the bracket is this one.
bool mentionsJdkThreadDump(std::string_view line);

/// All of it, or as much as can be read; what cannot is told to `dump`.
void readJdkThreadDump(ByteSource& bytes, ForeignDump& dump);

} // namespace coroscope::observe
