// SPDX-License-Identifier: Apache-2.0
// Cleanup that suspends, done right: C++ has no co_await in a destructor or a catch handler.
#pragma once

#include <coroscope/coroscope.h>

#include <exception>
#include <utility>

namespace orders {

/// Runs `work`, then `cleanup` however the work ended, shielded from cancellation; then goes on as the work
/// ended.
inline coroscope::Task<> withCleanup(coroscope::Task<> work, coroscope::Task<> cleanup) {
    std::exception_ptr how;
    try {
        co_await std::move(work);
    } catch (...) {
        how = std::current_exception();
    }
    auto shielded = [&cleanup]() { return std::move(cleanup); };
    co_await coroscope::withContext(coroscope::NonCancellable(), shielded);
    if (how)
        std::rethrow_exception(how);
}

} // namespace orders
