// SPDX-License-Identifier: Apache-2.0
#include <coroscope/record/OwnJobs.h>

#include "Atomic.h"
#include "Memory.h"
#include "Names.h"
#include "Switch.h"

#include <algorithm>
#include <utility>

namespace coroscope::record {

namespace {

/// A slot that changes each time we look is left out after so many looks.
constexpr int patience = 1000;

Place placeOf(SiteId id) noexcept {
    if (id == 0)
        return {};
    const layout::Site& site = memory.sites[id];
    return {internedText(site.file), internedText(site.function), site.line};
}

std::vector<Place> placesOf(StackId id) {
    std::vector<Place> places;
    if (id == 0)
        return places;
    const layout::Stack& stack = memory.stacks[id];
    for (std::uint16_t i = 0; i < stack.depth; ++i)
        places.push_back(placeOf(stack.sites[i]));
    return places;
}

// As any reader of a slot: the id, the fields, a fence, and the id again; likewise the execution's sequence
// for what belongs to it. What is interned was complete before its number came to stand in a slot, and the
// acquire of the id sees it.
bool readSlot(layout::Slot& slot, OwnJob& job) {
    for (int looks = 0; looks < patience; ++looks) {
        const std::uint64_t id = get(slot.id, std::memory_order_acquire);
        if (id == 0)
            return false;
        const layout::ExecutionWord execution{get(slot.executionWord, std::memory_order_acquire)};
        job.id = JobId{id};
        job.parent = JobId{get(slot.parent)};
        job.number = get(slot.number);
        const TextId name = get(slot.jobName, std::memory_order_acquire);
        const layout::OwnName own =
            isOwnName(name) ? loadName(memory.names[JobId{id}.index()]) : layout::OwnName{};
        const SiteId site = get(slot.creationSite);
        const StackId suspended = get(slot.suspendedAt);
        job.kind = static_cast<JobKind>(get(slot.kind));
        const layout::JobWord word{get(slot.jobWord, std::memory_order_acquire)};
        std::atomic_thread_fence(std::memory_order_acquire);
        if (execution.changing() || get(slot.executionWord) != execution.bits || get(slot.id) != id ||
            get(slot.jobName) != name)
            continue;
        job.name = isOwnName(name) ? viewOf(own) : internedText(name);
        job.flags = word.flags();
        job.state = word.state();
        job.execution = execution.execution();
        job.createdAt = placeOf(site);
        job.suspendedAt = placesOf(suspended);
        return true;
    }
    return false;
}

template <class F>
void eachSlot(F&& f) {
    if (!on())
        return;
    const std::uint64_t end =
        std::min(get(memory.header->slotsHighWater, std::memory_order_acquire), memory.slotCapacity);
    // Slot 0 means "none", and has no memory before the first job.
    for (std::uint64_t i = 1; i < end; ++i)
        f(memory.slots[i]);
}

} // namespace

std::vector<OwnJob> ownJobs() {
    std::vector<OwnJob> jobs;
    eachSlot([&](layout::Slot& slot) {
        OwnJob job;
        if (readSlot(slot, job))
            jobs.push_back(std::move(job));
    });
    std::sort(jobs.begin(), jobs.end(), [](const OwnJob& a, const OwnJob& b) { return a.number < b.number; });
    return jobs;
}

std::vector<JobId> ownJobIds() {
    std::vector<JobId> ids;
    eachSlot([&](layout::Slot& slot) {
        if (const std::uint64_t id = get(slot.id, std::memory_order_acquire))
            ids.push_back(JobId{id});
    });
    return ids;
}

} // namespace coroscope::record
