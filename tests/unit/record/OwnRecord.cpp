// SPDX-License-Identifier: Apache-2.0
#include "OwnRecord.h"

#include <coroscope/record/Record.h>

#include <atomic>
#include <cstring>
#include <stdexcept>
#include <thread>

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace coroscope::test {

namespace {

template <class T>
T load(const T& field, std::memory_order order = std::memory_order_relaxed) {
    return std::atomic_ref<T>(const_cast<T&>(field)).load(order);
}

} // namespace

OwnRecord::OwnRecord(int descriptor) {
    if (descriptor < 0) {
        record::start();
        descriptor = record::descriptor();
    }
    struct stat info{};
    if (::fstat(descriptor, &info) != 0)
        throw std::runtime_error("no record");
    size_ = static_cast<std::size_t>(info.st_size);
    void* const p = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED | MAP_NORESERVE, descriptor, 0);
    if (p == MAP_FAILED)
        throw std::runtime_error("the record cannot be mapped");
    base_ = static_cast<const std::byte*>(p);
}

OwnRecord::~OwnRecord() {
    ::munmap(const_cast<std::byte*>(base_), size_);
}

const layout::Header& OwnRecord::header() const {
    return at<layout::Header>(0);
}

const layout::Slot& OwnRecord::slot(std::uint32_t index) const {
    return at<layout::Slot>(header().jobs.offset + std::uint64_t{index} * header().jobs.stride);
}

const layout::Thread& OwnRecord::thread(std::uint32_t entry) const {
    return at<layout::Thread>(header().threads.offset + std::uint64_t{entry} * header().threads.stride);
}

std::string OwnRecord::text(TextId id) const {
    if (id == 0)
        return {};
    const auto size = at<std::uint32_t>(header().texts.offset + id - sizeof(std::uint32_t));
    return {&at<char>(header().texts.offset + id), size};
}

layout::Site OwnRecord::site(SiteId id) const {
    return at<layout::Site>(header().sites.offset + std::uint64_t{id} * sizeof(layout::Site));
}

layout::Stack OwnRecord::stack(StackId id) const {
    return at<layout::Stack>(header().stacks.offset + std::uint64_t{id} * sizeof(layout::Stack));
}

layout::CallStack OwnRecord::callStack(CallStackId id) const {
    return at<layout::CallStack>(header().callStacks.offset + std::uint64_t{id} * sizeof(layout::CallStack));
}

layout::Module OwnRecord::module(std::uint32_t id) const {
    return at<layout::Module>(header().modules.offset + std::uint64_t{id} * sizeof(layout::Module));
}

layout::SiteCounter OwnRecord::counters(SiteId id) const {
    layout::SiteCounter sum{};
    const layout::Table& table = header().siteCounters;
    for (std::uint64_t t = 0; t < header().threads.capacity; ++t) {
        const auto& one = at<layout::SiteCounter>(table.offset + (t * table.capacity + id) * table.stride);
        sum.launched += load(one.launched);
        sum.ended += load(one.ended);
    }
    return sum;
}

