// SPDX-License-Identifier: Apache-2.0
// A fence of two halves: free for those who come often, dear for those who come seldom.
#pragma once

#include <atomic>

namespace coroscope::record {

/// Of two threads each stores something and then reads what the other one stored; at least one must see the
/// other. Both need a full fence in between. Here one of them calls light(), which is no instruction at all,
/// and the other one heavy(), which has the system run a full fence on every thread of the process that is on
/// a processor (membarrier, a microsecond or a few; those that are not had theirs when they left it). Where
/// the system does not offer that, both are full fences.
class AsymmetricFence {
public:
    /// Before the first use. Any number of times, by any thread that starts those who use it.
    static void prepare() noexcept;

    /// light() is no instruction; it may still become one.
    static bool isCheap() noexcept { return !fullFences_.load(std::memory_order_relaxed); }
    static void light() noexcept {
        if (fullFences_.load(std::memory_order_relaxed)) [[unlikely]]
            std::atomic_thread_fence(std::memory_order_seq_cst);
        else
            std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    static void heavy() noexcept;

private:
    static constinit std::atomic<bool> fullFences_;
};

} // namespace coroscope::record
