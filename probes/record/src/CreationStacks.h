// SPDX-License-Identifier: Apache-2.0
// The call stacks of those who make jobs, for programs that ask for them.
#pragma once

#include <coroscope/model/Ids.h>

namespace coroscope::record {

/// The number of this thread's call stack, its innermost frames those of the record itself. 0 when the table
/// is full or there is no memory.
CallStackId creationStackHere() noexcept;

} // namespace coroscope::record
