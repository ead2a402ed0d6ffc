// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Batch.h>
#include <coroscope/observe/JobTree.h>

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

namespace coroscope::observe {

namespace {

/// Links up from a late parent that one apply may follow while it looks for cycles. Real trees need a
/// handful; the limit keeps made-up ones from costing more than a moment. What is beyond it stays a root.
constexpr std::uint64_t cycleSearchSteps = 20'000'000;

bool isDetached(std::uint16_t flags) noexcept {
    return (flags & JobFlags::parentFromContext) != 0;
}

/// The rows of a source as CreationOrder looks at them.
struct RowsOfSource {
    std::span<const JobRow> rows;

    std::int64_t createdAt(Node at) const noexcept { return rows[at].createdAt; }
    std::uint64_t number(Node at) const noexcept { return rows[at].number; }
};

/// Orders rows, by their places, by when their jobs were created; jobs of one moment by their number,
/// and what is left as it stood.
template <class Rows>
struct CreationOrder {
    const Rows& rows;

    bool operator()(Node a, Node b) const noexcept {
        return std::tuple(rows.createdAt(a), rows.number(a), a) <
               std::tuple(rows.createdAt(b), rows.number(b), b);
    }

    /// A radix sort, for millions of nodes in arbitrary order: many times faster than comparing, which looks
    /// for memory at each. A key is a time, in as few bits as it needs, with its node behind.
    void sort(LargeVector<Node>& nodes) const {
        if (nodes.empty() || std::is_sorted(nodes.begin(), nodes.end(), *this))
            return;
        std::int64_t first = rows.createdAt(nodes.front());
        for (const Node node : nodes)
            first = std::min(first, rows.createdAt(node));
        const auto distance = [&](Node node) {
            return static_cast<std::uint64_t>(rows.createdAt(node)) - static_cast<std::uint64_t>(first);
        };
        std::uint64_t distances = 0;
        Node nodeBits = 0;
        bool numbered = true; // as they stand, jobs of one moment are in order
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            distances |= distance(nodes[i]);
            nodeBits |= nodes[i];
            numbered = numbered && (i == 0 || std::pair(rows.number(nodes[i - 1]), nodes[i - 1]) <
                                                  std::pair(rows.number(nodes[i]), nodes[i]));
        }
        const auto width = static_cast<unsigned>(std::bit_width(nodeBits));
        const auto zeros = distances == 0 ? 0u : static_cast<unsigned>(std::countr_zero(distances));
        const auto timeBits = static_cast<unsigned>(std::bit_width(distances >> zeros));
        const unsigned dropped = timeBits + width > 64 ? timeBits + width - 64 : 0;
        LargeVector<std::uint64_t> keys, next(nodes.size());
        keys.reserve(nodes.size());
        for (const Node node : nodes)
            keys.push_back(distance(node) >> zeros >> dropped << width | node);
        constexpr unsigned bits = 11;
        constexpr std::uint64_t mask = (1u << bits) - 1;
        for (unsigned shift = width; shift < width + timeBits - dropped; shift += bits) {
            std::array<std::uint32_t, mask + 1> places{};
            for (const std::uint64_t key : keys)
                ++places[key >> shift & mask];
            std::uint32_t sum = 0;
            for (std::uint32_t& place : places)
                sum += std::exchange(place, sum);
            for (const std::uint64_t key : keys)
                next[places[key >> shift & mask]++] = key;
            keys.swap(next);
        }
        for (std::size_t i = 0; i < keys.size(); ++i)
            nodes[i] = static_cast<Node>(keys[i] & ((std::uint64_t{1} << width) - 1));
        if (numbered && dropped == 0)
            return;
        // Jobs of one moment, as far as a key tells it, lie together now, but not in order.
        for (std::size_t from = 0, to = 0; from < keys.size(); from = to) {
            for (to = from + 1; to < keys.size() && keys[to] >> width == keys[from] >> width;)
                ++to;
            std::sort(nodes.begin() + static_cast<std::ptrdiff_t>(from),
                      nodes.begin() + static_cast<std::ptrdiff_t>(to), *this);
        }
    }
};

} // namespace

