// SPDX-License-Identifier: Apache-2.0
// An exception on its way from the coroutine that it left to the one that awaits it.
#pragma once

#include <cstddef>
#include <exception>
#include <new>
#include <utility>

namespace coroscope::detail {

/// A coroutine that has ended transfers to whoever takes its result, on the same thread and with nothing in
/// between: so one place for each thread is enough, and no frame needs one.
class FailureInFlight {
public:
    /// By the coroutine that it leaves, in the handler.
    static void put() noexcept {
        ::new (static_cast<void*>(here.place_)) std::exception_ptr(std::current_exception());
        here.full_ = true;
    }
    static bool any() noexcept { return here.full_; }
    /// Null if there is none.
    static std::exception_ptr take() noexcept {
        if (!here.full_) [[likely]]
            return {};
        here.full_ = false;
        auto& there = *std::launder(reinterpret_cast<std::exception_ptr*>(here.place_));
        std::exception_ptr failure = std::move(there);
        there.~exception_ptr();
        return failure;
    }

private:
    bool full_ = false;
    alignas(std::exception_ptr) std::byte place_[sizeof(std::exception_ptr)] = {};

    static constinit thread_local FailureInFlight here;
};

} // namespace coroscope::detail
