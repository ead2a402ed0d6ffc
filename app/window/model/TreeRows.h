// SPDX-License-Identifier: Apache-2.0
// The job tree flattened into the rows that a person sees: what is expanded, what a filter leaves, and the
// group at the end under which jobs hang that nobody owns. Or, instead of the tree, groups of jobs.
#pragma once

#include "model/RowGroups.h"
#include "model/RowList.h"
#include "model/SubtreeSizes.h"

#include <coroscope/observe/JobTree.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace coroscope::app {

/// Stands for the row "Orphans" wherever a node can stand.
inline constexpr observe::Node orphanGroup = 0xfffffffe;
/// In the map: stands for the program, above all jobs that have an owner, as orphanGroup stands above those
/// without one.
inline constexpr observe::Node programGroup = 0xfffffffd;
/// Nodes from here on stand for what is no job: the groups of a RowGroups by their number, and those two.
inline constexpr observe::Node firstGroup = 0xf0000000;

constexpr bool isJob(observe::Node node) noexcept {
    return node < firstGroup;
}
constexpr bool isPlaceGroup(observe::Node node) noexcept {
    return node >= firstGroup && node < programGroup;
}

/// Follows a JobTree, which must outlive it. Call apply() after each JobTree::apply() and before anything
/// else. Expansion belongs to jobs, not to places: it survives resets. Threads: one.
class TreeRows {
public:
    using Node = observe::Node;
    using Matches = std::function<bool(Node)>;
    /// Appends one key for each of some siblings.
    using SortKeys = std::function<void(const std::vector<Node>& siblings, std::vector<std::uint64_t>& keys)>;
    /// Hashes of what a job has in common with others, without what is below it.
    struct Likeness {
        std::uint64_t family; ///< for as long as it lives
        std::uint64_t whole;  ///< now
    };
    using Alike = std::function<Likeness(Node)>;
    static constexpr std::size_t noRow = ~std::size_t{0};

    explicit TreeRows(const observe::JobTree& tree);

    void apply(const observe::TreeChanges& changes);
    /// Forgets everything, what was expanded too: for another source.
    void forget();
    /// What a person expanded or collapsed: for a source that is shown again later.
    struct Expansion {
        std::unordered_map<JobId, bool> chosen;
        bool group = true;
        std::unordered_set<std::uint64_t> groups;
    };
    Expansion expansion() const { return {chosen_, groupExpanded_, openGroups_}; }
    /// Forgets everything, and expands so when apply() has brought the jobs.
    void restore(Expansion expansion);

    std::size_t size() const noexcept { return rows_.size(); }
    /// A node, orphanGroup or a group; `row` must be below size().
    Node at(std::size_t row) const noexcept { return nodeOf(rows_.at(row)); }
    /// noRow when it is not visible.
    std::size_t rowOf(Node node) const noexcept;
    bool visible(Node node) const noexcept { return rows_.contains(itemOf(node)); }
    template <class Visit>
    void forEach(std::size_t row, std::size_t count, Visit visit) const {
        rows_.forEach(row, count, [&](RowList::Item item) {
            visit(nodeOf(item));
            return true;
        });
    }

    /// Levels of indentation; jobs below the group are one level deeper than in the tree.
    unsigned depth(Node node) const noexcept;
    /// The group for roots in it; noNode for the others.
    Node parent(Node node) const noexcept;
    /// With all below it, at least 1 for jobs; 0 for nodes that are not known.
    std::uint32_t subtreeSize(Node node) const noexcept;
    std::uint32_t orphans() const noexcept { return orphanJobs_; }
    bool inOrphanGroup(Node node) const noexcept;

    bool expandable(Node node) const noexcept;
    bool expanded(Node node) const noexcept;
    void setExpanded(Node node, bool expanded);
    void expandAll(Node node);
    /// Shows so many levels below the node, or below the roots with noNode, and no more.
    void expandTo(Node node, unsigned levels);

    /// Siblings stand in the order of these keys, or as they came with an empty function. `changing`: keys
    /// change while jobs run. New rows and other keys show with the next refresh().
    void sortBy(SortKeys keys, bool descending, bool changing);
    /// Rows are these groups, each with its jobs below it, instead of the tree; with null the tree again.
    /// The largest group comes first, as of the last refresh(). Forgotten with forget() and restore().
    void group(std::unique_ptr<RowGroups> groups);
    /// Null while the rows are the tree.
    const RowGroups* groups() const noexcept { return groups_.get(); }
    static constexpr std::uint32_t groupNumber(Node group) noexcept { return group - firstGroup; }
    /// The row of the group with this key (GroupPlace::key), noNode if there is none.
    Node groupOfKey(std::uint64_t key) const;
    /// As RowGroups::look(); to be called now and then.
    void lookAtGroups(std::size_t nodes);

    /// Siblings whose subtrees are alike become one row each; not with an empty function.
    void foldAlike(Alike alike);
    bool folds() const noexcept { return static_cast<bool>(alike_); }
    /// How many siblings this row stands for, itself included; 0 for all others.
    std::uint32_t folded(Node node) const noexcept;
    /// Siblings like this one were told apart again by hand.
    bool unfolded(Node node) const;
    void foldAgain(Node node);
    /// A job that never disappears in such a row.
    void keepApart(JobId job);
    /// Expands everything above the node.
    void reveal(Node node);

