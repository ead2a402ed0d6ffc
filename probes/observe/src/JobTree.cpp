// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/JobTree.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace coroscope::observe {

namespace {

/// Links up from a late parent that one apply may follow while it looks for cycles. Real trees need a
/// handful; the limit keeps made-up ones from costing more than a moment. What is beyond it stays a root.
constexpr std::uint64_t cycleSearchSteps = 20'000'000;

bool detached(const JobRow& row) noexcept {
    return (row.flags & JobFlags::parentFromContext) != 0;
}

/// Orders nodes by when their jobs were created; jobs of one moment by their number.
struct CreationOrder {
    const LargeVector<JobRow>& rows;

    bool operator()(Node a, Node b) const noexcept {
        return std::tie(rows[a].createdAt, rows[a].number) < std::tie(rows[b].createdAt, rows[b].number);
    }

    /// A radix sort, for millions of nodes in arbitrary order: some five times faster than comparing.
    void sort(std::vector<Node>& nodes) const {
        if (nodes.empty() || std::is_sorted(nodes.begin(), nodes.end(), *this))
            return;
        struct Key {
            std::uint64_t since;
            Node node;
        };
        std::int64_t first = rows[nodes.front()].createdAt, last = first;
        for (const Node node : nodes) {
            first = std::min(first, rows[node].createdAt);
            last = std::max(last, rows[node].createdAt);
        }
        auto distance = [first](std::int64_t at) {
            return static_cast<std::uint64_t>(at) - static_cast<std::uint64_t>(first);
        };
        LargeVector<Key> keys, next(nodes.size());
        keys.reserve(nodes.size());
        for (const Node node : nodes)
            keys.push_back({distance(rows[node].createdAt), node});
        constexpr unsigned bits = 11;
        constexpr std::uint64_t mask = (1u << bits) - 1;
        for (unsigned shift = 0; shift < 64 && distance(last) >> shift != 0; shift += bits) {
            std::array<std::uint32_t, mask + 1> places{};
            for (const Key& key : keys)
                ++places[key.since >> shift & mask];
            std::uint32_t sum = 0;
            for (std::uint32_t& place : places)
                sum += std::exchange(place, sum);
            for (const Key& key : keys)
                next[places[key.since >> shift & mask]++] = key;
            keys.swap(next);
        }
        for (std::size_t i = 0; i < keys.size(); ++i)
            nodes[i] = keys[i].node;
        // Jobs of one moment lie together now, but not in order.
        for (auto from = nodes.begin(), to = from; from != nodes.end(); from = to) {
            const std::int64_t at = rows[*from].createdAt;
            to = std::find_if(from, nodes.end(), [&](Node node) { return rows[node].createdAt != at; });
            std::sort(from, to, *this);
        }
    }
};

} // namespace

