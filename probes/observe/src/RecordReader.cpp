// SPDX-License-Identifier: Apache-2.0
#include "RecordReader.h"
#include "Utf8.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace coroscope::observe {

using layout::ExecutionWord;
using layout::JobWord;
using layout::Slot;
using layout::Table;

namespace {

/// How often a row that changes while it is read is read again.
constexpr int triesForExecution = 64, triesForSlot = 8;

constexpr std::uint64_t mostSlots = std::uint64_t{1} << JobId::indexBits;
constexpr std::uint64_t mostThreads = 4096;
constexpr std::uint64_t mostRows = std::uint64_t{1} << 24; ///< of every other table
constexpr std::uint64_t mostBytes = std::uint64_t{1} << 32;
constexpr std::uint32_t widestRow = 4096;
constexpr std::size_t longestText = 1024;
/// Of minor version 0.
constexpr std::size_t shortestHeader = offsetof(layout::Header, incidents);

/// One read of a field that others may be changing. The mapping is read-only; atomic_ref has no const form
/// here.
template <class T>
T load(const T& field, std::memory_order order = std::memory_order_relaxed) noexcept {
    return std::atomic_ref<T>(const_cast<T&>(field)).load(order); // NOLINT
}

/// Copies memory that others may be changing, byte by byte or word by word.
void copyOut(void* to, const std::byte* from, std::size_t size) noexcept {
    auto* out = static_cast<std::byte*>(to);
    while (size >= 8 && reinterpret_cast<std::uintptr_t>(from) % 8 == 0) {
        const std::uint64_t word = load(*reinterpret_cast<const std::uint64_t*>(from));
        std::memcpy(out, &word, 8);
        out += 8;
        from += 8;
        size -= 8;
    }
    for (; size > 0; --size)
        *out++ = load(*from++);
}

template <std::size_t n>
std::string zeroTerminated(const char (&text)[n]) {
    return presentable({text, static_cast<std::size_t>(std::find(text, text + n, '\0') - text)});
}

/// Of what no version guards.
std::uint32_t printOf(std::uint64_t parent, std::uint32_t name, std::uint32_t context) noexcept {
    return static_cast<std::uint32_t>(parent ^ parent >> 32) * 31 + name * 17 + context;
}

/// An enumerator that a newer target may know and we do not.
template <class E>
E known(std::uint64_t value, E last, E otherwise) noexcept {
    return value <= static_cast<std::uint64_t>(last) ? static_cast<E>(value) : otherwise;
}

} // namespace

RecordReader::RecordReader(const std::byte* base, std::size_t size, bool mapped) noexcept
    : base_(base)
    , size_(size)
    , mapped_(mapped) {}

RecordReader::~RecordReader() {
    if (mapped_)
        ::munmap(const_cast<std::byte*>(base_), size_); // NOLINT
}

Result<std::shared_ptr<const RecordReader>> RecordReader::open(int descriptor) {
    const int seals = ::fcntl(descriptor, F_GET_SEALS);
    if (seals < 0 || (seals & (F_SEAL_SHRINK | F_SEAL_GROW)) != (F_SEAL_SHRINK | F_SEAL_GROW))
        return Problem{"the memory offered as a record is not sealed, so it could vanish while it is read"};
    struct stat info{};
    if (::fstat(descriptor, &info) != 0 || info.st_size < static_cast<off_t>(sizeof(layout::Header)))
        return Problem{"the memory offered as a record is too small to be one"};
    const auto size = static_cast<std::size_t>(info.st_size);
    void* const base = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
    if (base == MAP_FAILED)
        return Problem{std::string("the record cannot be mapped: ") + std::strerror(errno)};
    std::shared_ptr<RecordReader> reader(new RecordReader(static_cast<const std::byte*>(base), size, true));
    reader->inode_ = info.st_ino;
    return checked(std::move(reader));
}

Result<std::shared_ptr<const RecordReader>> RecordReader::over(const void* memory, std::size_t size) {
    if (size < sizeof(layout::Header) || reinterpret_cast<std::uintptr_t>(memory) % 64 != 0)
        return Problem{"the memory offered as a record is too small to be one"};
    return checked(
        std::shared_ptr<RecordReader>(new RecordReader(static_cast<const std::byte*>(memory), size, false)));
}