void addTo(JobCounts& counts, Execution execution, JobState state, std::uint64_t sign) noexcept {
    counts.jobs += sign;
    switch (execution) {
    case Execution::None:
        counts.plain += sign;
        break;
    case Execution::Unstarted:
        counts.unstarted += sign;
        break;
    case Execution::Queued:
        counts.queued += sign;
        break;
    case Execution::Running:
        counts.running += sign;
        break;
    case Execution::Suspended:
        counts.suspended += sign;
        break;
    case Execution::WaitsForChildren:
        counts.waitsForChildren += sign;
        break;
    }
    if (state == JobState::Cancelling)
        counts.cancelling += sign;
}

// How a batch goes in, so that no step costs more than the jobs it is about and no cycle can arise:
// 1. All rows find their nodes; new ones are not linked yet.
// 2. New nodes are linked, parents before children: a node that has no children cannot close a cycle.
// 3. Roots that waited for a parent that has just come move below it. Only here a cycle is possible and
// looked for.
// 4. What has ended goes, children before parents; children that live on become roots.
void JobTree::apply(Batch&& batch, TreeChanges& changes) {
    changes.clear();
    stepsLeft_ = cycleSearchSteps;
    if (batch.reset) {
        if (batch.tree)
            *this = *std::exchange(batch.tree, {});
        else
            *this = Builder::treeOf(std::exchange(batch.rows, {}));
        stepsLeft_ = cycleSearchSteps;
        changes.reset = true;
    }
    if (batch.resources) {
        resources_ = *std::move(batch.resources);
        std::sort(resources_.begin(), resources_.end(),
                  [](const Resource& a, const Resource& b) { return a.id < b.id; });
        changes.resources = true;
    }

    // A row whose slot belongs to an older job proves that one ended, even if nobody told.
    for (std::size_t i = 0; i < batch.rows.size(); ++i) {
        fetchAhead(batch.rows, i);
        const JobRow& row = batch.rows[i];
        const Node old = slot(row.id);
        if (old != noNode && rows_.id(old).generation() < row.id.generation())
            set(old, dying, true);
    }
    for (const JobRow& row : batch.rows) {
        const Node old = slot(row.id);
        if (old != noNode && has(old, dying))
            removeDying(old, changes);
    }

    std::vector<Node> arrived;
    for (const JobRow& row : batch.rows) {
        if (!row.id)
            continue;
        const Node known = slot(row.id);
        if (known == noNode) {
            arrived.push_back(take(row));
        } else if (rows_.id(known) == row.id) {
            update(known, row, changes);
        } else if (has(known, fresh) && rows_.id(known).generation() < row.id.generation()) {
            // Slot used twice within this batch: only the later job is still there.
            count(this->row(known), std::uint64_t(-1));
            rows_.put(known, row);
            setNamed(known, row.parent);
            count(row, 1);
        }
    }
    for (const Node node : arrived) {
        place(node, [&](Node each) { changes.inserted.push_back(each); });
        if (mayBeNotable(node))
            list(node, row(node));
    }
    if (!waiting_.empty())
        for (const Node node : arrived)
            adopt(node, changes);

    for (const EndedJob& ended : batch.ended)
        if (const Node node = find(ended.id); node != noNode)
            set(node, dying, true);
    for (const EndedJob& ended : batch.ended)
        if (const Node node = find(ended.id); node != noNode)
            removeDying(node, changes);

    for (const Node node : arrived)
        set(node, fresh, false);
    free_.insert(free_.end(), freed_.begin(), freed_.end());
    freed_.clear();
    tidyListed();
    if (changes.reset) { // all that is there is new, whatever befell it in between
        TreeChanges all;
        all.reset = true;
        all.resources = changes.resources;
        changes = std::move(all);
        return;
    }
    if (batch.ended.empty() && changes.removed.empty())
        return;
    auto dropDead = [this](std::vector<Node>& list) {
        std::erase_if(list, [this](Node node) { return !isLive(node); });
    };
    dropDead(changes.inserted);
    dropDead(changes.changed);
    dropDead(changes.moved);
}

void JobTree::apply(const Batch& batch, TreeChanges& changes) {
    apply(Batch(batch), changes);
}

JobTree::Builder::Builder(std::size_t most) {
    tree_.rows_.reserve(most);
    reserveWithRoom(tree_.links_, most);
    reserveWithRoom(tree_.nodeOfSlot_, most);
}

