// SPDX-License-Identifier: Apache-2.0
#include "model/SubtreeSizes.h"

namespace coroscope::app {

using observe::Node;
using observe::noNode;

void SubtreeSizes::clear() {
    entries_.clear();
    pending_.clear();
}

void SubtreeSizes::rebuild(const observe::JobTree& tree) {
    clear();
    std::vector<Node> order; // parents before children
    order.reserve(tree.size());
    for (Node root = tree.firstRoot(); root != noNode; root = tree.nextSibling(root))
        order.push_back(root);
    for (std::size_t i = 0; i < order.size(); ++i) {
        for (Node child = tree.firstChild(order[i]); child != noNode; child = tree.nextSibling(child))
            order.push_back(child);
    }
    for (Node node : order) {
        if (node >= entries_.size())
            entries_.resize(std::size_t{node} + 1);
        const Node parent = tree.parent(node);
        Entry& entry = entries_[node];
        entry.id = tree.row(node).id;
        entry.parent = parent;
        entry.depth = parent == noNode ? 0 : entries_[parent].depth + 1;
        entry.size = 1;
        entry.known = true;
    }
    for (std::size_t i = order.size(); i-- > 0;) {
        const Entry& entry = entries_[order[i]];
        if (entry.parent != noNode)
            entries_[entry.parent].size += entry.size;
    }
}

void SubtreeSizes::add(Node node, std::int32_t difference) {
    Entry& entry = entries_[node];
    entry.difference += difference;
    if (entry.queued)
        return;
    entry.queued = true;
    if (entry.depth >= pending_.size())
        pending_.resize(std::size_t{entry.depth} + 1);
    pending_[entry.depth].push_back(node);
}

void SubtreeSizes::insert(Node node, JobId id, Node parent) {
    if (node >= entries_.size())
        entries_.resize(std::size_t{node} + 1);
    entries_[node] = Entry{.id = id,
                           .parent = parent,
                           .depth = parent == noNode ? 0 : entries_[parent].depth + 1,
                           .size = 0,
                           .known = true};
    add(node, 1);
}

void SubtreeSizes::remove(Node node) {
    Entry& entry = entries_[node];
    // What has reached those above is `size`; what of it is still to be taken back is all of it.
    if (entry.parent != noNode && entry.size != 0)
        add(entry.parent, -static_cast<std::int32_t>(entry.size));
    entry = Entry{};
}

void SubtreeSizes::move(const observe::JobTree& tree, Node node, Node newParent) {
    flush();
    Entry& moved = entries_[node];
    const auto size = static_cast<std::int32_t>(moved.size);
    if (moved.parent != noNode)
        add(moved.parent, -size);
    moved.parent = newParent;
    const std::uint32_t depth = newParent == noNode ? 0 : entries_[newParent].depth + 1;
    if (newParent != noNode)
        add(newParent, size);
    if (moved.depth == depth)
        return;
    moved.depth = depth;
    std::vector<Node> below{node};
    while (!below.empty()) {
        const Node parent = below.back();
        below.pop_back();
        for (Node child = tree.firstChild(parent); child != noNode; child = tree.nextSibling(child)) {
            if (!known(child) || entries_[child].id != tree.row(child).id)
                continue;
            if (entries_[child].parent != parent)
                continue;
            entries_[child].depth = entries_[parent].depth + 1;
            below.push_back(child);
        }
    }
}

} // namespace coroscope::app