Result<std::shared_ptr<const RecordReader>> RecordReader::checked(std::shared_ptr<RecordReader> reader) {
    layout::Header& header = reader->header_;
    copyOut(&header, reader->base_, sizeof header);
    // The header of an older target is shorter: what lies behind it is none of it.
    if (header.headerSize >= shortestHeader && header.headerSize < sizeof header)
        std::memset(reinterpret_cast<std::byte*>(&header) + header.headerSize, 0,
                    sizeof header - header.headerSize);
    if (reader->header_.versionMinor == 0)
        reader->header_.incidents = {};
    if (reader->header_.versionMinor < 4)
        reader->header_.names = {};
    if (reader->header_.versionMinor < 3)
        reader->header_.modules = reader->header_.callStacks = {};
    if (reader->header_.versionMinor < 2)
        reader->header_.resources = {};
    if (std::string problem = reader->problemWithHeader(); !problem.empty())
        return Problem{std::move(problem)};
    return std::shared_ptr<const RecordReader>(std::move(reader));
}

std::string RecordReader::problemWithHeader() const {
    const layout::Header& h = header_;
    if (std::memcmp(h.magic, layout::magic, sizeof h.magic) != 0)
        return "it does not begin as a record does";
    if (h.versionMajor != layout::versionMajor)
        return "its record has version " + std::to_string(h.versionMajor) + "." +
               std::to_string(h.versionMinor) + " and this Coroscope reads version " +
               std::to_string(layout::versionMajor) +
               (h.versionMajor > layout::versionMajor ? ": a newer Coroscope is needed"
                                                      : ": an older Coroscope is needed");
    if (h.totalSize > size_ || h.headerSize < shortestHeader || h.totalSize < h.headerSize)
        return "its record is cut short";

    auto fits = [&h](const Table& table, std::uint64_t rowSize, std::uint64_t align, std::uint64_t most,
                     std::uint64_t blocks = 1) {
        if (table.stride < rowSize || table.stride > widestRow || table.stride % align != 0 ||
            table.offset % align != 0 || table.offset < h.headerSize || table.offset > h.totalSize ||
            table.capacity > most)
            return false;
        // At most 2^24 rows * 2^12 blocks * 2^12 bytes: no overflow.
        return table.capacity * blocks * table.stride <= h.totalSize - table.offset;
    };
    if (!fits(h.jobs, sizeof(Slot), alignof(Slot), mostSlots) ||
        !fits(h.threads, sizeof(layout::Thread), alignof(layout::Thread), mostThreads) ||
        !fits(h.sites, sizeof(layout::Site), 4, mostRows) ||
        !fits(h.stacks, sizeof(layout::Stack), 4, mostRows) ||
        !fits(h.contexts, sizeof(layout::Context), 4, mostRows) || !fits(h.texts, 1, 1, mostBytes) ||
        h.texts.stride != 1 ||
        !fits(h.siteCounters, sizeof(layout::SiteCounter), 8, mostRows, h.threads.capacity) ||
        !fits(h.rings, sizeof(layout::Event), 8, mostRows, h.threads.capacity))
        return "the header of its record makes no sense";
    if ((h.versionMinor > 0 && !fits(h.incidents, sizeof(layout::Incident), 8, mostRows)) ||
        (h.versionMinor > 1 &&
         !fits(h.resources, sizeof(layout::Resource), alignof(layout::Resource), mostRows)))
        return "the header of its record makes no sense";
    if (h.versionMinor > 2 && (!fits(h.modules, sizeof(layout::Module), 8, mostRows) ||
                               !fits(h.callStacks, sizeof(layout::CallStack), 8, mostRows)))
        return "the header of its record makes no sense";
    if (h.versionMinor > 3 && !fits(h.names, sizeof(layout::OwnName), alignof(layout::OwnName), mostSlots))
        return "the header of its record makes no sense";
    return {};
}

ClockPoints RecordReader::clock() const noexcept {
    return {known(static_cast<std::uint64_t>(header_.clockKind), layout::ClockKind::Tsc,
                  layout::ClockKind::Monotonic),
            header_.ticksFirst, header_.monotonicFirst, header_.ticksSecond, header_.monotonicSecond};
}

std::string RecordReader::program() const {
    return zeroTerminated(header_.program);
}
std::string RecordReader::socketAddress() const {
    char now[sizeof header_.socketAddress];
    copyOut(now, base_ + offsetof(layout::Header, socketAddress), sizeof now);
    return zeroTerminated(now);
}
std::string RecordReader::noAgentBecause() const {
    char now[sizeof header_.noAgentBecause];
    constexpr std::size_t at = offsetof(layout::Header, noAgentBecause);
    if (header_.versionMinor < 2 || header_.headerSize < at + sizeof now)
        return {};
    copyOut(now, base_ + at, sizeof now);
    return zeroTerminated(now);
}
std::string RecordReader::runtimeVersion() const {
    return zeroTerminated(header_.runtimeVersion);
}