// Added in the order of creation, siblings lie beside each other: whoever goes through a million of them
// would else wait for memory at each.
JobTree JobTree::Builder::treeOf(std::span<const JobRow> rows) {
    constexpr std::size_t far = 24, near = 8;
    Builder builder(rows.size());
    LargeVector<Node> order(rows.size());
    std::iota(order.begin(), order.end(), Node{0});
    const RowsOfSource source{rows};
    CreationOrder<RowsOfSource>{source}.sort(order);
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i + far < order.size()) {
            const JobRow& next = rows[order[i + far]];
            __builtin_prefetch(&next, 0, 2);
            __builtin_prefetch(&next.suspendedAt, 0, 2);
        }
        if (i + near < order.size())
            builder.expect(rows[order[i + near]].id);
        builder.add(rows[order[i]]);
    }
    return builder.finish();
}

// A job is placed while what is known of it is at hand, as long as the jobs come in the order that is wanted.
// Slots that were used again have a later job: then all are sorted first, and placed at the end.
void JobTree::Builder::add(const JobRow& row) {
    if (!row.id)
        return;
    const std::uint32_t index = row.id.index();
    LargeVector<Node>& nodes = tree_.nodeOfSlot_;
    if (index >= nodes.size())
        nodes.resize(std::size_t{index} + 1, noNode);
    Node& known = nodes[index];
    if (known != noNode) {
        if (std::exchange(placing_, false))
            tree_.unplaceAll();
        if (tree_.rows_.id(known).generation() > row.id.generation())
            return;
        tree_.count(tree_.row(known), std::uint64_t(-1));
        tree_.rows_.put(known, row);
        tree_.setNamed(known, row.parent);
        tree_.count(row, 1);
        return;
    }
    known = static_cast<Node>(tree_.rows_.size());
    tree_.rows_.append(row);
    tree_.links_.emplace_back();
    ++tree_.live_;
    tree_.count(row, 1);
    if (placing_)
        placeLast(row);
    if (!placing_)
        tree_.setNamed(known, row.parent);
}

/// Or finds that it cannot be placed yet.
void JobTree::Builder::placeLast(const JobRow& row) {
    const auto node = static_cast<Node>(tree_.rows_.size() - 1);
    const Node parent = row.parent ? tree_.find(row.parent) : noNode;
    const bool inOrder = std::pair(lastCreatedAt_, lastNumber_) <= std::pair(row.createdAt, row.number);
    if ((node > 0 && !inOrder) || parent == node ||
        (!tree_.waiting_.empty() && tree_.waiting_.contains(row.id))) {
        placing_ = false;
        tree_.unplaceAll();
        return;
    }
    lastCreatedAt_ = row.createdAt;
    lastNumber_ = row.number;
    tree_.set(node, placed, true);
    tree_.link(node, parent, row.parent);
    if (parent == noNode && row.parent)
        tree_.awaitParent(node);
    tree_.list(node, row);
}

JobTree JobTree::Builder::finish() {
    if (placing_)
        return std::move(tree_);
    LargeVector<Node> order;
    order.reserve(tree_.rows_.size());
    for (Node node = 0; node < tree_.rows_.size(); ++node)
        order.push_back(node);
    CreationOrder<PackedRows>{tree_.rows_}.sort(order);
    for (const Node node : order) {
        tree_.place(node, [](Node) {});
        if (tree_.mayBeNotable(node))
            tree_.list(node, tree_.row(node));
    }
    return std::move(tree_);
}

/// As if none had been placed: each knows only the parent that it names.
void JobTree::unplaceAll() {
    for (Node node = 0; node < rows_.size(); ++node) {
        const JobId parent = parentId(node);
        links_[node] = {};
        setNamed(node, parent);
        rows_.setMarks(node, 0);
    }
    for (Node node = 0; node < rows_.size(); ++node)
        rows_.setLink(node, noNode);
    families_.assign(1, {});
    strays_.clear();
    waiting_.clear();
    listed_.clear();
    firstRoot_ = lastRoot_ = noNode;
}

/// Of its parent or, where there is none, of the one that it names.
JobId JobTree::parentId(Node node) const noexcept {
    const Node parent = rows_.link(node);
    if (!has(node, placed))
        return named(node);
    if (parent != noNode)
        return rows_.id(parent);
    const auto stray = strays_.find(node);
    return stray == strays_.end() ? JobId{} : stray->second.parent;
}

/// The rows of a batch are of jobs here and there among a million: what is known of them is asked for some
/// rows before their turn, so that the waits for memory overlap.
void JobTree::fetchAhead(const LargeVector<JobRow>& rows, std::size_t at) const noexcept {
    constexpr std::size_t near = 12, far = 2 * near;
    if (at + far < rows.size())
        if (const std::uint32_t index = rows[at + far].id.index(); index < nodeOfSlot_.size())
            __builtin_prefetch(&nodeOfSlot_[index]);
    if (at + near >= rows.size())
        return;
    const Node node = slot(rows[at + near].id);
    if (node == noNode)
        return;
    rows_.prefetch(node);
}

