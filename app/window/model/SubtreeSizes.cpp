// SPDX-License-Identifier: Apache-2.0
#include "model/SubtreeSizes.h"

namespace coroscope::app {

using observe::Node;
using observe::noNode;

void SubtreeSizes::clear() {
    entries_.clear();
    inner_.clear();
    freeInner_.clear();
    pending_.clear();
}

void SubtreeSizes::rebuild(const observe::JobTree& tree) {
    clear();
    observe::LargeVector<Node> order; // parents before children
    order.reserve(tree.size());
    for (Node root = tree.firstRoot(); root != noNode; root = tree.nextSibling(root))
        order.push_back(root);
    for (std::size_t i = 0; i < order.size(); ++i) {
        for (Node child = tree.firstChild(order[i]); child != noNode; child = tree.nextSibling(child))
            order.push_back(child);
    }
    observe::resizeWithRoom(entries_, tree.endNode());
    for (const Node node : order) {
        entries_[node] = below(tree.parent(node));
        if (tree.childCount(node) > 0)
            innerOf(node);
    }
    for (std::size_t i = order.size(); i-- > 0;)
        if (const Node parent = entries_[order[i]].parent; parent != noNode)
            innerOf(parent).size += size(order[i]);
}

void SubtreeSizes::add(Node node, std::int32_t difference) {
    Inner& inner = innerOf(node);
    inner.difference += difference;
    if (std::exchange(inner.queued, true))
        return;
    if (inner.depth >= pending_.size())
        pending_.resize(std::size_t{inner.depth} + 1);
    pending_[inner.depth].push_back(node);
}

/// Of a node with this parent.
SubtreeSizes::Entry SubtreeSizes::below(Node parent) const noexcept {
    Entry entry;
    entry.parent = parent;
    entry.depth = parent == noNode ? 0 : (depth(parent) + 1) & deepest;
    entry.known = 1;
    return entry;
}

/// Which it becomes, if it is not one yet.
SubtreeSizes::Inner& SubtreeSizes::innerOf(Node node) {
    Entry& entry = entries_[node];
    if (entry.inner)
        return inner_[entry.depth];
    const Inner inner{.depth = entry.depth};
    if (freeInner_.empty()) {
        entry.depth = static_cast<std::uint32_t>(inner_.size()) & deepest;
        inner_.push_back(inner);
    } else {
        entry.depth = freeInner_.back() & deepest;
        freeInner_.pop_back();
        inner_[entry.depth] = inner;
    }
    entry.inner = 1;
    return inner_[entry.depth];
}

void SubtreeSizes::makeLeaf(Node node) {
    Entry& entry = entries_[node];
    freeInner_.push_back(entry.depth);
    entry.depth = inner_[entry.depth].depth & deepest;
    entry.inner = 0;
}

void SubtreeSizes::setDepth(Node node, std::uint32_t depth) noexcept {
    Entry& entry = entries_[node];
    if (entry.inner)
        inner_[entry.depth].depth = depth & deepest;
    else
        entry.depth = depth & deepest;
}

void SubtreeSizes::insert(Node node, Node parent) {
    if (node >= entries_.size())
        entries_.resize(std::size_t{node} + 1);
    entries_[node] = below(parent);
    if (parent != noNode)
        add(parent, 1);
}

void SubtreeSizes::remove(Node node) {
    // What those above know of it; whatever else is not told to them any more.
    if (const Node parent = entries_[node].parent; parent != noNode)
        add(parent, -static_cast<std::int32_t>(size(node)));
    if (entries_[node].inner)
        makeLeaf(node);
    entries_[node] = Entry{};
}

void SubtreeSizes::move(const observe::JobTree& tree, Node node, Node newParent) {
    flush();
    const auto size = static_cast<std::int32_t>(this->size(node));
    if (const Node parent = entries_[node].parent; parent != noNode)
        add(parent, -size);
    entries_[node].parent = newParent;
    if (newParent != noNode)
        add(newParent, size);
    const std::uint32_t level = newParent == noNode ? 0 : depth(newParent) + 1;
    if (depth(node) == level)
        return;
    setDepth(node, level);
    std::vector<Node> tops{node};
    while (!tops.empty()) {
        const Node parent = tops.back();
        tops.pop_back();
        for (Node child = tree.firstChild(parent); child != noNode; child = tree.nextSibling(child)) {
            if (!known(child) || entries_[child].parent != parent)
                continue;
            setDepth(child, depth(parent) + 1);
            tops.push_back(child);
        }
    }
}

} // namespace coroscope::app
