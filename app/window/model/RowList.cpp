// SPDX-License-Identifier: Apache-2.0
#include "model/RowList.h"

#include <algorithm>
#include <bit>

namespace coroscope::app {

RowList::RowList() {
    assign({});
}

RowList::Location RowList::locate(std::size_t row) const noexcept {
    std::size_t place = 0;
    std::size_t rest = row;
    const std::size_t last = order_.size();
    for (std::size_t step = std::bit_floor(last); step > 0; step /= 2) {
        if (place + step <= last && sums_[place + step] <= rest) {
            place += step;
            rest -= static_cast<std::size_t>(sums_[place]);
        }
    }
    return {place, static_cast<std::uint32_t>(rest)};
}

std::size_t RowList::before(std::size_t place) const noexcept {
    std::size_t sum = 0;
    for (; place > 0; place &= place - 1)
        sum += static_cast<std::size_t>(sums_[place]);
    return sum;
}

void RowList::resized(std::size_t place, std::int64_t difference) noexcept {
    for (std::size_t i = place + 1; i < sums_.size(); i += i & (~i + 1))
        sums_[i] += static_cast<std::uint64_t>(difference);
}

void RowList::reindex() {
    sums_.assign(order_.size() + 1, 0);
    for (std::size_t i = 1; i <= order_.size(); ++i) {
        Chunk& chunk = *chunks_[order_[i - 1]];
        chunk.place = static_cast<std::uint32_t>(i - 1);
        sums_[i] += chunk.size;
        const std::size_t parent = i + (i & (~i + 1));
        if (parent <= order_.size())
            sums_[parent] += sums_[i];
    }
}

std::uint32_t RowList::freshChunk() {
    if (!unused_.empty()) {
        const std::uint32_t index = unused_.back();
        unused_.pop_back();
        chunks_[index]->size = 0;
        return index;
    }
    chunks_.push_back(std::make_unique<Chunk>());
    return static_cast<std::uint32_t>(chunks_.size() - 1);
}

void RowList::appendChunks(const Item* items, std::size_t count, std::vector<std::uint32_t>& made) {
    while (count > 0) {
        const std::uint32_t index = freshChunk();
        Chunk& chunk = *chunks_[index];
        chunk.size = static_cast<std::uint32_t>(std::min<std::size_t>(count, comfortable));
        std::copy_n(items, chunk.size, chunk.items);
        for (std::uint32_t i = 0; i < chunk.size; ++i)
            chunkOf_[items[i]] = index;
        items += chunk.size;
        count -= chunk.size;
        made.push_back(index);
    }
}

void RowList::makeRoomFor(Item item) {
    if (item >= chunkOf_.size())
        chunkOf_.resize(std::size_t{item} + 1, none); // has room for more, and touches none of it
}

RowList::Item RowList::at(std::size_t row) const noexcept {
    const Location found = locate(row);
    return chunks_[order_[found.place]]->items[found.offset];
}

std::size_t RowList::rowOf(Item item) const noexcept {
    const Chunk& chunk = *chunks_[chunkOf_[item]];
    const auto offset = std::find(chunk.items, chunk.items + chunk.size, item) - chunk.items;
    return before(chunk.place) + static_cast<std::size_t>(offset);
}

void RowList::assign(std::span<const Item> items) {
    unused_.insert(unused_.end(), order_.begin(), order_.end());
    order_.clear();
    std::fill(chunkOf_.begin(), chunkOf_.end(), none);
    if (!items.empty()) {
        const std::size_t needed = std::size_t{*std::max_element(items.begin(), items.end())} + 1;
        observe::reserveWithRoom(chunkOf_, needed);
        chunkOf_.resize(std::max(needed, chunkOf_.size()), none);
    }
    total_ = items.size();
    appendChunks(items.data(), items.size(), order_);
    if (order_.empty())
        order_.push_back(freshChunk());
    reindex();
}

void RowList::insert(std::size_t row, Item item) {
    makeRoomFor(item);
    Location where = row == total_ ? Location{order_.size() - 1, chunks_[order_.back()]->size} : locate(row);
    if (chunks_[order_[where.place]]->size == capacity) {
        const std::uint32_t index = freshChunk();
        Chunk& full = *chunks_[order_[where.place]];
        Chunk& second = *chunks_[index];
        // At the very end, leave the full chunk full: rows mostly arrive there.
        const std::uint32_t half = row == total_ ? capacity : capacity / 2;
        second.size = full.size - half;
        std::copy_n(full.items + half, second.size, second.items);
        for (std::uint32_t i = 0; i < second.size; ++i)
            chunkOf_[second.items[i]] = index;
        full.size = half;
        order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(where.place) + 1, index);
        reindex();
        if (where.offset > half || half == capacity)
            where = {where.place + 1, where.offset - half};
    }
    const std::uint32_t index = order_[where.place];
    Chunk& chunk = *chunks_[index];
    std::copy_backward(chunk.items + where.offset, chunk.items + chunk.size, chunk.items + chunk.size + 1);
    chunk.items[where.offset] = item;
    ++chunk.size;
    ++total_;
    chunkOf_[item] = index;
    resized(where.place, 1);
}

