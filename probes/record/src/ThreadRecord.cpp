// SPDX-License-Identifier: Apache-2.0
#include "ThreadRecord.h"

#include <atomic>
#include <cstring>
#include <mutex>
#include <new>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace coroscope::record {

constinit thread_local ThreadRecord* threadRecord = nullptr;

namespace {

std::mutex entriesLock;
std::atomic_flag sharedRing = ATOMIC_FLAG_INIT;

/// Gives the thread's entry back when the thread ends. What runs later still on this thread (other
/// thread_local destructors) gets a record that is never freed; that is rare and small.
struct AtThreadEnd {
    bool armed = false;
    ~AtThreadEnd() {
        delete threadRecord;
        threadRecord = nullptr;
    }
};
thread_local AtThreadEnd atThreadEnd;

std::uint32_t takeEntry() noexcept {
    layout::Header& h = *memory.header;
    const std::lock_guard guard(entriesLock);
    const std::uint32_t used = get(h.threadsHighWater);
    for (std::uint32_t i = 1; i < capacity::threads; ++i) {
        layout::Thread& row = memory.threads[i];
        if (get(row.tid) != 0)
            continue;
        if (!openThreadEntry(i))
            return 0;
        char name[16] = {};
        ::prctl(PR_GET_NAME, name);
        for (std::size_t c = 0; c < sizeof name; ++c)
            set(row.threadName[c], name[c]);
        add(row.epoch, 1u);
        set(row.tid, static_cast<std::uint32_t>(::syscall(SYS_gettid)), std::memory_order_release);
        if (i >= used)
            set(h.threadsHighWater, i + 1, std::memory_order_release);
        return i;
    }
    return 0;
}

} // namespace

ThreadRecord::ThreadRecord() noexcept
    : entry(takeEntry()) {
    ring_ = memory.rings + entry * capacity::ringEvents;
}

ThreadRecord::~ThreadRecord() {
    if (!on())
        return;
    slots.giveBack();
    if (!shared()) {
        const std::lock_guard guard(entriesLock);
        set(row().job, std::uint64_t{0});
        set(row().tid, 0u, std::memory_order_release);
    }
}

// Overwrite-oldest, one writer. The event's fields are stored before the new head (release), and the old head
// before the event's fields (release fence): a reader that sees a field of event n sees a head of at least n,
// knows from it that the slot n - capacity was being overwritten, and counts that event as lost.
void ThreadRecord::write(const layout::Event& event) noexcept {
    if (shared())
        while (sharedRing.test_and_set(std::memory_order_acquire)) {
        }
    const std::uint64_t head = get(row().ringHead);
    layout::Event& to = ring_[head & (capacity::ringEvents - 1)];
    std::atomic_thread_fence(std::memory_order_release);
    std::uint64_t words[4];
    std::memcpy(words, &event, sizeof words);
    auto* const out = reinterpret_cast<std::uint64_t*>(&to);
    for (int i = 0; i < 4; ++i)
        set(out[i], words[i]);
    set(row().ringHead, head + 1, std::memory_order_release);
    if (shared())
        sharedRing.clear(std::memory_order_release);
}

void ThreadRecord::countLaunch(SiteId site) noexcept {
    std::uint64_t& n = memory.siteCounters[std::uint64_t{entry} * capacity::sites + site].launched;
    if (shared())
        std::atomic_ref(n).fetch_add(1, std::memory_order_relaxed);
    else
        add(n, std::uint64_t{1});
}

void ThreadRecord::countEnd(SiteId site) noexcept {
    std::uint64_t& n = memory.siteCounters[std::uint64_t{entry} * capacity::sites + site].ended;
    if (shared())
        std::atomic_ref(n).fetch_add(1, std::memory_order_relaxed);
    else
        add(n, std::uint64_t{1});
}

ThreadRecord& makeHere() noexcept {
    atThreadEnd.armed = true; // makes the thread run its destructor
    return *(threadRecord = new ThreadRecord);
}

} // namespace coroscope::record
