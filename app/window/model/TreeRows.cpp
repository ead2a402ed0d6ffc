// SPDX-License-Identifier: Apache-2.0
#include "model/TreeRows.h"

#include <algorithm>
#include <utility>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
/// Jobs down to this level are born expanded: the roots and their children.
constexpr std::uint32_t expandedLevels = 2;
/// How many siblings are tried one by one before a place is looked for from the other side.
constexpr int nearbySiblings = 64;
} // namespace

TreeRows::TreeRows(const observe::JobTree& tree)
    : tree_(tree) {
    rebuild();
}

void TreeRows::set(Node node, Flag flag, bool on) noexcept {
    const std::uint8_t bits = flags_[node];
    flags_[node] = static_cast<std::uint8_t>(on ? bits | flag : bits & ~flag);
}

void TreeRows::adopt(Node node) {
    if (node >= flags_.size())
        flags_.resize(std::size_t{node} + 1, 0); // has room for more, and touches none of it
    flags_[node] = 0;
    bool expand = sizes_.depth(node) < expandedLevels;
    if (!chosen_.empty()) {
        if (const auto found = chosen_.find(tree_.id(node)); found != chosen_.end())
            expand = found->second;
    }
    set(node, isExpanded, expand);
    if (sizes_.parent(node) == noNode && tree_.isOrphanRoot(node)) {
        set(node, isOrphan, true);
        ++orphanRoots_;
    }
    evaluate(node);
}

void TreeRows::evaluate(Node node) {
    if (!matches_)
        return;
    const bool before = has(node, matchBit_);
    const bool now = matches_(node);
    if (before == now)
        return;
    set(node, matchBit_, now);
    matchCount_[matchBit_ == matchedB] += now ? std::size_t{1} : ~std::size_t{0};
    filterStale_ = true;
}

void TreeRows::dirty(Node node) {
    if (has(node, painted))
        dirty_.push_back(node);
}

bool TreeRows::open(Node node) const noexcept {
    if (node == orphanGroup)
        return groupExpanded_;
    if (isPlaceGroup(node))
        return groups_ && openGroups_.contains(groups_->place(groupNumber(node)).key);
    return filtered_ ? !has(node, filterCollapsed) : has(node, isExpanded);
}

/// False for nodes that are in the tree already but not yet in our picture of it.
bool TreeRows::belongsHere(Node node, Node parent) const noexcept {
    return sizes_.known(node) && sizes_.parent(node) == parent && (!filtered_ || has(node, shown));
}

std::size_t TreeRows::rowOf(Node node) const noexcept {
    const RowList::Item item = itemOf(node);
    return visible(node) ? rows_.rowOf(item) : noRow;
}

bool TreeRows::inOrphanGroup(Node node) const noexcept {
    while (sizes_.known(node) && sizes_.parent(node) != noNode)
        node = sizes_.parent(node);
    return has(node, isOrphan);
}

unsigned TreeRows::depth(Node node) const noexcept {
    if (groups_)
        return isJob(node) ? 1 : 0;
    if (node == orphanGroup || !sizes_.known(node))
        return 0;
    bool below = false;
    if (rows_.contains(0)) {
        // Everything after the group's row is in it, which spares the way up to the root.
        const RowList::Item item = itemOf(node);
        below = rows_.contains(item) ? rows_.rowOf(item) > rows_.rowOf(0) : inOrphanGroup(node);
    }
    return sizes_.depth(node) + (below ? 1 : 0);
}

Node TreeRows::parent(Node node) const noexcept {
    if (!isJob(node) || !sizes_.known(node))
        return noNode;
    if (groups_) {
        const std::uint32_t group = groups_->groupOf(node);
        return group == RowGroups::none ? noNode : firstGroup + group;
    }
    if (has(node, isOrphan) && sizes_.parent(node) == noNode)
        return orphanGroup;
    return sizes_.parent(node);
}

std::uint32_t TreeRows::subtreeSize(Node node) const noexcept {
    if (node == orphanGroup)
        return orphanJobs_;
    if (isPlaceGroup(node))
        return groups_ ? static_cast<std::uint32_t>(groups_->counts(groupNumber(node)).jobs) : 0;
    return sizes_.known(node) ? sizes_.size(node) : 0;
}

bool TreeRows::expandable(Node node) const noexcept {
    if (groups_)
        return isPlaceGroup(node);
    return node == orphanGroup || (sizes_.known(node) && (tree_.childCount(node) > 0 || folded(node) > 0));
}

