// SPDX-License-Identifier: Apache-2.0
// Whether the record is on. Lies in memory that the kernel clears in a forked child, however it was forked: a
// child must not write into its parent's record.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace coroscope::record {

struct Switch {
    static constexpr std::uint32_t recording = 1;
    static constexpr std::uint32_t rings = 2;  ///< an observer is connected: events are wanted
    static constexpr std::uint32_t stacks = 4; ///< creation stacks are wanted
    std::atomic<std::uint32_t> mode{0};

    bool has(std::uint32_t what, std::memory_order order = std::memory_order_relaxed) const noexcept {
        return (mode.load(order) & what) != 0;
    }
};

/// The process's; one that says no to everything until there is a record.
extern std::atomic<Switch*> processSwitch;

inline bool on() noexcept {
    return processSwitch.load(std::memory_order_acquire)->has(Switch::recording, std::memory_order_acquire);
}

/// Memory that is all zero in a forked child; null if there is none. Given back by munmap.
void* clearedOnFork(std::size_t size) noexcept;

/// Gives the process its switch, which is off. False if there is no memory for it.
bool makeSwitch() noexcept;

/// These tell all threads. Only once there is a switch.
void switchOn() noexcept;
void wantEvents(bool wanted) noexcept;
void wantStacks(bool wanted) noexcept;

/// From now on `copy` says what the process's switch says, until another copy or null takes its place. For
/// the thread with this entry of the thread table: what it looks at with each change lies beside what else it
/// needs then.
void keepCopy(std::uint32_t entry, Switch* copy) noexcept;

} // namespace coroscope::record
