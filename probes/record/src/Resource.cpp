// SPDX-License-Identifier: Apache-2.0
#include <coroscope/record/Resource.h>

#include "Atomic.h"
#include "Memory.h"
#include "Switch.h"

#include <array>
#include <mutex>

namespace coroscope::record {

namespace {

/// So many free rows rest before the first of them is used again: a reader that comes late finds the id of
/// what was there gone, not something else in its place.
constexpr std::uint32_t restingRows = 64;

/// Free rows, first freed, first used again. All of it under `lock`: a row is taken when a job has to wait,
/// which costs much more.
struct FreeRows {
    std::mutex lock;
    std::array<std::uint32_t, capacity::resources> rows{};
    std::uint32_t first = 0, count = 0;

    std::uint32_t takeFirst() noexcept {
        const std::uint32_t row = rows[first];
        first = (first + 1) % capacity::resources;
        --count;
        return row;
    }
};
constinit FreeRows freeRows;

/// 0 when the table is full.
std::uint32_t takeRow() noexcept {
    layout::Header& h = *memory.header;
    const std::lock_guard guard(freeRows.lock);
    if (freeRows.count > restingRows)
        return freeRows.takeFirst();
    if (const std::uint32_t fresh = get(h.resourcesHighWater); fresh < capacity::resources) {
        set(h.resourcesHighWater, fresh + 1, std::memory_order_release);
        return fresh;
    }
    if (freeRows.count > 0)
        return freeRows.takeFirst();
    add(h.resourcesRefused, 1u);
    return 0;
}

/// The row of `id` while it is that one's; null else, and with the record off.
layout::Resource* rowOf(ResourceId id) noexcept {
    if (!id || !on() || id.index() >= capacity::resources)
        return nullptr;
    layout::Resource& row = memory.resources[id.index()];
    return get(row.id) == id.value ? &row : nullptr;
}

} // namespace

void Resource::begin(const ResourceBirth& birth) noexcept {
    if (id() || !on())
        return;
    const std::uint32_t index = takeRow();
    if (index == 0)
        return;
    layout::Resource& row = memory.resources[index];
    const ResourceId id = ResourceId::of(index, get(row.owner) + 1);
    set(row.owner, std::uint64_t{0});
    set(row.count, std::uint64_t{0});
    set(row.capacity, birth.capacity);
    set(row.waiting, 0u);
    set(row.name, birth.name);
    set(row.site, birth.site);
    set(row.kind, static_cast<std::uint8_t>(birth.kind));
    set(row.id, id.value, std::memory_order_release);
    id_.store(id.value, std::memory_order_relaxed);
}

void Resource::storeOwner(JobId job) noexcept {
    if (layout::Resource* const row = rowOf(id()))
        set(row->owner, job.value);
}

void Resource::storeCount(std::uint64_t count) noexcept {
    if (layout::Resource* const row = rowOf(id()))
        set(row->count, count);
}

void Resource::storeWaiting(std::uint32_t jobs) noexcept {
    if (layout::Resource* const row = rowOf(id()))
        set(row->waiting, jobs);
}

void Resource::storeCounts(std::uint64_t count, std::uint32_t waiting) noexcept {
    if (layout::Resource* const row = rowOf(id())) {
        set(row->count, count);
        set(row->waiting, waiting);
    }
}

// Readers stop at the id; the fence keeps what the next one writes from being seen with the old id.
void Resource::giveBack() noexcept {
    const ResourceId gone = id();
    layout::Resource* const row = rowOf(gone);
    id_.store(0, std::memory_order_relaxed);
    if (!row)
        return;
    set(row->id, std::uint64_t{0});
    std::atomic_thread_fence(std::memory_order_release);
    set(row->owner, gone.generation());
    const std::lock_guard guard(freeRows.lock);
    freeRows.rows[(freeRows.first + freeRows.count++) % capacity::resources] = gone.index();
}

} // namespace coroscope::record
