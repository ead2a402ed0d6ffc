// SPDX-License-Identifier: Apache-2.0
// Where each job lies in the map: how wide it is, how tall what is below it, and the colour class that stands
// for it where it is too small to be drawn. Kept true while the tree changes.
#pragma once

#include "model/TreeRows.h"

#include <coroscope/observe/JobTree.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace coroscope::app {

/// Whether it stands for no job, but for several: one of those two, or a group of RowGroups.
constexpr bool isGroup(observe::Node node) noexcept {
    return !isJob(node) && node != observe::noNode;
}

/// The part of the map that is looked at. The unit of `left` and `right` is one job without children.
struct MapWindow {
    double left = 0, right = 1;
    int pixels = 1;
    std::uint32_t firstRow = 0, rowCount = 1;

    double pixelsEach() const noexcept { return right > left ? pixels / (right - left) : 0; }
};

/// A rectangle to be drawn: one job (or group), or siblings that are too narrow to be drawn each.
struct MapBox {
    observe::Node node = observe::noNode; ///< of several: the first, which is the oldest
    double x = 0, width = 0;              ///< pixels from the window's left edge
    std::uint32_t row = 0;                ///< as in the map, the groups being in row 0
    std::uint32_t merged = 0;             ///< so many siblings with all below them; 0 for one job by itself
    std::uint8_t kind = 0;                ///< the class to be shown
    std::uint8_t height = 0;              ///< of several: rows that the tallest of them has below its own
};

/// An icicle: each job as wide as all its children together, and below its parent. Or groups of jobs, each as
/// wide as its jobs are many, with nothing below those. Follows a JobTree, which
/// must outlive it: apply() after each JobTree::apply(), flush() before anything is asked. Only what is
/// looked at costs anything when it is asked for; a change costs what the way to the root costs at most, and
/// all changes between two flushes together never more than all jobs. Threads: one.
class MapLayout {
public:
    using Node = observe::Node;
    using Class = std::uint8_t;
    using ClassOf = std::function<Class(Node)>;
    /// The number of the group that a job is in now, as RowGroups has it.
    using GroupOf = std::function<std::uint32_t(Node)>;
    static constexpr unsigned classes = 10;
    /// Heights are told up to this.
    static constexpr unsigned tallest = 15;
    /// Narrower boxes are merged.
    static constexpr double leastPixels = 3;
    /// What stands for several jobs: the highest class among them and all below, or the most frequent one of
    /// the siblings.
    enum class Blend { Highest, MostFrequent };

    explicit MapLayout(const observe::JobTree& tree);

    /// Takes in the whole tree. `classOf` answers numbers below `classes`. With `groupOf` the jobs lie below
    /// their groups, these below the program: the largest comes first, and those that come later behind them.
    void build(ClassOf classOf, Blend blend, GroupOf groupOf = {});
    /// Forgets everything and frees the memory; apply() does nothing until the next build().
    void clear();
    bool built() const noexcept { return static_cast<bool>(classOf_); }
    void apply(const observe::TreeChanges& changes);
    /// Asks for the class of this job again.
    void reclass(Node node);
    /// Asks for all classes again, in steps: see reclassSome.
    void reclassAll() noexcept { reclassed_ = 0; }
    /// Works on that for about so long. True when there is nothing left to do.
    bool reclassSome(std::chrono::microseconds budget);
    void flush();

    bool known(Node node) const noexcept;
    /// A group for roots, noNode for groups.
    Node parent(Node node) const noexcept;
    Node firstChild(Node node) const noexcept;
    Node lastChild(Node node) const noexcept;
    Node next(Node node) const noexcept;
    Node previous(Node node) const noexcept;
    std::uint32_t childCount(Node node) const noexcept;
    /// Jobs without children below it; 1 if it is one.
    std::uint32_t leaves(Node node) const noexcept;
    std::uint8_t height(Node node) const noexcept;
    /// Of the job alone, and of it with all below it (with Blend::Highest).
    Class own(Node node) const noexcept;
    Class blended(Node node) const noexcept;
    /// Of all siblings from this one on, with all below them. Costs what a 64th of them would.
    Class blendedFrom(Node first) const noexcept;

    struct Extent {
        double x = 0, width = 0;
        std::uint32_t row = 0;
    };
    /// The node must be known, or a group.
    Extent extent(Node node) const noexcept;
    /// How wide and how deep all of it is.
    double width() const noexcept;
    std::uint32_t rows() const noexcept { return static_cast<std::uint32_t>(jobsAtDepth_.size()); }

