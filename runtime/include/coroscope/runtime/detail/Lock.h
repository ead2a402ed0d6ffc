// SPDX-License-Identifier: Apache-2.0
// A lock of four bytes, for the few instructions that change a job. Never held while code of the user runs.
#pragma once

#include <atomic>
#include <cstdint>

namespace coroscope::detail {

/// Opening it is a plain store: who waits looks again by itself, and its owner need not ask whether anybody
/// does. Once it is open, it is not touched any more: what it lies in may go.
class Lock {
public:
    void lock() noexcept {
        // acquire: what the last owner did is seen. Pairs with the release in unlock.
        if (taken_.exchange(1, std::memory_order_acquire) != 0) [[unlikely]]
            lockSlowly();
    }
    void unlock() noexcept { taken_.store(0, std::memory_order_release); }

private:
    void lockSlowly() noexcept;
    std::atomic<std::uint32_t> taken_{0};
};

} // namespace coroscope::detail