Node JobTree::slot(JobId id) const noexcept {
    return id && id.index() < nodeOfSlot_.size() ? nodeOfSlot_[id.index()] : noNode;
}

Node JobTree::find(JobId id) const noexcept {
    const Node node = slot(id);
    return node != noNode && rows_.id(node) == id ? node : noNode;
}

Node JobTree::take(const JobRow& row) {
    Node node = 0;
    if (free_.empty()) {
        node = static_cast<Node>(rows_.size());
        rows_.grow(1);
        links_.emplace_back();
    } else {
        node = free_.back();
        free_.pop_back();
    }
    rows_.put(node, row);
    rows_.setMarks(node, static_cast<std::uint8_t>((rows_.marks(node) & listed) | fresh));
    setNamed(node, row.parent);
    const std::uint32_t index = row.id.index();
    if (index >= nodeOfSlot_.size())
        nodeOfSlot_.resize(std::size_t{index} + 1, noNode);
    nodeOfSlot_[index] = node;
    ++live_;
    count(row, 1);
    return node;
}

void JobTree::update(Node node, const JobRow& row, TreeChanges& changes) {
    const JobRow before = this->row(node);
    count(before, std::uint64_t(-1));
    count(row, 1);
    rows_.put(node, row);
    if (!has(node, placed)) {
        setNamed(node, row.parent);
        return;
    }
    list(node, row);
    if (rows_.link(node) != noNode && isDetached(before.flags) != isDetached(row.flags)) {
        forgetDetached(node);
        countDetached(node);
    }
    if (before.parent != row.parent) {
        if (rows_.link(node) == noNode && before.parent)
            stopAwaiting(node);
        const Node parent = find(row.parent);
        const bool possible = parent != noNode && has(parent, placed) && !isBelow(parent, node);
        moveTo(node, possible ? parent : noNode, row.parent, changes);
        if (!possible && row.parent)
            awaitParent(node);
    }
    if (!has(node, fresh))
        changes.changed.push_back(node);
}

/// Links a new node and, before it, all its ancestors that are new as well.
template <class F>
void JobTree::place(Node node, F&& placedIt) {
    stack_.clear();
    while (node != noNode && !has(node, placed)) {
        const JobId named = this->named(node);
        set(node, placed, true); // also ends the walk on a cycle: its first node becomes a root
        stack_.push_back(node);
        node = find(named);
    }
    // Where the walk ended on one of its own nodes, that one is the start of the cycle and not linked yet.
    const bool cycle = node != noNode && std::find(stack_.begin(), stack_.end(), node) != stack_.end();
    for (std::size_t i = stack_.size(); i-- > 0;) {
        const Node at = stack_[i];
        const JobId named = this->named(at);
        const Node parent = i + 1 == stack_.size() && cycle ? noNode : find(named);
        links_[at] = {};
        link(at, parent, named);
        if (parent == noNode && named)
            awaitParent(at);
        placedIt(at);
    }
}

/// At the end of the parent's children. `named`: the parent that the job names, which is this one or is not
/// there.
void JobTree::link(Node node, Node parent, JobId named) {
    rows_.setLink(node, parent);
    if (parent == noNode && named)
        strays_[node].parent = named;
    else if (!strays_.empty())
        strays_.erase(node);
    if (parent != noNode && !hasFamily(parent))
        makeFamily(parent);
    Node& first = parent == noNode ? firstRoot_ : family(parent).first;
    Node& last = parent == noNode ? lastRoot_ : family(parent).last;
    siblings(node) = {.next = noNode, .previous = last};
    (last == noNode ? first : siblings(last).next) = node;
    last = node;
    if (parent != noNode) {
        ++family(parent).children;
        countDetached(node);
    }
}

void JobTree::unlink(Node node) noexcept {
    const Links links = std::exchange(siblings(node), {});
    const Node parent = rows_.link(node);
    Node& first = parent == noNode ? firstRoot_ : family(parent).first;
    Node& last = parent == noNode ? lastRoot_ : family(parent).last;
    (links.previous == noNode ? first : siblings(links.previous).next) = links.next;
    (links.next == noNode ? last : siblings(links.next).previous) = links.previous;
    if (parent != noNode) {
        forgetDetached(node);
        if (--family(parent).children == 0)
            leaveFamily(parent);
    }
    rows_.setLink(node, noNode);
}

