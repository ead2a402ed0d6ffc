// SPDX-License-Identifier: Apache-2.0
// The timers of a real clock, in the order in which they are due. Not synchronised.
#pragma once

#include <coroscope/runtime/Dispatcher.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace coroscope::detail {

/// Timers that are due within a moment of each other are due together: each one waits for the next point of
/// time on a grid that is finer than a sixty-fourth of its wait and than some 1.05 ms. Waking a thread costs
/// more than most of what it is woken for.
///
/// A heap of four branches whose entries hold their own time: finding the least of four neighbours costs one
/// line of the cache, and no visit to the nodes, which lie all over the memory.
class TimerHeap {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    static std::int64_t now() noexcept {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(
                   std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }

    /// For waiting until then, at most an hour: a time point beyond what the system call takes would return
    /// at once.
    static std::chrono::steady_clock::time_point timePoint(std::int64_t at) noexcept {
        return std::chrono::steady_clock::time_point(
            std::chrono::nanoseconds(std::min(at, now() + std::int64_t{3'600'000'000'000})));
    }

    bool empty() const noexcept { return heap_.empty(); }
    /// When the first is due; the end of time if there is none.
    std::int64_t next() const noexcept { return heap_.empty() ? never : heap_.front().at; }

    /// Sets the node's `due` and `sequence`.
    void add(TimerNode& node, std::chrono::nanoseconds after) {
        const std::int64_t ahead = std::max<std::int64_t>(0, after.count());
        const std::int64_t present = now();
        node.due = present > never - ahead ? never : present + ahead;
        node.sequence = ++sequence_;
        heap_.push_back({onGrid(node.due, ahead), &node});
        up(heap_.size() - 1, heap_.back());
    }
    /// False: it is not in here.
    bool remove(TimerNode& node) noexcept {
        if (node.place == TimerNode::notScheduled)
            return false;
        removeAt(node.place);
        return true;
    }
    /// Takes out what is due and claims it. Answers those that are to be fired, at most as many as `into` has
    /// room for.
    std::span<TimerNode*> takeDue(std::span<TimerNode*> into) noexcept {
        const std::int64_t present = now();
        std::size_t n = 0;
        while (n < into.size() && next() <= present) {
            TimerNode* const node = heap_.front().node;
            removeAt(0);
            if (node->claim())
                into[n++] = node;
        }
        return into.first(n);
    }
    /// Fires what takeDue answered. Not under the lock.
    static void fire(std::span<TimerNode* const> due) noexcept {
        for (std::size_t i = 0; i < due.size(); ++i) {
            if (i + approachAhead < due.size())
                due[i + approachAhead]->approach();
            due[i]->fire(false);
        }
    }
    /// Hands the nodes to another source, each with the time it still has to wait.
    void moveTo(TimerSource& other) {
        const std::int64_t present = now();
        std::sort(heap_.begin(), heap_.end(), before);
        for (const Entry& entry : heap_)
            entry.node->place = TimerNode::notScheduled;
        for (const Entry& entry : heap_)
            other.schedule(*entry.node, std::chrono::nanoseconds(entry.node->due - present));
        heap_.clear();
    }

private:
    struct Entry {
        std::int64_t at;
        TimerNode* node;
    };
    static constexpr std::size_t branches = 4;
    static constexpr std::size_t approachAhead = 3; ///< some 100 ns, what a line from memory takes
    static constexpr std::uint64_t widestGrid = std::uint64_t{1} << 20;

    static std::int64_t onGrid(std::int64_t due, std::int64_t ahead) noexcept {
        const auto grid = static_cast<std::int64_t>(
            std::min(widestGrid, std::bit_floor(static_cast<std::uint64_t>(ahead) / 64 + 1)));
        return due > never - grid ? due : (due + grid - 1) / grid * grid;
    }
    static bool before(const Entry& a, const Entry& b) noexcept {
        if (a.at != b.at)
            return a.at < b.at;
        if (a.node->due != b.node->due)
            return a.node->due < b.node->due;
        return static_cast<std::int32_t>(a.node->sequence - b.node->sequence) < 0;
    }
    void put(std::size_t place, Entry entry) noexcept {
        heap_[place] = entry;
        entry.node->place = static_cast<std::uint32_t>(place);
    }
    void up(std::size_t place, Entry entry) noexcept {
        for (std::size_t above; place > 0 && before(entry, heap_[above = (place - 1) / branches]);
             place = above)
            put(place, heap_[above]);
        put(place, entry);
    }
    void down(std::size_t place, Entry entry) noexcept {
        for (std::size_t first; (first = branches * place + 1) < heap_.size();) {
            const std::size_t last = std::min(first + branches, heap_.size());
            std::size_t least = first;
            for (std::size_t i = first + 1; i < last; ++i)
                if (before(heap_[i], heap_[least]))
                    least = i;
            if (!before(heap_[least], entry))
                break;
            put(place, heap_[least]);
            place = least;
        }
        put(place, entry);
    }
    void removeAt(std::size_t place) noexcept {
        heap_[place].node->place = TimerNode::notScheduled;
        const Entry last = heap_.back();
        heap_.pop_back();
        if (place == heap_.size())
            return;
        if (place > 0 && before(last, heap_[(place - 1) / branches]))
            up(place, last);
        else
            down(place, last);
    }

    std::vector<Entry> heap_;
    std::uint32_t sequence_ = 0;
};

} // namespace coroscope::detail
