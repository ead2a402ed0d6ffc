// SPDX-License-Identifier: Apache-2.0
// What each thread of the target keeps for the record: its entry in the thread table, its ring, its free
// slots, its last stamp of time.
#pragma once

#include "Atomic.h"
#include "Clock.h"
#include "Memory.h"
#include "SlotPool.h"

#include <coroscope/model/RecordLayout.h>

#include <array>
#include <cstdint>

namespace coroscope::record {

class ThreadRecord {
public:
    /// Takes a free entry of the thread table, or entry 0, which all surplus threads share.
    ThreadRecord() noexcept;
    ~ThreadRecord();
    ThreadRecord(const ThreadRecord&) = delete;
    ThreadRecord& operator=(const ThreadRecord&) = delete;

    /// Time that may be as old as the beginning of this thread's stretch of running.
    std::uint64_t coarse() noexcept { return running ? stamp : stampNow(); }
    std::uint64_t stampNow() noexcept { return stamp = ticks(); }

    /// `event` makes one. While nobody observes not even that is done.
    template <class F>
    void emit(F&& event) noexcept {
        if (ringsEnabled.load(std::memory_order_relaxed) != 0) [[unlikely]]
            write(event());
    }
    void countLaunch(SiteId site) noexcept;
    void countEnd(SiteId site) noexcept;

    /// The shared entry has many writers.
    bool shared() const noexcept { return entry == 0; }

    std::uint32_t entry = 0;
    std::uint64_t stamp = 0; ///< 0: the next stretch needs a new one
    JobId running;
    SlotCache slots;

    // What this thread has interned lately, found by identity instead of content.
    struct KnownSite {
        std::uintptr_t place = 0;
        SiteId id = 0;
    };
    struct KnownStack {
        std::uint64_t hash = 0;
        StackId id = 0;
    };
    std::array<KnownSite, 256> sites{};
    std::array<KnownStack, 256> stacks{};

    layout::Thread& row() noexcept { return memory.threads[entry]; }

private:
    void write(const layout::Event& event) noexcept;

    layout::Event* ring_ = nullptr;
};

/// This thread's, if it has one.
extern constinit thread_local ThreadRecord* threadRecord;

/// Gives this thread its record.
ThreadRecord& makeHere() noexcept;

/// This thread's, made at the first call. Only while the record is on.
inline ThreadRecord& here() noexcept {
    return threadRecord != nullptr ? *threadRecord : makeHere();
}

} // namespace coroscope::record
