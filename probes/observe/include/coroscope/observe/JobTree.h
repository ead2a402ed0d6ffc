// SPDX-License-Identifier: Apache-2.0
// The jobs of one source as a tree. Pure data: no threads, no clock, no Qt.
#pragma once

#include <coroscope/observe/JobRow.h>

#include <cstdint>
#include <vector>

namespace coroscope::observe {

/// Place of a job in a JobTree; reused after the job is removed.
using Node = std::uint32_t;
inline constexpr Node noNode = 0xffffffff;

/// What one apply() did, in terms of nodes. A node may be in several lists; removed ones are listed with their id
/// because the node itself may already be in use again.
struct TreeChanges {
    bool reset = false;
    struct Removed {
        Node node;
        JobId id;
        Node parent;
    };
    std::vector<Removed> removed; ///< in the order children first
    std::vector<Node> inserted;   ///< in the order parents first
    std::vector<Node> changed;    ///< same place in the tree, other facts
    std::vector<Node> moved;      ///< other parent than before (its parent came later than the job itself)
    void clear() { reset = false; removed.clear(); inserted.clear(); changed.clear(); moved.clear(); }
};

/// Totals over all jobs or over one subtree.
struct JobCounts {
    std::uint64_t jobs = 0, running = 0, queued = 0, suspended = 0, waitsForChildren = 0, unstarted = 0, plain = 0;
    std::uint64_t cancelling = 0; ///< also counted in one of the others
};

/// How a root (a job without a parent) came to have none.
enum class RootKind : std::uint8_t {
    Owned,  ///< runBlocking, a scope that somebody holds, ...
    Global, ///< launched in GlobalScope
    Island  ///< a Job of its own, made to be the parent of something launched elsewhere
};

class JobTree {
public:
    /// Takes in a batch. Rows whose parent is not known (yet) become roots and move when it comes. When a parent
    /// ends before its children, they become roots. Rows never form a cycle, whatever the batch says.
    void apply(const Batch& batch, TreeChanges& changes);

    std::size_t size() const noexcept { return live_; }
    Node find(JobId id) const noexcept;
    const JobRow& row(Node node) const noexcept { return nodes_[node].row; }

    Node parent(Node node) const noexcept { return nodes_[node].parent; }
    Node firstChild(Node node) const noexcept { return nodes_[node].firstChild; }
    Node lastChild(Node node) const noexcept { return nodes_[node].lastChild; }
    Node nextSibling(Node node) const noexcept { return nodes_[node].nextSibling; }
    Node previousSibling(Node node) const noexcept { return nodes_[node].previousSibling; }
    std::uint32_t childCount(Node node) const noexcept { return nodes_[node].children; }
    /// Roots are siblings of each other, in the order of their arrival.
    Node firstRoot() const noexcept { return firstRoot_; }
    RootKind rootKind(Node root) const noexcept;
    bool isOrphanRoot(Node node) const noexcept;

    /// Nodes from the root to this one, both included.
    std::vector<Node> path(Node node) const;
    /// This node and all below it, parents before children.
    std::vector<Node> subtree(Node node) const;
    JobCounts counts(Node node) const;
    const JobCounts& totals() const noexcept { return totals_; }

private:
    struct Entry {
        JobRow row;
        Node parent = noNode, firstChild = noNode, lastChild = noNode, nextSibling = noNode, previousSibling = noNode;
        std::uint32_t children = 0;
        std::uint32_t detachedChildren = 0; ///< that were launched elsewhere with this job as their context's Job
    };
    std::vector<Entry> nodes_;
    std::vector<Node> free_;
    std::vector<Node> nodeOfSlot_; ///< by JobId::index
    Node firstRoot_ = noNode, lastRoot_ = noNode;
    std::size_t live_ = 0;
    JobCounts totals_;
};

} // namespace coroscope::observe
