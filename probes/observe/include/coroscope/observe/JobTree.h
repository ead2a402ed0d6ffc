// SPDX-License-Identifier: Apache-2.0
// The jobs of one source as a tree. Pure data: no threads, no clock, no Qt.
#pragma once

#include <coroscope/observe/JobRow.h>
#include <coroscope/observe/PackedRows.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace coroscope::observe {

struct Batch;

/// Place of a job in a JobTree; reused after the job is removed.
using Node = std::uint32_t;
inline constexpr Node noNode = 0xffffffff;

/// What one apply() did, in terms of nodes. Look at it in this order: reset, removed, inserted, moved,
/// changed. The nodes in the last three are alive after the apply, with the same jobs as when it changed
/// them; removed ones are free, and not used again before the next apply. A job that came and went within one
/// batch is in no list.
struct TreeChanges {
    bool reset = false; ///< all earlier nodes are gone, all that are there now are new, and none is listed
    struct Removed {
        Node node;
        JobId id;
        Node parent;
    };
    std::vector<Removed> removed; ///< in the order children first
    std::vector<Node> inserted;   ///< in the order parents first
    std::vector<Node> changed;    ///< same place in the tree, other facts
    std::vector<Node> moved;      ///< other parent than before: its parent came late, or ended early
    bool resources = false;       ///< something about the resources changed
    void clear() {
        reset = false;
        removed.clear();
        inserted.clear();
        changed.clear();
        moved.clear();
        resources = false;
    }
};

/// Totals over all jobs or over one subtree.
struct JobCounts {
    std::uint64_t jobs = 0, running = 0, queued = 0, suspended = 0, waitsForChildren = 0, unstarted = 0,
                  plain = 0;
    std::uint64_t cancelling = 0; ///< also counted in one of the others
};

/// Counts a job in, or with `sign` ~0 out again.
void addTo(JobCounts& counts, Execution execution, JobState state, std::uint64_t sign) noexcept;

/// How a root (a job without a parent) came to have none.
enum class RootKind : std::uint8_t {
    Owned,  ///< runBlocking, a scope that somebody holds, ...
    Global, ///< launched in GlobalScope
    Island  ///< a Job of its own, made to be the parent of something launched elsewhere, and not held by
            ///< anybody but perhaps the job that made it
};

class JobTree {
public:
    class Builder;

    /// Takes in a batch and says in `changes`, which it clears first, what that did. Rows whose parent is not
    /// known (yet) become roots and move when it comes. When a parent ends before its children, they become
    /// roots. Rows never form a cycle, whatever the batch says.
    ///
    /// Uses up what is in the batch; the room that its rows took stays there.
    void apply(Batch&& batch, TreeChanges& changes);
    void apply(const Batch& batch, TreeChanges& changes);

    std::size_t size() const noexcept { return live_; }
    Node find(JobId id) const noexcept;
    /// What is known of it but the versions, which are of use to sources only. It is put together when it is
    /// asked for; who looks at many jobs asks for what is wanted of them.
    JobRow row(Node node) const { return rows_.row(node, parentId(node)); }
    JobId id(Node node) const noexcept { return rows_.id(node); }
    JobState state(Node node) const noexcept { return rows_.state(node); }
    Execution execution(Node node) const noexcept { return rows_.execution(node); }
    std::uint16_t flags(Node node) const noexcept { return rows_.flags(node); } ///< JobFlags
    std::int64_t createdAt(Node node) const noexcept { return rows_.createdAt(node); }
    std::uint64_t number(Node node) const noexcept { return rows_.number(node); }

    Node parent(Node node) const noexcept { return rows_.link(node); }
    Node firstChild(Node node) const noexcept { return family(node).first; }
    Node lastChild(Node node) const noexcept { return family(node).last; }
    Node nextSibling(Node node) const noexcept { return siblings(node).next; }
    Node previousSibling(Node node) const noexcept { return siblings(node).previous; }
    std::uint32_t childCount(Node node) const noexcept { return family(node).children; }
    /// Roots are siblings of each other, in the order of their arrival.
    Node firstRoot() const noexcept { return firstRoot_; }
    RootKind rootKind(Node root) const noexcept;
    /// A root without an owner: what hangs below it was cut off from whoever launched it.
    bool isOrphanRoot(Node node) const noexcept;
    /// Every node is smaller than this; isLive tells which are in use.
    Node endNode() const noexcept { return static_cast<Node>(rows_.size()); }
    /// JobId::index of every job is smaller than this.
    std::uint32_t endSlot() const noexcept { return static_cast<std::uint32_t>(nodeOfSlot_.size()); }
    bool isLive(Node node) const noexcept { return node < rows_.size() && rows_.id(node); }

