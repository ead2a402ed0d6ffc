// SPDX-License-Identifier: Apache-2.0
// What jobs wait for that is no job (a mutex, a semaphore, a channel): its row in the record.
#pragma once

#include <coroscope/model/Ids.h>
#include <coroscope/model/States.h>

#include <atomic>
#include <cstdint>

namespace coroscope::record {

/// What is known of a resource when it gets its row, and does not change.
struct ResourceBirth {
    WaitKind kind = WaitKind::Mutex; ///< Mutex, Semaphore or Channel
    /// Permits in all; elements that can be buffered; `unlimited`.
    std::uint64_t capacity = 0;
    SiteId site = 0;
    TextId name = 0;
};
inline constexpr std::uint64_t unlimited = ~std::uint64_t{0};

/// A resource's row. It begins when the first job has to wait for the resource, so that one for which nobody
/// ever waits costs nothing. All calls do nothing without a row.
///
/// Threads: begin and end, one at a time; owner, count and waiting from any thread between them, each a plain
/// store, so that the last one stays.
class Resource {
public:
    Resource() noexcept = default;
    /// Of a row that has begun, for callers that keep ids instead of objects.
    explicit Resource(ResourceId begun) noexcept
        : id_(begun.value) {}
    Resource(const Resource&) = delete;
    Resource& operator=(const Resource&) = delete;

    /// Takes a row, unless it has one, the record is off or the table is full.
    void begin(const ResourceBirth& birth) noexcept;
    /// None without a row.
    ResourceId id() const noexcept { return {id_.load(std::memory_order_relaxed)}; }

    /// The job that holds the mutex, or none.
    void owner(JobId job) noexcept {
        if (id())
            storeOwner(job);
    }
    /// Free permits, or buffered elements.
    void count(std::uint64_t count) noexcept {
        if (id())
            storeCount(count);
    }
    /// Jobs that wait, and both at once.
    void waiting(std::uint32_t jobs) noexcept {
        if (id())
            storeWaiting(jobs);
    }
    void counts(std::uint64_t count, std::uint32_t waiting) noexcept {
        if (id())
            storeCounts(count, waiting);
    }

    /// The resource is gone, and so is the row.
    void end() noexcept {
        if (id())
            giveBack();
    }

private:
    void storeOwner(JobId job) noexcept;
    void storeCount(std::uint64_t count) noexcept;
    void storeWaiting(std::uint32_t jobs) noexcept;
    void storeCounts(std::uint64_t count, std::uint32_t waiting) noexcept;
    void giveBack() noexcept;

    std::atomic<std::uint64_t> id_{0};
};

} // namespace coroscope::record
