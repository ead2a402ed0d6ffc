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

struct Pool {
    std::mutex lock;
    std::list<SlotBatch> batches;
    std::list<SlotBatch> spare; ///< places that were taken out: a batch that comes back needs no memory

    /// Throws std::bad_alloc.
    void put(std::list<SlotBatch>::iterator before, const SlotBatch& batch) {
        if (spare.empty())
            spare.emplace_back();
        spare.front() = batch;
        batches.splice(before, spare, spare.begin());
    }
};
// Never destroyed: jobs may end while static objects are being torn down.
Pool& pool() noexcept {
    static Pool& p = *new Pool;
    return p;
}

/// Batches that must lie in the queue before one is used again, so that a slot rests a while between two
/// jobs.
constexpr std::size_t restingBatches = 4;

void takeAt(Pool& p, std::list<SlotBatch>::iterator batch, SlotBatch& into) noexcept {
    into = *batch;
    p.spare.splice(p.spare.end(), p.batches, batch);
}

/// Of those that have rested the one that came last: where there once were a million jobs the oldest is far
/// from every cache.
bool takeRested(Pool& p, SlotBatch& into) noexcept {
    if (p.batches.size() < restingBatches)
        return false;
    takeAt(p, std::prev(p.batches.end(), restingBatches), into);
    return true;
}

bool takeOldest(Pool& p, SlotBatch& into) noexcept {
    if (p.batches.empty())
        return false;
    takeAt(p, p.batches.begin(), into);
    return true;
}

/// Slots that were never used.
bool takeFresh(SlotBatch& into) noexcept {
    layout::Header& h = *memory.header;
    const std::uint64_t from = get(h.slotsHighWater);
    const std::uint64_t to = std::min(from + SlotBatch::size, memory.slotCapacity);
    if (from >= to || !growSlots(to - 1))
        return false;
    into.clear();
    for (std::uint64_t i = from; i < to; ++i)
        into.put(static_cast<std::uint32_t>(i));
    set(h.slotsHighWater, to, std::memory_order_release);
    return true;
}

} // namespace

bool SlotCache::refill() noexcept {
    {
        Pool& p = pool();
        const std::lock_guard guard(p.lock);
        if (takeRested(p, ready_) || takeFresh(ready_) || takeOldest(p, ready_))
            return true;
    }
    // The slab is full but for what this thread itself has just freed.
    std::swap(ready_, freed_);
    ready_.next = 0;
    freed_.clear();
    return !ready_.empty();
}

void SlotCache::flush() noexcept {
    Pool& p = pool();
    const std::lock_guard guard(p.lock);
    try {
        p.put(p.batches.end(), freed_);
    } catch (const std::bad_alloc&) {
        // These slots are lost to the process; it has other sorrows.
    }
    freed_.clear();
}

void SlotCache::giveBack() noexcept {
    if (!ready_.empty()) {
        SlotBatch rest;
        while (!ready_.empty())
            rest.put(ready_.take());
        ready_.clear();
        Pool& p = pool();
        const std::lock_guard guard(p.lock);
        try {
            p.put(p.batches.begin(), rest);
        } catch (const std::bad_alloc&) {
        }
    }
    if (freed_.count != 0)
        flush();
}

} // namespace coroscope::record