std::uint32_t RecordReader::slotsHighWater() const noexcept {
    return static_cast<std::uint32_t>(
        std::min(load(live().slotsHighWater, std::memory_order_acquire), header_.jobs.capacity));
}

std::uint32_t RecordReader::threadsHighWater() const noexcept {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(
        load(live().threadsHighWater, std::memory_order_acquire), header_.threads.capacity));
}

std::uint64_t RecordReader::untracked() const noexcept {
    return load(live().untracked);
}
bool RecordReader::commandsAllowed() const noexcept {
    return load(live().commandsAllowed) != 0;
}
bool RecordReader::saidGoodbye() const noexcept {
    return load(live().ended) != 0;
}

RecordReader::Fingerprint RecordReader::fingerprint(std::uint32_t index) const noexcept {
    const Slot& slot = row<Slot>(header_.jobs, index);
    Fingerprint print;
    print.id = JobId{load(slot.id, std::memory_order_acquire)};
    if (print.id.index() != index)
        return {};
    print.jobVersion = JobWord{load(slot.jobWord)}.version();
    print.executionSequence = ExecutionWord{load(slot.executionWord)}.sequence();
    print.others = printOf(load(slot.parent), load(slot.jobName), load(slot.context));
    return print;
}

RecordReader::Fingerprint RecordReader::fingerprintOf(const JobRow& row) noexcept {
    return {row.id, row.jobVersion, row.executionSequence, printOf(row.parent.value, row.name, row.context)};
}

/// All but the id, as they stand there now; whoever calls finds out whose they are.
void RecordReader::readFields(const Slot& slot, const TickClock& clock, JobRow& read) const noexcept {
    read.parent = JobId{load(slot.parent)};
    read.launcher = JobId{load(slot.launcher)};
    read.number = load(slot.number);
    read.createdAt = clock.toMonotonic(load(slot.createdAt));
    read.site = load(slot.creationSite);
    read.name = load(slot.jobName, std::memory_order_acquire);
    read.context = load(slot.context);
    read.creationStack = load(slot.creationStack);
    read.kind = known(load(slot.kind), JobKind::Produce, JobKind::Foreign);
    const JobWord job{load(slot.jobWord, std::memory_order_acquire)};
    read.stateSince = clock.toMonotonic(load(slot.jobStateSince));

    ExecutionWord execution;
    std::uint64_t since = 0;
    read.changing = true;
    for (int again = 0; again < triesForExecution && read.changing; ++again) {
        execution.bits = load(slot.executionWord, std::memory_order_acquire);
        since = load(slot.since);
        read.waitsFor = load(slot.waitsFor);
        read.suspendedAt = load(slot.suspendedAt);
        read.resumes = load(slot.resumes);
        std::atomic_thread_fence(std::memory_order_acquire);
        read.changing = execution.changing() || load(slot.executionWord) != execution.bits;
    }
    read.jobVersion = job.version();
    read.flags = job.flags();
    read.held = (job.flags() & JobFlags::held) != 0;
    read.state = known(static_cast<std::uint64_t>(job.state()), JobState::Failed, JobState::Active);
    read.executionSince = clock.toMonotonic(since);
    read.executionSequence = execution.sequence();
    read.execution = known(static_cast<std::uint64_t>(execution.execution()), Execution::WaitsForChildren,
                           Execution::None);
    read.waitKind =
        known(static_cast<std::uint64_t>(execution.waitKind()), WaitKind::Select, WaitKind::Unknown);
    // Before version 2 it was the holder of the mutex, or an address.
    if (isResource(read.waitKind) && header_.versionMinor < 2)
        read.waitsFor = 0;
    if (read.execution != Execution::Suspended) {
        // Left over from the last suspension.
        read.waitKind = WaitKind::Unknown;
        read.waitsFor = 0;
        read.suspendedAt = 0;
    }
}

