// SPDX-License-Identifier: Apache-2.0
#include "map/MapLayout.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
/// Orphans are few as a rule, and what matters most: they get at least this share of the width.
constexpr double orphanShare = 0.14;
constexpr double gapShare = 0.02;
/// Neighbouring blocks become one when they have no more children than this together.
constexpr unsigned sparse = 32;
} // namespace

MapLayout::MapLayout(const observe::JobTree& tree)
    : tree_(tree) {
    clear();
}

void MapLayout::clear() {
    classOf_ = nullptr;
    groupOf_ = nullptr;
    // Swapped with an empty one each, so that the memory goes, too.
    const auto empty = []<class Vector>(Vector& vector) { Vector().swap(vector); };
    empty(entries_);
    empty(groups_);
    empty(blocks_);
    empty(freeBlocks_);
    empty(jobsAtDepth_);
    empty(pending_);
    deepestPending_ = 0;
    reclassed_ = ~std::size_t{0};
    for (int group = 0; group < 2; ++group)
        entries_.emplace_back().known = true;
}

void MapLayout::build(ClassOf classOf, Blend blend, GroupOf groupOf) {
    clear();
    classOf_ = std::move(classOf);
    groupOf_ = std::move(groupOf);
    blend_ = blend;
    entries_.resize(std::size_t{tree_.endNode()} + 2);
    if (groupOf_) {
        buildGroups();
        return;
    }
    observe::LargeVector<Node> order; // parents before children
    order.reserve(tree_.size());
    for (Node root = tree_.firstRoot(); root != noNode; root = tree_.nextSibling(root))
        order.push_back(root);
    for (std::size_t i = 0; i < order.size(); ++i) {
        insert(order[i]);
        for (Node child = tree_.firstChild(order[i]); child != noNode; child = tree_.nextSibling(child))
            order.push_back(child);
    }
    flush();
}

/// The largest group first; those that come later stand behind them.
void MapLayout::buildGroups() {
    std::vector<std::uint32_t> counts;
    for (Node node = 0; node < tree_.endNode(); ++node) {
        if (!tree_.isLive(node))
            continue;
        const std::uint32_t group = groupOf_(node);
        if (group >= counts.size())
            counts.resize(std::size_t{group} + 1, 0);
        ++counts[group];
    }
    std::vector<Slot> order(counts.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(),
              [&](Slot a, Slot b) { return counts[a] != counts[b] ? counts[a] > counts[b] : a < b; });
    for (const Slot group : order)
        if (counts[group] > 0)
            showGroup(firstGroup + group);
    for (Node node = 0; node < tree_.endNode(); ++node)
        if (tree_.isLive(node))
            insert(node);
    flush();
}

void MapLayout::showGroup(Slot slot) {
    if (has(slot))
        return;
    if (slot - firstGroup >= groups_.size())
        groups_.resize(std::size_t{slot - firstGroup} + 1);
    Entry& entry = entryOf(slot);
    entry = Entry{};
    entry.known = true;
    entry.depth = 1;
    countDepth(1, 1);
    link(slot, 0);
}

/// Its last job has gone.
void MapLayout::hideGroup(Slot slot) {
    unlink(slot);
    countDepth(1, -1);
    entryOf(slot) = Entry{};
}

MapLayout::Slot MapLayout::groupOf(Node root) const noexcept {
    return tree_.isOrphanRoot(root) ? 1 : 0;
}

MapLayout::Slot MapLayout::placeOf(Node node) const {
    if (groupOf_)
        return firstGroup + groupOf_(node);
    const Node parent = tree_.parent(node);
    return parent == noNode ? groupOf(node) : slotOf(parent);
}