    /// What is to be drawn, parents before children. No more boxes than pixels allow, however many jobs there
    /// are. Which siblings are merged depends on the scale in powers of two only, so nothing flickers while
    /// one zooms or pans.
    void collect(const MapWindow& window, std::vector<MapBox>& into) const;

private:
    using Slot =
        std::uint32_t; ///< 0 and 1: the roots' parents; then the nodes; from firstGroup on the groups
    static constexpr Slot none = 0xffffffff;
    static constexpr std::uint8_t blockSize = 64;

    /// Some siblings that follow each other. Sums over them make a job with a million children as cheap to
    /// draw as one with a thousand.
    struct Block {
        Slot first = none, last = none;
        Slot parent = none;
        std::uint32_t next = none, previous = none;
        std::uint32_t leaves = 0;
        std::uint8_t count = 0, blended = 0, height = 0;
        std::uint8_t ofClass[classes] = {};
        std::uint8_t ofHeight[tallest + 1] = {};
    };
    struct Entry {
        Slot parent = none, next = none, previous = none;
        std::uint32_t depth = 0;
        std::uint32_t block = none; ///< that it is in
        std::uint32_t firstBlock = none, lastBlock = none;
        std::uint32_t children = 0;
        std::uint32_t below = 0;  ///< leaves of its children
        std::uint32_t leaves = 0; ///< as its block and its parent know it; so for the next two
        std::uint8_t blended = 0, height = 0;
        std::uint8_t own = 0;
        bool known : 1 = false, queued : 1 = false;
    };
    struct Part {
        double left, scale;
    };

    static constexpr Slot slotOf(Node node) noexcept {
        return node == programGroup ? 0 : node == orphanGroup ? 1 : isJob(node) ? node + 2 : node;
    }
    static constexpr Node nodeOf(Slot slot) noexcept {
        return slot == none         ? observe::noNode
               : slot == 0          ? programGroup
               : slot == 1          ? orphanGroup
               : slot >= firstGroup ? slot
                                    : slot - 2;
    }
    Entry& entryOf(Slot slot) noexcept {
        return slot < firstGroup ? entries_[slot] : groups_[slot - firstGroup];
    }
    const Entry& entryOf(Slot slot) const noexcept {
        return slot < firstGroup ? entries_[slot] : groups_[slot - firstGroup];
    }
    bool has(Slot slot) const noexcept {
        return slot < firstGroup ? slot < entries_.size() && entries_[slot].known
                                 : slot - firstGroup < groups_.size() && groups_[slot - firstGroup].known;
    }
    Part part(Slot group) const noexcept;
    Slot groupOf(Node root) const noexcept;
    Slot placeOf(Node node) const;

    void buildGroups();
    void showGroup(Slot slot);
    void hideGroup(Slot slot);
    void regroup(Slot slot);

    void insert(Node node);
    void link(Slot slot, Slot parent);
    void unlink(Slot slot);
    void publish(Slot slot, std::uint32_t leaves, std::uint8_t blended, std::uint8_t height);
    void sumUp(Block& block) const noexcept;
    void joinWithNext(std::uint32_t at);
    void removeBlock(std::uint32_t at);
    void setDepth(Slot slot, std::uint32_t depth);
    void countDepth(std::uint32_t depth, int difference);
    void queue(Slot slot);
    void settle(Slot slot);
    void recheckRoot(Slot slot);
    void collectChildren(const MapWindow& window, Slot slot, double left, double scale,
                         std::vector<MapBox>& into) const;

    const observe::JobTree& tree_;
    ClassOf classOf_;
    GroupOf groupOf_; ///< none: the tree
    Blend blend_ = Blend::Highest;
    observe::LargeVector<Entry> entries_;
    std::vector<Entry> groups_;
    observe::LargeVector<Block> blocks_;
    std::vector<std::uint32_t> freeBlocks_;
    std::vector<std::uint32_t> jobsAtDepth_;
    std::vector<std::vector<Slot>> pending_; ///< by depth
    std::size_t deepestPending_ = 0;
    std::size_t reclassed_ = ~std::size_t{0};
    struct Task {
        Slot slot;
        double left, scale;
    };
    mutable std::vector<Task> tasks_; ///< scratch of collect()
};

} // namespace coroscope::app