// The reader's half of the slot's protocol. Acquire on the id pairs with the writer's release: fields of that
// job or of a later one. The acquire fence before the second look pairs with the writer's fence after it has
// freed the slot: if any field was of a later job, the second look cannot find the old id. In between, the
// execution's own sequence says the same about the fields that it guards.
RecordReader::SlotRead RecordReader::readSlot(std::uint32_t index, const TickClock& clock,
                                              JobRow& out) const noexcept {
    const Slot& slot = row<Slot>(header_.jobs, index);
    for (int tries = 0; tries < triesForSlot; ++tries) {
        const std::uint64_t id = load(slot.id, std::memory_order_acquire);
        if (id == 0 || JobId{id}.index() != index)
            return SlotRead::Free;
        readFields(slot, clock, out);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (load(slot.id) != id)
            continue;
        out.id = JobId{id};
        return SlotRead::Job;
    }
    return SlotRead::Unstable;
}

// A freed slot keeps the fields of its last job until the next one takes it, and that one changes the job
// word first (release fence there, acquire fence here): while the word has the version of the job's end, what
// was read is that job's.
bool RecordReader::readEnded(JobId id, std::uint32_t version, const TickClock& clock,
                             JobRow& out) const noexcept {
    if (id.index() >= slotsHighWater())
        return false;
    const Slot& slot = row<Slot>(header_.jobs, id.index());
    JobRow read;
    readFields(slot, clock, read);
    std::atomic_thread_fence(std::memory_order_acquire);
    const JobWord now{load(slot.jobWord)};
    if (now.version() != version || read.jobVersion != version || !isFinal(now.state()))
        return false;
    read.id = id;
    out = read;
    return true;
}

std::string RecordReader::nameBeside(std::uint32_t index) const {
    if (index >= header_.names.capacity)
        return {};
    layout::OwnName name;
    copyOut(&name, base_ + header_.names.offset + std::uint64_t{index} * header_.names.stride, sizeof name);
    return presentable({name.bytes, std::min<std::size_t>(name.size, layout::OwnName::longest)});
}

// A rename takes `jobName` to 0 first (release fence there, acquire fence here), the slot's next job its job
// word and its id.
std::string RecordReader::ownName(JobId job, TextId found) const {
    if (job.index() >= slotsHighWater())
        return {};
    const Slot& slot = row<Slot>(header_.jobs, job.index());
    if (load(slot.id, std::memory_order_acquire) != job.value ||
        load(slot.jobName, std::memory_order_acquire) != found)
        return {};
    std::string name = nameBeside(job.index());
    std::atomic_thread_fence(std::memory_order_acquire);
    return load(slot.id) == job.value && load(slot.jobName) == found ? name : std::string();
}

std::string RecordReader::ownNameOfEnded(JobId job, TextId found, std::uint32_t version) const {
    if (job.index() >= slotsHighWater())
        return {};
    const Slot& slot = row<Slot>(header_.jobs, job.index());
    const bool same = load(slot.jobName, std::memory_order_acquire) == found;
    std::string name = nameBeside(job.index());
    std::atomic_thread_fence(std::memory_order_acquire);
    return same && JobWord{load(slot.jobWord)}.version() == version ? name : std::string();
}

std::uint64_t RecordReader::countJobs() const noexcept {
    std::uint64_t jobs = 0;
    const std::uint32_t end = slotsHighWater();
    for (std::uint32_t index = 0; index < end; ++index)
        jobs += load(row<Slot>(header_.jobs, index).id) != 0;
    return jobs;
}

std::optional<RecordReader::RunningOn> RecordReader::threadOf(JobId job) const {
    const std::uint32_t end = threadsHighWater();
    for (std::uint32_t i = 0; job && i < end; ++i) {
        const layout::Thread& thread = row<layout::Thread>(header_.threads, i);
        if (load(thread.job) != job.value)
            continue;
        char name[sizeof thread.threadName];
        copyOut(name, reinterpret_cast<const std::byte*>(thread.threadName), sizeof name);
        return RunningOn{load(thread.tid), load(thread.slices), zeroTerminated(name)};
    }
    return std::nullopt;
}

std::uint64_t RecordReader::ringHead(std::uint32_t thread) const noexcept {
    return load(row<layout::Thread>(header_.threads, thread).ringHead, std::memory_order_acquire);
}