void MapLayout::apply(const observe::TreeChanges& changes) {
    if (!built())
        return;
    if (changes.reset) {
        build(std::exchange(classOf_, nullptr), blend_, std::exchange(groupOf_, nullptr));
        return;
    }
    std::vector<Slot> roots; // that may be orphans now, or no longer
    const auto recheckLater = [&](Slot slot) {
        if (slot != none && slot > 1)
            roots.push_back(slot);
    };
    // Out of their old places first, while our picture still shows these.
    std::vector<Slot> detached;
    for (const Node node : changes.moved) {
        const Slot slot = slotOf(node);
        if (groupOf_ || !has(slot) || entryOf(slot).parent == none)
            continue;
        recheckLater(entryOf(slot).parent);
        unlink(slot);
        detached.push_back(slot);
    }
    for (const observe::TreeChanges::Removed& removed : changes.removed) {
        const Slot slot = slotOf(removed.node);
        if (!has(slot))
            continue;
        Entry& entry = entryOf(slot);
        recheckLater(entry.parent);
        if (entry.parent != none)
            unlink(slot);
        countDepth(entry.depth, -1);
        entryOf(slot) = Entry{};
    }
    bool torn = false; // no sane source does that; the whole tree is taken in again then
    for (const Node node : changes.inserted) {
        if (has(slotOf(node)))
            continue;
        torn = torn || (!groupOf_ && !has(placeOf(node)));
        if (torn)
            break;
        insert(node);
        recheckLater(entryOf(slotOf(node)).parent);
    }
    for (const Slot slot : detached) {
        if (torn || !has(slot))
            continue;
        const Slot parent = placeOf(nodeOf(slot));
        torn = torn || !has(parent);
        if (torn)
            break;
        link(slot, parent);
        setDepth(slot, entryOf(parent).depth + 1);
        recheckLater(slot);
        recheckLater(parent);
    }
    if (torn) {
        build(std::exchange(classOf_, nullptr), blend_, std::exchange(groupOf_, nullptr));
        return;
    }
    // These are here and there among a million: what is known of them is asked for ahead of its turn.
    constexpr std::size_t near = 6, far = 2 * near;
    for (std::size_t i = 0; i < changes.changed.size(); ++i) {
        if (i + far < changes.changed.size())
            if (const Slot slot = slotOf(changes.changed[i + far]); slot < entries_.size())
                __builtin_prefetch(&entryOf(slot), 1);
        if (i + near < changes.changed.size())
            if (const Slot slot = slotOf(changes.changed[i + near]); has(slot) && entryOf(slot).block != none)
                __builtin_prefetch(&blocks_[entryOf(slot).block], 1);
        const Node node = changes.changed[i];
        reclass(node);
        if (groupOf_)
            regroup(slotOf(node));
        else if (const Slot slot = slotOf(node); has(slot) && entryOf(slot).depth == 1)
            recheckLater(slot);
    }
    for (const Slot slot : roots)
        recheckRoot(slot);
}

void MapLayout::regroup(Slot slot) {
    if (!has(slot))
        return;
    const Slot group = placeOf(nodeOf(slot));
    if (group == entryOf(slot).parent)
        return;
    showGroup(group);
    unlink(slot);
    link(slot, group);
}

void MapLayout::recheckRoot(Slot slot) {
    if (groupOf_ || !has(slot) || entryOf(slot).parent > 1)
        return;
    const Slot group = groupOf(nodeOf(slot));
    if (group == entryOf(slot).parent || tree_.parent(nodeOf(slot)) != noNode)
        return;
    unlink(slot);
    link(slot, group);
}

void MapLayout::insert(Node node) {
    const Slot slot = slotOf(node);
    if (slot >= entries_.size())
        entries_.resize(std::max<std::size_t>(std::size_t{slot} + 1, entries_.size() * 3 / 2));
    const Slot parent = placeOf(node);
    if (groupOf_)
        showGroup(parent);
    Entry& entry = entryOf(slot);
    entry = Entry{};
    entry.known = true;
    entry.own = entry.blended = classOf_(node);
    entry.leaves = 1;
    entry.depth = entryOf(parent).depth + 1;
    countDepth(entry.depth, 1);
    link(slot, parent);
}

void MapLayout::countDepth(std::uint32_t depth, int difference) {
    if (depth >= jobsAtDepth_.size())
        jobsAtDepth_.resize(std::size_t{depth} + 1, 0);
    jobsAtDepth_[depth] += static_cast<std::uint32_t>(difference);
    while (!jobsAtDepth_.empty() && jobsAtDepth_.back() == 0)
        jobsAtDepth_.pop_back();
}

/// Of a node and all below it.
void MapLayout::setDepth(Slot top, std::uint32_t depth) {
    if (entryOf(top).depth == depth)
        return;
    const std::uint32_t difference = depth - entryOf(top).depth; // may well wrap round
    std::vector<Slot> below{top};
    std::vector<std::uint32_t> left; // taken off afterwards, lest the table shrinks and grows all the time
    while (!below.empty()) {
        const Slot slot = below.back();
        below.pop_back();
        Entry& entry = entryOf(slot);
        left.push_back(entry.depth);
        entry.depth += difference;
        countDepth(entry.depth, 1);
        if (entry.queued) {
            entry.queued = false;
            queue(slot);
        }
        const std::uint32_t children = entry.firstBlock;
        for (Slot child = children == none ? none : blocks_[children].first; child != none;
             child = entryOf(child).next)
            below.push_back(child);
    }
    for (const std::uint32_t each : left)
        countDepth(each, -1);
}

