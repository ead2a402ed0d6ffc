// SPDX-License-Identifier: Apache-2.0
// The order of the visible rows: answers "which item is row 731,204" and "which row is this item" while items
// come and go anywhere.
#pragma once

#include <coroscope/observe/LargeVector.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace coroscope::app {

/// A sequence of distinct small numbers. Chunks of items with a Fenwick tree over the sizes of the chunks,
/// and for each item the chunk it is in: inserting, removing and both look-ups cost about a microsecond at a
/// million items. Memory grows with the largest item ever held. Threads: one.
class RowList {
public:
    using Item = std::uint32_t;

    RowList();

    std::size_t size() const noexcept { return total_; }
    bool contains(Item item) const noexcept { return item < chunkOf_.size() && chunkOf_[item] != none; }
    /// `row` must be below size().
    Item at(std::size_t row) const noexcept;
    /// The item must be there.
    std::size_t rowOf(Item item) const noexcept;

    /// Replaces everything.
    void assign(std::span<const Item> items);
    /// Puts an item that is not there yet in front of the one now at `row`, or at the end if row is size().
    void insert(std::size_t row, Item item);
    void insert(std::size_t row, std::span<const Item> items);
    void erase(Item item);
    void erase(std::size_t row, std::size_t count);

    /// Calls visit(item) for up to `count` rows from `row` on, until it answers false.
    template <class Visit>
    void forEach(std::size_t row, std::size_t count, Visit visit) const {
        if (row >= total_)
            return;
        auto [place, offset] = locate(row);
        for (; place < order_.size() && count > 0; ++place, offset = 0) {
            const Chunk& chunk = *chunks_[order_[place]];
            for (; offset < chunk.size && count > 0; ++offset, --count) {
                if (!visit(chunk.items[offset]))
                    return;
            }
        }
    }

private:
    static constexpr std::uint32_t capacity = 512;
    static constexpr std::uint32_t comfortable =
        448; ///< how full a chunk is made when many items come at once
    static constexpr std::uint32_t none = 0xffffffff;

    struct Chunk {
        std::uint32_t size = 0;
        std::uint32_t place = 0; ///< index in order_
        Item items[capacity];
    };
    struct Location {
        std::size_t place;
        std::uint32_t offset;
    };

    Location locate(std::size_t row) const noexcept;
    std::size_t before(std::size_t place) const noexcept;
    void resized(std::size_t place, std::int64_t difference) noexcept;
    void reindex();
    std::uint32_t freshChunk();
    void appendChunks(const Item* items, std::size_t count, std::vector<std::uint32_t>& made);
    void makeRoomFor(Item item);

    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::vector<std::uint32_t> unused_;
    std::vector<std::uint32_t> order_;            ///< chunks from the first row to the last
    std::vector<std::uint64_t> sums_;             ///< Fenwick tree over the sizes, one-based
    observe::LargeVector<std::uint32_t> chunkOf_; ///< by item
    std::size_t total_ = 0;
};

} // namespace coroscope::app