bool TreeRows::expanded(Node node) const noexcept {
    return expandable(node) && folded(node) == 0 && open(node);
}

bool TreeRows::matched(Node node) const noexcept {
    return filtered_ && has(node, shownBit_);
}

void TreeRows::restore(Expansion expansion) {
    forget();
    chosen_ = std::move(expansion.chosen);
    groupExpanded_ = expansion.group;
    openGroups_ = std::move(expansion.groups);
}

void TreeRows::forget() {
    chosen_.clear();
    unfolded_.clear();
    apart_ = {};
    groupExpanded_ = true;
    groups_.reset();
    openGroups_.clear();
    matches_ = nullptr;
    filtered_ = scanning_ = false;
    rebuild();
}

void TreeRows::rebuild() {
    sizes_.rebuild(tree_);
    flags_.clear();
    observe::resizeWithRoom(flags_, tree_.endNode());
    painted_.clear();
    dirty_.clear();
    orphanRoots_ = 0;
    matchCount_[0] = matchCount_[1] = 0;
    observe::LargeVector<Node> order;
    order.reserve(tree_.size());
    for (Node root = tree_.firstRoot(); root != noNode; root = tree_.nextSibling(root))
        order.push_back(root);
    for (std::size_t i = 0; i < order.size(); ++i) {
        adopt(order[i]);
        for (Node child = tree_.firstChild(order[i]); child != noNode; child = tree_.nextSibling(child))
            order.push_back(child);
    }
    updateOrphanGroup();
    if (groups_)
        groups_->rebuild();
    if (filtered_) {
        // All have been asked just now.
        shownBit_ = matchBit_;
        scanning_ = false;
        refresh();
    } else {
        rebuildRows();
    }
}

/// Appends the visible rows of `top` and below it, in order, without recursion: trees may be 100,000 deep.
void TreeRows::collect(Node top, Items& into) {
    if (arranged()) {
        collectArranged(top, into);
        return;
    }
    Node node = top;
    for (;;) {
        into.push_back(itemOf(node));
        Node next = open(node) ? tree_.firstChild(node) : noNode;
        Node above = node;
        for (;;) {
            while (next != noNode && !belongsHere(next, above))
                next = tree_.nextSibling(next);
            if (next != noNode || above == top)
                break;
            next = tree_.nextSibling(above);
            above = sizes_.parent(above);
        }
        if (next == noNode)
            return;
        node = next;
    }
}

void TreeRows::rebuildRows() {
    Items items;
    if (!folds_.empty())
        for (std::uint8_t& bits : flags_)
            bits = static_cast<std::uint8_t>(bits & ~hiddenByFold);
    folds_.clear();
    groupItems_ = groups_ ? groups_->size() : 0;
    if (groups_)
        collectGroups(items);
    if (foldsNow())
        sign();
    for (const bool orphans : {false, true}) {
        if (groups_)
            break;
        if (arranged()) {
            std::vector<Node> roots;
            for (Node root = tree_.firstRoot(); root != noNode; root = tree_.nextSibling(root))
                if (has(root, isOrphan) == orphans && belongsHere(root, noNode))
                    roots.push_back(root);
            if (orphans && !roots.empty())
                items.push_back(0);
            if (orphans && !groupExpanded_)
                break;
            arrange(roots);
            for (const Node root : roots)
                collectArranged(root, items);
            continue;
        }
        bool groupShown = !orphans;
        for (Node root = tree_.firstRoot(); root != noNode; root = tree_.nextSibling(root)) {
            if (has(root, isOrphan) != orphans || !belongsHere(root, noNode))
                continue;
            if (!std::exchange(groupShown, true))
                items.push_back(0);
            if (orphans && !groupExpanded_)
                break;
            collect(root, items);
        }
    }
    rows_.assign(items);
    ++generation_;
}