void MapLayout::sumUp(Block& block) const noexcept {
    block.blended = 0;
    unsigned most = 0;
    for (unsigned each = 0; each < classes; ++each) {
        const unsigned count = block.ofClass[each];
        if (count == 0 || (blend_ == Blend::MostFrequent && count < most))
            continue;
        most = count;
        block.blended = static_cast<std::uint8_t>(each);
    }
    block.height = 0;
    for (unsigned each = tallest; each > 0 && block.height == 0; --each) {
        if (block.ofHeight[each] > 0)
            block.height = static_cast<std::uint8_t>(each);
    }
}

/// At the end of the parent's children.
void MapLayout::link(Slot slot, Slot parentSlot) {
    Entry& parent = entryOf(parentSlot);
    std::uint32_t at = parent.lastBlock;
    const Slot last = at == none ? none : blocks_[at].last;
    if (at == none || blocks_[at].count >= blockSize) {
        std::uint32_t fresh = 0;
        if (freeBlocks_.empty()) {
            fresh = static_cast<std::uint32_t>(blocks_.size());
            blocks_.emplace_back();
        } else {
            fresh = freeBlocks_.back();
            freeBlocks_.pop_back();
        }
        blocks_[fresh] = Block{};
        blocks_[fresh].parent = parentSlot;
        blocks_[fresh].first = slot;
        blocks_[fresh].previous = at;
        (at == none ? parent.firstBlock : blocks_[at].next) = fresh;
        parent.lastBlock = at = fresh;
    }
    Block& block = blocks_[at];
    Entry& entry = entryOf(slot);
    entry.parent = parentSlot;
    entry.block = at;
    entry.previous = last;
    entry.next = none;
    if (last != none)
        entryOf(last).next = slot;
    block.last = slot;
    ++block.count;
    block.leaves += entry.leaves;
    ++block.ofClass[entry.blended];
    ++block.ofHeight[entry.height];
    sumUp(block);
    ++parent.children;
    parent.below += entry.leaves;
    queue(parentSlot);
}

void MapLayout::unlink(Slot slot) {
    Entry& entry = entryOf(slot);
    const Slot parentSlot = entry.parent;
    const std::uint32_t at = entry.block;
    Block& block = blocks_[at];
    if (entry.previous != none)
        entryOf(entry.previous).next = entry.next;
    if (entry.next != none)
        entryOf(entry.next).previous = entry.previous;
    if (block.first == slot)
        block.first = entry.next;
    if (block.last == slot)
        block.last = entry.previous;
    --block.count;
    block.leaves -= entry.leaves;
    --block.ofClass[entry.blended];
    --block.ofHeight[entry.height];
    --entryOf(parentSlot).children;
    entryOf(parentSlot).below -= entry.leaves;
    entry.parent = entry.next = entry.previous = entry.block = none;
    if (block.count == 0) {
        removeBlock(at);
    } else {
        sumUp(block);
        if (block.next != none && block.count + blocks_[block.next].count <= sparse)
            joinWithNext(at);
        else if (block.previous != none && block.count + blocks_[block.previous].count <= sparse)
            joinWithNext(block.previous);
    }
    queue(parentSlot);
}

void MapLayout::removeBlock(std::uint32_t at) {
    const Block& block = blocks_[at];
    Entry& parent = entryOf(block.parent);
    (block.previous == none ? parent.firstBlock : blocks_[block.previous].next) = block.next;
    (block.next == none ? parent.lastBlock : blocks_[block.next].previous) = block.previous;
    freeBlocks_.push_back(at);
}

