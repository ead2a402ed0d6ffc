// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/detail/FailureInFlight.h>

namespace coroscope::detail {

constinit thread_local FailureInFlight FailureInFlight::here;

} // namespace coroscope::detail