/// The groups that have jobs to show, those with most of them first, and below the open ones their jobs.
void TreeRows::collectGroups(Items& into) {
    std::vector<std::uint32_t> count(groups_->size(), 0);
    std::vector<std::vector<Node>> members(groups_->size());
    std::vector<bool> wanted(groups_->size());
    for (std::uint32_t group = 0; group < groups_->size(); ++group)
        wanted[group] = open(firstGroup + group);
    for (Node node = 0; node < tree_.endNode(); ++node) {
        const std::uint32_t group = groups_->groupOf(node);
        if (group == RowGroups::none || (filtered_ && !has(node, shownBit_)))
            continue;
        ++count[group];
        if (wanted[group])
            members[group].push_back(node);
    }
    groups_->setMatches(count);
    std::vector<std::uint32_t> order;
    for (std::uint32_t group = 0; group < groups_->size(); ++group)
        if (count[group] > 0)
            order.push_back(group);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return count[a] != count[b] ? count[a] > count[b] : a < b;
    });
    for (const std::uint32_t group : order) {
        into.push_back(itemOf(firstGroup + group));
        arrange(members[group]);
        for (const Node node : members[group])
            into.push_back(itemOf(node));
    }
}

/// The row after the last visible one of a visible node and all below it.
std::size_t TreeRows::afterVisible(Node node) const {
    Node last = node;
    while (open(last)) {
        Node child = tree_.lastChild(last);
        int tries = nearbySiblings;
        while (child != noNode && !(belongsHere(child, last) && visible(child)) && --tries > 0)
            child = tree_.previousSibling(child);
        if (child == noNode)
            break;
        if (tries <= 0)
            return endOf(last);
        last = child;
    }
    return rows_.rowOf(itemOf(last)) + 1;
}

/// As afterVisible(), found by looking at each row: for when the tree's end is full of what is not visible
/// yet.
std::size_t TreeRows::endOf(Node node) const {
    const std::size_t first = rows_.rowOf(itemOf(node)) + 1;
    std::size_t end = first;
    const std::uint32_t level = sizes_.depth(node);
    rows_.forEach(first, rows_.size() - first, [&](RowList::Item item) {
        if (item == 0 || sizes_.depth(nodeOf(item)) <= level)
            return false;
        ++end;
        return true;
    });
    return end;
}

std::size_t TreeRows::position(Node node) const {
    const Node above = sizes_.parent(node);
    int tries = nearbySiblings;
    for (Node sibling = tree_.previousSibling(node); sibling != noNode;
         sibling = tree_.previousSibling(sibling)) {
        if (--tries < 0) {
            if (above != noNode)
                return endOf(above);
            break;
        }
        if (belongsHere(sibling, above) && visible(sibling) &&
            (above != noNode || has(sibling, isOrphan) == has(node, isOrphan)))
            return afterVisible(sibling);
    }
    if (above != noNode)
        return rows_.rowOf(itemOf(above)) + 1;
    if (tries >= 0 && has(node, isOrphan))
        return rows_.rowOf(0) + 1;
    if (tries >= 0)
        return 0;
    return !has(node, isOrphan) && rows_.contains(0) ? rows_.rowOf(0) : rows_.size();
}

void TreeRows::takeOut(Node node) {
    if (groups_ || !visible(node)) // in a group it stays where it is
        return;
    const std::size_t row = rows_.rowOf(itemOf(node));
    rows_.erase(row, endOf(node) - row);
    ++generation_;
}

void TreeRows::putIn(Node node) {
    if (filtered_ || foldsNow() || groups_) {
        filterStale_ = true;
        return;
    }
    const Node above = parent(node);
    if (above != noNode && !(visible(above) && open(above)))
        return;
    if (arranged()) {
        filterStale_ = true;
        return;
    }
    const std::size_t row = position(node);
    if (tree_.childCount(node) == 0) {
        rows_.insert(row, itemOf(node));
    } else {
        Items items;
        collect(node, items);
        rows_.insert(row, items);
    }
    ++generation_;
}

void TreeRows::updateOrphanGroup() {
    std::uint32_t jobs = 0;
    if (orphanRoots_ > 0) {
        std::uint32_t left = orphanRoots_;
        for (Node root = tree_.firstRoot(); root != noNode && left > 0; root = tree_.nextSibling(root)) {
            if (has(root, isOrphan)) {
                jobs += sizes_.size(root);
                --left;
            }
        }
    }
    if (jobs != orphanJobs_)
        dirty_.push_back(orphanGroup);
    orphanJobs_ = jobs;
}

/// The group's row, where it is missing and no filter decides.
void TreeRows::showOrphanGroup() {
    if (filtered_ || groups_ || rows_.contains(0))
        return;
    rows_.insert(rows_.size(), RowList::Item{0});
    ++generation_;
}

