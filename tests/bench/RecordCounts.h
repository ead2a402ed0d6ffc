// SPDX-License-Identifier: Apache-2.0
// What a record counts by itself, whether anybody observes or not.
#pragma once

#include "Figure.h"

#include <coroscope/model/RecordLayout.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <sys/mman.h>
#include <unistd.h>

namespace coroscope::bench {

/// Over the memory of one record; the descriptor stays the caller's. For records that can be trusted.
class RecordCounts {
public:
    explicit RecordCounts(int descriptor) {
        layout::Header header{};
        if (::pread(descriptor, static_cast<void*>(&header), sizeof header, 0) != sizeof header)
            return;
        size_ = header.totalSize;
        base_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor, 0);
        if (base_ == MAP_FAILED)
            fail("the record cannot be read");
    }
    ~RecordCounts() {
        if (base_)
            ::munmap(base_, size_);
    }
    RecordCounts(const RecordCounts&) = delete;
    RecordCounts& operator=(const RecordCounts&) = delete;

    bool observed() const { return base_ && load(header().ringsEnabled) == 1; }
    /// Events written to the rings.
    std::uint64_t events() const { return sum(&layout::Thread::ringHead); }
    /// Stretches of running.
    std::uint64_t slices() const { return sum(&layout::Thread::slices); }

private:
    template <class T>
    static T load(T& field) {
        return std::atomic_ref<T>(field).load(std::memory_order_relaxed);
    }
    layout::Header& header() const { return *static_cast<layout::Header*>(base_); }
    std::uint64_t sum(std::uint64_t layout::Thread::* field) const {
        std::uint64_t total = 0;
        for (std::uint32_t i = 0; base_ && i < load(header().threadsHighWater); ++i)
            total +=
                load(reinterpret_cast<layout::Thread*>(static_cast<std::byte*>(base_) +
                                                       header().threads.offset + i * header().threads.stride)
                         ->*field);
        return total;
    }

    void* base_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace coroscope::bench
