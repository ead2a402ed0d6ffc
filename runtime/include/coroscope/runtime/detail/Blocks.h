// SPDX-License-Identifier: Apache-2.0
// Memory for jobs and coroutine frames: small blocks that each thread keeps for the next one of their size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

namespace coroscope::detail {

/// A thread's free blocks, in lists by size. A list that is empty is filled from those that other threads
/// gave back, and one that is long gives half of them back: so a block that is freed far from where it was
/// taken finds its way home in company. What jobs once needed is kept for jobs and not given back to the
/// system. Built with AddressSanitizer the library defines COROSCOPE_PLAIN_BLOCKS for itself and for whoever
/// links it, and every block comes from the system: nobody may decide that alone, as one takes and another
/// gives.
class Blocks {
public:
    static void* take(std::size_t size) {
#ifdef COROSCOPE_PLAIN_BLOCKS
        return ::operator new(size);
#else
        if (size > largest) [[unlikely]]
            return ::operator new(size);
        List& list = here.lists_[listOf(size)];
        Free* const block = list.first;
        if (!block) [[unlikely]]
            return takeSlowly(size);
        list.first = block->next;
        --list.count;
        // Whoever takes one is likely to take another one soon; the list may be old.
        __builtin_prefetch(list.first, 1);
        if (size > 64)
            __builtin_prefetch(reinterpret_cast<const std::byte*>(list.first) + 64, 1);
        if (size > 128)
            __builtin_prefetch(reinterpret_cast<const std::byte*>(list.first) + 128, 1);
        return block;
#endif
    }
    static void give(void* p, std::size_t size) noexcept {
#ifdef COROSCOPE_PLAIN_BLOCKS
        ::operator delete(p, size);
#else
        if (size > largest) [[unlikely]] {
            ::operator delete(p, size);
            return;
        }
        List& list = here.lists_[listOf(size)];
        if (list.count >= list.limit) [[unlikely]] {
            giveSlowly(p, size);
            return;
        }
        list.first = new (p) Free{list.first};
        ++list.count;
#endif
    }

private:
    friend class BlockDepot;
    struct Free {
        Free* next;
    };
    struct List {
        Free* first = nullptr;
        std::uint32_t count = 0;
        std::uint32_t limit = 0; ///< 0 until the thread is known, and after its end
    };
    static constexpr std::size_t step = 16;
    static constexpr std::size_t largest = 1024;
    static constexpr std::size_t listOf(std::size_t size) noexcept { return (size - 1) / step; }

    static void* takeSlowly(std::size_t size);
    static void giveSlowly(void* p, std::size_t size) noexcept;

    std::array<List, largest / step> lists_{};

    static constinit thread_local Blocks here;
};

/// Base of what is made so often that it is made of blocks.
struct FromBlocks {
    static void* operator new(std::size_t size) { return Blocks::take(size); }
    static void operator delete(void* p, std::size_t size) noexcept { Blocks::give(p, size); }
    static void* operator new(std::size_t size, std::align_val_t alignment) {
        return ::operator new(size, alignment);
    }
    static void operator delete(void* p, std::size_t size, std::align_val_t alignment) noexcept {
        ::operator delete(p, size, alignment);
    }
};

} // namespace coroscope::detail
