// SPDX-License-Identifier: Apache-2.0
// The timers of a real clock, in the order in which they are due. Not synchronised.
#pragma once

#include <coroscope/runtime/Dispatcher.h>
#include <coroscope/runtime/detail/Blocks.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace coroscope::detail {

/// Timers that are due within a moment of each other are due together: each one waits for the next point of
/// time on a grid that is finer than a sixty-fourth of its wait and than some 1.05 ms. Waking a thread costs
/// more than most of what it is woken for.
///
/// So many timers have few such moments. Each keeps its timers in a list, in the order in which they came,
/// and a heap of four branches has the moments in theirs. Coming and going is a matter of one list, whatever
/// the number of timers. Two moments may be of the same time, where the newer was made because the older had
/// not been asked for lately; they become one when it has come.
class TimerQueue {
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

    /// Sets what the node says of itself.
    void add(TimerNode& node, std::chrono::nanoseconds after) {
        const std::int64_t ahead = std::max<std::int64_t>(0, after.count());
        const std::int64_t present = now();
        node.due = present > never - ahead ? never : present + ahead;
        append(momentAt(onGrid(node.due, ahead)), node);
    }
    /// False: it is not in here.
    bool remove(TimerNode& node) noexcept {
        if (node.place == TimerNode::notScheduled)
            return false;
        Moment& moment = moments_[node.part];
        moment.nodes[std::exchange(node.place, TimerNode::notScheduled)] = nullptr;
        if (--moment.live == 0)
            drop(node.part);
        else if (const std::uint32_t left = moment.nodes.size() - moment.taken;
                 left > fewNodes && moment.live < left / 2)
            close(moment);
        return true;
    }
    /// Takes out what is due and claims it. Answers those that are to be fired, at most as many as `into` has
    /// room for.
    std::span<TimerNode*> takeDue(std::span<TimerNode*> into) noexcept {
        const std::int64_t present = now();
        std::size_t n = 0;
        while (n < into.size() && next() <= present) {
            const std::uint32_t index = heap_.front().moment;
            Moment& moment = moments_[index];
            begin(moment);
            // The first ones, of which there may be no more.
            const std::size_t size = moment.nodes.size();
            for (std::size_t i = moment.taken; i < std::min(moment.taken + 2 * approachAhead, size); ++i)
                __builtin_prefetch(moment.nodes[i], 1);
            for (std::size_t i = moment.taken; i < std::min(moment.taken + approachAhead, size); ++i)
                if (const TimerNode* const node = moment.nodes[i])
                    node->comesUp();
            while (n < into.size() && moment.live > 0) {
                if (moment.taken + 2 * approachAhead < moment.nodes.size())
                    __builtin_prefetch(moment.nodes[moment.taken + 2 * approachAhead], 1);
                if (moment.taken + approachAhead < moment.nodes.size())
                    if (const TimerNode* const node = moment.nodes[moment.taken + approachAhead])
                        node->comesUp();
                TimerNode* const node = moment.nodes[moment.taken++];
                if (!node)
                    continue;
                node->place = TimerNode::notScheduled;
                --moment.live;
                if (node->claim())
                    into[n++] = node;
            }
            if (moment.live == 0)
                drop(index);
        }
        return into.first(n);
    }
    /// Fires what takeDue answered. Not under the lock.
    static void fire(std::span<TimerNode* const> due) noexcept {
        for (std::size_t i = 0; i < std::min(approachAhead, due.size()); ++i)
            due[i]->approach();
        for (std::size_t i = 0; i < due.size(); ++i) {
            if (i + approachAhead < due.size())
                due[i + approachAhead]->approach();
            due[i]->fire(false);
        }
    }
    /// Hands the nodes to another source, each with the time it still has to wait.
    void moveTo(TimerSource& other) {
        const std::int64_t present = now();
        std::vector<TimerNode*> all;
        while (!heap_.empty()) {
            const std::uint32_t index = heap_.front().moment;
            Moment& moment = moments_[index];
            begin(moment);
            for (std::uint32_t i = moment.taken; i < moment.nodes.size(); ++i)
                if (TimerNode* const node = moment.nodes[i])
                    all.push_back(node);
            drop(index);
        }
        for (TimerNode* const node : all)
            node->place = TimerNode::notScheduled;
        for (TimerNode* const node : all)
            other.schedule(*node, std::chrono::nanoseconds(node->due - present));
    }

private:
    /// In small pieces, because there may be a million of them: no room is left over, none is copied.
    class Nodes {
    public:
        Nodes() noexcept = default;
        Nodes(Nodes&& o) noexcept
            : pieces_(std::move(o.pieces_))
            , size_(std::exchange(o.size_, 0)) {}
        Nodes& operator=(Nodes&&) = delete;
        ~Nodes() { cutTo(0); }
        std::uint32_t size() const noexcept { return size_; }
        TimerNode*& operator[](std::size_t i) noexcept { return pieces_[i / piece][i % piece]; }
        void push(TimerNode& node) {
            if (size_ == pieces_.size() * piece) {
                pieces_.reserve(pieces_.size() + 1 + pieces_.size() / 4);
                pieces_.push_back(static_cast<TimerNode**>(Blocks::take(bytes)));
            }
            (*this)[size_++] = &node;
        }
        void cutTo(std::uint32_t size) noexcept {
            for (size_ = size; pieces_.size() > (size + piece - 1) / piece; pieces_.pop_back())
                Blocks::give(pieces_.back(), bytes);
        }

