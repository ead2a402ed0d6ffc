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

    /// light() is no instruction. That may end, once: what the system offers can be taken away by a filter of
    /// system calls.
    static bool isCheap() noexcept { return use_.load(std::memory_order_relaxed) == Use::OneFence; }
    static void light() noexcept {
        if (!isCheap()) [[unlikely]]
            std::atomic_thread_fence(std::memory_order_seq_cst);
        else
            std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    static void heavy() noexcept;
    /// Sleeps for so long, a millisecond, that what any thread stored before has left its processor, and each
    /// knows whether light() is cheap. For who finds that it is not any more.
    static void waitForAllStores() noexcept;

private:
    enum class Use : unsigned char {
        TwoFences,
        OneFence,
        Changing ///< to two; some thread may not know of it yet
    };
    static constinit std::atomic<Use> use_;
};

} // namespace coroscope::record