// The writer stores the head before it overwrites what that head pushed out (release fence there, acquire
// fence here): after the copy, the head tells which of the copied events may have been overwritten, the one
// in the making included.
std::uint64_t RecordReader::readEvents(std::uint32_t thread, std::uint64_t from, std::uint64_t to,
                                       std::vector<layout::Event>& events) const {
    const std::uint64_t capacity = header_.rings.capacity, count = to - from;
    if (capacity == 0 || count > capacity)
        return count;
    const std::size_t before = events.size();
    events.resize(before + count);
    const std::uint64_t ring = header_.rings.offset + thread * capacity * header_.rings.stride;
    for (std::uint64_t i = 0; i < count; ++i)
        copyOut(&events[before + i], base_ + ring + (from + i) % capacity * header_.rings.stride,
                sizeof(layout::Event));
    std::atomic_thread_fence(std::memory_order_acquire);
    const std::uint64_t written = ringHead(thread) - from;
    if (written < capacity)
        return 0;
    const std::uint64_t overwritten = std::min(written - capacity + 1, count);
    const auto first = events.begin() + static_cast<std::ptrdiff_t>(before);
    events.erase(first, first + static_cast<std::ptrdiff_t>(overwritten));
    return overwritten;
}

// As a slot is read: the id, the fields, a fence, the id again.
std::vector<Resource> RecordReader::resources() const {
    std::vector<Resource> all;
    if (header_.resources.capacity == 0)
        return all;
    const std::uint64_t end = std::min<std::uint64_t>(
        load(live().resourcesHighWater, std::memory_order_acquire), header_.resources.capacity);
    for (std::uint64_t index = 1; index < end; ++index) {
        const layout::Resource& row = this->row<layout::Resource>(header_.resources, index);
        for (int tries = 0; tries < triesForSlot; ++tries) {
            const std::uint64_t id = load(row.id, std::memory_order_acquire);
            if (ResourceId{id}.index() != index)
                break;
            Resource read;
            read.id = ResourceId{id};
            read.kind = known(load(row.kind), WaitKind::Select, WaitKind::Unknown);
            read.owner = JobId{load(row.owner)};
            read.count = load(row.count);
            read.capacity = load(row.capacity);
            read.waiting = load(row.waiting);
            read.name = load(row.name);
            read.site = load(row.site);
            std::atomic_thread_fence(std::memory_order_acquire);
            if (load(row.id) != id)
                continue;
            if (isResource(read.kind))
                all.push_back(read);
            break;
        }
    }
    return all;
}

std::string RecordReader::text(TextId id) const {
    const Table& texts = header_.texts;
    std::uint32_t size = 0;
    const std::uint64_t used = std::min(load(live().textsUsed, std::memory_order_acquire), texts.capacity);
    if (id < sizeof size || id >= used)
        return {};
    copyOut(&size, base_ + texts.offset + id - sizeof size, sizeof size);
    if (size > longestText || size > used - id)
        return {};
    std::string raw(size, '\0');
    copyOut(raw.data(), base_ + texts.offset + id, size);
    return presentable(raw);
}

SiteText RecordReader::site(SiteId id) const {
    if (id == 0 || id >= std::min<std::uint64_t>(load(live().sitesUsed, std::memory_order_acquire),
                                                 header_.sites.capacity))
        return {};
    const layout::Site& site = row<layout::Site>(header_.sites, id);
    return {text(load(site.file)), text(load(site.function)), load(site.line)};
}

StackText RecordReader::stack(StackId id) const {
    StackText result;
    if (id == 0 || id >= std::min<std::uint64_t>(load(live().stacksUsed, std::memory_order_acquire),
                                                 header_.stacks.capacity))
        return result;
    const layout::Stack& stack = row<layout::Stack>(header_.stacks, id);
    const std::uint32_t depth = std::min<std::uint32_t>(load(stack.depth), layout::Stack::maxDepth);
    for (std::uint32_t i = 0; i < depth; ++i)
        result.frames.push_back(site(load(stack.sites[i])));
    result.cut = load(stack.cut);
    return result;
}

ContextText RecordReader::context(std::uint32_t id) const {
    if (id == 0 || id >= std::min<std::uint64_t>(load(live().contextsUsed, std::memory_order_acquire),
                                                 header_.contexts.capacity))
        return {};
    const layout::Context& context = row<layout::Context>(header_.contexts, id);
    return {text(load(context.dispatcher)), text(load(context.elements))};
}

native::RawCallStack RecordReader::callStack(CallStackId id) const {
    constexpr std::uint64_t addressMask = (std::uint64_t{1} << layout::CallStack::addressBits) - 1;
    native::RawCallStack result;
    if (id == 0 || id >= std::min<std::uint64_t>(load(live().callStacksUsed, std::memory_order_acquire),
                                                 header_.callStacks.capacity))
        return result;
    const layout::CallStack& stack = row<layout::CallStack>(header_.callStacks, id);
    const std::uint32_t depth = std::min<std::uint32_t>(load(stack.depth), layout::CallStack::maxDepth);
    for (std::uint32_t i = 0; i < depth; ++i) {
        const std::uint64_t frame = load(stack.frames[i]);
        result.frames.push_back({module(static_cast<std::uint32_t>(frame >> layout::CallStack::addressBits)),
                                 frame & addressMask});
    }
    result.cut = load(stack.cut);
    return result;
}