    private:
        static constexpr std::size_t piece = 16;
        static constexpr std::size_t bytes = piece * sizeof(TimerNode*);
        std::vector<TimerNode**> pieces_;
        std::uint32_t size_ = 0;
    };
    struct Moment {
        std::int64_t at = unused;
        std::int64_t lastDue = 0;
        Nodes nodes;             ///< null: it was disposed of
        std::uint32_t taken = 0; ///< so many are claimed, the first ones
        std::uint32_t live = 0;  ///< neither claimed nor disposed of
        std::uint32_t place = 0; ///< in the heap
        bool inOrder = true;     ///< as they are due
        bool begun = false;      ///< its time has come
    };
    struct Entry {
        std::int64_t at;
        std::uint32_t number; ///< of two at the same time the older one comes first; wraps
        std::uint32_t moment;
    };
    static constexpr std::size_t branches = 4;
    static constexpr std::size_t approachAhead = 4; ///< some 100 ns, what a line from memory takes
    static constexpr std::uint32_t fewNodes = 16;
    static constexpr std::int64_t unused = -1;
    static constexpr std::uint64_t widestGrid = std::uint64_t{1} << 20;

    static std::int64_t onGrid(std::int64_t due, std::int64_t ahead) noexcept {
        const auto grid = static_cast<std::int64_t>(
            std::min(widestGrid, std::bit_floor(static_cast<std::uint64_t>(ahead) / 64 + 1)));
        return due > never - grid ? due : (due + grid - 1) / grid * grid;
    }