void JobTree::makeFamily(Node node) {
    const Family made{.siblings = links_[node]};
    std::uint32_t at = 0;
    if (freeFamilies_.empty()) {
        at = static_cast<std::uint32_t>(families_.size());
        families_.push_back(made);
    } else {
        at = freeFamilies_.back();
        freeFamilies_.pop_back();
        families_[at] = made;
    }
    links_[node] = {.next = at, .previous = inFamily};
}

void JobTree::leaveFamily(Node node) {
    const std::uint32_t at = links_[node].next;
    links_[node] = families_[at].siblings;
    freeFamilies_.push_back(at);
}

void JobTree::countDetached(Node node) noexcept {
    const Node parent = rows_.link(node);
    const bool apart = isDetached(rows_.flags(node));
    const bool made = apart && launcher(node) == launcher(parent);
    set(node, detached, apart);
    set(node, byMaker, made);
    family(parent).detached += apart;
    family(parent).byMaker += made;
}

void JobTree::forgetDetached(Node node) noexcept {
    Family& family = this->family(rows_.link(node));
    family.detached -= has(node, detached);
    family.byMaker -= has(node, byMaker);
}

void JobTree::moveTo(Node node, Node parent, JobId named, TreeChanges& changes) {
    if (rows_.link(node) == parent) {
        if (parent == noNode && named)
            strays_[node].parent = named;
        else
            strays_.erase(node);
        return;
    }
    unlink(node);
    link(node, parent, named);
    if (mayBeNotable(node))
        list(node, row(node));
    if (!has(node, fresh))
        changes.moved.push_back(node);
}

/// Also true when it takes too long to tell.
bool JobTree::isBelow(Node node, Node ancestor) noexcept {
    if (node == ancestor)
        return true;
    if (firstChild(ancestor) == noNode)
        return false;
    for (; node != noNode; node = parent(node)) {
        if (node == ancestor || stepsLeft_ == 0)
            return true;
        --stepsLeft_;
    }
    return false;
}

/// A root that names a parent which is not there.
void JobTree::awaitParent(Node node) {
    Stray& stray = strays_[node];
    const auto [it, added] = waiting_.try_emplace(stray.parent, node);
    stray.previous = noNode;
    stray.next = added ? noNode : it->second;
    if (!added) {
        strays_[it->second].previous = node;
        it->second = node;
    }
}

void JobTree::stopAwaiting(Node node) {
    const auto found = strays_.find(node);
    if (found == strays_.end())
        return;
    Stray& stray = found->second;
    if (stray.previous != noNode) {
        strays_[stray.previous].next = stray.next;
    } else {
        const auto it = waiting_.find(stray.parent);
        if (it == waiting_.end() || it->second != node)
            return; // its parent has ended before it: nothing to wait for
        if (stray.next == noNode)
            waiting_.erase(it);
        else
            it->second = stray.next;
    }
    if (stray.next != noNode)
        strays_[stray.next].previous = stray.previous;
    stray.next = stray.previous = noNode;
}

/// Moves the roots that waited for `parent` below it, except the one it lies below itself.
void JobTree::adopt(Node parent, TreeChanges& changes) {
    const auto it = waiting_.find(rows_.id(parent));
    if (it == waiting_.end())
        return;
    Node root = parent;
    while (rows_.link(root) != noNode && stepsLeft_ > 0) {
        root = rows_.link(root);
        --stepsLeft_;
    }
    if (rows_.link(root) != noNode)
        return;
    for (Node node = it->second, next = noNode; node != noNode; node = next) {
        next = strays_[node].next;
        if (node == root)
            continue;
        stopAwaiting(node); // may erase the map's entry; `next` is all that is needed
        moveTo(node, parent, rows_.id(parent), changes);
    }
}

/// Removes a dying node; dying descendants that hang on it directly go first, other children become roots.
void JobTree::removeDying(Node node, TreeChanges& changes) {
    stack_.assign(1, node);
    while (!stack_.empty()) {
        const Node at = stack_.back();
        if (const Node child = firstChild(at); child != noNode) {
            if (has(child, dying))
                stack_.push_back(child);
            else
                moveTo(child, noNode, rows_.id(at), changes);
            continue;
        }
        stack_.pop_back();
        if (!has(at, fresh))
            changes.removed.push_back({at, rows_.id(at), rows_.link(at)});
        count(row(at), std::uint64_t(-1));
        if (!strays_.empty() && rows_.link(at) == noNode) {
            stopAwaiting(at);
            strays_.erase(at);
        }
        unlink(at);
        nodeOfSlot_[rows_.id(at).index()] = noNode;
        rows_.drop(at);
        rows_.setMarks(at, rows_.marks(at) & listed);
        freed_.push_back(at);
        --live_;
    }
}

