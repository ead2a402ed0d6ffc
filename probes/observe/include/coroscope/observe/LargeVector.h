// SPDX-License-Identifier: Apache-2.0
// A std::vector for what grows to a hundred megabytes in one go. Its memory comes in huge pages where the
// system gives them, which makes the first touch four times cheaper, and goes back to the system when it is
// freed: the heap would keep blocks of that size for later, and nothing later needs them. What is behind the
// last whole huge page comes in small ones, so that a table takes no more than what is in it.
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
        // One huge page more than is needed, for a beginning on a border between two; the rest is given back.
        const std::size_t wanted = whole(bytes), room = wanted + hugePage;
        void* const mapped =
            ::mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapped == MAP_FAILED) // NOLINT: the system's macro
            throw std::bad_alloc();
        char* const begin = static_cast<char*>(mapped);
        const std::size_t before = -reinterpret_cast<std::size_t>(begin) % hugePage;
        if (before > 0)
            ::munmap(begin, before);
        ::munmap(begin + before + wanted, hugePage - before);
        // A wish; works as well without.
        ::madvise(begin + before, bytes / hugePage * hugePage, MADV_HUGEPAGE);
        return reinterpret_cast<T*>(begin + before);
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        const std::size_t bytes = count * sizeof(T);
        if (bytes < threshold)
            ::operator delete(memory);
        else
            ::munmap(static_cast<void*>(memory), whole(bytes));
    }

    friend bool operator==(const LargePageAllocator&, const LargePageAllocator&) { return true; }

private:
    static constexpr std::size_t hugePage = std::size_t{2} << 20, threshold = hugePage / 8;

    static constexpr std::size_t whole(std::size_t bytes) noexcept {
        return (bytes + hugePage - 1) / hugePage * hugePage;
    }
};

template <class T>
using LargeVector = std::vector<T, LargePageAllocator<T>>;

/// For a table of all jobs: with room for some more, so that the first that come do not have it copied into
/// one of twice the size. Too little room for a huge page to be taken for nothing but that.
template <class T>
void reserveWithRoom(LargeVector<T>& table, std::size_t count) {
    table.reserve(count + count / 64);
}
template <class T>
void resizeWithRoom(LargeVector<T>& table, std::size_t count) {
    reserveWithRoom(table, count);
    table.resize(count);
}

/// Before one more is appended to a vector that may become long: room for millions where there is none.
/// Memory that is not touched costs nothing, but a copy touches what it leaves behind, too.
template <class T>
void makeRoom(LargeVector<T>& vector) {
    constexpr std::size_t few = std::size_t{1} << 15, many = std::size_t{1} << 21;
    if (vector.size() == vector.capacity() && vector.size() >= few)
        vector.reserve(vector.size() < many ? many : 4 * vector.size());
}

} // namespace coroscope::observe
