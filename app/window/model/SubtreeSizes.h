// SPDX-License-Identifier: Apache-2.0
// How many jobs are below each job, and how deep each lies, kept true while the tree changes.
#pragma once

#include <coroscope/observe/JobTree.h>

#include <cstddef>
#include <cstdint>
#include <utility>
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
    Node parent(Node node) const noexcept {
        const Entry entry = entries_[node];
        if (entry.inner)
            return inner_[entry.at].parent;
        return entry.at == noParent ? observe::noNode : entry.at;
    }
    std::uint32_t depth(Node node) const noexcept {
        const Entry entry = entries_[node];
        if (entry.inner)
            return inner_[entry.at].depth;
        if (entry.at == noParent)
            return 0;
        const Entry above = entries_[entry.at]; // has something below it, so it is an inner one
        return above.inner ? inner_[above.at].depth + 1 : 0;
    }
    /// The node itself included; true as of the last flush().
    std::uint32_t size(Node node) const noexcept {
        const Entry entry = entries_[node];
        return entry.inner ? inner_[entry.at].size : 1;
    }

    /// A node without children, at its place. Its parent must be known.
    void insert(Node node, Node parent);
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
                const Entry entry = entries_[node];
                if (!entry.known || !entry.inner)
                    continue;
                Inner& inner = inner_[entry.at];
                if (!inner.queued || inner.depth != level)
                    continue;
                const std::int32_t difference = std::exchange(inner.difference, 0);
                const Node above = inner.parent;
                inner.queued = 0;
                inner.size += static_cast<std::uint32_t>(difference);
                if (inner.size == 1)
                    makeLeaf(node);
                if (difference == 0)
                    continue;
                if (above != observe::noNode)
                    add(above, difference);
                changed(node);
            }
            pending_[level].clear();
        }
    }
    void flush() {
        flush([](Node) {});
    }

private:
    static constexpr std::uint32_t mostAt = (1u << 30) - 1, noParent = mostAt;
    static_assert(JobId::indexBits < 30, "an Entry can name every node");
    /// There is one for each job, and most have nothing below them: their depth is known from their parents'.
    struct Entry {
        std::uint32_t at : 30 = noParent; ///< the parent, or noParent; of an inner one where in inner_
        std::uint32_t known : 1 = 0;
        std::uint32_t inner : 1 = 0;
    };
    static_assert(sizeof(Entry) == 4);
    static constexpr std::uint32_t deepest = (1u << 31) - 1; ///< more than there can be jobs
    /// Of a job that has something below it, or had at the last flush.
    struct Inner {
        Node parent = observe::noNode;
        std::uint32_t size = 1;      ///< as those above know it
        std::int32_t difference = 0; ///< not yet added to size, nor to those above
        std::uint32_t depth : 31 = 0;
        std::uint32_t queued : 1 = 0; ///< it is in pending_
    };

    static Entry below(Node parent) noexcept;
    Inner& innerOf(Node node);
    void makeLeaf(Node node);
    void setParent(Node node, Node parent) noexcept;
    void add(Node node, std::int32_t difference);

    observe::LargeVector<Entry> entries_;
    std::vector<Inner> inner_;
    std::vector<std::uint32_t> freeInner_;
    std::vector<std::vector<Node>> pending_; ///< by depth
};

} // namespace coroscope::app
