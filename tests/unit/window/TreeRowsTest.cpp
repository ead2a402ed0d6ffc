// SPDX-License-Identifier: Apache-2.0
#include "model/TreeRows.h"

#include <coroscope/observe/Batch.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace coroscope::app {
namespace {

using observe::Node;
using observe::noNode;

observe::JobRow job(std::uint32_t index, std::uint64_t generation, JobId parent) {
    observe::JobRow row;
    row.id = JobId::of(index, generation);
    row.parent = parent;
    row.number = row.id.value;
    row.kind = JobKind::Launch;
    row.state = JobState::Active;
    row.execution = Execution::Suspended;
    return row;
}

/// A tree that is fed by hand, and the rows that follow it.
struct Fed {
    observe::JobTree tree;
    TreeRows rows{tree};
    observe::TreeChanges changes;
    std::uint32_t version = 0;

    void apply(const observe::Batch& batch) {
        changes.clear();
        tree.apply(batch, changes);
        rows.apply(changes);
    }
    void add(std::uint32_t index, std::uint32_t parent, std::uint16_t flags = 0) {
        observe::Batch batch;
        batch.rows.push_back(job(index, 1, parent == 0 ? JobId{} : JobId::of(parent, 1)));
        batch.rows.back().flags = flags;
        apply(batch);
    }
    void end(std::uint32_t index) {
        observe::Batch batch;
        batch.ended.push_back({JobId::of(index, 1), JobState::Completed, 0, 0});
        apply(batch);
    }
    Node node(std::uint32_t index) const { return tree.find(JobId::of(index, 1)); }
    std::vector<std::uint32_t> visible() const {
        std::vector<std::uint32_t> indices;
        rows.forEach(0, rows.size(),
                     [&](Node n) { indices.push_back(n == orphanGroup ? 0 : tree.row(n).id.index()); });
        return indices;
    }
};

using Indices = std::vector<std::uint32_t>;

TEST(TreeRows, bornExpandedDownToTheGrandchildren) {
    Fed fed;
    fed.add(1, 0);
    fed.add(2, 1);
    fed.add(3, 2);
    fed.add(4, 3);
    fed.add(5, 1);
    EXPECT_EQ(fed.visible(), (Indices{1, 2, 3, 5}));
    EXPECT_EQ(fed.rows.subtreeSize(fed.node(1)), 5u);
    EXPECT_EQ(fed.rows.depth(fed.node(3)), 2u);
    fed.rows.setExpanded(fed.node(3), true);
    EXPECT_EQ(fed.visible(), (Indices{1, 2, 3, 4, 5}));
    fed.rows.setExpanded(fed.node(2), false);
    EXPECT_EQ(fed.visible(), (Indices{1, 2, 5}));
    fed.rows.reveal(fed.node(4));
    EXPECT_EQ(fed.visible(), (Indices{1, 2, 3, 4, 5}));
}

/// Siblings are alike when their numbers are equal modulo ten.
TreeRows::Alike moduloTen(const Fed& fed) {
    return [&fed](Node node) {
        const std::uint64_t number = fed.tree.row(node).id.index() % 10;
        return TreeRows::Likeness{number + 1, number + 1};
    };
}

TEST(TreeRows, openToADepthAndNoDeeper) {
    Fed fed;
    for (std::uint32_t i = 1; i <= 6; ++i)
        fed.add(i, i - 1);
    fed.rows.expandTo(noNode, 4);
    EXPECT_EQ(fed.visible(), (Indices{1, 2, 3, 4, 5}));
    fed.rows.expandTo(fed.node(3), 1);
    EXPECT_EQ(fed.visible(), (Indices{1, 2, 3, 4}));
    fed.rows.expandTo(noNode, 0);
    EXPECT_EQ(fed.visible(), (Indices{1}));
}

TEST(TreeRows, siblingsAreSortedBelowTheirParents) {
    Fed fed;
    fed.add(1, 0);
    for (const std::uint32_t index : {5u, 3u, 9u})
        fed.add(index, 1);
    fed.add(4, 9);
    const auto byIndex = [&fed](const std::vector<Node>& nodes, std::vector<std::uint64_t>& keys) {
        for (const Node node : nodes)
            keys.push_back(fed.tree.row(node).id.index());
    };
    fed.rows.sortBy(byIndex, false, false);
    EXPECT_EQ(fed.visible(), (Indices{1, 3, 5, 9, 4}));
    fed.rows.sortBy(byIndex, true, false);
    EXPECT_EQ(fed.visible(), (Indices{1, 9, 4, 5, 3}));
    fed.add(7, 1);
    EXPECT_TRUE(fed.rows.stale());
    fed.rows.refresh();
    EXPECT_EQ(fed.visible(), (Indices{1, 9, 4, 7, 5, 3}));
    fed.end(9);
    fed.rows.refresh();
    EXPECT_EQ(fed.visible(), (Indices{4, 1, 7, 5, 3})) << "who has lost its parent is a root";
    fed.rows.sortBy({}, false, false);
    EXPECT_EQ(fed.visible()[1], 5u);
}

TEST(TreeRows, siblingsThatAreAlikeAreOneRow) {
    Fed fed;
    fed.add(1, 0);
    for (std::uint32_t i = 0; i < 9; ++i)
        fed.add(12 + i * 10, 1);
    fed.add(13, 1);
    fed.rows.foldAlike(moduloTen(fed));
    EXPECT_EQ(fed.visible(), (Indices{1, 12, 13}));
    EXPECT_EQ(fed.rows.folded(fed.node(12)), 9u);
    EXPECT_EQ(fed.rows.folded(fed.node(13)), 0u);
    EXPECT_TRUE(fed.rows.expandable(fed.node(12)));
    EXPECT_FALSE(fed.rows.expanded(fed.node(12)));
    fed.add(3, 22); // now that one is like no other
    fed.rows.refresh();
    EXPECT_EQ(fed.visible(), (Indices{1, 12, 22, 3, 13}));
    EXPECT_EQ(fed.rows.folded(fed.node(12)), 8u);
    fed.end(12);
    fed.rows.refresh();
    EXPECT_EQ(fed.rows.folded(fed.node(32)), 7u) << "another speaks for them";
    fed.rows.setExpanded(fed.node(32), true);
    EXPECT_EQ(fed.visible(), (Indices{1, 22, 3, 32, 42, 52, 62, 72, 82, 92, 13}));
    EXPECT_TRUE(fed.rows.unfolded(fed.node(52)));
    fed.rows.foldAgain(fed.node(52));
    EXPECT_EQ(fed.visible(), (Indices{1, 22, 3, 32, 13}));
    fed.rows.foldAlike({});
    EXPECT_EQ(fed.visible().size(), 11u);
}

TEST(TreeRows, whatIsSelectedOrLookedForIsNotLostInARowOfSeveral) {
    Fed fed;
    fed.add(1, 0);
    for (std::uint32_t i = 0; i < 5; ++i) {
        fed.add(12 + i * 10, 1);
        fed.add(14 + i * 10, 12 + i * 10);
    }
    fed.rows.keepApart(JobId::of(32, 1));
    fed.rows.foldAlike(moduloTen(fed));
    EXPECT_EQ(fed.visible(), (Indices{1, 32})) << "it speaks for the others";
    EXPECT_EQ(fed.rows.folded(fed.node(32)), 5u);
    fed.rows.reveal(fed.node(54));
    EXPECT_TRUE(fed.rows.visible(fed.node(54)));
    fed.rows.foldAlike({});
    fed.rows.foldAlike(moduloTen(fed));
    fed.rows.keepApart(JobId::of(24, 1));
    fed.rows.refresh();
    EXPECT_TRUE(fed.rows.visible(fed.node(24)));
    EXPECT_EQ(fed.rows.folded(fed.node(12)), 4u);
}

TEST(TreeRows, orphansHangUnderAGroupAtTheEnd) {
    Fed fed;
    fed.add(1, 0);
    fed.add(2, 0, JobFlags::launchedInGlobalScope);
    fed.add(3, 2);
    fed.add(4, 0);
    EXPECT_EQ(fed.visible(), (Indices{1, 4, 0, 2, 3}));
    EXPECT_EQ(fed.rows.parent(fed.node(2)), orphanGroup);
    EXPECT_EQ(fed.rows.depth(fed.node(2)), 1u);
    EXPECT_EQ(fed.rows.orphans(), 2u);
    fed.rows.setExpanded(orphanGroup, false);
    EXPECT_EQ(fed.visible(), (Indices{1, 4, 0}));
    fed.rows.setExpanded(orphanGroup, true);
    fed.end(3);
    fed.end(2);
    EXPECT_EQ(fed.visible(), (Indices{1, 4}));
    EXPECT_EQ(fed.rows.orphans(), 0u);
}

TEST(TreeRows, thereIsOneOrphanGroupWhenOneIslandFollowsAnother) {
    Fed fed;
    fed.add(1, 0);
    fed.add(2, 0, JobFlags::launchedInGlobalScope);
    observe::Batch batch;
    batch.rows.push_back(job(3, 1, {}));
    batch.rows.back().kind = JobKind::Job;
    fed.apply(batch);
    batch.clear();
    batch.rows.push_back(job(4, 1, JobId::of(3, 1)));
    batch.rows.back().flags = JobFlags::parentFromContext;
    batch.ended.push_back({JobId::of(2, 1), JobState::Completed, 0, 0});
    fed.apply(batch);
    ASSERT_TRUE(fed.tree.isOrphanRoot(fed.node(3)));
    EXPECT_EQ(fed.visible(), (Indices{1, 0, 3, 4}));
    fed.end(4);
    EXPECT_FALSE(fed.tree.isOrphanRoot(fed.node(3)));
    EXPECT_EQ(fed.visible(), (Indices{1, 3})) << "what made it an island has gone";
}

TEST(TreeRows, expansionSurvivesAReset) {
    Fed fed;
    for (std::uint32_t i = 1; i <= 5; ++i)
        fed.add(i, i - 1);
    fed.rows.setExpanded(fed.node(3), true);
    fed.rows.setExpanded(fed.node(4), true);
    const Indices before = fed.visible();
    observe::Batch all;
    all.reset = true;
    for (std::uint32_t i = 1; i <= 5; ++i)
        all.rows.push_back(job(i, 1, i == 1 ? JobId{} : JobId::of(i - 1, 1)));
    fed.apply(all);
    EXPECT_EQ(fed.visible(), before);
}

TEST(TreeRows, aFilterShowsMatchesAndWhatIsAbove) {
    Fed fed;
    fed.add(1, 0);
    for (std::uint32_t i = 2; i <= 9; ++i)
        fed.add(i, i <= 5 ? 1 : i - 4);
    fed.rows.setFilter([&](Node n) { return fed.tree.row(n).id.index() == 8; });
    while (!fed.rows.scan(std::chrono::milliseconds(1))) {
    }
    EXPECT_EQ(fed.visible(), (Indices{1, 4, 8}));
    EXPECT_EQ(fed.rows.matches(), 1u);
    EXPECT_TRUE(fed.rows.matched(fed.node(8)));
    EXPECT_FALSE(fed.rows.matched(fed.node(4)));
    fed.end(8);
    EXPECT_EQ(fed.rows.matches(), 0u);
    fed.rows.refresh();
    EXPECT_TRUE(fed.visible().empty());
    fed.rows.clearFilter();
    EXPECT_EQ(fed.visible().size(), 8u);
}

/// The rows as a plain walk over the tree gives them.
Indices naive(const Fed& fed, const std::map<std::uint64_t, bool>& chosen) {
    Indices out;
    const auto walk = [&](auto& self, Node node, unsigned depth) -> std::uint32_t {
        out.push_back(fed.tree.row(node).id.index());
        const auto found = chosen.find(fed.tree.row(node).id.value);
        const bool open = found != chosen.end() ? found->second : depth < 2;
        std::uint32_t size = 1;
        const std::size_t mark = out.size();
        for (Node child = fed.tree.firstChild(node); child != noNode; child = fed.tree.nextSibling(child))
            size += self(self, child, depth + 1);
        if (!open)
            out.resize(mark);
        EXPECT_EQ(fed.rows.subtreeSize(node), size);
        return size;
    };
    for (Node root = fed.tree.firstRoot(); root != noNode; root = fed.tree.nextSibling(root))
        walk(walk, root, 0);
    return out;
}

TEST(TreeRows, followARandomTreeAsAPlainWalkWould) {
    std::mt19937 random(11);
    const auto below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    };
    Fed fed;
    std::map<std::uint64_t, bool> chosen;
    std::set<std::uint64_t> live;
    std::vector<std::uint64_t> generation(400, 0);
    for (int step = 0; step < 1'500; ++step) {
        observe::Batch batch;
        const std::size_t count = 1 + below(12);
        std::set<std::uint64_t> ending, starting;
        for (std::size_t i = 0; i < count; ++i) {
            const auto index = static_cast<std::uint32_t>(1 + below(generation.size() - 1));
            const JobId id = JobId::of(index, generation[index]);
            if (live.count(id.value) != 0) {
                // Only jobs without children end, as in a real program.
                const Node node = fed.tree.find(id);
                if (node == noNode || starting.count(id.value) != 0 || fed.tree.childCount(node) > 0)
                    continue;
                const bool adopted = std::any_of(batch.rows.begin(), batch.rows.end(),
                                                 [&](const auto& r) { return r.parent == id; });
                if (adopted || !ending.insert(id.value).second)
                    continue;
                batch.ended.push_back({id, JobState::Completed, 0, 0});
                continue;
            }
            if (starting.count(id.value) != 0)
                continue;
            const JobId fresh = JobId::of(index, ++generation[index]);
            JobId parent;
            if (!live.empty() && below(10) != 0) {
                auto at = live.begin();
                std::advance(at, static_cast<std::ptrdiff_t>(below(live.size())));
                if (ending.count(*at) == 0)
                    parent = JobId{*at};
            }
            batch.rows.push_back(job(index, generation[index], parent));
            starting.insert(fresh.value);
        }
        fed.apply(batch);
        for (const auto id : ending) {
            live.erase(id);
            chosen.erase(id);
        }
        live.insert(starting.begin(), starting.end());
        if (!live.empty() && below(3) == 0) {
            auto at = live.begin();
            std::advance(at, static_cast<std::ptrdiff_t>(below(live.size())));
            const Node node = fed.tree.find(JobId{*at});
            ASSERT_NE(node, noNode);
            if (fed.rows.expandable(node)) {
                const bool to = !fed.rows.expanded(node);
                fed.rows.setExpanded(node, to);
                chosen[*at] = to;
            }
        }
        ASSERT_EQ(fed.visible(), naive(fed, chosen)) << "step " << step;
    }
}

