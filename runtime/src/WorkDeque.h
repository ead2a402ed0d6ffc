// SPDX-License-Identifier: Apache-2.0
// A worker's own tasks: it puts them in and takes them out at one end, others take the oldest at the other
// end.
#pragma once

#include <coroscope/runtime/Dispatcher.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace coroscope::detail {

/// The deque of Chase and Lev, growing. Memory order: top_ and bottom_ are only used in the one order of all
/// seq_cst operations. The owner's last look (bottom_ is stored, then top_ read) and a thief's (top_ read,
/// then bottom_) are therefore ordered, and of two who want the last task the one wins whose exchange of top_
/// succeeds. The task itself is published by the store to bottom_. A slot is written again only when top_ has
/// passed it, which makes a late thief's exchange fail.
class WorkDeque {
public:
    WorkDeque()
        : ring_(grown(nullptr, 0, 0)) {}

    /// By the owner.
    void push(Runnable& work) noexcept {
        const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
        Ring* ring = ring_.load(std::memory_order_relaxed);
        if (bottom - seenTop_ >= ring->size) [[unlikely]] {
            seenTop_ = top_.load(std::memory_order_acquire);
            if (bottom - seenTop_ >= ring->size) {
                ring = grown(ring, seenTop_, bottom);
                ring_.store(ring, std::memory_order_release);
            }
        }
        ring->at(bottom).store(&work, std::memory_order_relaxed);
        bottom_.store(bottom + 1, std::memory_order_seq_cst);
    }
    /// By the owner: the newest, or null.
    Runnable* pop() noexcept {
        const std::int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
        // Nobody but the owner adds, so empty stays empty: no need to tell the thieves.
        if (bottom < seenTop_)
            return nullptr;
        Ring* const ring = ring_.load(std::memory_order_relaxed);
        bottom_.store(bottom, std::memory_order_seq_cst);
        std::int64_t top = top_.load(std::memory_order_seq_cst);
        seenTop_ = top;
        Runnable* work = nullptr;
        if (top <= bottom) {
            work = ring->at(bottom).load(std::memory_order_relaxed);
            if (top < bottom)
                return work;
            seenTop_ = top + 1;
            if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst))
                work = nullptr;
        }
        bottom_.store(bottom + 1, std::memory_order_relaxed);
        return work;
    }
    /// By anybody: the oldest. Null if there is none, or somebody else just took it.
    Runnable* steal() noexcept {
        std::int64_t top = top_.load(std::memory_order_seq_cst);
        if (top >= bottom_.load(std::memory_order_seq_cst))
            return nullptr;
        Runnable* const work = ring_.load(std::memory_order_acquire)->at(top).load(std::memory_order_relaxed);
        return top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst) ? work : nullptr;
    }
    /// By the owner of `into`, an empty deque: up to half of the tasks, oldest first. Answers the oldest and
    /// puts the rest there, to be popped in the same order. Who takes one at a time fights with the owner for
    /// each.
    Runnable* stealHalf(WorkDeque& into) noexcept {
        std::array<Runnable*, mostAtOnce> taken;
        const auto wanted =
            static_cast<std::size_t>(std::clamp<std::int64_t>((size() + 1) / 2, 1, mostAtOnce));
        std::size_t n = 0;
        while (n < wanted && (taken[n] = steal()))
            ++n;
        for (std::size_t i = n; i-- > 1;)
            into.push(*taken[i]);
        return n == 0 ? nullptr : taken[0];
    }
    /// By anybody, and true at some time of the call only.
    std::int64_t size() const noexcept {
        const std::int64_t top = top_.load(std::memory_order_seq_cst);
        return bottom_.load(std::memory_order_seq_cst) - top;
    }

private:
    static constexpr std::int64_t mostAtOnce = 32;

    struct Ring {
        explicit Ring(std::int64_t n)
            : size(n)
            , slots(std::make_unique<std::atomic<Runnable*>[]>(static_cast<std::size_t>(n))) {}
        std::atomic<Runnable*>& at(std::int64_t i) noexcept {
            return slots[static_cast<std::size_t>(i & (size - 1))];
        }
        const std::int64_t size;
        const std::unique_ptr<std::atomic<Runnable*>[]> slots;
    };

    /// Old rings stay: a thief may still read in one.
    Ring* grown(Ring* old, std::int64_t top, std::int64_t bottom) {
        rings_.push_back(std::make_unique<Ring>(old ? 2 * old->size : 256));
        Ring* const ring = rings_.back().get();
        for (std::int64_t i = top; i < bottom; ++i)
            ring->at(i).store(old->at(i).load(std::memory_order_relaxed), std::memory_order_relaxed);
        return ring;
    }

    std::vector<std::unique_ptr<Ring>> rings_; ///< before ring_, which begins with one of them
    alignas(64) std::atomic<std::int64_t> top_{0};
    alignas(64) std::atomic<std::int64_t> bottom_{0};
    std::atomic<Ring*> ring_;
    std::int64_t seenTop_ = 0; ///< by the owner, a while ago: to look at top_ takes its line from the thieves
};

} // namespace coroscope::detail