void TreeRows::recheckRoot(Node root) {
    if (!sizes_.known(root) || sizes_.parent(root) != noNode || tree_.parent(root) != noNode)
        return;
    const bool orphan = tree_.isOrphanRoot(root);
    if (orphan == has(root, isOrphan))
        return;
    takeOut(root);
    set(root, isOrphan, orphan);
    orphanRoots_ += orphan ? 1u : ~0u;
    if (orphan)
        showOrphanGroup();
    putIn(root);
}

void TreeRows::apply(const observe::TreeChanges& changes) {
    if (changes.reset) {
        rebuild();
        return;
    }
    if (groups_ && groups_->apply(changes)) {
        filterStale_ = true;
        dirty_.push_back(firstGroup);
    }
    rootsToCheck_.clear();
    // Out of their old places first, while our picture still shows these.
    std::vector<Node> detached;
    for (Node node : changes.moved) {
        if (!sizes_.known(node))
            continue;
        takeOut(node);
        if (has(node, isOrphan)) {
            set(node, isOrphan, false);
            --orphanRoots_;
        }
        rootsToCheck_.push_back(sizes_.parent(node));
        sizes_.move(tree_, node, noNode);
        detached.push_back(node);
    }
    for (const observe::TreeChanges::Removed& removed : changes.removed) {
        const Node node = removed.node;
        if (!sizes_.known(node))
            continue;
        if (rows_.contains(itemOf(node))) {
            rows_.erase(itemOf(node));
            ++generation_;
        }
        if (sizes_.parent(node) == noNode) {
            if (has(node, isOrphan))
                --orphanRoots_;
        } else {
            dirty(sizes_.parent(node));
            rootsToCheck_.push_back(sizes_.parent(node)); // what made it an orphan may have gone
        }
        for (const auto bit : {matchedA, matchedB}) {
            if (has(node, bit))
                --matchCount_[bit == matchedB];
        }
        // What was shown only because it leads here has to go as well.
        filterStale_ = filterStale_ || has(node, shownBit_);
        if (!chosen_.empty())
            chosen_.erase(removed.id);
        folds_.erase(node);
        sizes_.remove(node);
        flags_[node] = 0;
    }
    for (Node node : changes.inserted) {
        if (sizes_.known(node))
            continue;
        const Node above = tree_.parent(node);
        if (above != noNode && !sizes_.known(above)) {
            rebuild();
            return;
        }
        sizes_.insert(node, above);
        adopt(node);
        if (has(node, isOrphan))
            showOrphanGroup();
        putIn(node);
        if (above != noNode) {
            dirty(above);
            if (sizes_.parent(above) == noNode)
                rootsToCheck_.push_back(above);
        }
    }
    for (Node node : detached) {
        const Node above = tree_.parent(node);
        if (above != noNode && !sizes_.known(above)) {
            rebuild();
            return;
        }
        sizes_.move(tree_, node, above);
        if (above == noNode && tree_.isOrphanRoot(node)) {
            set(node, isOrphan, true);
            ++orphanRoots_;
            showOrphanGroup();
        }
        putIn(node);
    }
    if (foldsNow() || (keysChange_ && !changes.changed.empty()))
        filterStale_ = true;
    for (Node node : changes.changed) {
        // Most are out of sight and of nobody's interest.
        if (!matches_ && !has(node, painted) && tree_.parent(node) != noNode)
            continue;
        if (!sizes_.known(node))
            continue;
        dirty(node);
        evaluate(node);
        if (sizes_.parent(node) == noNode)
            rootsToCheck_.push_back(node);
    }
    for (Node root : rootsToCheck_)
        recheckRoot(root);
    bool orphansTouched = orphanRoots_ > 0 || orphanJobs_ > 0;
    sizes_.flush([&](Node node) { dirty(node); });
    if (orphansTouched)
        updateOrphanGroup();
    if (orphanRoots_ == 0 && rows_.contains(0)) {
        rows_.erase(RowList::Item{0});
        ++generation_;
    }
}

