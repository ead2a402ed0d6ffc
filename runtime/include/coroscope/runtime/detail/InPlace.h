// SPDX-License-Identifier: Apache-2.0
// Going on without dispatching: what Unconfined does, and an immediate dispatcher on its own thread.
#pragma once

#include <coroscope/runtime/Dispatcher.h>

namespace coroscope::detail {

/// Runs `work` now, on this thread. Within work that is run like that it waits for its turn instead of
/// nesting, until the outermost call has come to it.
void runInPlace(Runnable& work) noexcept;
/// This thread is within such work.
bool isInPlace() noexcept;
/// For a loop within such work, which the outermost call cannot come back from: runs what has waited longest.
/// False if there is nothing.
bool runNextInPlace() noexcept;

} // namespace coroscope::detail
