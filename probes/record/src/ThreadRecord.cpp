// SPDX-License-Identifier: Apache-2.0
#include "ThreadRecord.h"

#include <atomic>
#include <mutex>
#include <new>

#include <sys/mman.h>
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
        if (threadRecord)
            ThreadRecord::destroy(threadRecord);
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

ThreadRecord* ThreadRecord::make() noexcept {
    void* const room = clearedOnFork(sizeof(ThreadRecord));
    return room ? ::new (room) ThreadRecord(false) : new ThreadRecord(true);
}

void ThreadRecord::destroy(ThreadRecord* record) noexcept {
    // False also where a forked child finds nothing but zeros.
    if (record->inHeap_) {
        delete record;
        return;
    }
    record->~ThreadRecord();
    ::munmap(record, sizeof(ThreadRecord));
}

ThreadRecord::ThreadRecord(bool inHeap) noexcept
    : entry(takeEntry())
    , row_(memory.threads + entry)
    , counters_(memory.siteCounters + std::uint64_t{entry} * capacity::sites)
    , ring_(memory.rings + entry * capacity::ringEvents)
    , inHeap_(inHeap) {
    if (!inHeap && !shared() && clockKind == layout::ClockKind::Tsc)
        keepCopy(entry, &plain_);
}

ThreadRecord::~ThreadRecord() {
    if (!on())
        return;
    slots.giveBack();
    if (!shared()) {
        keepCopy(entry, nullptr);
        const std::lock_guard guard(entriesLock);
        set(row().job, std::uint64_t{0});
        set(row().tid, 0u, std::memory_order_release);
    }
}

void ThreadRecord::writeShared(const layout::Event& event) noexcept {
    while (sharedRing.test_and_set(std::memory_order_acquire)) {
    }
    append(event);
    sharedRing.clear(std::memory_order_release);
}

ThreadRecord& makeHere() noexcept {
    atThreadEnd.armed = true; // makes the thread run its destructor
    return *(threadRecord = ThreadRecord::make());
}

} // namespace coroscope::record