void TreeRows::setExpanded(Node node, bool expand) {
    if (groups_) {
        if (!isPlaceGroup(node) || groupNumber(node) >= groups_->size() || open(node) == expand)
            return;
        const std::uint64_t key = groups_->place(groupNumber(node)).key;
        if (expand)
            openGroups_.insert(key);
        else
            openGroups_.erase(key);
        rebuildRows();
        return;
    }
    if (node != orphanGroup && !sizes_.known(node))
        return;
    if (folded(node) > 0) {
        if (expand)
            unfold(node);
        return;
    }
    if (open(node) == expand)
        return;
    if (filtered_) {
        if (node == orphanGroup)
            groupExpanded_ = expand;
        else
            set(node, filterCollapsed, !expand);
        rebuildRows();
        return;
    }
    if (node == orphanGroup) {
        groupExpanded_ = expand;
        rebuildRows();
        return;
    }
    chosen_[tree_.id(node)] = expand;
    if (!visible(node) || tree_.childCount(node) == 0) {
        set(node, isExpanded, expand);
        return;
    }
    const std::size_t row = rows_.rowOf(itemOf(node));
    if (expand) {
        set(node, isExpanded, true);
        Items items;
        collect(node, items);
        items.erase(items.begin());
        rows_.insert(row + 1, items);
    } else {
        rows_.erase(row + 1, endOf(node) - row - 1);
        set(node, isExpanded, false);
    }
    ++generation_;
}

void TreeRows::expandAll(Node node) {
    if (groups_) {
        setExpanded(node, true);
        return;
    }
    if (node == orphanGroup) {
        groupExpanded_ = true;
        for (Node root = tree_.firstRoot(); root != noNode; root = tree_.nextSibling(root)) {
            if (has(root, isOrphan))
                expandAll(root);
        }
        rebuildRows();
        return;
    }
    if (!sizes_.known(node))
        return;
    if (folded(node) > 0)
        unfold(node);
    for (Node below : tree_.subtree(node)) {
        if (!sizes_.known(below) || tree_.childCount(below) == 0)
            continue;
        if (filtered_) {
            set(below, filterCollapsed, false);
        } else {
            set(below, isExpanded, true);
            chosen_[tree_.id(below)] = true;
        }
    }
    rebuildRows();
}

void TreeRows::reveal(Node node) {
    std::vector<Node> above;
    for (Node at = parent(node); at != noNode; at = parent(at))
        above.push_back(at);
    for (std::size_t i = above.size(); i-- > 0;)
        if (folded(above[i]) == 0)
            setExpanded(above[i], true);
    if (groups_ && !visible(node)) // it came since the last refresh
        rebuildRows();
    // Some of them, or the job itself, may stand behind a row of several.
    bool hidden = false;
    above.insert(above.begin(), node);
    for (const Node each : above)
        if (isJob(each) && (has(each, hiddenByFold) || (each != node && folded(each) > 0))) {
            unfolded_.insert(familyOf(each));
            hidden = true;
        }
    if (!hidden)
        return;
    for (const Node each : above)
        if (isJob(each) && each != node && sizes_.known(each)) {
            set(each, isExpanded, true);
            chosen_[tree_.id(each)] = true;
        }
    rebuildRows();
}

void TreeRows::expandTo(Node node, unsigned levels) {
    if (groups_) {
        for (std::uint32_t group = 0; group < groups_->size(); ++group)
            if (node == noNode || node == firstGroup + group) {
                if (levels > 0)
                    openGroups_.insert(groups_->place(group).key);
                else
                    openGroups_.erase(groups_->place(group).key);
            }
        rebuildRows();
        return;
    }
    std::vector<Node> tops;
    if (node == noNode || node == orphanGroup) {
        for (Node root = tree_.firstRoot(); root != noNode; root = tree_.nextSibling(root))
            if (node == noNode || has(root, isOrphan))
                tops.push_back(root);
        if (node == orphanGroup) {
            groupExpanded_ = levels > 0;
            levels = levels > 0 ? levels - 1 : 0;
        }
    } else {
        tops.push_back(node);
    }
    for (const Node top : tops) {
        if (!sizes_.known(top))
            continue;
        const std::uint32_t level = sizes_.depth(top);
        for (const Node below : tree_.subtree(top)) {
            if (!sizes_.known(below) || tree_.childCount(below) == 0)
                continue;
            const bool expand = sizes_.depth(below) - level < levels;
            if (filtered_) {
                set(below, filterCollapsed, !expand);
            } else if (has(below, isExpanded) != expand) {
                set(below, isExpanded, expand);
                chosen_[tree_.id(below)] = expand;
            }
        }
    }
    rebuildRows();
}

void TreeRows::sortBy(SortKeys keys, bool descending, bool changing) {
    sortKeys_ = std::move(keys);
    descending_ = descending;
    keysChange_ = sortKeys_ && changing;
    rebuildRows();
}

