// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/detail/Lock.h>

namespace coroscope::detail {

void Lock::lockSlowly() noexcept {
    for (int i = 0; i < 64; ++i) {
        int expected = free;
        if (word_.load(std::memory_order_relaxed) == free &&
            word_.compare_exchange_weak(expected, taken, std::memory_order_acquire,
                                        std::memory_order_relaxed))
            return;
    }
    // "contended" tells the owner that somebody sleeps; whoever slept keeps saying so, others may sleep
    // still.
    while (word_.exchange(contended, std::memory_order_acquire) != free)
        word_.wait(contended, std::memory_order_relaxed);
}

} // namespace coroscope::detail