TEST(TreeRows, childrenWhoseParentEndsFirstBecomeRootsAndKeepWhatIsBelow) {
    Fed fed;
    fed.add(1, 0);
    fed.add(2, 1);
    fed.add(3, 2);
    fed.add(4, 3);
    fed.add(5, 1);
    fed.end(2);
    EXPECT_EQ(fed.rows.subtreeSize(fed.node(1)), 2u);
    EXPECT_EQ(fed.rows.subtreeSize(fed.node(3)), 2u);
    EXPECT_EQ(fed.rows.depth(fed.node(3)), 0u);
    EXPECT_EQ(fed.rows.depth(fed.node(4)), 1u);
    fed.rows.setExpanded(fed.node(3), true);
    EXPECT_EQ(fed.visible(), (Indices{1, 5, 3, 4}));
}

TEST(TreeRows, aMillionJobsCanBeHeldAndSearched) {
    constexpr std::uint32_t count = 1'000'000;
    Fed fed;
    observe::Batch batch;
    batch.reset = true;
    batch.rows.reserve(count);
    for (std::uint32_t i = 1; i <= count; ++i)
        batch.rows.push_back(
            job(i, 1, i == 1 ? JobId{} : JobId::of(i <= 1'001 ? 1 : 2 + (i - 1'002) % 1'000, 1)));
    fed.apply(batch);
    EXPECT_EQ(fed.rows.size(), count) << "three levels, all of them born expanded";
    EXPECT_EQ(fed.rows.subtreeSize(fed.node(1)), count);
    EXPECT_EQ(fed.rows.at(fed.rows.rowOf(fed.node(777'777))), fed.node(777'777));
    fed.rows.setFilter([&](Node n) { return fed.tree.row(n).id.index() % 100'000 == 7; });
    while (!fed.rows.scan(std::chrono::milliseconds(4))) {
    }
    EXPECT_EQ(fed.rows.matches(), 10u);
    fed.rows.clearFilter();
    fed.rows.setExpanded(fed.node(1), false);
    EXPECT_EQ(fed.rows.size(), 1u);
}

TEST(TreeRows, tearingDownALongChainKeepsTheCountsTrue) {
    constexpr std::uint32_t deep = 50'000;
    Fed fed;
    observe::Batch batch;
    for (std::uint32_t i = 1; i <= deep; ++i)
        batch.rows.push_back(job(i, 1, i == 1 ? JobId{} : JobId::of(i - 1, 1)));
    fed.apply(batch);
    EXPECT_EQ(fed.rows.subtreeSize(fed.node(1)), deep);
    observe::Batch ends;
    for (std::uint32_t i = deep; i > 10; --i)
        ends.ended.push_back({JobId::of(i, 1), JobState::Cancelled, 0, 0});
    fed.apply(ends);
    EXPECT_EQ(fed.rows.subtreeSize(fed.node(1)), 10u);
    EXPECT_EQ(fed.rows.subtreeSize(fed.node(10)), 1u);
}

} // namespace
} // namespace coroscope::app
