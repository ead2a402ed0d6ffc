// SPDX-License-Identifier: Apache-2.0
// A lock of four bytes, for the few instructions that change a job. Never held while code of the user runs.
#pragma once

#include <atomic>

namespace coroscope::detail {

class Lock {
public:
    void lock() noexcept {
        int expected = free;
        // acquire: what the last owner did is seen. Pairs with the release in unlock.
        if (!word_.compare_exchange_strong(expected, taken, std::memory_order_acquire,
                                           std::memory_order_relaxed))
            lockSlowly();
    }
    void unlock() noexcept {
        if (word_.exchange(free, std::memory_order_release) == contended)
            word_.notify_one();
    }

private:
    static constexpr int free = 0, taken = 1, contended = 2;
    void lockSlowly() noexcept;
    std::atomic<int> word_{free};
};

} // namespace coroscope::detail
