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
        if (const Node above = parent(order[i]); above != noNode)
            innerOf(above).size += size(order[i]);
}

void SubtreeSizes::add(Node node, std::int32_t difference) {
    Inner& inner = innerOf(node);
    inner.difference += difference;
    if (inner.queued)
        return;
    inner.queued = 1;
    if (inner.depth >= pending_.size())
        pending_.resize(std::size_t{inner.depth} + 1);
    pending_[inner.depth].push_back(node);
}

/// Of a node with this parent.
SubtreeSizes::Entry SubtreeSizes::below(Node parent) noexcept {
    return {.at = (parent == noNode ? noParent : parent) & mostAt, .known = 1, .inner = 0};
}

/// Which it becomes, if it is not one yet.
SubtreeSizes::Inner& SubtreeSizes::innerOf(Node node) {
    Entry& entry = entries_[node];
    if (entry.inner)
        return inner_[entry.at];
    const Inner inner{.parent = parent(node), .depth = depth(node) & deepest};
    if (freeInner_.empty()) {
        entry.at = static_cast<std::uint32_t>(inner_.size()) & mostAt;
        inner_.push_back(inner);
    } else {
        entry.at = freeInner_.back() & mostAt;
        freeInner_.pop_back();
        inner_[entry.at] = inner;
    }
    entry.inner = 1;
    return inner_[entry.at];
}

void SubtreeSizes::makeLeaf(Node node) {
    Entry& entry = entries_[node];
    freeInner_.push_back(entry.at);
    entry.at = below(inner_[entry.at].parent).at;
    entry.inner = 0;
}

void SubtreeSizes::setParent(Node node, Node parent) noexcept {
    Entry& entry = entries_[node];
    if (entry.inner)
        inner_[entry.at].parent = parent;
    else
        entry = below(parent);
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
    if (const Node above = parent(node); above != noNode)
        add(above, -static_cast<std::int32_t>(size(node)));
    if (entries_[node].inner)
        makeLeaf(node);
    entries_[node] = Entry{};
}

void SubtreeSizes::move(const observe::JobTree& tree, Node node, Node newParent) {
    flush();
    const auto size = static_cast<std::int32_t>(this->size(node));
    const std::uint32_t before = depth(node);
    if (const Node above = parent(node); above != noNode)
        add(above, -size);
    setParent(node, newParent);
    if (newParent != noNode)
        add(newParent, size);
    const std::uint32_t level = newParent == noNode ? 0 : depth(newParent) + 1;
    if (before == level || !entries_[node].inner)
        return;
    inner_[entries_[node].at].depth = level & deepest;
    std::vector<Node> tops{node};
    while (!tops.empty()) {
        const Node top = tops.back();
        tops.pop_back();
        for (Node child = tree.firstChild(top); child != noNode; child = tree.nextSibling(child)) {
            if (!known(child) || !entries_[child].inner || parent(child) != top)
                continue;
            inner_[entries_[child].at].depth = (depth(top) + 1) & deepest;
            tops.push_back(child);
        }
    }
}

} // namespace coroscope::app
