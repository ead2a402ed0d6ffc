// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/JobTree.h>

#include <algorithm>
#include <tuple>

namespace coroscope::observe {

namespace {

/// Links up from a late parent that one apply may follow while it looks for cycles. Real trees need a
/// handful; the limit keeps made-up ones from costing more than a moment. What is beyond it stays a root.
constexpr std::uint64_t cycleSearchSteps = 20'000'000;

bool detached(const JobRow& row) noexcept {
    return (row.flags & JobFlags::parentFromContext) != 0;
}

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

} // namespace

// How a batch goes in, so that no step costs more than the jobs it is about and no cycle can arise:
// 1. All rows find their nodes; new ones are not linked yet.
// 2. New nodes are linked, parents before children: a node that has no children cannot close a cycle.
// 3. Roots that waited for a parent that has just come move below it. Only here a cycle is possible and
// looked for.
// 4. What has ended goes, children before parents; children that live on become roots.
void JobTree::apply(const Batch& batch, TreeChanges& changes) {
    changes.clear();
    if (batch.reset) {
        *this = JobTree{};
        changes.reset = true;
        nodes_.reserve(batch.rows.size());
    }
    stepsLeft_ = cycleSearchSteps;

    // A row whose slot belongs to an older job proves that one ended, even if nobody told.
    for (const JobRow& row : batch.rows) {
        const Node old = slot(row.id);
        if (old != noNode && nodes_[old].row.id.generation() < row.id.generation())
            nodes_[old].dying = true;
    }
    for (const JobRow& row : batch.rows) {
        const Node old = slot(row.id);
        if (old != noNode && nodes_[old].dying)
            removeDying(old, changes);
    }

    std::vector<Node> arrived;
    for (const JobRow& row : batch.rows) {
        if (!row.id)
            continue;
        const Node known = slot(row.id);
        if (known == noNode) {
            arrived.push_back(take(row));
        } else if (nodes_[known].row.id == row.id) {
            update(known, row, changes);
        } else if (nodes_[known].fresh && nodes_[known].row.id.generation() < row.id.generation()) {
            // Slot used twice within this batch: only the later job is still there.
            count(nodes_[known].row, std::uint64_t(-1));
            nodes_[known].row = row;
            count(row, 1);
        }
    }
    // A complete state comes in the order of slots; people expect the order in which the jobs came.
    if (batch.reset)
        std::sort(arrived.begin(), arrived.end(), [this](Node a, Node b) {
            return std::tie(nodes_[a].row.createdAt, nodes_[a].row.number) <
                   std::tie(nodes_[b].row.createdAt, nodes_[b].row.number);
        });
    for (const Node node : arrived)
        place(node, changes);
    if (!waiting_.empty())
        for (const Node node : arrived)
            adopt(node, changes);

    for (const EndedJob& ended : batch.ended)
        if (const Node node = find(ended.id); node != noNode)
            nodes_[node].dying = true;
    for (const EndedJob& ended : batch.ended)
        if (const Node node = find(ended.id); node != noNode)
            removeDying(node, changes);

    for (const Node node : arrived)
        nodes_[node].fresh = false;
    auto dropDead = [this](std::vector<Node>& list) {
        std::erase_if(list, [this](Node node) { return !isLive(node); });
    };
    dropDead(changes.inserted);
    dropDead(changes.changed);
    dropDead(changes.moved);
}

Node JobTree::slot(JobId id) const noexcept {
    return id && id.index() < nodeOfSlot_.size() ? nodeOfSlot_[id.index()] : noNode;
}

Node JobTree::find(JobId id) const noexcept {
    const Node node = slot(id);
    return node != noNode && nodes_[node].row.id == id ? node : noNode;
}

Node JobTree::take(const JobRow& row) {
    Node node = 0;
    if (free_.empty()) {
        node = static_cast<Node>(nodes_.size());
        nodes_.emplace_back();
    } else {
        node = free_.back();
        free_.pop_back();
    }
    Entry& entry = nodes_[node];
    entry = Entry{};
    entry.row = row;
    entry.fresh = true;
    entry.placed = false;
    const std::uint32_t index = row.id.index();
    if (index >= nodeOfSlot_.size())
        nodeOfSlot_.resize(std::max<std::size_t>(index + 1, nodeOfSlot_.size() * 3 / 2), noNode);
    nodeOfSlot_[index] = node;
    ++live_;
    count(row, 1);
    return node;
}

void JobTree::update(Node node, const JobRow& row, TreeChanges& changes) {
    Entry& entry = nodes_[node];
    const JobRow before = entry.row;
    count(before, std::uint64_t(-1));
    count(row, 1);
    entry.row = row;
    if (!entry.placed)
        return;
    if (entry.parent != noNode && detached(before) != detached(row))
        nodes_[entry.parent].detachedChildren += detached(row) ? 1u : ~0u;
    if (before.parent != row.parent) {
        if (entry.parent == noNode && before.parent) {
            entry.row.parent = before.parent; // it is listed under the parent that it waited for
            stopAwaiting(node);
            entry.row.parent = row.parent;
        }
        const Node parent = find(row.parent);
        const bool possible = parent != noNode && nodes_[parent].placed && !isBelow(parent, node);
        moveTo(node, possible ? parent : noNode, changes);
        if (!possible && row.parent)
            awaitParent(node);
    }
    if (!entry.fresh)
        changes.changed.push_back(node);
}

/// Links a new node and, before it, all its ancestors that are new as well.
void JobTree::place(Node node, TreeChanges& changes) {
    stack_.clear();
    while (node != noNode && !nodes_[node].placed) {
        nodes_[node].placed = true; // also ends the walk on a cycle: its first node becomes a root
        stack_.push_back(node);
        node = find(nodes_[node].row.parent);
    }
    // Where the walk ended on one of its own nodes, that one is the start of the cycle and not linked yet.
    const bool cycle = node != noNode && std::find(stack_.begin(), stack_.end(), node) != stack_.end();
    for (std::size_t i = stack_.size(); i-- > 0;) {
        const Node at = stack_[i];
        const Node parent = i + 1 == stack_.size() && cycle ? noNode : find(nodes_[at].row.parent);
        link(at, parent);
        if (parent == noNode && nodes_[at].row.parent)
            awaitParent(at);
        changes.inserted.push_back(at);
    }
}

void JobTree::link(Node node, Node parent) noexcept {
    Entry& entry = nodes_[node];
    entry.parent = parent;
    Node& first = parent == noNode ? firstRoot_ : nodes_[parent].firstChild;
    Node& last = parent == noNode ? lastRoot_ : nodes_[parent].lastChild;
    entry.previousSibling = last;
    entry.nextSibling = noNode;
    (last == noNode ? first : nodes_[last].nextSibling) = node;
    last = node;
    if (parent != noNode) {
        ++nodes_[parent].children;
        if (detached(entry.row))
            ++nodes_[parent].detachedChildren;
    }
}

void JobTree::unlink(Node node) noexcept {
    Entry& entry = nodes_[node];
    const Node parent = entry.parent;
    Node& first = parent == noNode ? firstRoot_ : nodes_[parent].firstChild;
    Node& last = parent == noNode ? lastRoot_ : nodes_[parent].lastChild;
    (entry.previousSibling == noNode ? first : nodes_[entry.previousSibling].nextSibling) = entry.nextSibling;
    (entry.nextSibling == noNode ? last : nodes_[entry.nextSibling].previousSibling) = entry.previousSibling;
    if (parent != noNode) {
        --nodes_[parent].children;
        if (detached(entry.row))
            --nodes_[parent].detachedChildren;
    }
    entry.parent = entry.nextSibling = entry.previousSibling = noNode;
}

void JobTree::moveTo(Node node, Node parent, TreeChanges& changes) {
    if (nodes_[node].parent == parent)
        return;
    unlink(node);
    link(node, parent);
    if (!nodes_[node].fresh)
        changes.moved.push_back(node);
}

/// Also true when it takes too long to tell.
bool JobTree::isBelow(Node node, Node ancestor) noexcept {
    if (node == ancestor)
        return true;
    if (nodes_[ancestor].firstChild == noNode)
        return false;
    for (; node != noNode; node = nodes_[node].parent) {
        if (node == ancestor || stepsLeft_ == 0)
            return true;
        --stepsLeft_;
    }
    return false;
}

void JobTree::awaitParent(Node node) {
    Entry& entry = nodes_[node];
    const auto [it, added] = waiting_.try_emplace(entry.row.parent, node);
    entry.previousWaiting = noNode;
    entry.nextWaiting = added ? noNode : it->second;
    if (!added) {
        nodes_[it->second].previousWaiting = node;
        it->second = node;
    }
}

void JobTree::stopAwaiting(Node node) {
    Entry& entry = nodes_[node];
    if (entry.previousWaiting != noNode) {
        nodes_[entry.previousWaiting].nextWaiting = entry.nextWaiting;
    } else {
        const auto it = waiting_.find(entry.row.parent);
        if (it == waiting_.end() || it->second != node)
            return; // its parent has ended before it: nothing to wait for
        if (entry.nextWaiting == noNode)
            waiting_.erase(it);
        else
            it->second = entry.nextWaiting;
    }
    if (entry.nextWaiting != noNode)
        nodes_[entry.nextWaiting].previousWaiting = entry.previousWaiting;
    entry.nextWaiting = entry.previousWaiting = noNode;
}

/// Moves the roots that waited for `parent` below it, except the one it lies below itself.
void JobTree::adopt(Node parent, TreeChanges& changes) {
    const auto it = waiting_.find(nodes_[parent].row.id);
    if (it == waiting_.end())
        return;
    Node root = parent;
    while (nodes_[root].parent != noNode && stepsLeft_ > 0) {
        root = nodes_[root].parent;
        --stepsLeft_;
    }
    if (nodes_[root].parent != noNode)
        return;
    for (Node node = it->second, next = noNode; node != noNode; node = next) {
        next = nodes_[node].nextWaiting;
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
        if (const Node child = nodes_[at].firstChild; child != noNode) {
            if (nodes_[child].dying)
                stack_.push_back(child);
            else
                moveTo(child, noNode, changes);
            continue;
        }
        stack_.pop_back();
        Entry& entry = nodes_[at];
        if (!entry.fresh)
            changes.removed.push_back({at, entry.row.id, entry.parent});
        if (entry.parent == noNode && entry.row.parent)
            stopAwaiting(at);
        unlink(at);
        nodeOfSlot_[entry.row.id.index()] = noNode;
        count(entry.row, std::uint64_t(-1));
        entry = Entry{};
        free_.push_back(at);
        --live_;
    }
}

void JobTree::count(const JobRow& row, std::uint64_t sign) noexcept {
    addTo(totals_, row, sign);
}

RootKind JobTree::rootKind(Node root) const noexcept {
    const Entry& entry = nodes_[root];
    if (entry.parent != noNode || entry.row.parent)
        return RootKind::Owned;
    if ((entry.row.flags & JobFlags::launchedInGlobalScope) != 0)
        return RootKind::Global;
    const bool plain = entry.row.kind == JobKind::Job || entry.row.kind == JobKind::SupervisorJob;
    return plain && entry.detachedChildren > 0 ? RootKind::Island : RootKind::Owned;
}

bool JobTree::isOrphanRoot(Node node) const noexcept {
    return nodes_[node].parent == noNode && rootKind(node) != RootKind::Owned;
}

std::vector<Node> JobTree::path(Node node) const {
    std::vector<Node> nodes;
    for (; node != noNode; node = nodes_[node].parent)
        nodes.push_back(node);
    std::reverse(nodes.begin(), nodes.end());
    return nodes;
}

std::vector<Node> JobTree::subtree(Node node) const {
    std::vector<Node> nodes{node};
    Node at = node;
    for (;;) {
        if (nodes_[at].firstChild != noNode) {
            at = nodes_[at].firstChild;
        } else {
            while (at != node && nodes_[at].nextSibling == noNode)
                at = nodes_[at].parent;
            if (at == node)
                return nodes;
            at = nodes_[at].nextSibling;
        }
        nodes.push_back(at);
    }
}

JobCounts JobTree::counts(Node node) const {
    JobCounts counts;
    for (const Node each : subtree(node))
        addTo(counts, nodes_[each].row, 1);
    return counts;
}

} // namespace coroscope::observe
