// SPDX-License-Identifier: Apache-2.0
// What each thread of the target keeps for the record: its entry in the thread table, its ring, its free
// slots, its last stamp of time.
#pragma once

#include "Atomic.h"
#include "Clock.h"
#include "Memory.h"
#include "SlotPool.h"

#include <coroscope/model/RecordLayout.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace coroscope::record {

/// What was found lately, by a number that tells one from the other: 128 sets of four, the newest first. With
/// one place each, two that fall on the same would push each other out for ever.
template <class Key>
class Lately {
public:
    /// The answer for `key`, from `find` where it is not known. Answers of 0 are not kept.
    template <class Find>
    std::uint32_t get(Key key, Find find) noexcept {
        Set& set = sets_[static_cast<std::uint64_t>(key) * 0x9e3779b97f4a7c15u >> 57];
        for (const Entry& entry : set)
            if (entry.key == key && entry.id != 0)
                return entry.id;
        const std::uint32_t id = find();
        if (id != 0) {
            std::move_backward(set.begin(), set.end() - 1, set.end());
            set.front() = {key, id};
        }
        return id;
    }

private:
    static constexpr std::size_t ways = 4;
    struct Entry {
        Key key{};
        std::uint32_t id = 0;
    };
    struct alignas(64) Set : std::array<Entry, ways> {};
    std::array<Set, 128> sets_{};
};

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

    // What this thread has interned lately; places are found by identity instead of content.
    struct KnownContext {
        layout::Context row{};
        std::uint32_t id = 0;
    };
    Lately<std::uintptr_t> sites;
    Lately<std::uint64_t> stacks; ///< by their hash
    std::array<KnownContext, 16> contexts{};

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
