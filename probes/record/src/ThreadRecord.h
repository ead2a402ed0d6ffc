// SPDX-License-Identifier: Apache-2.0
// What each thread of the target keeps for the record: its entry in the thread table, its ring, its free
// slots, its last stamp of time.
#pragma once

#include "Atomic.h"
#include "Clock.h"
#include "Memory.h"
#include "SlotPool.h"
#include "Switch.h"

#include <coroscope/model/RecordLayout.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace coroscope::record {

/// What was found lately, by a number that tells one from the other: 128 sets of four, the newest first. With
/// one place each, two that fall on the same would push each other out for ever.
template <class Key>
class Lately {
public:
    /// The answer for `key`, 0 when it is not known.
    std::uint32_t find(Key key) const noexcept {
        for (const Entry& entry : sets_[at(key)])
            if (entry.key == key)
                return entry.id;
        return 0;
    }
    /// What find(key) did not know. Answers of 0 are not kept.
    void keep(Key key, std::uint32_t id) noexcept {
        Set& set = sets_[at(key)];
        if (id == 0)
            return;
        std::move_backward(set.begin(), set.end() - 1, set.end());
        set.front() = {key, id};
    }

private:
    static constexpr std::size_t ways = 4;
    struct Entry {
        Key key{};
        std::uint32_t id = 0;
    };
    struct alignas(64) Set : std::array<Entry, ways> {};
    static std::size_t at(Key key) noexcept {
        return static_cast<std::uint64_t>(key) * 0x9e3779b97f4a7c15u >> 57;
    }
    std::array<Set, 128> sets_{};
};

class ThreadRecord {
public:
    /// Takes a free entry of the thread table, or entry 0, which all surplus threads share. Lies in memory
    /// that a forked child finds cleared, if there is any.
    static ThreadRecord* make() noexcept;
    static void destroy(ThreadRecord* record) noexcept;
    ThreadRecord(const ThreadRecord&) = delete;
    ThreadRecord& operator=(const ThreadRecord&) = delete;

    /// The record is on, and there is nothing special: the entry is this thread's own, and time is the
    /// processor's counter. What is a template over `plain` below knows that this holds. Threads: only this
    /// one. Also right in a forked child, which it answers false.
    bool plain() const noexcept { return plain_.has(Switch::recording); }
    /// The same, and creation stacks are not wanted.
    bool plainWithoutStacks() const noexcept {
        return (plain_.mode.load(std::memory_order_relaxed) & (Switch::recording | Switch::stacks)) ==
               Switch::recording;
    }

    /// Time that may be as old as the beginning of this thread's stretch of running.
    template <bool plain = false>
    std::uint64_t coarse() noexcept {
        return running ? stamp : stampNow<plain>();
    }
    template <bool plain = false>
    std::uint64_t stampNow() noexcept {
        return stamp = now<plain>();
    }

    /// To be asked after what an event tells of was stored: an observer that comes now looks at all slots,
    /// and sees it there.
    template <bool plain = false>
    bool observed() const noexcept {
        return (plain ? plain_ : *processSwitch.load(std::memory_order_relaxed)).has(Switch::rings);
    }
    /// `event` makes one. While nobody observes not even that is done.
    template <class F>
    void emit(F&& event) noexcept {
        if (observed()) [[unlikely]]
            write(event());
    }
    /// Only for one who observes: see emit.
    void write(const layout::Event& event) noexcept {
        if (shared())
            writeShared(event);
        else
            append(event);
    }

    template <bool plain = false>
    void countLaunch(SiteId site) noexcept {
        count<plain>(counters_[site].launched);
    }
    template <bool plain = false>
    void countEnd(SiteId site) noexcept {
        count<plain>(counters_[site].ended);
    }

    /// The shared entry has many writers.
    bool shared() const noexcept { return entry == 0; }

    layout::Slot* table() const noexcept { return table_; }
    layout::Slot& slotOf(JobId id) const noexcept { return table_[id.index()]; }

    // What each change needs is in the first line. After a rest each line comes from afar.
private:
    Switch plain_; ///< a copy of the process's, unless something is special
public:
    std::uint32_t entry = 0;
    std::uint64_t stamp = 0; ///< where `running` counts from. 0: the next stretch needs a new one
    JobId running;

private:
    layout::Slot* const table_ = memory.slots;
    layout::Thread* row_ = nullptr;
    layout::SiteCounter* counters_ = nullptr;

public:
    SlotCache slots; ///< begins with its positions

private:
    layout::Event* ring_ = nullptr;

public:
    // What this thread has interned lately; places are found by identity instead of content.
    struct KnownContext {
        layout::Context row{};
        std::uint32_t id = 0;
    };
    Lately<std::uintptr_t> sites;
    Lately<std::uint64_t> stacks; ///< by a hash, or by the identity of a single place
    std::array<KnownContext, 16> contexts{};

    layout::Thread& row() noexcept { return *row_; }

private:
    explicit ThreadRecord(bool inHeap) noexcept;
    ~ThreadRecord();
    void writeShared(const layout::Event& event) noexcept;

    // Overwrite-oldest, one writer. The event's fields are stored before the new head (release), and the old
    // head before the event's fields (release fence): a reader that sees a field of event n sees a head of at
    // least n, knows from it that the slot n - capacity was being overwritten, and counts that event as lost.
    void append(const layout::Event& event) noexcept {
        const std::uint64_t head = get(row_->ringHead);
        layout::Event& to = ring_[head & (capacity::ringEvents - 1)];
        std::atomic_thread_fence(std::memory_order_release);
        std::uint64_t words[4];
        std::memcpy(words, &event, sizeof words);
        auto* const out = reinterpret_cast<std::uint64_t*>(&to);
        for (int i = 0; i < 4; ++i)
            set(out[i], words[i]);
        set(row_->ringHead, head + 1, std::memory_order_release);
    }

    template <bool plain>
    void count(std::uint64_t& n) noexcept {
        if (!plain && shared())
            std::atomic_ref(n).fetch_add(1, std::memory_order_relaxed);
        else
            add(n, std::uint64_t{1});
    }

    bool inHeap_; ///< not in memory that a forked child finds cleared
};

/// This thread's, if it has one.
extern constinit thread_local ThreadRecord* threadRecord;

/// This thread's where all is plain, else null: then it takes a look at on().
inline ThreadRecord* plainHere() noexcept {
    ThreadRecord* const thread = threadRecord;
    return thread != nullptr && thread->plain() ? thread : nullptr;
}

/// Gives this thread its record.
ThreadRecord& makeHere() noexcept;

/// This thread's, made at the first call. Only while the record is on.
inline ThreadRecord& here() noexcept {
    return threadRecord != nullptr ? *threadRecord : makeHere();
}

} // namespace coroscope::record
