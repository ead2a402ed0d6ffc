// SPDX-License-Identifier: Apache-2.0
#include "model/RowGroups.h"

#include <algorithm>
#include <utility>

namespace coroscope::app {

namespace {

constexpr std::uint8_t cancelling = 0x80;

std::uint8_t doing(const observe::JobRow& row) noexcept {
    return static_cast<std::uint8_t>(static_cast<unsigned>(row.execution) |
                                     (row.state == JobState::Cancelling ? cancelling : 0u));
}

void countOut(observe::JobCounts& counts, std::uint8_t does) noexcept {
    observe::addTo(counts, static_cast<Execution>(does & ~cancelling),
                   (does & cancelling) != 0 ? JobState::Cancelling : JobState::Active, ~std::uint64_t{0});
}

} // namespace

RowGroups::RowGroups(const observe::JobTree& tree, observe::Grouping grouping)
    : tree_(tree)
    , grouping_(std::move(grouping)) {
    rebuild();
}

void RowGroups::rebuild() {
    of_.assign(tree_.endNode(), none);
    does_.assign(tree_.endNode(), 0);
    groups_.assign(grouping_.size(), {});
    for (Node node = 0; node < tree_.endNode(); ++node)
        if (tree_.isLive(node))
            putIn(node);
    looked_ = 0;
    for (Group& group : groups_)
        group.oldestSoFar = 0; // the next round begins
}

bool RowGroups::apply(const observe::TreeChanges& changes) {
    if (changes.reset) {
        rebuild();
        return true;
    }
    bool changed = false;
    for (const observe::TreeChanges::Removed& removed : changes.removed)
        changed = takeOut(removed.node) || changed;
    for (const Node node : changes.inserted)
        changed = putIn(node) || changed;
    for (const Node node : changes.changed)
        changed = putIn(node) || changed;
    return changed;
}

std::string RowGroups::name(std::uint32_t group) const {
    const observe::GroupPlace& place = this->place(group);
    if (!place.known())
        return place.without;
    const observe::SiteText& frame = place.stack.frames[place.own];
    const std::string function = frame.shortFunction();
    return function.empty() ? frame.shortText() : function;
}

bool RowGroups::putIn(Node node) {
    if (node >= of_.size()) {
        of_.resize(tree_.endNode(), none);
        does_.resize(tree_.endNode(), 0);
    }
    const observe::JobRow& row = tree_.row(node);
    const std::uint32_t group = grouping_.groupOf(row);
    const std::uint8_t does = doing(row);
    if (of_[node] == group && does_[node] == does)
        return false;
    takeOut(node);
    if (group >= groups_.size())
        groups_.resize(grouping_.size());
    of_[node] = group;
    does_[node] = does;
    Group& all = groups_[group];
    observe::addTo(all.counts, row.execution, row.state, 1);
    for (std::int64_t* const oldest : {&all.oldest, &all.oldestSoFar})
        if (row.createdAt != 0 && (*oldest == 0 || row.createdAt < *oldest))
            *oldest = row.createdAt;
    return true;
}

bool RowGroups::takeOut(Node node) {
    if (groupOf(node) == none)
        return false;
    countOut(groups_[of_[node]].counts, does_[node]);
    of_[node] = none;
    return true;
}

void RowGroups::look(std::size_t nodes) {
    const std::size_t end = std::min(of_.size(), looked_ + nodes);
    for (; looked_ < end; ++looked_) {
        if (of_[looked_] == none)
            continue;
        Group& group = groups_[of_[looked_]];
        const std::int64_t created = tree_.createdAt(static_cast<observe::Node>(looked_));
        if (created != 0 && (group.oldestSoFar == 0 || created < group.oldestSoFar))
            group.oldestSoFar = created;
    }
    if (looked_ < of_.size())
        return;
    looked_ = 0;
    for (Group& group : groups_)
        group.oldest = std::exchange(group.oldestSoFar, 0);
}

void RowGroups::setMatches(const std::vector<std::uint32_t>& matches) {
    for (std::size_t group = 0; group < groups_.size(); ++group)
        groups_[group].matches = group < matches.size() ? matches[group] : 0;
}

} // namespace coroscope::app
