// SPDX-License-Identifier: Apache-2.0
#include "model/SubtreeSizes.h"

namespace coroscope::app {

using observe::Node;
using observe::noNode;

void SubtreeSizes::clear() {
    entries_.clear();
    waiting_.clear();
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
    entries_.resize(tree.endNode());
    for (Node node : order) {
        const Node parent = tree.parent(node);
        Entry& entry = entries_[node];
        entry = below(parent);
        entry.size = 1;
    }
    for (std::size_t i = order.size(); i-- > 0;) {
        const Entry& entry = entries_[order[i]];
        if (entry.parent != noNode)
            entries_[entry.parent].size += entry.size;
    }
}

void SubtreeSizes::add(Node node, std::int32_t difference) {
    Entry& entry = entries_[node];
    if (!entry.queued) {
        waiting_.push_back({entry.size, 0});
        entry.size = static_cast<std::uint32_t>(waiting_.size() - 1);
    }
    waiting_[entry.size].difference += difference;
    if (entry.queued)
        return;
    entry.queued = 1;
    if (entry.depth >= pending_.size())
        pending_.resize(std::size_t{entry.depth} + 1);
    pending_[entry.depth].push_back(node);
}

/// Of a node with this parent.
SubtreeSizes::Entry SubtreeSizes::below(Node parent) const noexcept {
    Entry entry;
    entry.parent = parent;
    entry.depth = parent == noNode ? 0 : (entries_[parent].depth + 1) & deepest;
    entry.known = 1;
    return entry;
}

void SubtreeSizes::insert(Node node, Node parent) {
    if (node >= entries_.size())
        entries_.resize(std::size_t{node} + 1);
    entries_[node] = below(parent);
    add(node, 1);
}

void SubtreeSizes::remove(Node node) {
    Entry& entry = entries_[node];
    // What has reached those above is `size`; what of it is still to be taken back is all of it.
    const std::uint32_t told = size(node);
    if (entry.parent != noNode && told != 0)
        add(entry.parent, -static_cast<std::int32_t>(told));
    entry = Entry{};
}

void SubtreeSizes::move(const observe::JobTree& tree, Node node, Node newParent) {
    flush();
    Entry& moved = entries_[node];
    const auto size = static_cast<std::int32_t>(this->size(node));
    if (moved.parent != noNode)
        add(moved.parent, -size);
    moved.parent = newParent;
    const std::uint32_t depth = newParent == noNode ? 0 : entries_[newParent].depth + 1;
    if (newParent != noNode)
        add(newParent, size);
    if (moved.depth == depth)
        return;
    moved.depth = depth & deepest;
    std::vector<Node> tops{node};
    while (!tops.empty()) {
        const Node parent = tops.back();
        tops.pop_back();
        for (Node child = tree.firstChild(parent); child != noNode; child = tree.nextSibling(child)) {
            if (!known(child) || entries_[child].parent != parent)
                continue;
            entries_[child].depth = (entries_[parent].depth + 1) & deepest;
            tops.push_back(child);
        }
    }
}

} // namespace coroscope::app
