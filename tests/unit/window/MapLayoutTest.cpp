// SPDX-License-Identifier: Apache-2.0
#include "map/MapLayout.h"

#include <coroscope/observe/Batch.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>

namespace coroscope::app {
namespace {

using observe::Batch;
using observe::JobRow;
using observe::JobTree;
using observe::Node;
using observe::noNode;
using observe::TreeChanges;

JobId id(std::uint32_t index) {
    return JobId::of(index, 1);
}

JobRow job(std::uint32_t index, std::uint32_t parent, std::uint32_t kind = 1) {
    JobRow row;
    row.id = id(index);
    row.parent = parent == 0 ? JobId{} : id(parent);
    row.number = index;
    row.createdAt = index;
    row.resumes = kind; // what the test's classes are
    row.held = true;
    return row;
}

class MapLayoutTest : public testing::Test {
protected:
    void apply(Batch batch) {
        tree.apply(std::move(batch), changes);
        layout.apply(changes);
        layout.flush();
    }
    void put(std::initializer_list<JobRow> rows) {
        Batch batch;
        batch.rows.assign(rows.begin(), rows.end());
        apply(std::move(batch));
    }
    void end(std::initializer_list<std::uint32_t> jobs) {
        Batch batch;
        for (const std::uint32_t each : jobs)
            batch.ended.push_back({id(each), JobState::Completed, 0, 0});
        apply(std::move(batch));
    }
    void build(MapLayout::Blend blend = MapLayout::Blend::Highest) {
        layout.build([this](Node node) { return static_cast<MapLayout::Class>(tree.row(node).resumes); },
                     blend);
    }
    Node node(std::uint32_t index) { return tree.find(id(index)); }
    std::vector<MapBox> boxes(double left, double right, int pixels, std::uint32_t rows = 40,
                              std::uint32_t firstRow = 0) {
        std::vector<MapBox> found;
        layout.collect({left, right, pixels, firstRow, rows}, found);
        return found;
    }
    std::vector<MapBox> all(int pixels) { return boxes(0, layout.width(), pixels); }

    /// Everything the layout claims to know, worked out anew from the tree.
    void expectTrue() {
        std::map<Node, std::uint32_t> leaves, height, blended, depth;
        std::vector<Node> order;
        for (Node root = tree.firstRoot(); root != noNode; root = tree.nextSibling(root)) {
            const std::vector<Node> below = tree.subtree(root);
            order.insert(order.end(), below.begin(), below.end());
        }
        std::uint32_t deepest = 0;
        for (const Node each : order) {
            depth[each] = tree.parent(each) == noNode ? 1 : depth[tree.parent(each)] + 1;
            deepest = std::max(deepest, depth[each]);
        }
        for (std::size_t i = order.size(); i-- > 0;) {
            const Node each = order[i];
            if (tree.childCount(each) == 0)
                leaves[each] = 1;
            blended[each] = std::max(blended[each], tree.row(each).resumes);
            if (const Node parent = tree.parent(each); parent != noNode) {
                leaves[parent] += leaves[each];
                height[parent] = std::max(height[parent], height[each] + 1);
                blended[parent] = std::max(blended[parent], blended[each]);
            }
        }
        double owned = 0;
        for (const Node each : order) {
            ASSERT_TRUE(layout.known(each));
            ASSERT_EQ(layout.leaves(each), leaves[each]) << "job " << tree.row(each).number;
            ASSERT_EQ(layout.height(each), std::min<std::uint32_t>(height[each], MapLayout::tallest));
            ASSERT_EQ(layout.blended(each), blended[each]);
            ASSERT_EQ(layout.own(each), tree.row(each).resumes);
            ASSERT_EQ(layout.childCount(each), tree.childCount(each));
            ASSERT_EQ(layout.extent(each).row, depth[each]);
            const Node parent = tree.parent(each);
            if (parent == noNode) {
                ASSERT_EQ(layout.parent(each), tree.isOrphanRoot(each) ? orphanGroup : programGroup);
                owned += tree.isOrphanRoot(each) ? 0 : leaves[each];
                continue;
            }
            ASSERT_EQ(layout.parent(each), parent);
        }
        ASSERT_EQ(layout.rows(), order.empty() ? 0 : deepest + 1);
        ASSERT_EQ(layout.leaves(programGroup), owned);
        // Children lie side by side and fill their parent.
        for (const Node each : order) {
            if (tree.childCount(each) == 0)
                continue;
            const MapLayout::Extent extent = layout.extent(each);
            double x = extent.x;
            for (Node child = layout.firstChild(each); child != noNode; child = layout.next(child)) {
                ASSERT_NEAR(layout.extent(child).x, x, 1e-6);
                x += layout.extent(child).width;
            }
            ASSERT_NEAR(x, extent.x + extent.width, 1e-6);
        }
    }