native::ModuleName RecordReader::module(std::uint32_t id) const {
    if (id == 0 || id >= std::min<std::uint64_t>(load(live().modulesUsed, std::memory_order_acquire),
                                                 header_.modules.capacity))
        return {};
    const layout::Module& module = row<layout::Module>(header_.modules, id);
    native::ModuleName name{
        text(load(module.path)), (load(module.flags) & layout::Module::executable) != 0, {}};
    name.buildId.resize(std::min<std::size_t>(load(module.buildIdSize), sizeof module.buildId));
    copyOut(name.buildId.data(), reinterpret_cast<const std::byte*>(module.buildId), name.buildId.size());
    return name;
}

std::uint64_t RecordReader::incidentsHead() const noexcept {
    return incidentCapacity() == 0 ? 0 : load(live().incidentsHead, std::memory_order_acquire);
}

// The reader's half of the entry's protocol: an even word of this incident with acquire, the fields, a fence,
// the same word again.
RecordReader::IncidentRead RecordReader::readIncident(std::uint64_t number, const TickClock& clock,
                                                      Incident& incident, std::string& ownName) const {
    const std::uint64_t capacity = incidentCapacity(), size = header_.incidents.stride;
    if (capacity == 0)
        return IncidentRead::Gone;
    const std::byte* const entry = base_ + header_.incidents.offset + number % capacity * size;
    const std::uint64_t& word = reinterpret_cast<const layout::Incident*>(entry)->word;
    const std::uint64_t complete = 2 * (number + 1), before = load(word, std::memory_order_acquire);
    if (before != complete)
        return static_cast<std::int64_t>(before - complete) > 0 ? IncidentRead::Gone : IncidentRead::NotYet;
    layout::Incident head{};
    copyOut(&head, entry, sizeof head);
    std::string raw;
    if (head.textAt >= sizeof head && head.textAt + std::uint64_t{head.textSize} <= size) {
        raw.resize(head.textSize);
        copyOut(raw.data(), entry + head.textAt, raw.size());
    }
    std::string name;
    if (isOwnName(head.jobName) && header_.versionMinor > 3 && sizeof head + head.nameSize <= size) {
        name.resize(head.nameSize);
        copyOut(name.data(), entry + sizeof head, name.size());
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    if (load(word) != complete)
        return IncidentRead::Gone;

    incident.number = number;
    incident.what = known(head.what, IncidentKind::Commanded, IncidentKind::Unknown);
    incident.at = clock.toMonotonic(head.at);
    incident.text = presentable(raw, true);
    ownName = presentable(name);
    JobRow& row = incident.job = {};
    row.id = JobId{head.job};
    row.parent = JobId{head.parent};
    row.launcher = JobId{head.launcher};
    row.number = head.number;
    row.createdAt = clock.toMonotonic(head.createdAt);
    row.stateSince = clock.toMonotonic(head.jobStateSince);
    row.executionSince = clock.toMonotonic(head.since);
    row.site = head.creationSite;
    row.suspendedAt = head.suspendedAt;
    row.name = head.jobName;
    row.context = head.context;
    row.resumes = head.resumes;
    row.flags = head.flags;
    row.held = (head.flags & JobFlags::held) != 0;
    row.kind = known(head.kind, JobKind::Produce, JobKind::Foreign);
    row.state = known(head.state, JobState::Failed, JobState::Active);
    row.execution = known(head.execution, Execution::WaitsForChildren, Execution::None);
    row.waitKind = known(head.waitKind, WaitKind::Select, WaitKind::Unknown);
    row.waitsFor = isResource(row.waitKind) && header_.versionMinor < 2 ? 0 : head.waitsFor;
    return IncidentRead::Read;
}

std::string RecordReader::failureText(JobId job, std::uint64_t failure) const {
    Incident incident;
    std::string name;
    if (failure == 0 || readIncident(failure - 1, TickClock(), incident, name) != IncidentRead::Read ||
        incident.job.id != job)
        return {};
    return std::move(incident.text);
}

} // namespace coroscope::observe
