// SPDX-License-Identifier: Apache-2.0
// Random news in every order that a source may give them, random clicks, and the rows compared with what a
// plain walk over the tree says they should be.
#include "model/TreeRows.h"

#include <coroscope/observe/Batch.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace coroscope::app {
namespace {

using observe::Node;
using observe::noNode;

class Fuzz {
public:
    explicit Fuzz(unsigned seed)
        : random_(seed)
        , withFilters_(seed % 3 == 0)
        , withOrder_(seed % 2 == 0) {
        observe::Batch nothing;
        nothing.reset = true;
        apply(nothing);
    }

    void step() {
        apply(below(40) == 0 ? everything() : someNews());
        check();
        click();
        check();
    }

private:
    std::uint32_t below(std::size_t n) {
        return static_cast<std::uint32_t>(std::uniform_int_distribution<std::size_t>(0, n - 1)(random_));
    }

    observe::JobRow birth(std::uint32_t index) {
        observe::JobRow row;
        row.id = JobId::of(index, ++generation_[index]);
        row.number = static_cast<std::uint64_t>(row.createdAt = ++births_);
        row.kind = below(3) == 0 ? JobKind::Job : JobKind::Launch;
        row.state = JobState::Active;
        row.execution = Execution::Suspended;
        if (!live_.empty() && below(6) != 0) {
            row.parent = anyone()->second.id;
            if (below(4) == 0)
                row.flags |= JobFlags::parentFromContext;
        } else if (below(3) == 0) {
            row.flags |= JobFlags::launchedInGlobalScope;
        }
        return row;
    }
    std::map<std::uint64_t, observe::JobRow>::iterator anyone() {
        return std::next(live_.begin(), static_cast<std::ptrdiff_t>(below(live_.size())));
    }

    /// Jobs come, change and end; parents before their children, and the rows in any order.
    observe::Batch someNews() {
        std::map<std::uint64_t, observe::JobRow> rows;
        observe::Batch batch;
        for (std::uint32_t left = 1 + below(12); left > 0; --left) {
            const std::uint32_t kind = below(10);
            if (kind < 5 || live_.empty()) {
                const std::uint32_t index = below(generation_.size());
                if (live_.count(JobId::of(index, generation_[index]).value) != 0)
                    continue;
                const observe::JobRow row = birth(index);
                live_[row.id.value] = rows[row.id.value] = row;
            } else if (kind < 8) {
                observe::JobRow& row = anyone()->second;
                ++row.jobVersion;
                row.state = below(2) == 0 ? JobState::Active : JobState::Cancelling;
                rows[row.id.value] = row;
            } else {
                const auto ending = anyone();
                batch.ended.push_back({ending->second.id, JobState::Completed, 0, 0});
                rows.erase(ending->first);
                live_.erase(ending);
            }
        }
        for (const auto& [id, row] : rows)
            batch.rows.push_back(row);
        std::shuffle(batch.rows.begin(), batch.rows.end(), random_);
        return batch;
    }
    observe::Batch everything() const {
        observe::Batch batch;
        batch.reset = true;
        for (const auto& [id, row] : live_)
            batch.rows.push_back(row);
        return batch;
    }

    void apply(const observe::Batch& batch) {
        const std::vector<Node> before = shown();
        const std::uint64_t generation = rows_.generation();
        tree_.apply(batch, changes_);
        rows_.apply(changes_);
        if (rows_.stale())
            rows_.refresh();
        if (shown() != before) {
            EXPECT_NE(rows_.generation(), generation) << "a change of the rows that nobody is told of";
        }
    }

    void click() {
        if (rows_.size() > 0 && below(5) == 0)
            rows_.setExpanded(rows_.at(below(rows_.size())), below(3) != 0);
        if (rows_.size() > 0 && below(25) == 0)
            rows_.expandAll(rows_.at(below(rows_.size())));
        if (withOrder_ && below(12) == 0)
            rows_.expandTo(rows_.size() > 0 && below(3) != 0 ? rows_.at(below(rows_.size())) : noNode,
                           below(4));
        if (withOrder_ && below(10) == 0) {
            sorted_ = below(3) != 0;
            descending_ = below(2) == 0;
            const auto keys = [this](const std::vector<Node>& nodes, std::vector<std::uint64_t>& into) {
                for (const Node node : nodes)
                    into.push_back(key(node));
            };
            rows_.sortBy(sorted_ ? TreeRows::SortKeys(keys) : TreeRows::SortKeys(), descending_, true);
        }
        if (!withFilters_ || below(12) != 0)
            return;
        filtered_ = !filtered_;
        if (filtered_) {
            rows_.setFilter(
                [this, every = 2 + below(3)](Node node) { return tree_.row(node).number % every == 0; });
            while (!rows_.scan(std::chrono::milliseconds(1))) {
            }
        } else {
            rows_.clearFilter();
        }
    }