void TreeRows::group(std::unique_ptr<RowGroups> groups) {
    groups_ = std::move(groups);
    refresh();
}

Node TreeRows::groupOfKey(std::uint64_t key) const {
    const auto group = groups_ ? groups_->find(key) : std::nullopt;
    return group ? firstGroup + *group : noNode;
}

void TreeRows::lookAtGroups(std::size_t nodes) {
    if (groups_)
        groups_->look(nodes);
}

void TreeRows::foldAlike(Alike alike) {
    alike_ = std::move(alike);
    unfolded_.clear();
    std::vector<std::uint64_t>().swap(signatures_);
    rebuildRows();
}

std::uint32_t TreeRows::folded(Node node) const noexcept {
    if (folds_.empty())
        return 0;
    const auto found = folds_.find(node);
    return found == folds_.end() ? 0 : found->second;
}

std::uint64_t TreeRows::familyOf(Node node) const {
    const Node above = sizes_.parent(node);
    const std::uint64_t place = above == noNode ? 0 : tree_.id(above).value;
    return alike_(node).family ^ (place * 0x9e3779b97f4a7c15u);
}

bool TreeRows::unfolded(Node node) const {
    return foldsNow() && isJob(node) && sizes_.known(node) && unfolded_.contains(familyOf(node));
}

void TreeRows::foldAgain(Node node) {
    if (unfolded(node) && unfolded_.erase(familyOf(node)) > 0)
        rebuildRows();
}

void TreeRows::unfold(Node node) {
    unfolded_.insert(familyOf(node));
    rebuildRows();
}

void TreeRows::keepApart(JobId job) {
    if (apart_ == job)
        return;
    apart_ = job;
    if (foldsNow())
        filterStale_ = true;
}

/// Subtrees of the same signature are alike: each job with what it does, and its children in their order.
void TreeRows::sign() {
    apartNodes_.clear();
    for (Node node = tree_.find(apart_); apart_ && node != noNode; node = tree_.parent(node))
        apartNodes_.insert(node);
    signatures_.assign(flags_.size(), 0);
    observe::LargeVector<Node> order;
    order.reserve(tree_.size());
    for (Node root = tree_.firstRoot(); root != noNode; root = tree_.nextSibling(root))
        order.push_back(root);
    for (std::size_t i = 0; i < order.size(); ++i)
        for (Node child = tree_.firstChild(order[i]); child != noNode; child = tree_.nextSibling(child))
            order.push_back(child);
    for (std::size_t i = order.size(); i-- > 0;) {
        const Node node = order[i];
        if (node >= signatures_.size())
            continue;
        signatures_[node] = (signatures_[node] ^ alike_(node).whole) * 0xff51afd7ed558ccdu;
        if (const Node above = tree_.parent(node); above != noNode && above < signatures_.size())
            signatures_[above] = (signatures_[above] ^ signatures_[node]) * 0x9e3779b97f4a7c15u + 1;
    }
}

void TreeRows::foldSiblings(std::vector<Node>& siblings) {
    std::unordered_map<std::uint64_t, std::size_t> first; ///< by signature: index in `kept`
    std::vector<Node> kept;
    kept.reserve(siblings.size());
    for (const Node node : siblings) {
        set(node, hiddenByFold, false);
        folds_.erase(node);
        // What leads to the selected job stays open.
        const bool leads = apartNodes_.contains(node) && tree_.id(node) != apart_;
        if (leads || node >= signatures_.size() || unfolded_.contains(familyOf(node))) {
            kept.push_back(node);
            continue;
        }
        const auto [at, fresh] = first.try_emplace(signatures_[node], kept.size());
        if (fresh) {
            kept.push_back(node);
            continue;
        }
        // What is selected speaks for the others.
        Node& speaker = kept[at->second];
        const auto found = folds_.find(speaker);
        const std::uint32_t count = (found == folds_.end() ? 1 : found->second) + 1;
        if (found != folds_.end())
            folds_.erase(found);
        Node hidden = node;
        if (apartNodes_.contains(node))
            std::swap(speaker, hidden);
        set(hidden, hiddenByFold, true);
        folds_[speaker] = count;
    }
    siblings = std::move(kept);
}