    /// In the order of their ids.
    const std::vector<Resource>& resources() const noexcept { return resources_; }
    /// Null when it is not known (yet), or gone.
    const Resource* resource(ResourceId id) const noexcept;
    /// The job that a suspended one waits for: the one that it joins or awaits, its scope's, or the one that
    /// holds the mutex. None where that is not known, and for all other kinds of wait.
    JobId waitsForJob(const JobRow& row) const noexcept;

    /// Nodes from the root to this one, both included.
    std::vector<Node> path(Node node) const;
    /// This node and all below it, parents before children.
    std::vector<Node> subtree(Node node) const;
    JobCounts counts(Node node) const;
    const JobCounts& totals() const noexcept { return totals_; }

    /// A job that some finding may be about: it is cancelling, has swallowed its cancellation, is a scope of
    /// its own that nobody holds any more, a runBlocking that a coroutine has entered, or never started.
    static bool isNotable(const JobRow& row) noexcept {
        return row.state == JobState::Cancelling || (row.flags & JobFlags::swallowedCancellation) != 0 ||
               ((row.flags & JobFlags::ownsScope) != 0 && !row.held && !row.parent) ||
               (row.kind == JobKind::RunBlocking && row.launcher) ||
               (row.state == JobState::New && row.parent);
    }
    /// Calls `visit` for the node of each notable job, perhaps without those that are only cancelling below
    /// one that is cancelling, too. Costs what those jobs cost.
    template <class F>
    void forEachNotable(F&& visit) const {
        forEachNotable(visit, 0, listed_.size());
    }
    /// The same in steps: goes on where the step before came to, at first 0, and looks at so many. Answers
    /// how far it came, or allNotables. The tree must not change in between.
    static constexpr std::size_t allNotables = ~std::size_t{0};
    template <class F>
    std::size_t forEachNotable(F&& visit, std::size_t from, std::size_t most) const {
        const std::size_t to = from + std::min(most, listed_.size() - from);
        for (std::size_t at = from; at < to; ++at)
            if (const Node node = listed_[at]; isLive(node) && isNotable(row(node)))
                visit(node);
        return to == listed_.size() ? allNotables : to;
    }

private:
    /// There is one for each job, so everything that few jobs have is elsewhere. The parent is in rows_, as
    /// is the rest of what is looked at when a job only changes.
    struct Links {
        Node next = noNode, previous = noNode; ///< siblings; or see inFamily
    };
    /// In place of the previous sibling: the job has children. Then `next` is a place in families_, and what
    /// else would be here is there.
    static constexpr Node inFamily = noNode - 1;
    /// Of a job that has children.
    struct Family {
        Links siblings; ///< of the job itself
        Node first = noNode, last = noNode;
        std::uint32_t children = 0;
        std::uint32_t detached = 0; ///< that were launched elsewhere with this job as their context's Job
        std::uint32_t byMaker = 0;  ///< of these: launched by the job that made this one
    };
    /// A root that names a parent: it waits for it to come, or has outlived it.
    struct Stray {
        JobId parent;
        Node next = noNode, previous = noNode; ///< roots that wait for the same unknown parent
    };
    enum Mark : std::uint8_t {
        fresh = 1,    ///< inserted by this apply
        dying = 2,    ///< about to be removed by this apply
        placed = 4,   ///< linked to its parent or to the roots
        detached = 8, ///< how its parent has counted it, as the next one
        byMaker = 16,
        listed = 32 ///< the node is in listed_; outlives the job that it was listed for
    };