void JobTree::count(const JobRow& row, std::uint64_t sign) noexcept {
    addTo(totals_, row.execution, row.state, sign);
    notables_ += isNotable(row) ? sign : 0;
}

/// Not when it is certainly not notable: without putting its row together. True of all that isNotable is true
/// of.
bool JobTree::mayBeNotable(Node node) const noexcept {
    const JobState state = rows_.state(node);
    return state == JobState::Cancelling || state == JobState::New ||
           rows_.kind(node) == JobKind::RunBlocking ||
           (rows_.flags(node) & (JobFlags::swallowedCancellation | JobFlags::ownsScope)) != 0;
}

/// Called when the job's row or its place changes. A million jobs that are cancelled together are listed as
/// one: the topmost.
void JobTree::list(Node node, const JobRow& row) {
    if (!isNotable(row) || has(node, listed))
        return;
    const Node parent = rows_.link(node);
    if (row.state == JobState::Cancelling && (row.flags & JobFlags::swallowedCancellation) == 0 &&
        parent != noNode && rows_.state(parent) == JobState::Cancelling)
        return;
    set(node, listed, true);
    listed_.push_back(node);
}

/// Nodes stay listed when their jobs are no longer notable, until half of the list is of no use.
void JobTree::tidyListed() {
    if (listed_.size() < 64 + 2 * notables_)
        return;
    std::erase_if(listed_, [this](Node node) {
        const bool useless = !isLive(node) || !isNotable(row(node));
        if (useless)
            set(node, listed, false);
        return useless;
    });
}

RootKind JobTree::rootKind(Node root) const noexcept {
    if (rows_.link(root) != noNode || parentId(root))
        return RootKind::Owned;
    if ((rows_.flags(root) & JobFlags::launchedInGlobalScope) != 0)
        return RootKind::Global;
    const JobKind kind = rows_.kind(root);
    if (kind != JobKind::Job && kind != JobKind::SupervisorJob)
        return RootKind::Owned;
    // A Job that is held and that others launch into is that of an application or a component, and has its
    // owner.
    const std::uint32_t cutOff = row(root).held ? family(root).byMaker : family(root).detached;
    return cutOff > 0 ? RootKind::Island : RootKind::Owned;
}

bool JobTree::isOrphanRoot(Node node) const noexcept {
    return rows_.link(node) == noNode && rootKind(node) != RootKind::Owned;
}

const Resource* JobTree::resource(ResourceId id) const noexcept {
    const auto at = std::lower_bound(resources_.begin(), resources_.end(), id,
                                     [](const Resource& r, ResourceId wanted) { return r.id < wanted; });
    return id && at != resources_.end() && at->id == id ? &*at : nullptr;
}

JobId JobTree::waitsForJob(const JobRow& row) const noexcept {
    if (row.execution != Execution::Suspended)
        return {};
    if (row.waitKind == WaitKind::Job || row.waitKind == WaitKind::Scope)
        return {row.waitsFor};
    const Resource* const resource = this->resource(row.resource());
    return resource ? resource->owner : JobId{};
}

std::vector<Node> JobTree::path(Node node) const {
    std::vector<Node> nodes;
    for (; node != noNode; node = rows_.link(node))
        nodes.push_back(node);
    std::reverse(nodes.begin(), nodes.end());
    return nodes;
}

std::vector<Node> JobTree::subtree(Node node) const {
    std::vector<Node> nodes{node};
    Node at = node;
    for (;;) {
        if (const Node child = firstChild(at); child != noNode) {
            at = child;
        } else {
            while (at != node && nextSibling(at) == noNode)
                at = rows_.link(at);
            if (at == node)
                return nodes;
            at = nextSibling(at);
        }
        nodes.push_back(at);
    }
}

JobCounts JobTree::counts(Node node) const {
    JobCounts counts;
    for (const Node each : subtree(node))
        addTo(counts, rows_.execution(each), rows_.state(each), 1);
    return counts;
}

} // namespace coroscope::observe
