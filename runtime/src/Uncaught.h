// SPDX-License-Identifier: Apache-2.0
// The last resort for failures.
#pragma once

#include <exception>

namespace coroscope {

class CoroutineContext;

namespace detail {

/// Tells the process-wide handler. Never throws: what that handler throws goes to standard error.
void reportUncaught(const CoroutineContext& context, const std::exception_ptr& e) noexcept;

} // namespace detail

} // namespace coroscope
