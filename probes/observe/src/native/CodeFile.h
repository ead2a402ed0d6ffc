// SPDX-License-Identifier: Apache-2.0
// Opens files that another process has mapped, as that process sees them. In the helper only.
#pragma once

#include "Process.h"

#include <string>

namespace coroscope::observe::native {

/// A file of the process with this pid, by a path of its own file system: links in it lead nowhere else, and
/// only a regular file is opened. Of a process that is gone the path is one of ours. No descriptor when there
/// is none.
Descriptor openCodeFile(int pid, const std::string& path);

/// What the process was started from, even if its file has been replaced or removed since.
Descriptor openExecutable(int pid);
/// Its path, as the process sees it.
std::string executablePath(int pid);

} // namespace coroscope::observe::native
