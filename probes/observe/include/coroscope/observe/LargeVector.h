// SPDX-License-Identifier: Apache-2.0
// A std::vector for what grows to a hundred megabytes in one go: its memory comes in huge pages where the
// system gives them, which makes the first touch four times cheaper.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace coroscope::observe {

template <class T>
struct LargePageAllocator {
    using value_type = T;

    LargePageAllocator() = default;
    template <class U>
    LargePageAllocator(const LargePageAllocator<U>&) noexcept {} // NOLINT: allocators convert

    T* allocate(std::size_t count) {
        const std::size_t bytes = count * sizeof(T);
        if (bytes < threshold)
            return static_cast<T*>(::operator new(bytes));
        void* const memory = ::operator new(bytes, std::align_val_t(hugePage));
        ::madvise(memory, bytes / hugePage * hugePage, MADV_HUGEPAGE); // a wish; works as well without
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        if (count * sizeof(T) < threshold)
            ::operator delete(memory);
        else
            ::operator delete(memory, std::align_val_t(hugePage));
    }

    friend bool operator==(const LargePageAllocator&, const LargePageAllocator&) { return true; }

private:
    static constexpr std::size_t hugePage = std::size_t{2} << 20, threshold = 2 * hugePage;
};

template <class T>
using LargeVector = std::vector<T, LargePageAllocator<T>>;

} // namespace coroscope::observe
