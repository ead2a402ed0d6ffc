// SPDX-License-Identifier: Apache-2.0
#include "Switch.h"
#include "Memory.h"

#include <array>
#include <mutex>
#include <new>

#include <sys/mman.h>

namespace coroscope::record {

namespace {

constinit Switch off{};

std::mutex copiesLock;
std::array<Switch*, capacity::threads> copies{};

void want(std::uint32_t what, bool wanted) noexcept {
    const std::lock_guard guard(copiesLock);
    std::atomic<std::uint32_t>& mode = processSwitch.load(std::memory_order_acquire)->mode;
    const std::uint32_t now =
        wanted ? mode.load(std::memory_order_relaxed) | what : mode.load(std::memory_order_relaxed) & ~what;
    mode.store(now, std::memory_order_seq_cst);
    for (Switch* const copy : copies)
        if (copy)
            copy->mode.store(now, std::memory_order_seq_cst);
}

} // namespace

std::atomic<Switch*> processSwitch{&off};

void* clearedOnFork(std::size_t size) noexcept {
    void* const room = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        return nullptr;
    if (::madvise(room, size, MADV_WIPEONFORK) == 0)
        return room;
    ::munmap(room, size);
    return nullptr;
}

bool makeSwitch() noexcept {
    void* const room = clearedOnFork(sizeof(Switch));
    if (!room)
        return false;
    processSwitch.store(::new (room) Switch, std::memory_order_release);
    return true;
}

void switchOn() noexcept {
    want(Switch::recording, true);
}

void wantEvents(bool wanted) noexcept {
    want(Switch::rings, wanted);
}

void wantStacks(bool wanted) noexcept {
    want(Switch::stacks, wanted);
}

void keepCopy(std::uint32_t entry, Switch* copy) noexcept {
    const std::lock_guard guard(copiesLock);
    copies[entry] = copy;
    if (copy)
        copy->mode.store(processSwitch.load(std::memory_order_acquire)->mode.load(std::memory_order_relaxed),
                         std::memory_order_relaxed);
}

} // namespace coroscope::record
