// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/detail/Lock.h>

#include <chrono>
#include <thread>

namespace coroscope::detail {

namespace {

void pause() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

} // namespace

void Lock::lockSlowly() noexcept {
    for (int turn = 0;; ++turn) {
        if (taken_.load(std::memory_order_relaxed) == 0 && taken_.exchange(1, std::memory_order_acquire) == 0)
            return;
        if (turn < 64)
            pause();
        else if (turn < 128)
            std::this_thread::yield(); // its owner may want this processor
        else
            std::this_thread::sleep_for(
                std::chrono::microseconds(50)); // and may be less urgent than this thread
    }
}

} // namespace coroscope::detail
