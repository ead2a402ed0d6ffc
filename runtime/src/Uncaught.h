// SPDX-License-Identifier: Apache-2.0
// The last resort for failures.
#pragma once

#include <exception>
#include <string>

namespace coroscope {

class CoroutineContext;

namespace detail {

/// Tells the process-wide handler. Never throws: what that handler throws goes to standard error. False if
/// there was only the default.
bool reportUncaught(const CoroutineContext& context, const std::exception_ptr& e) noexcept;

/// Type, newline, message: as the record tells of an exception.
std::string incidentText(const std::exception_ptr& e);

} // namespace detail

} // namespace coroscope