/// Keeps the number of blocks in proportion while old siblings end and new ones come.
void MapLayout::joinWithNext(std::uint32_t at) {
    Block& block = blocks_[at];
    const std::uint32_t other = block.next;
    const Block& taken = blocks_[other];
    Slot slot = taken.first;
    for (unsigned i = 0; i < taken.count; ++i, slot = entryOf(slot).next)
        entryOf(slot).block = at;
    block.last = taken.last;
    block.count = static_cast<std::uint8_t>(block.count + taken.count);
    block.leaves += taken.leaves;
    for (unsigned i = 0; i < classes; ++i)
        block.ofClass[i] = static_cast<std::uint8_t>(block.ofClass[i] + taken.ofClass[i]);
    for (unsigned i = 0; i <= tallest; ++i)
        block.ofHeight[i] = static_cast<std::uint8_t>(block.ofHeight[i] + taken.ofHeight[i]);
    sumUp(block);
    removeBlock(other);
}

void MapLayout::queue(Slot slot) {
    Entry& entry = entryOf(slot);
    if (entry.queued)
        return;
    entry.queued = true;
    if (entry.depth >= pending_.size())
        pending_.resize(std::size_t{entry.depth} + 1);
    pending_[entry.depth].push_back(slot);
    deepestPending_ = std::max<std::size_t>(deepestPending_, entry.depth);
}

/// Tells the block and the parent what they have to know of this job.
void MapLayout::publish(Slot slot, std::uint32_t leaves, std::uint8_t blended, std::uint8_t height) {
    Entry& entry = entryOf(slot);
    if (entry.leaves == leaves && entry.blended == blended && entry.height == height)
        return;
    const std::uint32_t more = leaves - entry.leaves; // may well wrap round
    if (entry.parent != none) {
        Block& block = blocks_[entry.block];
        const std::uint8_t blendedBefore = block.blended, heightBefore = block.height;
        block.leaves += more;
        if (entry.blended != blended || entry.height != height) {
            --block.ofClass[entry.blended];
            ++block.ofClass[blended];
            --block.ofHeight[entry.height];
            ++block.ofHeight[height];
            sumUp(block);
        }
        entryOf(entry.parent).below += more;
        // A group goes by all of its jobs, not by what is the most frequent in each block.
        const bool counted =
            entry.parent >= firstGroup && blend_ == Blend::MostFrequent && entry.blended != blended;
        if (more != 0 || block.blended != blendedBefore || block.height != heightBefore || counted)
            queue(entry.parent);
    }
    entry.leaves = leaves;
    entry.blended = blended;
    entry.height = height;
}

/// Works out what holds for a job now that all below it is settled.
void MapLayout::settle(Slot slot) {
    const Entry& entry = entryOf(slot);
    const bool group = slot >= firstGroup;
    if (group && entry.children == 0) {
        hideGroup(slot);
        return;
    }
    std::uint8_t blended = entry.own, height = 0;
    std::uint32_t ofClass[classes] = {};
    for (std::uint32_t at = entry.firstBlock; at != none; at = blocks_[at].next) {
        height = std::max<std::uint8_t>(height, blocks_[at].height);
        if (blend_ == Blend::Highest)
            blended = std::max(blended, blocks_[at].blended);
        else if (group)
            for (unsigned i = 0; i < classes; ++i)
                ofClass[i] += blocks_[at].ofClass[i];
    }
    // A group is nothing but its jobs.
    if (group && blend_ == Blend::MostFrequent)
        blended = static_cast<std::uint8_t>(std::max_element(ofClass, ofClass + classes) - ofClass);
    if (entry.children > 0)
        height = std::min<std::uint8_t>(static_cast<std::uint8_t>(height + 1), tallest);
    publish(slot, entry.children > 0 ? entry.below : slot <= 1 ? 0 : 1, blended, height);
}

void MapLayout::flush() {
    if (pending_.empty())
        return;
    for (std::size_t level = std::min(deepestPending_, pending_.size() - 1) + 1; level-- > 0;) {
        for (std::size_t i = 0; i < pending_[level].size(); ++i) {
            const Slot slot = pending_[level][i];
            // What was moved or taken out since is queued elsewhere, or nowhere.
            if (!has(slot) || !entryOf(slot).queued || entryOf(slot).depth != level)
                continue;
            entryOf(slot).queued = false;
            settle(slot);
        }
        pending_[level].clear();
    }
    deepestPending_ = 0;
}

void MapLayout::reclass(Node node) {
    const Slot slot = slotOf(node);
    if (slot <= 1 || !has(slot))
        return;
    Entry& entry = entryOf(slot);
    const Class now = classOf_(node);
    if (now == entry.own)
        return;
    entry.own = now;
    if (entry.children == 0 && !entry.queued)
        publish(slot, 1, now, 0); // most are leaves, and many change all the time
    else
        queue(slot);
}