    bool has(Node node, Mark mark) const noexcept { return (rows_.marks(node) & mark) != 0; }
    void set(Node node, Mark mark, bool on) noexcept {
        const std::uint8_t marks = rows_.marks(node);
        rows_.setMarks(node, static_cast<std::uint8_t>(on ? marks | mark : marks & ~mark));
    }
    // The next four are of nodes that are placed.
    bool hasFamily(Node node) const noexcept { return links_[node].previous == inFamily; }
    const Family& family(Node node) const noexcept {
        return families_[hasFamily(node) ? links_[node].next : noFamily];
    }
    Family& family(Node node) noexcept { return families_[hasFamily(node) ? links_[node].next : noFamily]; }
    const Links& siblings(Node node) const noexcept {
        return hasFamily(node) ? families_[links_[node].next].siblings : links_[node];
    }
    Links& siblings(Node node) noexcept {
        return hasFamily(node) ? families_[links_[node].next].siblings : links_[node];
    }
    void makeFamily(Node node);
    void leaveFamily(Node node);
    JobId parentId(Node node) const noexcept;
    JobId launcher(Node node) const noexcept { return rows_.launcher(node, parentId(node)); }
    /// Of a node that is not placed yet: the parent that its job names. It is kept in its links, which mean
    /// nothing else so far.
    JobId named(Node node) const noexcept {
        return {std::uint64_t{links_[node].previous} << 32 | links_[node].next};
    }
    void setNamed(Node node, JobId parent) noexcept {
        links_[node].next = static_cast<Node>(parent.value);
        links_[node].previous = static_cast<Node>(parent.value >> 32);
    }
    Node slot(JobId id) const noexcept;
    void fetchAhead(const LargeVector<JobRow>& rows, std::size_t at) const noexcept;
    Node take(const JobRow& row);
    void update(Node node, const JobRow& row, TreeChanges& changes);
    template <class F>
    void place(Node node, F&& placed);
    void unplaceAll();
    void link(Node node, Node parent, JobId named);
    void unlink(Node node) noexcept;
    void countDetached(Node node) noexcept;
    void forgetDetached(Node node) noexcept;
    void moveTo(Node node, Node parent, JobId named, TreeChanges& changes);
    bool isBelow(Node node, Node ancestor) noexcept;
    void awaitParent(Node node);
    void stopAwaiting(Node node);
    void adopt(Node parent, TreeChanges& changes);
    void removeDying(Node node, TreeChanges& changes);
    void count(const JobRow& row, std::uint64_t sign) noexcept;
    bool mayBeNotable(Node node) const noexcept;
    void list(Node node, const JobRow& row);
    void tidyListed();

    PackedRows rows_; ///< by Node, as links_; with the parents and the marks
    LargeVector<Links> links_;
    static constexpr std::uint32_t noFamily = 0;
    std::vector<Family> families_{1}; ///< the first one, noFamily, stands for no children
    std::vector<std::uint32_t> freeFamilies_;
    std::vector<Node> free_;
    std::vector<Node> freed_;      ///< by this apply
    LargeVector<Node> nodeOfSlot_; ///< by JobId::index
    std::unordered_map<Node, Stray> strays_;
    std::unordered_map<JobId, Node>
        waiting_;             ///< by the parent that is not known: first of the roots that wait for it
    std::vector<Node> stack_; ///< scratch
    Node firstRoot_ = noNode, lastRoot_ = noNode;
    std::size_t live_ = 0;
    std::uint64_t stepsLeft_ = 0; ///< of looking for cycles, in this apply
    JobCounts totals_;
    std::vector<Resource> resources_;
    std::vector<Node> listed_;   ///< nodes of notable jobs, each once, and some that were
    std::uint64_t notables_ = 0; ///< jobs that are notable
};

/// Makes a tree of a complete state, whose rows a source gives in an order of its own. Siblings are in the
/// order in which they were created, and the nodes have no gaps.
class JobTree::Builder {
public:
    /// There will be `most` rows at most.
    explicit Builder(std::size_t most);
    /// A hint that the row of this job will come in some 100 ns.
    void expect(JobId id) const noexcept {
        if (id.index() < tree_.nodeOfSlot_.size())
            __builtin_prefetch(&tree_.nodeOfSlot_[id.index()], 1);
    }
    /// A row without an id is none. Of a slot that is named twice the later job stays.
    void add(const JobRow& row);
    /// The builder is of no use any more.
    JobTree finish();

    static JobTree treeOf(std::span<const JobRow> rows);

private:
    void placeLast(const JobRow& row);

    JobTree tree_;
    bool placing_ = true; ///< all jobs so far came in the order of creation, parents first, and are placed
    std::int64_t lastCreatedAt_ = 0;
    std::uint64_t lastNumber_ = 0;
};

} // namespace coroscope::observe
