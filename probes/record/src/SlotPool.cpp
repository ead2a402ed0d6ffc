// SPDX-License-Identifier: Apache-2.0
#include "SlotPool.h"
#include "Atomic.h"
#include "Memory.h"

#include <algorithm>
#include <iterator>
#include <list>
#include <mutex>
#include <new>

namespace coroscope::record {

namespace {

struct Batch {
    static constexpr std::uint32_t size = 64;
    std::uint32_t count = 0;
    bool rested = true;
    std::array<std::uint32_t, size> slots;
};

/// What the threads have too many of. What was put in last comes out first: it is still near the processor,
/// and where there once were a million jobs the oldest is far from every cache. Before all that have rested
/// lies what threads left when they ended, the newest first.
struct Pool {
    /// Of those that were put in without a rest so many are kept: with 64 in each as long as a rest.
    static constexpr std::size_t resting = 4;

    std::mutex lock;
    std::list<Batch> batches;
    std::list<Batch> spare; ///< places that were taken out: a batch that comes back needs no memory

    /// Throws std::bad_alloc.
    void put(std::list<Batch>::iterator before, const Batch& batch) {
        if (spare.empty())
            spare.emplace_back();
        spare.front() = batch;
        batches.splice(before, spare, spare.begin());
    }
    bool takeRested(Batch& into) noexcept {
        return !batches.empty() && (batches.back().rested || batches.size() > resting) && take(into);
    }
    bool take(Batch& into) noexcept {
        if (batches.empty())
            return false;
        into = batches.back();
        spare.splice(spare.end(), batches, std::prev(batches.end()));
        return true;
    }
};
// Never destroyed: jobs may end while static objects are being torn down.
Pool& pool() noexcept {
    static Pool& p = *new Pool;
    return p;
}

/// Slots that were never used.
bool takeFresh(Batch& into) noexcept {
    layout::Header& h = *memory.header;
    const std::uint64_t from = get(h.slotsHighWater);
    const std::uint64_t to = std::min(from + Batch::size, memory.slotCapacity);
    if (from >= to || !growSlots(to - 1))
        return false;
    into.count = 0;
    for (std::uint64_t i = from; i < to; ++i)
        into.slots[into.count++] = static_cast<std::uint32_t>(i);
    set(h.slotsHighWater, to, std::memory_order_release);
    return true;
}

} // namespace

SlotCache::SlotCache() noexcept
    : most_(static_cast<std::uint16_t>(
          std::clamp<std::uint64_t>(memory.slotCapacity / 256, 2 * Batch::size, size)))
    , resting_(most_ / 4) {}

bool SlotCache::refill() noexcept {
    Batch batch;
    {
        Pool& p = pool();
        const std::lock_guard guard(p.lock);
        if (!p.takeRested(batch) && !takeFresh(batch) && !p.take(batch)) {
            noRestBefore_ = tail_;
            return needsNoRest();
        }
    }
    noRestBefore_ = head_;
    while (batch.count != 0)
        ring_[--head_ % size] = batch.slots[--batch.count];
    return true;
}

/// The oldest leave: they have rested.
void SlotCache::flush() noexcept {
    Batch batch;
    while (batch.count != Batch::size)
        batch.slots[batch.count++] = take();
    Pool& p = pool();
    const std::lock_guard guard(p.lock);
    try {
        p.put(p.batches.end(), batch);
    } catch (const std::bad_alloc&) {
        // These slots are lost to the process; it has other sorrows.
    }
}

void SlotCache::giveBack() noexcept {
    while (head_ != tail_) {
        Batch batch;
        batch.rested = false;
        while (head_ != tail_ && batch.count != Batch::size)
            batch.slots[batch.count++] = take();
        Pool& p = pool();
        const std::lock_guard guard(p.lock);
        try {
            p.put(p.batches.begin(), batch);
        } catch (const std::bad_alloc&) {
        }
    }
}

} // namespace coroscope::record