std::optional<OwnRecord::Row> OwnRecord::read(JobId id) const {
    const layout::Slot& s = slot(id.index());
    for (int tries = 0; tries < 1'000'000; ++tries) {
        if (tries > 10)
            std::this_thread::yield(); // the writer may have lost its processor in mid-write
        if (load(s.id, std::memory_order_acquire) != id.value)
            return {};
        Row row{};
        row.execution.bits = load(s.executionWord, std::memory_order_acquire);
        row.slot.parent = load(s.parent);
        row.slot.launcher = load(s.launcher);
        row.slot.number = load(s.number);
        row.slot.createdAt = load(s.createdAt);
        row.slot.creationSite = load(s.creationSite);
        row.slot.jobName = load(s.jobName, std::memory_order_acquire);
        layout::OwnName own{};
        if (isOwnName(row.slot.jobName)) {
            const std::uint64_t from = header().names.offset + id.index() * std::uint64_t{sizeof own};
            std::uint64_t words[sizeof own / 8];
            for (std::size_t i = 0; i < std::size(words); ++i)
                words[i] = load(at<std::uint64_t>(from + 8 * i));
            std::memcpy(&own, words, sizeof own);
        }
        row.slot.context = load(s.context);
        row.slot.kind = load(s.kind);
        row.slot.creationStack = load(s.creationStack);
        row.slot.since = load(s.since);
        row.slot.waitsFor = load(s.waitsFor);
        row.slot.suspendedAt = load(s.suspendedAt);
        row.slot.resumes = load(s.resumes);
        row.slot.ranFor = load(s.ranFor);
        row.slot.jobStateSince = load(s.jobStateSince);
        row.job.bits = load(s.jobWord, std::memory_order_acquire);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (row.execution.changing() || load(s.executionWord) != row.execution.bits ||
            load(s.jobName) != row.slot.jobName)
            continue;
        if (load(s.id) != id.value)
            return {};
        row.name = isOwnName(row.slot.jobName) ? std::string(own.bytes, own.size) : text(row.slot.jobName);
        return row;
    }
    throw std::runtime_error("the row never stood still");
}

std::optional<layout::Resource> OwnRecord::resourceAt(std::uint32_t index) const {
    const auto& row =
        at<layout::Resource>(header().resources.offset + std::uint64_t{index} * header().resources.stride);
    const std::uint64_t id = load(row.id, std::memory_order_acquire);
    layout::Resource read{};
    read.id = id;
    read.owner = load(row.owner);
    read.count = load(row.count);
    read.capacity = load(row.capacity);
    read.waiting = load(row.waiting);
    read.name = load(row.name);
    read.site = load(row.site);
    read.kind = load(row.kind);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (id == 0 || load(row.id) != id)
        return {};
    return read;
}

std::optional<layout::Resource> OwnRecord::resource(ResourceId id) const {
    const auto row = resourceAt(id.index());
    return row && row->id == id.value ? row : std::nullopt;
}

std::optional<OwnRecord::Incident> OwnRecord::incident(std::uint64_t number) const {
    const layout::Table& table = header().incidents;
    const std::uint64_t place = table.offset + number % table.capacity * table.stride;
    auto load = [this](std::uint64_t offset, std::memory_order order = std::memory_order_relaxed) {
        return std::atomic_ref(const_cast<std::uint64_t&>(at<std::uint64_t>(offset))).load(order);
    };
    if (load(place, std::memory_order_acquire) != 2 * (number + 1))
        return {};
    std::vector<std::uint64_t> words(table.stride / 8);
    for (std::size_t i = 0; i < words.size(); ++i)
        words[i] = load(place + 8 * i);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (load(place) != 2 * (number + 1))
        return {};
    Incident incident;
    std::memcpy(&incident.head, words.data(), sizeof incident.head);
    incident.name = isOwnName(incident.head.jobName)
                        ? std::string(reinterpret_cast<const char*>(words.data()) + sizeof incident.head,
                                      incident.head.nameSize)
                        : text(incident.head.jobName);
    incident.text.assign(reinterpret_cast<const char*>(words.data()) + incident.head.textAt,
                         incident.head.textSize);
    return incident;
}

std::vector<layout::Event> OwnRecord::events(std::uint32_t entry, std::uint64_t from) const {
    std::vector<layout::Event> result;
    const layout::Table& table = header().rings;
    const std::uint64_t head = load(thread(entry).ringHead, std::memory_order_acquire);
    for (std::uint64_t i = from; i < head; ++i)
        result.push_back(
            at<layout::Event>(table.offset + (entry * table.capacity + i % table.capacity) * table.stride));
    return result;
}

std::uint32_t OwnRecord::entryOfThisThread() const {
    const auto tid = static_cast<std::uint32_t>(::syscall(SYS_gettid));
    for (std::uint32_t i = 1; i < load(header().threadsHighWater); ++i)
        if (load(thread(i).tid) == tid)
            return i;
    return 0;
}

} // namespace coroscope::test