    std::uint32_t momentAt(std::int64_t at) {
        std::uint32_t& lately = lately_[static_cast<std::uint64_t>(at) * 0x9e3779b97f4a7c15u >> 58];
        if (lately < moments_.size() && moments_[lately].at == at)
            return lately;
        if (unused_.empty()) {
            moments_.emplace_back();
            unused_.reserve(moments_.size()); // so that none is lost when it goes
            unused_.push_back(static_cast<std::uint32_t>(moments_.size() - 1));
        }
        const std::uint32_t index = unused_.back();
        heap_.push_back({at, ++number_, index});
        unused_.pop_back();
        moments_[index].at = at;
        up(heap_.size() - 1, heap_.back());
        return lately = index;
    }
    void append(std::uint32_t index, TimerNode& node) {
        Moment& moment = moments_[index];
        moment.nodes.push(node);
        node.place = moment.nodes.size() - 1;
        node.part = index;
        moment.inOrder = moment.inOrder && node.due >= moment.lastDue;
        moment.lastDue = node.due;
        ++moment.live;
    }
    /// Its time has come: it takes over those of the same time, and puts all into order; without memory for
    /// that they stay as they are.
    void begin(Moment& moment) noexcept {
        if (std::exchange(moment.begun, true))
            return;
        try {
            putInOrder(moment);
        } catch (const std::bad_alloc&) {
        }
    }
    void putInOrder(Moment& moment) {
        while (const Entry* const twin = nextAtSameTime()) {
            const std::uint32_t index = twin->moment;
            Moment& other = moments_[index];
            for (std::uint32_t i = 0; i < other.nodes.size(); ++i) {
                if (TimerNode* const node = other.nodes[i]) {
                    append(heap_.front().moment, *node);
                    other.nodes[i] = nullptr;
                    --other.live;
                }
            }
            drop(index);
        }
        if (moment.inOrder)
            return;
        close(moment);
        struct Due {
            std::int64_t at;
            std::uint32_t place;
            TimerNode* node;
        };
        const std::uint32_t size = moment.nodes.size();
        std::vector<Due> all;
        all.reserve(size);
        for (std::uint32_t i = 0; i < size; ++i) {
            if (i + 2 * approachAhead < size)
                __builtin_prefetch(moment.nodes[i + 2 * approachAhead], 1);
            all.push_back({moment.nodes[i]->due, i, moment.nodes[i]});
        }
        std::sort(all.begin(), all.end(),
                  [](const Due& a, const Due& b) { return a.at != b.at ? a.at < b.at : a.place < b.place; });
        for (std::uint32_t i = 0; i < size; ++i)
            put(moment.nodes, i, all[i].node);
    }
    /// Where two have the least time, the second is right below the first.
    const Entry* nextAtSameTime() const noexcept {
        const Entry* next = nullptr;
        for (std::size_t i = 1; i <= branches && i < heap_.size(); ++i)
            if (heap_[i].at == heap_.front().at && (!next || before(heap_[i], *next)))
                next = &heap_[i];
        return next;
    }
    /// Closes the gaps.
    static void close(Moment& moment) noexcept {
        std::uint32_t n = 0;
        for (std::uint32_t i = moment.taken; i < moment.nodes.size(); ++i)
            if (TimerNode* const node = moment.nodes[i])
                put(moment.nodes, n++, node);
        moment.nodes.cutTo(n);
        moment.taken = 0;
    }
    static void put(Nodes& nodes, std::uint32_t place, TimerNode* node) noexcept {
        nodes[place] = node;
        node->place = place;
    }
    void drop(std::uint32_t index) noexcept {
        const std::size_t place = moments_[index].place;
        std::destroy_at(&moments_[index]);
        std::construct_at(&moments_[index]);
        unused_.push_back(index);
        const Entry last = heap_.back();
        heap_.pop_back();
        if (place == heap_.size())
            return;
        if (place > 0 && before(last, heap_[(place - 1) / branches]))
            up(place, last);
        else
            down(place, last);
    }

    static bool before(const Entry& a, const Entry& b) noexcept {
        return a.at != b.at ? a.at < b.at : static_cast<std::int32_t>(a.number - b.number) < 0;
    }
    void put(std::size_t place, Entry entry) noexcept {
        heap_[place] = entry;
        moments_[entry.moment].place = static_cast<std::uint32_t>(place);
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

    std::vector<Entry> heap_;
    std::vector<Moment> moments_;
    std::vector<std::uint32_t> unused_;
    std::array<std::uint32_t, 64> lately_{}; ///< by the time's hash
    std::uint32_t number_ = 0;
};

} // namespace coroscope::detail
