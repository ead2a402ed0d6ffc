// SPDX-License-Identifier: Apache-2.0
// Looking into a std::exception_ptr without throwing it, and the failures that lost against another one.
#pragma once

#include <coroscope/runtime/CancellationException.h>

#include <exception>
#include <string>
#include <vector>

namespace coroscope {

/// The cancellation that `e` holds, or null if it holds nothing or something else. The pointer lives as long
/// as `e`.
const CancellationException* cancellationIn(const std::exception_ptr& e) noexcept;

/// The same for the end of a timeout.
const TimeoutCancellationException* timeoutIn(const std::exception_ptr& e) noexcept;

/// The std::exception that `e` holds, or null.
const std::exception* standardExceptionIn(const std::exception_ptr& e) noexcept;

/// The other failures of the job that ended with `e` (rule 37): those that came later than `e` and are no
/// cancellations, in the order in which they came, each once. They live as long as the exception itself.
/// Threads: any. In a catch block: suppressedExceptions(std::current_exception()).
/// With a standard library other than libstdc++ the list is always empty.
std::vector<std::exception_ptr> suppressedExceptions(const std::exception_ptr& e);

/// Attaches `suppressed` to `e`. Does nothing if one is empty or both are the same.
void addSuppressed(const std::exception_ptr& e, const std::exception_ptr& suppressed);

/// "Type: message" for logs, with the suppressed ones on lines of their own.
std::string describe(const std::exception_ptr& e);

/// The name of the type of what `e` holds, as the source writes it; "unknown" if that cannot be known.
std::string typeName(const std::exception_ptr& e);

} // namespace coroscope
