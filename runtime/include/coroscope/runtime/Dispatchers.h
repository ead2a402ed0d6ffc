// SPDX-License-Identifier: Apache-2.0
// The dispatchers that come with the runtime.
#pragma once

#include <coroscope/runtime/Dispatcher.h>

namespace coroscope {

namespace Dispatchers {

/// One pool for computing, with max(2, cores) threads named coroscope-w0 and so on, started when first
/// needed. At the end of the process its threads stop after what they are running; jobs that are still there
/// stay unfinished.
const DispatcherPtr& Default();

/// No thread of its own: starts on the caller and goes on wherever it is resumed. Nested ones take turns in a
/// loop of the thread instead of nesting deeper.
const DispatcherPtr& Unconfined();

} // namespace Dispatchers

/// How many threads Dispatchers::Default() has.
unsigned defaultParallelism() noexcept;

} // namespace coroscope