void RowList::insert(std::size_t row, std::span<const Item> items) {
    if (items.size() < 32) {
        for (std::size_t i = 0; i < items.size(); ++i)
            insert(row + i, items[i]);
        return;
    }
    makeRoomFor(*std::max_element(items.begin(), items.end()));
    const Location where =
        row == total_ ? Location{order_.size() - 1, chunks_[order_.back()]->size} : locate(row);
    Chunk& split = *chunks_[order_[where.place]];
    const std::vector<Item> tail(split.items + where.offset, split.items + split.size);
    split.size = where.offset;
    std::vector<std::uint32_t> made;
    appendChunks(items.data(), items.size(), made);
    appendChunks(tail.data(), tail.size(), made);
    auto position = order_.begin() + static_cast<std::ptrdiff_t>(where.place);
    if (where.offset == 0) {
        unused_.push_back(*position);
        position = order_.erase(position);
    } else {
        ++position;
    }
    order_.insert(position, made.begin(), made.end());
    total_ += items.size();
    reindex();
}

void RowList::erase(Item item) {
    const std::uint32_t index = chunkOf_[item];
    Chunk& chunk = *chunks_[index];
    Item* const found = std::find(chunk.items, chunk.items + chunk.size, item);
    std::copy(found + 1, chunk.items + chunk.size, found);
    --chunk.size;
    --total_;
    chunkOf_[item] = none;
    resized(chunk.place, -1);
    // Rows come and go at different places. Where many have gone, what is left joins what is beside it: else
    // there would be more and more chunks with less and less in them. Asked now and then, as it is seldom so.
    if (chunk.size % (capacity / 8) != 0 || chunk.size > capacity / 2 || order_.size() == 1)
        return;
    const std::size_t place = chunk.place, last = order_.size() - 1;
    for (const std::size_t first : {place, place - 1}) {
        if (first >= last)
            continue;
        const std::uint32_t kept = order_[first], joined = order_[first + 1];
        Chunk& to = *chunks_[kept];
        const Chunk& from = *chunks_[joined];
        if (to.size + from.size > comfortable && chunk.size > 0)
            continue;
        std::copy_n(from.items, from.size, to.items + to.size);
        for (std::uint32_t i = 0; i < from.size; ++i)
            chunkOf_[from.items[i]] = kept;
        to.size += from.size;
        order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(first) + 1);
        unused_.push_back(joined);
        reindex();
        return;
    }
}

void RowList::erase(std::size_t row, std::size_t count) {
    if (count == 0)
        return;
    auto [place, offset] = locate(row);
    total_ -= count;
    while (count > 0) {
        Chunk& chunk = *chunks_[order_[place]];
        const auto here = static_cast<std::uint32_t>(std::min<std::size_t>(count, chunk.size - offset));
        for (std::uint32_t i = 0; i < here; ++i)
            chunkOf_[chunk.items[offset + i]] = none;
        std::copy(chunk.items + offset + here, chunk.items + chunk.size, chunk.items + offset);
        chunk.size -= here;
        count -= here;
        ++place;
        offset = 0;
    }
    std::erase_if(order_, [&](std::uint32_t index) {
        if (chunks_[index]->size > 0)
            return false;
        unused_.push_back(index);
        return true;
    });
    if (order_.empty())
        order_.push_back(freshChunk());
    reindex();
}

} // namespace coroscope::app
