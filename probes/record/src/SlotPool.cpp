// SPDX-License-Identifier: Apache-2.0
#include "SlotPool.h"
#include "Atomic.h"
#include "Memory.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <new>

namespace coroscope::record {

namespace {

struct Batch {
    static constexpr std::uint32_t size = 64;
    std::uint32_t count = 0;
    std::array<std::uint32_t, size> slots;
};

/// What the threads have too many of. What was put in last comes out first: it is still near the processor,
/// and where there once were a million jobs the oldest is far from every cache.
struct Pool {
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

bool SlotCache::refill() noexcept {
    Batch batch;
    {
        Pool& p = pool();
        const std::lock_guard guard(p.lock);
        if (!p.take(batch) && !takeFresh(batch)) {
            restedEnd_ = tail_;
            return restedBefore();
        }
    }
    restedEnd_ = head_;
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
        while (head_ != tail_ && batch.count != Batch::size)
            batch.slots[batch.count++] = take();
        Pool& p = pool();
        const std::lock_guard guard(p.lock);
        try {
            p.put(p.batches.begin(), batch); // some have not rested: others come first
        } catch (const std::bad_alloc&) {
        }
    }
}

} // namespace coroscope::record
