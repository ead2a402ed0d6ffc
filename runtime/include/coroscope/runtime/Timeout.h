// SPDX-License-Identifier: Apache-2.0
// Limits of time (rules 51 - 55).
#pragma once

#include <coroscope/runtime/detail/Duration.h>
#include <coroscope/runtime/detail/ScopeAwaitable.h>

#include <chrono>
#include <source_location>
#include <utility>

namespace coroscope {

/// co_await withTimeout(limit, body): a coroutineScope that is cancelled when the time is over and then
/// throws TimeoutCancellationException. That is a cancellation: uncaught it ends the job silently. The time
/// is that of the dispatcher. Zero or less throws without running the body; a body that never suspends is
/// never late.
template <class Rep, class Period, detail::Body F>
detail::ScopeAwaitable<F> withTimeout(std::chrono::duration<Rep, Period> limit, F&& body,
                                      std::source_location where = std::source_location::current()) {
    return {detail::ScopePlan{
                .kind = JobKind::WithTimeout, .timeout = detail::nanosecondsOf(limit), .where = where},
            std::forward<F>(body)};
}

/// The same, with an empty std::optional instead of the exception (of its own limit, not of one inside or
/// outside). For a body without result: false instead of true.
template <class Rep, class Period, detail::Body F>
detail::ScopeAwaitable<F, true>
withTimeoutOrNull(std::chrono::duration<Rep, Period> limit, F&& body,
                  std::source_location where = std::source_location::current()) {
    return {detail::ScopePlan{
                .kind = JobKind::WithTimeout, .timeout = detail::nanosecondsOf(limit), .where = where},
            std::forward<F>(body)};
}

} // namespace coroscope