    std::vector<Node> shown() const {
        std::vector<Node> nodes;
        rows_.forEach(0, rows_.size(), [&](Node node) { nodes.push_back(node); });
        return nodes;
    }

    /// True if the node is to be shown under the filter: it matches, or something below it does.
    bool leads(Node node) const {
        if (rows_.matched(node))
            return true;
        for (Node child = tree_.firstChild(node); child != noNode; child = tree_.nextSibling(child))
            if (leads(child))
                return true;
        return false;
    }
    std::uint64_t key(Node node) const {
        return tree_.row(node).number % 5 + (tree_.row(node).state == JobState::Active ? 10 : 0);
    }
    /// A node and its later siblings, in the order in which they are to stand.
    std::vector<Node> siblings(Node node) const {
        std::vector<Node> nodes;
        const auto before = [this](Node a, Node b) {
            return sorted_ && (descending_ ? key(a) > key(b) : key(a) < key(b));
        };
        for (; node != noNode; node = tree_.nextSibling(node))
            nodes.insert(sorted_ ? std::upper_bound(nodes.begin(), nodes.end(), node, before) : nodes.end(),
                         node);
        return nodes;
    }
    std::uint32_t walk(Node node, unsigned depth, bool visible, std::vector<Node>& into) const {
        visible = visible && (!filtered_ || leads(node));
        if (visible) {
            into.push_back(node);
            EXPECT_EQ(rows_.depth(node), depth);
        }
        std::uint32_t size = 1;
        for (const Node child : siblings(tree_.firstChild(node)))
            size += walk(child, depth + 1, visible && rows_.expanded(node), into);
        EXPECT_EQ(rows_.subtreeSize(node), size);
        return size;
    }

    void check() const {
        std::vector<Node> expected, inGroup;
        std::uint32_t orphans = 0;
        bool group = false, orphanMatches = false;
        for (const Node root : siblings(tree_.firstRoot())) {
            if (!tree_.isOrphanRoot(root)) {
                walk(root, 0, true, expected);
                continue;
            }
            group = true;
            orphanMatches = orphanMatches || leads(root);
            orphans += walk(root, 1, rows_.expanded(orphanGroup), inGroup);
        }
        // A filter leaves the group's row only where it leads to something.
        if (group && (!filtered_ || orphanMatches)) {
            expected.push_back(orphanGroup);
            expected.insert(expected.end(), inGroup.begin(), inGroup.end());
        }
        EXPECT_EQ(shown(), expected);
        EXPECT_EQ(rows_.orphans(), orphans);
        if (filtered_) {
            std::size_t matches = 0;
            for (Node node = 0; node < tree_.endNode(); ++node)
                matches += tree_.isLive(node) && rows_.matched(node);
            EXPECT_EQ(rows_.matches(), matches);
        }
    }

    std::mt19937 random_;
    bool withFilters_, withOrder_;
    bool sorted_ = false, descending_ = false;
    bool filtered_ = false;
    observe::JobTree tree_;
    TreeRows rows_{tree_};
    observe::TreeChanges changes_;
    std::vector<std::uint64_t> generation_ = std::vector<std::uint64_t>(64, 0);
    std::map<std::uint64_t, observe::JobRow> live_;
    std::int64_t births_ = 0;
};

TEST(TreeRowsFuzz, rowsAreWhatAPlainWalkSees) {
    const unsigned seeds = std::getenv("COROSCOPE_LONG_TESTS") ? 3'000 : 200;
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        Fuzz fuzz(seed);
        for (int step = 0; step < 60; ++step) {
            fuzz.step();
            ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed << ", step " << step;
        }
    }
}

} // namespace
} // namespace coroscope::app