bool MapLayout::reclassSome(std::chrono::microseconds budget) {
    if (reclassed_ >= entries_.size())
        return true;
    const auto end = std::chrono::steady_clock::now() + budget;
    while (reclassed_ < entries_.size() && std::chrono::steady_clock::now() < end) {
        for (int i = 0; i < 256 && reclassed_ < entries_.size(); ++i, ++reclassed_)
            reclass(nodeOf(static_cast<Slot>(reclassed_)));
    }
    return reclassed_ >= entries_.size();
}

bool MapLayout::known(Node node) const noexcept {
    return node != noNode && has(slotOf(node));
}
Node MapLayout::parent(Node node) const noexcept {
    return nodeOf(entryOf(slotOf(node)).parent);
}
Node MapLayout::firstChild(Node node) const noexcept {
    const std::uint32_t block = entryOf(slotOf(node)).firstBlock;
    return block == none ? noNode : nodeOf(blocks_[block].first);
}
Node MapLayout::lastChild(Node node) const noexcept {
    const std::uint32_t block = entryOf(slotOf(node)).lastBlock;
    return block == none ? noNode : nodeOf(blocks_[block].last);
}
Node MapLayout::next(Node node) const noexcept {
    return nodeOf(entryOf(slotOf(node)).next);
}
Node MapLayout::previous(Node node) const noexcept {
    return nodeOf(entryOf(slotOf(node)).previous);
}
std::uint32_t MapLayout::childCount(Node node) const noexcept {
    return entryOf(slotOf(node)).children;
}
std::uint32_t MapLayout::leaves(Node node) const noexcept {
    return entryOf(slotOf(node)).leaves;
}
std::uint8_t MapLayout::height(Node node) const noexcept {
    return entryOf(slotOf(node)).height;
}
MapLayout::Class MapLayout::own(Node node) const noexcept {
    return entryOf(slotOf(node)).own;
}
MapLayout::Class MapLayout::blended(Node node) const noexcept {
    return entryOf(slotOf(node)).blended;
}

MapLayout::Class MapLayout::blendedFrom(Node first) const noexcept {
    std::uint32_t ofClass[classes] = {};
    const Slot slot = slotOf(first);
    if (!has(slot))
        return 0;
    std::uint32_t at = entryOf(slot).block;
    if (at == none) // a group
        return entryOf(slot).blended;
    const Slot behind = entryOf(blocks_[at].last).next;
    for (Slot each = slot; each != behind; each = entryOf(each).next)
        ++ofClass[entryOf(each).blended];
    for (at = blocks_[at].next; at != none; at = blocks_[at].next)
        for (unsigned i = 0; i < classes; ++i)
            ofClass[i] += blocks_[at].ofClass[i];
    if (blend_ == Blend::MostFrequent)
        return static_cast<Class>(std::max_element(ofClass, ofClass + classes) - ofClass);
    Class worst = 0;
    for (unsigned i = 0; i < classes; ++i)
        if (ofClass[i] > 0)
            worst = static_cast<Class>(i);
    return worst;
}

/// The orphans lie to the right of all others, behind a gap.
MapLayout::Part MapLayout::part(Slot group) const noexcept {
    const double owned = entryOf(0).leaves, orphans = entryOf(1).leaves;
    if (group == 0 || owned == 0)
        return {0, 1};
    const double wide = std::max(orphans, owned * orphanShare / (1 - orphanShare));
    return {owned + gapShare * (owned + wide), orphans > 0 ? wide / orphans : 1};
}

double MapLayout::width() const noexcept {
    if (entryOf(1).leaves == 0)
        return entryOf(0).leaves;
    const Part orphans = part(1);
    return orphans.left + orphans.scale * entryOf(1).leaves;
}

MapLayout::Extent MapLayout::extent(Node node) const noexcept {
    Slot slot = slotOf(node);
    const Entry& entry = entryOf(slot);
    double before = 0;
    while (entryOf(slot).parent != none) {
        const Entry& at = entryOf(slot);
        for (Slot sibling = blocks_[at.block].first; sibling != slot; sibling = entryOf(sibling).next)
            before += entryOf(sibling).leaves;
        for (std::uint32_t b = blocks_[at.block].previous; b != none; b = blocks_[b].previous)
            before += blocks_[b].leaves;
        slot = at.parent;
    }
    const Part in = part(slot);
    return {in.left + before * in.scale, entry.leaves * in.scale, entry.depth};
}