void addTo(JobCounts& counts, const JobRow& row, std::uint64_t sign) noexcept {
    counts.jobs += sign;
    switch (row.execution) {
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
    if (row.state == JobState::Cancelling)
        counts.cancelling += sign;
}

// How a batch goes in, so that no step costs more than the jobs it is about and no cycle can arise:
// 1. All rows find their nodes; new ones are not linked yet.
// 2. New nodes are linked, parents before children: a node that has no children cannot close a cycle.
// 3. Roots that waited for a parent that has just come move below it. Only here a cycle is possible and
// looked for.
// 4. What has ended goes, children before parents; children that live on become roots.
void JobTree::apply(Batch batch, TreeChanges& changes) {
    changes.clear();
    stepsLeft_ = cycleSearchSteps;
    std::vector<Node> arrived;
    if (batch.reset) {
        *this = JobTree{};
        stepsLeft_ = cycleSearchSteps;
        changes.reset = true;
        changes.inserted.reserve(batch.rows.size());
        arrived = takeAll(std::move(batch.rows));
        batch.rows.clear();
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
        if (old != noNode && rows_[old].id.generation() < row.id.generation())
            links_[old].dying = true;
    }
    for (const JobRow& row : batch.rows) {
        const Node old = slot(row.id);
        if (old != noNode && links_[old].dying)
            removeDying(old, changes);
    }

    for (const JobRow& row : batch.rows) {
        if (!row.id)
            continue;
        const Node known = slot(row.id);
        if (known == noNode) {
            arrived.push_back(take(row));
        } else if (rows_[known].id == row.id) {
            update(known, row, changes);
        } else if (links_[known].fresh && rows_[known].id.generation() < row.id.generation()) {
            // Slot used twice within this batch: only the later job is still there.
            count(rows_[known], std::uint64_t(-1));
            rows_[known] = row;
            count(row, 1);
            list(known);
        }
    }
    for (const Node node : arrived)
        place(node, changes);
    for (const Node node : arrived)
        list(node);
    if (!waiting_.empty())
        for (const Node node : arrived)
            adopt(node, changes);

    for (const EndedJob& ended : batch.ended)
        if (const Node node = find(ended.id); node != noNode)
            links_[node].dying = true;
    for (const EndedJob& ended : batch.ended)
        if (const Node node = find(ended.id); node != noNode)
            removeDying(node, changes);

    for (const Node node : arrived)
        links_[node].fresh = false;
    tidyListed();
    if (batch.ended.empty() && changes.removed.empty())
        return;
    auto dropDead = [this](std::vector<Node>& list) {
        std::erase_if(list, [this](Node node) { return !isLive(node); });
    };
    dropDead(changes.inserted);
    dropDead(changes.changed);
    dropDead(changes.moved);
}

/// Takes in a complete state as it is, without copying it. Answers its nodes in the order in which the jobs
/// were created: a source may give them in the order of slots, people expect the order in which they came.
std::vector<Node> JobTree::takeAll(LargeVector<JobRow> rows) {
    rows_ = std::move(rows);
    links_.assign(rows_.size(), newcomer());
    std::uint32_t slots = 0;
    for (const JobRow& row : rows_)
        slots = std::max(slots, row.id ? row.id.index() + 1 : 0);
    nodeOfSlot_.assign(slots, noNode);
    std::vector<Node> arrived;
    arrived.reserve(rows_.size());
    auto drop = [this](Node node) {
        rows_[node] = JobRow{};
        links_[node] = Links{};
        free_.push_back(node);
    };
    for (Node node = 0; node < rows_.size(); ++node) {
        if (!rows_[node].id) {
            drop(node);
            continue;
        }
        Node& known = nodeOfSlot_[rows_[node].id.index()];
        if (known == noNode) {
            known = node;
            arrived.push_back(node);
            count(rows_[node], 1);
            continue;
        }
        // Slot used twice within the state: only the later job is still there.
        if (rows_[known].id.generation() <= rows_[node].id.generation()) {
            count(rows_[known], std::uint64_t(-1));
            rows_[known] = rows_[node];
            count(rows_[known], 1);
        }
        drop(node);
    }
    live_ = arrived.size();
    CreationOrder{rows_}.sort(arrived);
    return arrived;
}

JobTree::Links JobTree::newcomer() noexcept {
    Links links;
    links.fresh = true;
    links.placed = false;
    return links;
}

/// The rows of a batch are of jobs here and there among a million: what is known of them is asked for some
/// rows before their turn, so that the waits for memory overlap.
void JobTree::fetchAhead(const LargeVector<JobRow>& rows, std::size_t at) const noexcept {
    constexpr std::size_t near = 12, far = 2 * near;
    constexpr std::uintptr_t line = 64;
    if (at + far < rows.size())
        if (const std::uint32_t index = rows[at + far].id.index(); index < nodeOfSlot_.size())
            __builtin_prefetch(&nodeOfSlot_[index]);
    if (at + near >= rows.size())
        return;
    const Node node = slot(rows[at + near].id);
    if (node == noNode)
        return;
    const auto row = reinterpret_cast<std::uintptr_t>(&rows_[node]);
    for (std::uintptr_t each = row / line; each <= (row + sizeof(JobRow) - 1) / line; ++each)
        __builtin_prefetch(reinterpret_cast<const void*>(each * line), 1);
    __builtin_prefetch(&links_[node], 1);
}

Node JobTree::slot(JobId id) const noexcept {
    return id && id.index() < nodeOfSlot_.size() ? nodeOfSlot_[id.index()] : noNode;
}

Node JobTree::find(JobId id) const noexcept {
    const Node node = slot(id);
    return node != noNode && rows_[node].id == id ? node : noNode;
}

Node JobTree::take(const JobRow& row) {
    Node node = 0;
    if (free_.empty()) {
        node = static_cast<Node>(rows_.size());
        rows_.emplace_back();
        links_.emplace_back();
    } else {
        node = free_.back();
        free_.pop_back();
    }
    rows_[node] = row;
    const bool listed = links_[node].listed;
    links_[node] = newcomer();
    links_[node].listed = listed;
    const std::uint32_t index = row.id.index();
    if (index >= nodeOfSlot_.size())
        nodeOfSlot_.resize(std::max<std::size_t>(index + 1, nodeOfSlot_.size() * 3 / 2), noNode);
    nodeOfSlot_[index] = node;
    ++live_;
    count(row, 1);
    return node;
}

void JobTree::update(Node node, const JobRow& row, TreeChanges& changes) {
    Links& links = links_[node];
    const JobRow before = rows_[node];
    count(before, std::uint64_t(-1));
    count(row, 1);
    rows_[node] = row;
    list(node);
    if (!links.placed)
        return;
    if (links.parent != noNode && detached(before) != detached(row)) {
        forgetDetached(node);
        countDetached(node);
    }
    if (before.parent != row.parent) {
        if (links.parent == noNode && before.parent) {
            rows_[node].parent = before.parent; // it is listed under the parent that it waited for
            stopAwaiting(node);
            rows_[node].parent = row.parent;
        }
        const Node parent = find(row.parent);
        const bool possible = parent != noNode && links_[parent].placed && !isBelow(parent, node);
        moveTo(node, possible ? parent : noNode, changes);
        if (!possible && row.parent)
            awaitParent(node);
    }
    if (!links.fresh)
        changes.changed.push_back(node);
}

/// Links a new node and, before it, all its ancestors that are new as well.
void JobTree::place(Node node, TreeChanges& changes) {
    stack_.clear();
    while (node != noNode && !links_[node].placed) {
        links_[node].placed = true; // also ends the walk on a cycle: its first node becomes a root
        stack_.push_back(node);
        node = find(rows_[node].parent);
    }
    // Where the walk ended on one of its own nodes, that one is the start of the cycle and not linked yet.
    const bool cycle = node != noNode && std::find(stack_.begin(), stack_.end(), node) != stack_.end();
    for (std::size_t i = stack_.size(); i-- > 0;) {
        const Node at = stack_[i];
        const Node parent = i + 1 == stack_.size() && cycle ? noNode : find(rows_[at].parent);
        link(at, parent);
        if (parent == noNode && rows_[at].parent)
            awaitParent(at);
        changes.inserted.push_back(at);
    }
}

void JobTree::link(Node node, Node parent) noexcept {
    Links& links = links_[node];
    links.parent = parent;
    Node& first = parent == noNode ? firstRoot_ : links_[parent].firstChild;
    Node& last = parent == noNode ? lastRoot_ : links_[parent].lastChild;
    links.previousSibling = last;
    links.nextSibling = noNode;
    (last == noNode ? first : links_[last].nextSibling) = node;
    last = node;
    if (parent != noNode) {
        ++links_[parent].children;
        countDetached(node);
    }
}

void JobTree::unlink(Node node) noexcept {
    Links& links = links_[node];
    const Node parent = links.parent;
    Node& first = parent == noNode ? firstRoot_ : links_[parent].firstChild;
    Node& last = parent == noNode ? lastRoot_ : links_[parent].lastChild;
    (links.previousSibling == noNode ? first : links_[links.previousSibling].nextSibling) = links.nextSibling;
    (links.nextSibling == noNode ? last : links_[links.nextSibling].previousSibling) = links.previousSibling;
    if (parent != noNode) {
        --links_[parent].children;
        forgetDetached(node);
    }
    links.parent = links.nextSibling = links.previousSibling = noNode;
}

void JobTree::countDetached(Node node) noexcept {
    Links& links = links_[node];
    Links& parent = links_[links.parent];
    links.detached = detached(rows_[node]);
    links.byMaker = links.detached && rows_[node].launcher == rows_[links.parent].launcher;
    parent.detachedChildren += links.detached;
    parent.detachedByMaker += links.byMaker;
}

void JobTree::forgetDetached(Node node) noexcept {
    const Links& links = links_[node];
    Links& parent = links_[links.parent];
    parent.detachedChildren -= links.detached;
    parent.detachedByMaker -= links.byMaker;
}

void JobTree::moveTo(Node node, Node parent, TreeChanges& changes) {
    if (links_[node].parent == parent)
        return;
    unlink(node);
    link(node, parent);
    list(node);
    if (!links_[node].fresh)
        changes.moved.push_back(node);
}

/// Also true when it takes too long to tell.
bool JobTree::isBelow(Node node, Node ancestor) noexcept {
    if (node == ancestor)
        return true;
    if (links_[ancestor].firstChild == noNode)
        return false;
    for (; node != noNode; node = links_[node].parent) {
        if (node == ancestor || stepsLeft_ == 0)
            return true;
        --stepsLeft_;
    }
    return false;
}

void JobTree::awaitParent(Node node) {
    Links& links = links_[node];
    const auto [it, added] = waiting_.try_emplace(rows_[node].parent, node);
    links.previousWaiting = noNode;
    links.nextWaiting = added ? noNode : it->second;
    if (!added) {
        links_[it->second].previousWaiting = node;
        it->second = node;
    }
}

void JobTree::stopAwaiting(Node node) {
    Links& links = links_[node];
    if (links.previousWaiting != noNode) {
        links_[links.previousWaiting].nextWaiting = links.nextWaiting;
    } else {
        const auto it = waiting_.find(rows_[node].parent);
        if (it == waiting_.end() || it->second != node)
            return; // its parent has ended before it: nothing to wait for
        if (links.nextWaiting == noNode)
            waiting_.erase(it);
        else
            it->second = links.nextWaiting;
    }
    if (links.nextWaiting != noNode)
        links_[links.nextWaiting].previousWaiting = links.previousWaiting;
    links.nextWaiting = links.previousWaiting = noNode;
}

/// Moves the roots that waited for `parent` below it, except the one it lies below itself.
void JobTree::adopt(Node parent, TreeChanges& changes) {
    const auto it = waiting_.find(rows_[parent].id);
    if (it == waiting_.end())
        return;
    Node root = parent;
    while (links_[root].parent != noNode && stepsLeft_ > 0) {
        root = links_[root].parent;
        --stepsLeft_;
    }
    if (links_[root].parent != noNode)
        return;
    for (Node node = it->second, next = noNode; node != noNode; node = next) {
        next = links_[node].nextWaiting;
        if (node == root)
            continue;
        stopAwaiting(node); // may erase the map's entry; `next` is all that is needed
        moveTo(node, parent, changes);
    }
}

/// Removes a dying node; dying descendants that hang on it directly go first, other children become roots.
void JobTree::removeDying(Node node, TreeChanges& changes) {
    stack_.assign(1, node);
    while (!stack_.empty()) {
        const Node at = stack_.back();
        if (const Node child = links_[at].firstChild; child != noNode) {
            if (links_[child].dying)
                stack_.push_back(child);
            else
                moveTo(child, noNode, changes);
            continue;
        }
        stack_.pop_back();
        Links& links = links_[at];
        if (!links.fresh)
            changes.removed.push_back({at, rows_[at].id, links.parent});
        if (links.parent == noNode && rows_[at].parent)
            stopAwaiting(at);
        unlink(at);
        nodeOfSlot_[rows_[at].id.index()] = noNode;
        count(rows_[at], std::uint64_t(-1));
        const bool listed = links.listed;
        links = Links{};
        links.listed = listed;
        rows_[at] = JobRow{};
        free_.push_back(at);
        --live_;
    }
}

void JobTree::count(const JobRow& row, std::uint64_t sign) noexcept {
    addTo(totals_, row, sign);
    notables_ += isNotable(row) ? sign : 0;
}

/// Called when the job's row or its place changes. A million jobs that are cancelled together are listed as
/// one: the topmost.
void JobTree::list(Node node) {
    const JobRow& row = rows_[node];
    if (links_[node].listed || !isNotable(row))
        return;
    const Node parent = links_[node].parent;
    if (row.state == JobState::Cancelling && (row.flags & JobFlags::swallowedCancellation) == 0 &&
        parent != noNode && rows_[parent].state == JobState::Cancelling)
        return;
    links_[node].listed = true;
    listed_.push_back(node);
}

/// Nodes stay listed when their jobs are no longer notable, until half of the list is of no use.
void JobTree::tidyListed() {
    if (listed_.size() < 64 + 2 * notables_)
        return;
    std::erase_if(listed_, [this](Node node) {
        const bool useless = !isLive(node) || !isNotable(rows_[node]);
        if (useless)
            links_[node].listed = false;
        return useless;
    });
}

RootKind JobTree::rootKind(Node root) const noexcept {
    const Links& links = links_[root];
    if (links.parent != noNode || rows_[root].parent)
        return RootKind::Owned;
    if ((rows_[root].flags & JobFlags::launchedInGlobalScope) != 0)
        return RootKind::Global;
    const bool plain = rows_[root].kind == JobKind::Job || rows_[root].kind == JobKind::SupervisorJob;
    // A Job that is held and that others launch into is that of an application or a component, and has its
    // owner.
    const std::uint32_t cutOff = rows_[root].held ? links.detachedByMaker : links.detachedChildren;
    return plain && cutOff > 0 ? RootKind::Island : RootKind::Owned;
}

bool JobTree::isOrphanRoot(Node node) const noexcept {
    return links_[node].parent == noNode && rootKind(node) != RootKind::Owned;
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
    for (; node != noNode; node = links_[node].parent)
        nodes.push_back(node);
    std::reverse(nodes.begin(), nodes.end());
    return nodes;
}

std::vector<Node> JobTree::subtree(Node node) const {
    std::vector<Node> nodes{node};
    Node at = node;
    for (;;) {
        if (links_[at].firstChild != noNode) {
            at = links_[at].firstChild;
        } else {
            while (at != node && links_[at].nextSibling == noNode)
                at = links_[at].parent;
            if (at == node)
                return nodes;
            at = links_[at].nextSibling;
        }
        nodes.push_back(at);
    }
}

JobCounts JobTree::counts(Node node) const {
    JobCounts counts;
    for (const Node each : subtree(node))
        addTo(counts, rows_[each], 1);
    return counts;
}

} // namespace coroscope::observe
