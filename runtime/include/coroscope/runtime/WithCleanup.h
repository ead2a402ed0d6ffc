// SPDX-License-Identifier: Apache-2.0
// Cleanup that suspends. C++ has no co_await in a destructor or a catch handler, where Kotlin has finally.
#pragma once

#include <coroscope/runtime/Exceptions.h>
#include <coroscope/runtime/Job.h>
#include <coroscope/runtime/ScopeFunctions.h>
#include <coroscope/runtime/Task.h>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace coroscope {

namespace detail {

/// The cleanup's own failure, which is not to get lost (rule 38): it is attached to that of the work, or
/// takes the place of a cancellation.
inline std::exception_ptr outcomeAfter(std::exception_ptr work, const std::exception_ptr& cleanup) {
    if (!work || cancellationIn(work))
        return cleanup;
    addSuppressed(work, cleanup);
    return work;
}

} // namespace detail

/// co_await withCleanup(work, cleanup): awaits `work`; then, whether it gave a value, failed or was
/// cancelled, awaits `cleanup` in NonCancellable, so that it may suspend; then gives the value or throws on.
/// What `work` had in its coroutine is destroyed before the cleanup begins.
///
/// A cleanup that fails is not lost: where the work failed too, it is attached to that failure; where the
/// work was cancelled, or gave a value, the cleanup's failure is thrown. A cleanup that may take long should
/// have a limit of its own (withTimeoutOrNull inside of it): nobody can cancel it from outside.
template <class T>
Task<T> withCleanup(Task<T> work, Task<> cleanup) {
    std::exception_ptr how;
    std::conditional_t<std::is_void_v<T>, std::optional<bool>, std::optional<T>> value;
    try {
        if constexpr (std::is_void_v<T>)
            co_await std::move(work);
        else
            value.emplace(co_await std::move(work));
    } catch (...) {
        how = std::current_exception();
    }
    auto shielded = [&cleanup]() { return std::move(cleanup); };
    try {
        co_await withContext(NonCancellable(), shielded);
    } catch (...) {
        how = detail::outcomeAfter(std::move(how), std::current_exception());
    }
    if (how)
        std::rethrow_exception(how);
    if constexpr (!std::is_void_v<T>)
        co_return std::move(*value);
}

} // namespace coroscope