    /// Starts to look for the jobs that match; the rows stay as they are until scan() has seen all of them.
    void setFilter(Matches matches);
    void clearFilter();
    /// Works on a filter that was set, for about so long. True when there is nothing left to do.
    bool scan(std::chrono::microseconds budget);
    bool scanning() const noexcept { return scanning_; }
    /// Scanning, for a filter that was not there before.
    bool searching() const noexcept { return scanning_ && !again_; }
    /// Asks all jobs once more: the filter may answer otherwise though their rows are the same. What is shown
    /// stays until scan() has seen all.
    void askAgain();
    bool filtered() const noexcept { return filtered_; }
    bool matched(Node node) const noexcept;
    std::size_t matches() const noexcept { return matchCount_[shownBit_ == matchedB]; }
    /// True when jobs came or changed that the filtered, sorted or folded rows do not show yet.
    bool stale() const noexcept { return (filtered_ || arranged()) && filterStale_; }
    void refresh();

    /// Counts every change of what is in which row.
    std::uint64_t generation() const noexcept { return generation_; }
    /// Nodes that a view shows now: changes of these are collected in takeDirty().
    void setPainted(std::vector<Node> nodes);
    std::vector<Node> takeDirty();

private:
    enum Flag : std::uint8_t {
        isExpanded = 1,
        isOrphan = 2,
        matchedA = 4,
        matchedB = 8,
        shown = 16,
        filterCollapsed = 32,
        painted = 64,
        hiddenByFold = 128
    };

    /// 0 is the orphans' row, then come the rows of groups, if there are any, then the nodes. A group that
    /// came since the last refresh() has no row.
    RowList::Item itemOf(Node node) const noexcept {
        if (isJob(node))
            return node + 1 + groupItems_;
        return isPlaceGroup(node) && node - firstGroup < groupItems_ ? node - firstGroup + 1 : 0;
    }
    Node nodeOf(RowList::Item item) const noexcept {
        return item == 0 ? orphanGroup : item <= groupItems_ ? firstGroup + item - 1 : item - 1 - groupItems_;
    }

    bool has(Node node, Flag flag) const noexcept {
        return node < flags_.size() && (flags_[node] & flag) != 0;
    }
    void set(Node node, Flag flag, bool on) noexcept;
    void adopt(Node node);
    void evaluate(Node node);
    void dirty(Node node);
    bool open(Node node) const noexcept;
    bool belongsHere(Node node, Node parent) const noexcept;

    void beginScan();
    void rebuild();
    void rebuildRows();
    using Items = observe::LargeVector<RowList::Item>;
    void collectGroups(Items& into);
    void collect(Node top, Items& into);
    void collectArranged(Node top, Items& into);
    bool arranged() const noexcept { return static_cast<bool>(sortKeys_) || foldsNow() || groups_; }
    bool foldsNow() const noexcept { return static_cast<bool>(alike_) && !filtered_ && !groups_; }
    void arrange(std::vector<Node>& siblings);
    void foldSiblings(std::vector<Node>& siblings);
    void sign();
    std::uint64_t familyOf(Node node) const;
    void unfold(Node node);
    void takeOut(Node node);
    void putIn(Node node);
    std::size_t position(Node node) const;
    std::size_t endOf(Node node) const;
    std::size_t afterVisible(Node node) const;
    void updateOrphanGroup();
    void showOrphanGroup();
    void recheckRoot(Node root);

    const observe::JobTree& tree_;
    RowList rows_;
    SubtreeSizes sizes_;
    observe::LargeVector<std::uint8_t> flags_; ///< by node
    std::unordered_map<JobId, bool> chosen_;   ///< what a person expanded or collapsed
    std::uint32_t orphanJobs_ = 0;
    std::uint32_t orphanRoots_ = 0;
    bool groupExpanded_ = true;

    Matches matches_;
    bool filtered_ = false;
    bool filterStale_ = false;
    bool scanning_ = false;
    std::size_t scanned_ = 0;
    bool again_ = false;
    Flag matchBit_ = matchedA; ///< of the answers that are being collected
    Flag shownBit_ = matchedA; ///< of those that the rows are made of
    std::size_t matchCount_[2] = {0, 0};

    SortKeys sortKeys_;
    bool descending_ = false;
    bool keysChange_ = false;
    Alike alike_;
    std::vector<std::uint64_t> signatures_;         ///< of the whole subtree, by node
    std::unordered_map<Node, std::uint32_t> folds_; ///< rows that stand for several
    std::unordered_set<std::uint64_t> unfolded_;    ///< families below one parent
    JobId apart_;
    std::unordered_set<Node> apartNodes_; ///< and those above it

    std::unique_ptr<RowGroups> groups_;
    std::uint32_t groupItems_ = 0;                 ///< items that stand for groups
    std::unordered_set<std::uint64_t> openGroups_; ///< by key

    std::uint64_t generation_ = 0;
    std::vector<Node> painted_;
    std::vector<Node> dirty_;
    std::vector<Node> rootsToCheck_;
};

} // namespace coroscope::app