void TreeRows::arrange(std::vector<Node>& siblings) {
    if (siblings.size() < 2) {
        for (const Node node : siblings) {
            set(node, hiddenByFold, false);
            folds_.erase(node);
        }
        return;
    }
    if (foldsNow())
        foldSiblings(siblings);
    if (!sortKeys_)
        return;
    std::vector<std::uint64_t> keys;
    keys.reserve(siblings.size());
    sortKeys_(siblings, keys);
    std::vector<std::pair<std::uint64_t, std::uint32_t>> order;
    order.reserve(siblings.size());
    for (std::size_t i = 0; i < siblings.size(); ++i)
        order.emplace_back(descending_ ? ~keys[i] : keys[i], static_cast<std::uint32_t>(i));
    std::sort(order.begin(), order.end());
    std::vector<Node> sorted;
    sorted.reserve(siblings.size());
    for (const auto& [key, index] : order)
        sorted.push_back(siblings[index]);
    siblings = std::move(sorted);
}

/// As collect(), where siblings do not stand as they are linked.
void TreeRows::collectArranged(Node top, Items& into) {
    struct Level {
        std::vector<Node> nodes;
        std::size_t at = 0;
    };
    std::vector<Level> levels;
    const auto enter = [&](Node node) {
        into.push_back(itemOf(node));
        if (!open(node) || folded(node) > 0)
            return;
        std::vector<Node> children;
        for (Node child = tree_.firstChild(node); child != noNode; child = tree_.nextSibling(child))
            if (belongsHere(child, node))
                children.push_back(child);
        if (children.empty())
            return;
        arrange(children);
        levels.push_back({std::move(children)});
    };
    enter(top);
    while (!levels.empty()) {
        Level& level = levels.back();
        if (level.at == level.nodes.size())
            levels.pop_back();
        else
            enter(level.nodes[level.at++]);
    }
}

void TreeRows::setFilter(Matches matches) {
    matches_ = std::move(matches);
    again_ = false;
    beginScan();
}

void TreeRows::askAgain() {
    if (!filtered_ || scanning_)
        return;
    again_ = true;
    beginScan();
}

void TreeRows::beginScan() {
    // The rows of an older filter stay until this one is through: the two use different bits.
    matchBit_ = filtered_ && shownBit_ == matchedA ? matchedB : matchedA;
    for (std::uint8_t& bits : flags_)
        bits = static_cast<std::uint8_t>(bits & ~matchBit_);
    matchCount_[matchBit_ == matchedB] = 0;
    scanned_ = 0;
    scanning_ = true;
}

void TreeRows::clearFilter() {
    matches_ = nullptr;
    scanning_ = false;
    if (!filtered_)
        return;
    filtered_ = false;
    rebuildRows();
}

bool TreeRows::scan(std::chrono::microseconds budget) {
    if (!scanning_)
        return true;
    const auto end = std::chrono::steady_clock::now() + budget;
    while (scanned_ < flags_.size()) {
        for (int i = 0; i < 256 && scanned_ < flags_.size(); ++i, ++scanned_) {
            const auto node = static_cast<Node>(scanned_);
            if (sizes_.known(node))
                evaluate(node);
        }
        if (std::chrono::steady_clock::now() >= end)
            break;
    }
    if (scanned_ < flags_.size())
        return false;
    scanning_ = false;
    filtered_ = true;
    shownBit_ = matchBit_;
    if (!again_)
        for (std::uint8_t& bits : flags_)
            bits = static_cast<std::uint8_t>(bits & ~filterCollapsed);
    refresh();
    return true;
}

void TreeRows::refresh() {
    filterStale_ = false;
    if (!filtered_) {
        rebuildRows();
        return;
    }
    for (std::uint8_t& bits : flags_)
        bits = static_cast<std::uint8_t>(bits & ~shown);
    for (std::size_t i = 0; i < flags_.size(); ++i) {
        auto node = static_cast<Node>(i);
        if (!has(node, shownBit_) || !sizes_.known(node))
            continue;
        while (node != noNode && !has(node, shown)) {
            set(node, shown, true);
            node = sizes_.parent(node);
        }
    }
    rebuildRows();
}

void TreeRows::setPainted(std::vector<Node> nodes) {
    for (Node node : painted_) {
        if (node < flags_.size())
            set(node, painted, false);
    }
    painted_ = std::move(nodes);
    for (Node node : painted_) {
        if (node < flags_.size())
            set(node, painted, true);
    }
}

std::vector<Node> TreeRows::takeDirty() {
    std::vector<Node> taken;
    taken.swap(dirty_);
    return taken;
}

} // namespace coroscope::app
