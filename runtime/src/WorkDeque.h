// SPDX-License-Identifier: Apache-2.0
// A worker's own tasks: it puts them in and takes them out at one end, others take the oldest at the other
// end.
#pragma once

#include <coroscope/record/AsymmetricFence.h>
#include <coroscope/runtime/Dispatcher.h>
#include <coroscope/runtime/detail/Lock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace coroscope::detail {

/// The owner takes the newest, a thief the older half at once. The owner takes no lock and makes hardly any
/// fence. As in Cilk's protocol a thief first says what it is about to take (claimed_) and then looks how
/// much is there (bottom_), whereas the owner first takes the newest away (bottom_) and then looks whether
/// that is claimed. With a full fence in between at least one of them sees the other:
///
/// - The owner saw no claim on what it took: then the thief sees that it was taken, and leaves it.
/// - The owner saw one: it waits for the lock, behind which the thief has made up its mind.
///
/// The owner makes that fence only where it takes a task whose number is a multiple of `fenceEvery`. So what
/// it may have taken unseen is above the highest of those that the thief sees there, and all up to that one
/// the thief may have. For what is above it has the system run a fence on the owner's thread
/// (AsymmetricFence).
///
/// The thief reads the slots after it has looked, so it may also get what the owner has put there since; that
/// is claimed, and the owner asks before it takes it back. A task is published by the store to bottom_. A
/// slot is written again only when top_ has passed it, which moves on when the thief has read.
class WorkDeque {
public:
    WorkDeque()
        : ring_(grown(nullptr, 0, 0)) {
        record::AsymmetricFence::prepare();
    }

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
        bottom_.store(bottom + 1, std::memory_order_release);
    }
    /// By the owner: the newest, or null.
    Runnable* pop() noexcept {
        const std::int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
        // Nobody but the owner adds, so empty stays empty: no need to tell the thieves.
        if (bottom < seenTop_)
            return nullptr;
        if ((bottom & (fenceEvery - 1)) == 0) {
            bottom_.store(bottom, std::memory_order_seq_cst);
        } else {
            bottom_.store(bottom, std::memory_order_release);
            record::AsymmetricFence::light();
        }
        if (claimed_.load(std::memory_order_seq_cst) > bottom) [[unlikely]]
            return popClaimed(bottom);
        return ring_.load(std::memory_order_relaxed)->at(bottom).load(std::memory_order_relaxed);
    }
    /// By the owner: the oldest, or null.
    Runnable* popOldest() noexcept {
        const std::lock_guard lock(lock_);
        const std::int64_t top = top_.load(std::memory_order_relaxed);
        seenTop_ = top;
        if (top >= bottom_.load(std::memory_order_relaxed))
            return nullptr;
        Runnable* const work = ring_.load(std::memory_order_relaxed)->at(top).load(std::memory_order_relaxed);
        claimed_.store(top + 1, std::memory_order_relaxed);
        top_.store(top + 1, std::memory_order_release);
        return work;
    }
    /// By the owner of `into`, an empty deque: up to half of the tasks, oldest first. Answers the oldest and
    /// puts the rest there, to be popped in the same order. Null if there is none, or only such as take an
    /// AsymmetricFence and `atAnyPrice` is not set.
    Runnable* stealHalf(WorkDeque& into, bool atAnyPrice) noexcept {
        std::array<Runnable*, mostAtOnce> taken;
        std::size_t n = 0;
        {
            const std::lock_guard lock(lock_);
            const std::int64_t top = top_.load(std::memory_order_relaxed);
            const std::int64_t wanted =
                std::min((bottom_.load(std::memory_order_acquire) - top + 1) / 2, mostAtOnce);
            if (wanted <= 0)
                return nullptr;
            claimed_.store(top + wanted, std::memory_order_seq_cst);
            std::int64_t end = fencedBelow(bottom_.load(std::memory_order_seq_cst));
            if (end <= top && atAnyPrice) {
                record::AsymmetricFence::heavy();
                end = bottom_.load(std::memory_order_acquire);
            }
            end = std::clamp(end, top, top + wanted);
            Ring& ring = *ring_.load(std::memory_order_acquire);
            for (std::int64_t i = top; i < end; ++i)
                taken[n++] = ring.at(i).load(std::memory_order_relaxed);
            claimed_.store(end, std::memory_order_relaxed);
            top_.store(end, std::memory_order_release);
        }
        for (std::size_t i = n; i-- > 1;)
            into.push(*taken[i]);
        return n == 0 ? nullptr : taken[0];
    }
    /// By anybody, and true at some time of the call only.
    std::int64_t size() const noexcept {
        const std::int64_t top = top_.load(std::memory_order_acquire);
        return bottom_.load(std::memory_order_acquire) - top;
    }

private:
    static constexpr std::int64_t mostAtOnce = 32;
    static constexpr std::int64_t fenceEvery = 8;

    /// Below this nothing was taken unseen by who sees `bottom`: the owner has passed no multiple since.
    static std::int64_t fencedBelow(std::int64_t bottom) noexcept {
        return bottom <= 0 ? 0 : (bottom - 1) / fenceEvery * fenceEvery + 1;
    }

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

    /// `bottom` was the newest before it was taken away from bottom_.
    [[gnu::noinline]] Runnable* popClaimed(std::int64_t bottom) noexcept {
        const std::lock_guard lock(lock_);
        seenTop_ = top_.load(std::memory_order_relaxed);
        if (seenTop_ <= bottom)
            return ring_.load(std::memory_order_relaxed)->at(bottom).load(std::memory_order_relaxed);
        bottom_.store(bottom + 1, std::memory_order_release);
        return nullptr;
    }

    std::vector<std::unique_ptr<Ring>> rings_; ///< before ring_, which begins with one of them
    alignas(64) Lock lock_;                    ///< for top_ and claimed_
    std::atomic<std::int64_t> top_{0};
    std::atomic<std::int64_t> claimed_{0}; ///< as top_, or more while a thief makes up its mind
    alignas(64) std::atomic<std::int64_t> bottom_{0};
    std::atomic<Ring*> ring_;
    std::int64_t seenTop_ = 0; ///< top_ by the owner, a while ago
};

} // namespace coroscope::detail
