// SPDX-License-Identifier: Apache-2.0
#include "Memory.h"
#include "Atomic.h"
#include "Clock.h"
#include "Switch.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace coroscope::record {

namespace {

constexpr std::uint64_t pageSize = 4096;
/// Slots become accessible in steps of this many (1 MiB): what was never used can neither be locked into
/// memory by mlockall nor reach a core file.
constexpr std::uint64_t growStep = (1u << 20) / sizeof(layout::Slot);

std::uint64_t slotsUsable = 0;

std::uint64_t roundUp(std::uint64_t n, std::uint64_t to) {
    return (n + to - 1) / to * to;
}

/// Field 22 of /proc/self/stat. The program's name in field 2 may hold blanks and brackets: count from the
/// last ')'.
std::uint64_t ownStartTime() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    std::size_t at = line.rfind(')');
    if (at == std::string::npos)
        return 0;
    for (int field = 2; field < 22; ++field) {
        at = line.find(' ', at + 1);
        if (at == std::string::npos)
            return 0;
    }
    return std::strtoull(line.c_str() + at, nullptr, 10);
}

void copyCut(char* to, std::size_t size, const std::string& text) {
    const std::size_t n = std::min(text.size(), size - 1);
    std::memcpy(to, text.data(), n);
    to[n] = 0;
}

std::string ownProgram() {
    char path[4096];
    const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
    if (n <= 0)
        return "?";
    const std::string whole(path, static_cast<std::size_t>(n));
    return whole.substr(whole.rfind('/') + 1);
}

std::uint64_t wantedSlots() {
    std::uint64_t wanted = capacity::slots;
    if (const char* text = std::getenv("COROSCOPE_MAX_JOBS"); text && *text)
        wanted = std::clamp<std::uint64_t>(std::strtoull(text, nullptr, 10), growStep, capacity::slots);
    return wanted;
}

/// Lays out the regions behind the header; answers the total size.
std::uint64_t layOut(layout::Header& h, std::uint64_t slotCapacity) {
    std::uint64_t at = pageSize;
    auto place = [&at](std::uint64_t count, std::uint64_t stride, std::uint64_t blocks = 1) {
        const layout::Table table{at, count, static_cast<std::uint32_t>(stride), 0};
        at = roundUp(at + count * stride * blocks, pageSize);
        return table;
    };
    h.threads = place(capacity::threads, sizeof(layout::Thread));
    h.sites = place(capacity::sites, sizeof(layout::Site));
    h.stacks = place(capacity::stacks, sizeof(layout::Stack));
    h.contexts = place(capacity::contexts, sizeof(layout::Context));
    h.siteCounters = place(capacity::sites, sizeof(layout::SiteCounter), capacity::threads);
    h.texts = place(capacity::texts, 1);
    h.failures = place(0, 1);
    h.incidents = place(capacity::incidents, capacity::incidentSize);
    h.resources = place(capacity::resources, sizeof(layout::Resource));
    h.rings = place(capacity::ringEvents, sizeof(layout::Event), capacity::threads);
    h.jobs = place(slotCapacity, sizeof(layout::Slot));
    h.modules = place(capacity::modules, sizeof(layout::Module));
    h.callStacks = place(capacity::callStacks, sizeof(layout::CallStack));
    h.names = place(slotCapacity, sizeof(layout::OwnName));
    return at;
}

} // namespace

Memory memory;
layout::ClockKind clockKind = layout::ClockKind::Monotonic;

std::string_view internedText(TextId id) noexcept {
    if (id == 0)
        return {};
    std::uint32_t size;
    std::memcpy(&size, memory.texts + id - sizeof size, sizeof size);
    return {memory.texts + id, size};
}

