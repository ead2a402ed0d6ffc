// SPDX-License-Identifier: Apache-2.0
// How many jobs are below each job, and how deep each lies, kept true while the tree changes.
#pragma once

#include <coroscope/observe/JobTree.h>

#include <cstdint>
#include <vector>

namespace coroscope::app {

/// Remembers the shape of the tree as it was after the last change, which is what is needed to take a node
/// out of its old place. Changes of size are collected and carried towards the roots level by level, so that
/// tearing down a chain of n jobs costs n steps and not n * n / 2. Threads: one.
class SubtreeSizes {
public:
    using Node = observe::Node;

    void clear();
    /// Takes in the whole tree.
    void rebuild(const observe::JobTree& tree);

    bool known(Node node) const noexcept { return node < entries_.size() && entries_[node].known; }
    JobId id(Node node) const noexcept { return entries_[node].id; }
    Node parent(Node node) const noexcept { return entries_[node].parent; }
    std::uint32_t depth(Node node) const noexcept { return entries_[node].depth; }
    /// The node itself included; true as of the last flush().
    std::uint32_t size(Node node) const noexcept { return entries_[node].size; }

    /// A node without children, at its place. Its parent must be known.
    void insert(Node node, JobId id, Node parent);
    /// A node whose children were removed before it.
    void remove(Node node);
    /// Moves a node with all below it. `tree` gives what is below.
    void move(const observe::JobTree& tree, Node node, Node newParent);

    /// Brings all sizes up to date and calls changed(node) for each one that changed.
    template <class Changed>
    void flush(Changed changed) {
        for (std::size_t level = pending_.size(); level-- > 0;) {
            for (std::size_t i = 0; i < pending_[level].size(); ++i) {
                const Node node = pending_[level][i];
                Entry& entry = entries_[node];
                if (!entry.known || !entry.queued || entry.depth != level)
                    continue;
                entry.queued = false;
                if (entry.difference == 0)
                    continue;
                entry.size += static_cast<std::uint32_t>(entry.difference);
                if (entry.parent != observe::noNode)
                    add(entry.parent, entry.difference);
                entry.difference = 0;
                changed(node);
            }
            pending_[level].clear();
        }
    }
    void flush() {
        flush([](Node) {});
    }

private:
    struct Entry {
        JobId id;
        Node parent = observe::noNode;
        std::uint32_t depth = 0;
        std::uint32_t size = 0;
        std::int32_t difference = 0; ///< not yet added to size, nor to those above
        bool known = false;
        bool queued = false;
    };

    void add(Node node, std::int32_t difference);

    std::vector<Entry> entries_;
    std::vector<std::vector<Node>> pending_; ///< by depth
};

} // namespace coroscope::app