void MapLayout::collect(const MapWindow& window, std::vector<MapBox>& into) const {
    into.clear();
    const double each = window.pixelsEach();
    if (each <= 0 || window.rowCount == 0)
        return;
    const std::uint32_t endRow = window.firstRow + window.rowCount;
    tasks_.clear();
    for (const Slot group : {Slot{1}, Slot{0}}) {
        if (entryOf(group).children > 0)
            tasks_.push_back({group, part(group).left, part(group).scale});
    }
    while (!tasks_.empty()) {
        const Task task = tasks_.back();
        tasks_.pop_back();
        const Entry& entry = entryOf(task.slot);
        const double x = (task.left - window.left) * each, width = entry.leaves * task.scale * each;
        if (x >= window.pixels || x + width <= 0)
            continue;
        if (entry.depth >= window.firstRow)
            into.push_back({nodeOf(task.slot), x, width, entry.depth, 0, entry.own, 0});
        if (entry.depth + 1 < endRow && entry.children > 0)
            collectChildren(window, task.slot, task.left, task.scale, into);
    }
}

void MapLayout::collectChildren(const MapWindow& window, Slot slot, double left, double scale,
                                std::vector<MapBox>& into) const {
    const double each = window.pixelsEach() * scale;
    const std::uint32_t row = entryOf(slot).depth + 1;
    // Cells of a power of two: zooming in cuts each into halves, and panning leaves them as they are.
    const double cell = std::exp2(std::ceil(std::log2(leastPixels / each)));
    double at = 0; // leaves from the parent's left edge
    MapBox merged; // being gathered
    double mergedCell = -1, mergedEnd = 0;
    std::uint32_t ofClass[classes] = {};
    const auto pixel = [&](double leaves) { return (left + leaves * scale - window.left) * each / scale; };
    const auto emitMerged = [&] {
        if (merged.merged == 0)
            return;
        merged.width = pixel(mergedEnd) - merged.x;
        if (blend_ == Blend::MostFrequent)
            merged.kind = static_cast<std::uint8_t>(std::max_element(ofClass, ofClass + classes) - ofClass);
        std::fill(ofClass, ofClass + classes, 0u);
        // A tall one may reach into the window from above.
        if (merged.x < window.pixels && merged.x + std::max(merged.width, 1.0) > 0 &&
            row + merged.height >= window.firstRow)
            into.push_back(merged);
        merged = MapBox{};
    };
    const auto merge = [&](Slot first, std::uint32_t count, std::uint32_t leaves, std::uint8_t kind,
                           std::uint8_t height) {
        const double in = std::floor(at / cell);
        if (merged.merged > 0 && in != mergedCell)
            emitMerged();
        if (merged.merged == 0) {
            merged = {nodeOf(first), pixel(at), 0, row, 0, 0, 0};
            mergedCell = in;
        }
        merged.merged += count;
        merged.kind = std::max(merged.kind, kind);
        merged.height = std::max(merged.height, height);
        mergedEnd = at + leaves;
    };
    const std::size_t firstTask = tasks_.size();
    for (std::uint32_t b = entryOf(slot).firstBlock; b != none; b = blocks_[b].next) {
        const Block& block = blocks_[b];
        const double x = pixel(at), width = block.leaves * each;
        if (x >= window.pixels)
            break;
        if (x + width < -leastPixels) {
            at += block.leaves;
            continue;
        }
        if (width < leastPixels) {
            merge(block.first, block.count, block.leaves, block.blended, block.height);
            for (unsigned i = 0; i < classes; ++i)
                ofClass[i] += block.ofClass[i];
            at += block.leaves;
            continue;
        }
        Slot child = block.first;
        for (unsigned i = 0; i < block.count; ++i, child = entryOf(child).next) {
            const Entry& entry = entryOf(child);
            if (entry.leaves * each >= leastPixels) {
                emitMerged();
                tasks_.push_back({child, left + at * scale, scale});
            } else {
                merge(child, 1, entry.leaves, entry.blended, entry.height);
                ++ofClass[entry.blended];
            }
            at += entry.leaves;
        }
    }
    emitMerged();
    std::reverse(tasks_.begin() + static_cast<std::ptrdiff_t>(firstTask), tasks_.end());
}

} // namespace coroscope::app