std::string createMemory() {
    const int fd = ::memfd_create(layout::memfdName, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return std::string("the system gives no shared memory: ") + std::strerror(errno);

    layout::Header h{};
    std::byte* base = nullptr;
    // Where address space or file size is limited, fewer jobs fit. PROT_NONE first: under
    // mlockall(MCL_FUTURE) an accessible mapping would be filled with real memory at once.
    for (std::uint64_t slots = wantedSlots();; slots /= 2) {
        h = {};
        h.totalSize = layOut(h, slots);
        if (::ftruncate(fd, static_cast<off_t>(h.totalSize)) == 0) {
            void* const p = ::mmap(nullptr, h.totalSize, PROT_NONE, MAP_SHARED | MAP_NORESERVE, fd, 0);
            if (p != MAP_FAILED) {
                base = static_cast<std::byte*>(p);
                break;
            }
        }
        if (slots <= growStep) {
            const std::string why = std::strerror(errno);
            ::close(fd);
            return "the record's memory cannot be mapped: " + why;
        }
    }
    ::munlock(base, h.totalSize);
    ::madvise(base, h.totalSize, MADV_DONTDUMP);
    ::madvise(base, h.totalSize, MADV_DONTFORK);
    // Only the tables for now, which are part of core files too; the rest as threads and jobs come.
    const bool accessible =
        ::mprotect(base, h.siteCounters.offset, PROT_READ | PROT_WRITE) == 0 &&
        ::mprotect(base + h.texts.offset, h.rings.offset - h.texts.offset, PROT_READ | PROT_WRITE) == 0;
    ::madvise(base, h.siteCounters.offset, MADV_DODUMP);
    ::madvise(base + h.texts.offset, h.rings.offset - h.texts.offset, MADV_DODUMP);
    ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);

    if (!accessible || !makeSwitch()) {
        const std::string why = std::strerror(errno);
        ::munmap(base, h.totalSize);
        ::close(fd);
        return "the record's memory cannot be used: " + why;
    }

    clockKind = clockOfThisMachine();
    std::memcpy(h.magic, layout::magic, sizeof h.magic);
    h.versionMajor = layout::versionMajor;
    h.versionMinor = layout::versionMinor;
    h.headerSize = sizeof(layout::Header);
    h.pid = static_cast<std::uint32_t>(::getpid());
    h.uid = ::geteuid();
    h.processStart = ownStartTime();
    h.clockKind = clockKind;
    h.ticksFirst = ticks();
    h.monotonicFirst = nanosecondsOf(CLOCK_MONOTONIC);
    h.realtimeFirst = nanosecondsOf(CLOCK_REALTIME);
    copyCut(h.program, sizeof h.program, ownProgram());
    copyCut(h.runtimeVersion, sizeof h.runtimeVersion, "0.1.0");
    h.slotsHighWater = 1; // slot 0, site 0, text 0 and so on mean "none"
    h.threadsHighWater = 1;
    h.resourcesHighWater = 1;
    h.sitesUsed = h.stacksUsed = h.contextsUsed = h.modulesUsed = h.callStacksUsed = 1;
    h.textsUsed = 1;
    std::memcpy(static_cast<void*>(base), &h, sizeof h);

    auto at = [base](const layout::Table& table) { return static_cast<void*>(base + table.offset); };
    memory.header = static_cast<layout::Header*>(static_cast<void*>(base));
    memory.slots = static_cast<layout::Slot*>(at(h.jobs));
    memory.threads = static_cast<layout::Thread*>(at(h.threads));
    memory.sites = static_cast<layout::Site*>(at(h.sites));
    memory.stacks = static_cast<layout::Stack*>(at(h.stacks));
    memory.contexts = static_cast<layout::Context*>(at(h.contexts));
    memory.siteCounters = static_cast<layout::SiteCounter*>(at(h.siteCounters));
    memory.texts = static_cast<char*>(at(h.texts));
    memory.incidents = static_cast<std::byte*>(at(h.incidents));
    memory.resources = static_cast<layout::Resource*>(at(h.resources));
    memory.rings = static_cast<layout::Event*>(at(h.rings));
    memory.modules = static_cast<layout::Module*>(at(h.modules));
    memory.callStacks = static_cast<layout::CallStack*>(at(h.callStacks));
    memory.names = static_cast<layout::OwnName*>(at(h.names));
    memory.callStacksSize = h.names.offset - h.modules.offset;
    memory.slotCapacity = h.jobs.capacity;
    memory.ringsOffset = h.rings.offset;
    memory.ringsSize = h.jobs.offset - h.rings.offset;
    memory.descriptor = fd;
    if (!openThreadEntry(0)) {
        const std::string why = std::strerror(errno);
        ::munmap(base, h.totalSize);
        ::close(fd);
        return "the record's memory cannot be used: " + why;
    }
    memory.threads[0].tid = h.pid;
    copyCut(memory.threads[0].threadName, sizeof memory.threads[0].threadName, "(others)");
    return {};
}

bool openThreadEntry(std::uint32_t entry) noexcept {
    layout::Event* const ring = memory.rings + std::uint64_t{entry} * capacity::ringEvents;
    layout::SiteCounter* const counters = memory.siteCounters + std::uint64_t{entry} * capacity::sites;
    return ::mprotect(ring, capacity::ringEvents * sizeof *ring, PROT_READ | PROT_WRITE) == 0 &&
           ::mprotect(counters, capacity::sites * sizeof *counters, PROT_READ | PROT_WRITE) == 0;
}

namespace {

bool makeUsable(void* from, std::uint64_t size) noexcept {
    if (::mprotect(from, size, PROT_READ | PROT_WRITE) != 0)
        return false;
    ::madvise(from, size, MADV_DODUMP);
    return true;
}

} // namespace

bool growSlots(std::uint64_t index) noexcept {
    if (index < slotsUsable)
        return true;
    const std::uint64_t wanted = std::min(roundUp(index + 1, growStep), memory.slotCapacity);
    const std::uint64_t more = wanted - slotsUsable;
    if (!makeUsable(memory.slots + slotsUsable, more * sizeof(layout::Slot)) ||
        !makeUsable(memory.names + slotsUsable, more * sizeof(layout::OwnName)))
        return false;
    slotsUsable = wanted;
    return true;
}

bool openCallStacks() noexcept {
    return makeUsable(memory.modules, memory.callStacksSize);
}

void releaseRings() noexcept {
    ::fallocate(memory.descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                static_cast<off_t>(memory.ringsOffset), static_cast<off_t>(memory.ringsSize));
}

void stampSecondTime() noexcept {
    layout::Header& h = *memory.header;
    set(h.ticksSecond, ticks());
    set(h.monotonicSecond, nanosecondsOf(CLOCK_MONOTONIC));
    set(h.realtimeSecond, nanosecondsOf(CLOCK_REALTIME));
}

} // namespace coroscope::record