    JobTree tree;
    TreeChanges changes;
    MapLayout layout{tree};
};

TEST_F(MapLayoutTest, AJobIsAsWideAsTheLeavesBelowIt) {
    build();
    put({job(1, 0), job(2, 1), job(3, 1), job(4, 3), job(5, 3), job(6, 3)});
    EXPECT_EQ(layout.width(), 4);
    EXPECT_EQ(layout.rows(), 4u) << "the program, and three levels of jobs";
    const MapLayout::Extent three = layout.extent(node(3));
    EXPECT_EQ(three.x, 1);
    EXPECT_EQ(three.width, 3);
    EXPECT_EQ(three.row, 2u);
    end({2, 5});
    EXPECT_EQ(layout.width(), 2);
    EXPECT_EQ(layout.extent(node(6)).x, 1);
    end({4, 6});
    EXPECT_EQ(layout.leaves(node(3)), 1u) << "without children it is a leaf itself";
    expectTrue();
}

TEST_F(MapLayoutTest, ALayoutBuiltLateIsTheSameAsOneThatFollowed) {
    put({job(1, 0), job(2, 1), job(3, 1, 4), job(4, 3), job(5, 3, 2)});
    EXPECT_FALSE(layout.known(node(3))) << "nobody looks: nothing is kept";
    build();
    expectTrue();
    EXPECT_EQ(layout.blended(node(1)), 4);
    layout.clear();
    EXPECT_FALSE(layout.known(node(3)));
}

TEST_F(MapLayoutTest, EachJobHasABoxWhereThereIsRoom) {
    build();
    put({job(1, 0), job(2, 1, 2), job(3, 1, 3), job(4, 3, 5)});
    const auto found = all(400);
    ASSERT_EQ(found.size(), 5u);
    EXPECT_EQ(found[0].node, programGroup);
    EXPECT_EQ(found[1].node, node(1));
    EXPECT_EQ(found[1].width, 400);
    EXPECT_EQ(found[2].node, node(2));
    EXPECT_EQ(found[2].width, 200);
    EXPECT_EQ(found[2].kind, 2) << "a job by itself shows its own class";
    EXPECT_EQ(found[3].node, node(3));
    EXPECT_EQ(found[3].kind, 3);
    EXPECT_EQ(found[4].x, 200);
    EXPECT_EQ(found[4].row, 3u);
}

TEST_F(MapLayoutTest, TheWorstOfManyIsSeenHoweverSmallItIs) {
    build();
    put({job(1, 0)});
    Batch batch;
    for (std::uint32_t i = 2; i < 100'002; ++i)
        batch.rows.push_back(job(i, 1));
    batch.rows.push_back(job(200'000, 77'777, 9)); // below one of them
    apply(std::move(batch));
    const auto worst = [&](double left, double right, int pixels) {
        std::vector<MapBox> found;
        for (const MapBox& box : boxes(left, right, pixels))
            if (box.kind == 9)
                found.push_back(box);
        return found;
    };
    const double at = layout.extent(node(200'000)).x;
    auto found = worst(0, layout.width(), 1000);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_GT(found[0].merged, 100u);
    EXPECT_EQ(found[0].height, 1) << "and that something is below it";
    EXPECT_NEAR(found[0].x + found[0].width / 2, at / 100, 4);
    // Ever nearer, it is in sight all the time.
    for (double wide = layout.width(); wide > 1; wide /= 1.37) {
        const double left = std::clamp(at - wide * 0.3, 0.0, layout.width() - wide);
        found = worst(left, left + wide, 1000);
        ASSERT_GE(found.size(), 1u) << wide;
    }
    EXPECT_EQ(found.back().node, node(200'000)) << "in the end by itself";
    EXPECT_EQ(found.back().merged, 0u);
    // It gets well, and that is seen, too.
    put({job(200'000, 77'777, 1)});
    EXPECT_TRUE(worst(0, layout.width(), 1000).empty());
}

TEST_F(MapLayoutTest, TheMostFrequentOfManyIsShownWhereNoneIsWorse) {
    build(MapLayout::Blend::MostFrequent);
    put({job(1, 0)});
    Batch batch;
    for (std::uint32_t i = 2; i < 50'002; ++i)
        batch.rows.push_back(job(i, 1, i % 3 == 0 ? 7 : 2));
    apply(std::move(batch));
    for (const MapBox& box : all(500))
        if (box.merged > 10) {
            EXPECT_EQ(box.kind, 2);
        }
}

TEST_F(MapLayoutTest, MergedCellsDependOnTheScaleInStepsOnlySoThatNothingFlickers) {
    build();
    put({job(1, 0)});
    Batch batch;
    for (std::uint32_t i = 2; i < 40'002; ++i)
        batch.rows.push_back(job(i, 1, 1 + i * 2654435761u % 7));
    apply(std::move(batch));
    const auto borders = [&](double wide) {
        std::vector<Node> first;
        for (const MapBox& box : boxes(0, wide, 1000))
            if (box.merged > 0)
                first.push_back(box.node);
        return first;
    };
    // A little nearer: each border is where one was, or in the middle between two.
    const auto before = borders(40'000);
    for (const double nearer : {1.02, 1.1, 1.3}) {
        const auto after = borders(40'000 / nearer);
        ASSERT_GT(after.size(), 100u);
        std::size_t kept = 0;
        for (const Node each : before)
            kept += std::find(after.begin(), after.end(), each) != after.end() ? 1 : 0;
        EXPECT_GE(static_cast<double>(kept), static_cast<double>(before.size()) / nearer - 2) << nearer;
    }
    // Panned by an odd bit: the same cells.
    std::vector<Node> shifted;
    for (const MapBox& box : boxes(1234.5, 21'234.5, 500))
        if (box.merged > 0)
            shifted.push_back(box.node);
    const auto still = borders(40'000);
    std::size_t kept = 0;
    for (const Node each : shifted)
        kept += std::find(still.begin(), still.end(), each) != still.end() ? 1 : 0;
    EXPECT_GE(kept + 2, shifted.size());
}

TEST_F(MapLayoutTest, OrphansLieApartAndAreWideEnoughToBeSeen) {
    build();
    put({job(1, 0)});
    Batch batch;
    for (std::uint32_t i = 2; i < 1002; ++i)
        batch.rows.push_back(job(i, 1));
    JobRow orphan = job(2000, 0);
    orphan.flags = JobFlags::launchedInGlobalScope;
    batch.rows.push_back(orphan);
    apply(std::move(batch));
    EXPECT_EQ(layout.parent(node(2000)), orphanGroup);
    const MapLayout::Extent extent = layout.extent(node(2000));
    EXPECT_GT(extent.x, 1000) << "to the right of the others, behind a gap";
    EXPECT_GT(extent.width, layout.width() * 0.1);
    EXPECT_NEAR(extent.x + extent.width, layout.width(), 1e-6);
    end({2000});
    EXPECT_EQ(layout.width(), 1000);
}

TEST_F(MapLayoutTest, AJobThatBecomesAnOrphanMovesThere) {
    build();
    JobRow island = job(1, 0);
    island.kind = JobKind::Job;
    island.held = false;
    put({island, job(5, 0)});
    EXPECT_EQ(layout.parent(node(1)), programGroup);
    JobRow cut = job(2, 1);
    cut.flags = JobFlags::parentFromContext;
    put({cut});
    EXPECT_EQ(layout.parent(node(1)), orphanGroup);
    expectTrue();
    end({2});
    EXPECT_EQ(layout.parent(node(1)), programGroup) << "nothing is cut off any more";
    expectTrue();
}

TEST_F(MapLayoutTest, RowsThatAreOutOfSightCostNoBoxes) {
    build();
    Batch batch;
    batch.rows.push_back(job(1, 0));
    for (std::uint32_t i = 2; i < 5000; ++i)
        batch.rows.push_back(job(i, i - 1));
    apply(std::move(batch));
    EXPECT_EQ(layout.rows(), 5000u);
    const auto found = boxes(0, 1, 100, 20, 3000);
    ASSERT_EQ(found.size(), 20u);
    EXPECT_EQ(found.front().row, 3000u);
    EXPECT_EQ(found.front().node, node(3000));
}

TEST_F(MapLayoutTest, AMillionJobsAreLaidOutRightAndCheaply) {
#ifdef COROSCOPE_SANITIZED
    constexpr std::uint32_t jobs = 100'000;
#else
    constexpr std::uint32_t jobs = 1'000'000;
#endif
    Batch batch;
    batch.reset = true;
    batch.rows.reserve(jobs);
    std::mt19937 random(7);
    batch.rows.push_back(job(1, 0));
    // A few wide ones with nearly all of the others, and a bush.
    for (std::uint32_t i = 2; i <= jobs; ++i)
        batch.rows.push_back(job(i, i < 10 ? 1 : i % 4 != 0 ? 2 + random() % 8 : 1 + random() % (i - 1)));
    tree.apply(std::move(batch), changes);
    build();
    std::uint32_t leaves = 0;
    for (Node each = 0; each < tree.endNode(); ++each)
        leaves += tree.isLive(each) && tree.childCount(each) == 0 ? 1 : 0;
    EXPECT_EQ(layout.leaves(node(1)), leaves);
    EXPECT_EQ(layout.width(), leaves);
    // What is drawn is bounded by the pixels, at every scale.
    for (double wide = leaves; wide > 2; wide /= 3) {
        for (const double share : {0.0, 0.4, 0.9}) {
            const auto found = boxes(share * (leaves - wide), share * (leaves - wide) + wide, 1600);
            EXPECT_LT(found.size(), 40u * 1600 / 2);
            EXPECT_GT(found.size(), 2u);
            for (const MapBox& box : found) {
                if (box.merged == 0 && box.row > 0) {
                    ASSERT_GE(box.width, MapLayout::leastPixels - 1e-9);
                }
                ASSERT_LE(box.row, 40u);
            }
        }
    }
}

TEST_F(MapLayoutTest, ManyChangesBetweenTwoLooksCostNoMoreThanAllJobs) {
    // A chain: each change at its end is news for all above.
#ifdef COROSCOPE_SANITIZED
    constexpr std::uint32_t deep = 20'000;
#else
    constexpr std::uint32_t deep = 100'000;
#endif
    build();
    Batch batch;
    batch.rows.push_back(job(1, 0));
    for (std::uint32_t i = 2; i <= deep; ++i)
        batch.rows.push_back(job(i, i - 1));
    apply(std::move(batch));
    Batch more;
    for (std::uint32_t i = 0; i < 20'000; ++i)
        more.rows.push_back(job(deep + 1 + i, deep - i % 100, 1 + i % 9));
    apply(std::move(more)); // by ones it would be two thousand million steps
    EXPECT_EQ(layout.leaves(node(1)), 20'000u);
    EXPECT_EQ(layout.blended(node(1)), 9);
}

/// Whatever comes in whatever order, what the layout says is what the tree says.
TEST_F(MapLayoutTest, FollowsAnyTree) {
    for (std::uint32_t seed = 1; seed <= 6; ++seed) {
        std::mt19937 random(seed);
        tree = JobTree{};
        build();
        std::map<std::uint32_t, std::uint64_t> generation;
        const std::uint32_t slots = seed % 2 == 0 ? 30 : 400;
        const bool wide = seed % 3 == 0;
        for (int round = 0; round < 150; ++round) {
            Batch batch;
            batch.reset = random() % 60 == 0;
            for (std::uint32_t i = 0, n = random() % 60; i < n; ++i) {
                const std::uint32_t index = 1 + random() % slots;
                auto at = [&](std::uint32_t slot) { return JobId::of(slot, 1 + generation[slot]); };
                if (random() % 5 == 0) {
                    batch.ended.push_back({at(index), JobState::Completed, 0, 0});
                    if (random() % 2 == 0)
                        ++generation[index];
                    continue;
                }
                if (random() % 9 == 0)
                    ++generation[index];
                JobRow row = job(index, 0, random() % MapLayout::classes);
                row.id = at(index);
                const std::uint32_t parent = wide ? 1 + random() % 3 : 1 + random() % slots;
                if (random() % 8 != 0)
                    row.parent = at(parent);
                row.kind = random() % 4 == 0 ? JobKind::Job : JobKind::Launch;
                row.held = random() % 2 == 0;
                row.flags = random() % 4 == 0   ? JobFlags::parentFromContext
                            : random() % 6 == 0 ? JobFlags::launchedInGlobalScope
                                                : std::uint16_t{0};
                batch.rows.push_back(row);
            }
            apply(std::move(batch));
            expectTrue();
            if (HasFatalFailure()) {
                ADD_FAILURE() << "seed " << seed << ", round " << round;
                return;
            }
        }
    }
}

/// The same of groups, whose jobs come, go, and go over to another one.
TEST_F(MapLayoutTest, FollowsAnyGroups) {
    for (std::uint32_t seed = 1; seed <= 6; ++seed) {
        std::mt19937 random(seed);
        tree = JobTree{};
        const bool worst = seed % 2 == 0;
        layout.build([this](Node each) { return static_cast<MapLayout::Class>(tree.row(each).resumes); },
                     worst ? MapLayout::Blend::Highest : MapLayout::Blend::MostFrequent,
                     [this](Node each) { return tree.row(each).suspendedAt; });
        std::map<std::uint32_t, std::uint64_t> generation;
        for (int round = 0; round < 100; ++round) {
            Batch batch;
            batch.reset = random() % 40 == 0;
            for (std::uint32_t i = 0, n = random() % 60; i < n; ++i) {
                const std::uint32_t index = 1 + random() % 200;
                const JobId at = JobId::of(index, 1 + generation[index]);
                if (random() % 3 == 0) {
                    batch.ended.push_back({at, JobState::Completed, 0, 0});
                    ++generation[index];
                    continue;
                }
                JobRow row = job(index, random() % 2 == 0 ? 1 : 0, random() % MapLayout::classes);
                row.id = at;
                row.suspendedAt = random() % 4 == 0 ? random() % 40 : random() % 3;
                batch.rows.push_back(row);
            }
            apply(std::move(batch));

            std::map<std::uint32_t, std::map<std::uint32_t, std::uint32_t>> kinds; // by group
            std::map<std::uint32_t, std::uint32_t> counts;
            for (Node each = 0; each < tree.endNode(); ++each) {
                if (!tree.isLive(each))
                    continue;
                const std::uint32_t group = tree.row(each).suspendedAt;
                ASSERT_EQ(layout.parent(each), firstGroup + group) << "seed " << seed << ", round " << round;
                ASSERT_EQ(layout.extent(each).row, 2u);
                ++counts[group];
                ++kinds[group][tree.row(each).resumes];
            }
            ASSERT_EQ(layout.childCount(programGroup), counts.size()) << "empty groups are not there";
            ASSERT_EQ(layout.width(), static_cast<double>(tree.size()));
            ASSERT_EQ(layout.rows(), tree.size() == 0 ? 0u : 3u);
            for (const auto& [group, count] : counts) {
                ASSERT_EQ(layout.leaves(firstGroup + group), count);
                ASSERT_EQ(layout.extent(firstGroup + group).width, count);
                const std::uint8_t shown = layout.blended(firstGroup + group);
                if (worst)
                    ASSERT_EQ(shown, kinds[group].rbegin()->first);
                else
                    for (const auto& [kind, of] : kinds[group])
                        ASSERT_LE(of, kinds[group][shown]);
            }
            for (std::uint32_t group = 0; group < 40; ++group)
                ASSERT_EQ(layout.known(firstGroup + group), counts.contains(group));
        }
    }
}

TEST_F(MapLayoutTest, TheLargestGroupIsFirst) {
    Batch batch;
    for (std::uint32_t i = 1; i <= 100; ++i) {
        batch.rows.push_back(job(i, i > 50 ? 1 : 0));
        batch.rows.back().suspendedAt = i % 10 == 0 ? 0 : i % 3 == 0 ? 1 : 2;
    }
    apply(std::move(batch));
    layout.build([](Node) { return MapLayout::Class{1}; }, MapLayout::Blend::Highest,
                 [this](Node each) { return tree.row(each).suspendedAt; });
    EXPECT_EQ(layout.firstChild(programGroup), firstGroup + 2);
    EXPECT_EQ(layout.lastChild(programGroup), firstGroup + 0);
    EXPECT_EQ(layout.leaves(firstGroup + 0), 10u);
    EXPECT_EQ(layout.childCount(node(1)), 0u) << "what is below a job in the tree is not below it here";
}

} // namespace
} // namespace coroscope::app
