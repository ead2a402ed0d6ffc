// SPDX-License-Identifier: Apache-2.0
#include "TreeText.h"

#include <coroscope/observe/JobTree.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>

namespace coroscope::test {
namespace {

using namespace observe;

struct JobTreeTest : testing::Test {
    JobTree tree;
    TreeChanges changes;

    std::string after(const std::string& text) {
        tree.apply(batch(text), changes);
        return draw(tree);
    }
    std::string labels(const std::vector<Node>& nodes) const {
        std::string text;
        for (const Node node : nodes)
            text += (text.empty() ? "" : " ") + label(tree.row(node).id);
        return text;
    }
    std::string removed() const {
        std::string text;
        for (const auto& job : changes.removed)
            text += (text.empty() ? "" : " ") + label(job.id);
        return text;
    }
};

TEST_F(JobTreeTest, SaysWhichJobASuspendedOneWaitsFor) {
    Batch news = batch("1 2 3 4");
    auto waits = [&](std::size_t i, WaitKind kind, std::uint64_t what) {
        news.rows[i].execution = Execution::Suspended;
        news.rows[i].waitKind = kind;
        news.rows[i].waitsFor = what;
    };
    const ResourceId stock = ResourceId::of(7, 3), queue = ResourceId::of(2, 1);
    waits(1, WaitKind::Job, id("1").value);
    waits(2, WaitKind::Mutex, stock.value);
    waits(3, WaitKind::Channel, queue.value);
    news.resources = {{stock, WaitKind::Mutex, id("4"), 0, 1, 1, 0, 0},
                      {queue, WaitKind::Channel, {}, 5, 64, 1, 0, 0}};
    tree.apply(news, changes);
    EXPECT_TRUE(changes.resources);
    auto blocker = [&](const char* job) { return tree.waitsForJob(tree.row(tree.find(id(job)))); };
    EXPECT_FALSE(blocker("1"));
    EXPECT_EQ(blocker("2"), id("1"));
    EXPECT_EQ(blocker("3"), id("4"));
    EXPECT_FALSE(blocker("4"));
    ASSERT_NE(tree.resource(queue), nullptr);
    EXPECT_EQ(tree.resource(queue)->count, 5u);
    EXPECT_EQ(tree.resource(ResourceId::of(7, 2)), nullptr) << "an older one in that row";
    EXPECT_EQ(tree.resource({}), nullptr);

    tree.apply(batch("5"), changes);
    EXPECT_FALSE(changes.resources);
    EXPECT_EQ(tree.resources().size(), 2u) << "no news of them: they stay";
    tree.apply(batch("! 1"), changes);
    EXPECT_TRUE(tree.resources().empty());
}

TEST_F(JobTreeTest, ChildrenLieBelowTheirParentsInTheOrderOfArrival) {
    EXPECT_EQ(after("1 2<1 3<2 4<1 5"), "1;+2;++3;+4;5");
    EXPECT_EQ(labels(changes.inserted), "1 2 3 4 5");
}

TEST_F(JobTreeTest, AWholeStateIsInTheOrderOfCreationThenOfNumbers) {
    std::mt19937_64 random(7);
    constexpr std::int64_t second = 1'000'000'000;
    for (const bool numbered : {false, true})
        for (const std::int64_t range :
             {std::int64_t{1}, std::int64_t{40}, 90'000 * second, std::int64_t{1} << 62}) {
            const std::int64_t grain = range > second && range < 90'001 * second ? second / 100 : 1;
            std::vector<JobRow> rows(3'000);
            for (std::size_t i = 0; i < rows.size(); ++i) {
                rows[i].id = JobId::of(static_cast<std::uint32_t>(i), 1);
                rows[i].number = numbered ? i : random() % 100;
                rows[i].createdAt =
                    5 +
                    static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(range)) / grain * grain;
            }
            std::vector<JobRow> wanted = rows;
            std::sort(wanted.begin(), wanted.end(), [](const JobRow& a, const JobRow& b) {
                return std::tuple(a.createdAt, a.number, a.id) < std::tuple(b.createdAt, b.number, b.id);
            });
            const JobTree built = JobTree::Builder::treeOf(rows);
            Node root = built.firstRoot();
            for (const JobRow& row : wanted) {
                ASSERT_NE(root, noNode);
                ASSERT_EQ(built.id(root), row.id) << range << numbered;
                root = built.nextSibling(root);
            }
            EXPECT_EQ(root, noNode);
        }
}

TEST_F(JobTreeTest, ParentsMayComeAfterTheirChildrenInOneBatch) {
    EXPECT_EQ(after("3<2 2<1 1"), "1;+2;++3");
    EXPECT_EQ(labels(changes.inserted), "1 2 3") << "parents first";
    EXPECT_TRUE(changes.moved.empty());
}

TEST_F(JobTreeTest, JobsWhoseParentComesInALaterBatchMoveBelowIt) {
    EXPECT_EQ(after("2<1 3<1 4<2"), "2;+4;3");
    EXPECT_EQ(after("1"), "1;+3;+2;++4");
    EXPECT_EQ(labels(changes.moved), "3 2");
    EXPECT_EQ(labels(changes.inserted), "1");
}

TEST_F(JobTreeTest, ChildrenOfAParentThatEndsFirstBecomeRoots) {
    after("1 2<1 3<2");
    EXPECT_EQ(after("-1"), "2;+3");
    EXPECT_EQ(labels(changes.moved), "2");
    EXPECT_EQ(after("-3 -2"), "");
    EXPECT_EQ(tree.size(), 0u);
}

TEST_F(JobTreeTest, JobsThatWaitedForAParentInVainAreForgottenWithoutTrace) {
    after("2<1 3<1 4<1");
    EXPECT_EQ(after("-3"), "2;4");
    EXPECT_EQ(after("1"), "1;+4;+2");
}

TEST_F(JobTreeTest, RemovedJobsAreListedChildrenFirstWhateverTheOrderOfTheirEnds) {
    after("1 2<1 3<2 4<1");
    EXPECT_EQ(after("-1 -2 -3 -4"), "");
    EXPECT_EQ(removed(), "3 2 4 1");
    EXPECT_TRUE(changes.moved.empty());
}

TEST_F(JobTreeTest, ANewJobInASlotProvesTheEndOfTheOldOne) {
    after("1 2<1 3<2");
    EXPECT_EQ(after("2'<1"), "1;+2';3");
    EXPECT_EQ(removed(), "2");
    EXPECT_EQ(tree.find(id("2")), noNode);
}

TEST_F(JobTreeTest, OldNewsOfASlotAreIgnored) {
    after("2'");
    EXPECT_EQ(after("2 -2"), "2'");
}

TEST_F(JobTreeTest, AJobThatCameAndWentWithinOneBatchIsInNoList) {
    EXPECT_EQ(after("1 2<1 3<2 -2"), "1;3");
    EXPECT_EQ(labels(changes.inserted), "1 3");
    EXPECT_EQ(removed(), "");
    EXPECT_EQ(tree.totals().jobs, 2u);
}

TEST_F(JobTreeTest, RowsThatWouldFormACycleStayApart) {
    EXPECT_EQ(after("1<1"), "1");
    EXPECT_EQ(after("! 1<2 2<1"), "2;+1");
    EXPECT_EQ(after("! 1<2 2<3 3<1 4<1"), "3;+2;++1;+++4");
    EXPECT_EQ(after("! 1 2<1 3<2"), "1;+2;++3");
    EXPECT_EQ(after("1<3"), "1;+2;++3") << "a parent cannot move below its own child";
    EXPECT_EQ(after("-1"), "2;+3");
    EXPECT_EQ(after("! 2<1"), "2");
    EXPECT_EQ(after("1<2"), "2;+1") << "the late parent is its own grandchild";
}

TEST_F(JobTreeTest, AResetForgetsEverything) {
    after("1 2<1");
    EXPECT_EQ(after("! 3"), "3");
    EXPECT_TRUE(changes.reset);
    EXPECT_EQ(tree.find(id("1")), noNode);
    EXPECT_EQ(tree.totals().jobs, 1u);
}

TEST_F(JobTreeTest, ACompleteStateIsOrderedByTheCreationOfItsJobs) {
    std::mt19937_64 random(7);
    for (const std::int64_t span : {std::int64_t{1}, std::int64_t{50}, std::int64_t{3'600'000'000'000}}) {
        Batch state;
        state.reset = true;
        for (std::uint32_t i = 0; i < 5'000; ++i) {
            JobRow row;
            row.id = JobId::of(i, 1);
            row.createdAt = std::int64_t{1} << 50 |
                            static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span));
            row.number = random() % 100'000;
            state.rows.push_back(row);
        }
        tree.apply(state, changes);
        ASSERT_EQ(tree.size(), 5'000u);
        auto moment = [this](Node node) {
            return std::pair(tree.row(node).createdAt, tree.row(node).number);
        };
        for (Node root = tree.firstRoot(); tree.nextSibling(root) != noNode; root = tree.nextSibling(root))
            ASSERT_LE(moment(root), moment(tree.nextSibling(root)));
    }
}

TEST_F(JobTreeTest, ACompleteStateThatNamesASlotTwiceKeepsTheLaterJob) {
    EXPECT_EQ(after("! 1 2<1 2'<1 3<2'"), "1;+2';++3");
    EXPECT_EQ(after("! 1 2'<1 2<1 1 3<2"), "1;+2';3");
    EXPECT_TRUE(changes.inserted.empty()) << "all are new";
    EXPECT_EQ(tree.totals().jobs, 3u);
    Batch state = batch("! 1 2 3");
    state.rows[1] = JobRow{};
    tree.apply(state, changes);
    EXPECT_EQ(draw(tree), "1;3");
    EXPECT_EQ(after("4<1"), "1;+4;3");
}

/// What the builder makes of rows in the order of their slots, against the tree that grows from the same jobs
/// one by one as they were created.
TEST_F(JobTreeTest, ACompleteStateIsTheTreeThatGrewWithoutIt) {
    std::mt19937 random(11);
    auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    for (int round = 0; round < 300; ++round) {
        const std::uint32_t jobs = 1 + below(60);
        std::vector<JobRow> rows(jobs);
        for (std::uint32_t i = 0; i < jobs; ++i) {
            JobRow& row = rows[i];
            row.id = JobId::of(i + 1, 1);
            row.number = row.createdAt = i + 1;
            if (i > 0 && below(5) > 0)
                row.parent = rows[below(i)].id;
            else if (below(4) == 0)
                row.parent = JobId::of(1'000 + below(3), 1); // that is no more
            row.launcher = below(2) == 0 ? row.parent : rows[below(i + 1)].id;
            row.flags = below(3) == 0 ? JobFlags::parentFromContext : 0;
            row.kind = below(4) == 0 ? JobKind::SupervisorJob : JobKind::Launch;
            row.state = below(6) == 0 ? JobState::Cancelling : JobState::Active;
        }
        JobTree grown;
        for (const JobRow& row : rows) {
            Batch one;
            one.rows.push_back(row);
            grown.apply(one, changes);
        }
        // In order; from the middle on, as slots are when they are used again; in any order.
        if (round % 3 == 1)
            std::rotate(rows.begin(), rows.begin() + jobs / 2, rows.end());
        else if (round % 3 == 2)
            std::shuffle(rows.begin(), rows.end(), random);
        Batch state;
        state.reset = true;
        state.tree = JobTree::Builder::treeOf(rows);
        tree.apply(state, changes);
        ASSERT_EQ(draw(tree), draw(grown)) << round;
        ASSERT_EQ(tree.endNode(), jobs);
        ASSERT_EQ(tree.totals().cancelling, grown.totals().cancelling);
        std::set<JobId> notable, expected;
        tree.forEachNotable([&](Node node) { notable.insert(tree.id(node)); });
        grown.forEachNotable([&](Node node) { expected.insert(grown.id(node)); });
        ASSERT_EQ(notable, expected) << round;
        for (const JobRow& row : rows) {
            const Node node = tree.find(row.id), other = grown.find(row.id);
            ASSERT_EQ(tree.row(node).parent, row.parent);
            ASSERT_EQ(tree.row(node).launcher, row.launcher);
            ASSERT_EQ(tree.isOrphanRoot(node), grown.isOrphanRoot(other));
        }
        // Roots whose parents were missing are still waiting for them.
        for (std::uint32_t late = 1'000; late < 1'003; ++late) {
            Batch news;
            JobRow row;
            row.id = JobId::of(late, 1);
            news.rows.push_back(row);
            tree.apply(news, changes);
            grown.apply(news, changes);
        }
        for (const JobRow& row : rows)
            ASSERT_EQ(tree.row(tree.find(row.id)).parent, grown.row(grown.find(row.id)).parent);
        ASSERT_EQ(tree.size(), grown.size());
    }
}

TEST_F(JobTreeTest, AnyNumberMayStandForAParentThatIsNotThere) {
    for (const std::uint64_t made : {0xffff'fffe'0000'0000u, 0xffff'fffe'0000'0001u, 0xffff'ffff'ffff'ffffu,
                                     0xffff'fffe'ffff'fffeu, std::uint64_t{0xffff'fffe}}) {
        Batch news = batch("! 3<2 2<1 1 5<4 4");
        for (const std::size_t root : {2u, 4u})
            news.rows[root].parent = JobId{made};
        Batch state;
        state.reset = true;
        state.tree = JobTree::Builder::treeOf(news.rows);
        tree.apply(state, changes);
        EXPECT_EQ(draw(tree), "1;+2;++3;4;+5");
        tree.apply(batch("!"), changes);
        news.reset = false;
        tree.apply(news, changes);
        EXPECT_EQ(draw(tree), "1;+2;++3;4;+5");
        EXPECT_EQ(tree.row(tree.find(id("4"))).parent, JobId{made});
        EXPECT_EQ(after("-1 -4 6<3"), "2;+3;++6;5");
    }
}

TEST_F(JobTreeTest, NewsThatCameWithACompleteStateGoOnTopOfIt) {
    Batch state;
    state.reset = true;
    state.tree = JobTree::Builder::treeOf(batch("1 2<1 3<2 4").rows);
    Batch news = batch("3<1 5<2 4'<1 -2");
    state.rows = news.rows;
    state.ended = news.ended;
    after("7 8<7");
    tree.apply(state, changes);
    EXPECT_EQ(draw(tree), "1;+3;+4';5");
    EXPECT_TRUE(changes.reset);
    EXPECT_TRUE(changes.removed.empty() && changes.inserted.empty() && changes.moved.empty() &&
                changes.changed.empty());
    EXPECT_EQ(tree.totals().jobs, 4u);
    EXPECT_EQ(after("6<1 -4'"), "1;+3;+6;5");
}

TEST_F(JobTreeTest, AJobCanMoveToAnotherParent) {
    after("1 2 3<1");
    EXPECT_EQ(after("3<2"), "1;2;+3");
    EXPECT_EQ(labels(changes.moved), "3");
    EXPECT_EQ(after("3<9"), "1;2;3");
    EXPECT_EQ(after("9"), "1;2;9;+3");
}

TEST_F(JobTreeTest, CountsFollowTheRows) {
    Batch news = batch("1 2<1 3<1");
    news.rows[1].execution = Execution::Running;
    news.rows[2].state = JobState::Cancelling;
    tree.apply(news, changes);
    EXPECT_EQ(tree.totals().running, 1u);
    EXPECT_EQ(tree.totals().suspended, 2u);
    EXPECT_EQ(tree.totals().cancelling, 1u);
    EXPECT_EQ(tree.counts(tree.find(id("3"))).jobs, 1u);
    news = batch("2<1");
    tree.apply(news, changes);
    EXPECT_EQ(tree.totals().running, 0u);
    EXPECT_EQ(labels(changes.changed), "2");
}

TEST_F(JobTreeTest, RootsAreOwnedGlobalOrIslands) {
    Batch news = batch("1 2 3<2 4 5<4 6<1");
    news.rows[0].flags = JobFlags::launchedInGlobalScope;
    news.rows[1].kind = JobKind::Job;
    news.rows[2].flags = JobFlags::parentFromContext;
    news.rows[3].kind = JobKind::SupervisorJob; // an application's scope: nobody was cut off from anything
    tree.apply(news, changes);
    EXPECT_EQ(tree.rootKind(tree.find(id("1"))), RootKind::Global);
    EXPECT_EQ(tree.rootKind(tree.find(id("2"))), RootKind::Island);
    EXPECT_EQ(tree.rootKind(tree.find(id("4"))), RootKind::Owned);
    EXPECT_FALSE(tree.isOrphanRoot(tree.find(id("6"))));
    after("-3");
    EXPECT_EQ(tree.rootKind(tree.find(id("2"))), RootKind::Owned) << "nothing detached is left below it";
}

TEST_F(JobTreeTest, AMillionJobsInOneChainOrUnderOneParentTakeNoRecursionAndNoQuadraticTime) {
    constexpr std::uint32_t count = 1'000'000;
    Batch chain;
    chain.reset = true;
    for (std::uint32_t i = 1; i <= count; ++i) {
        JobRow row;
        row.id = JobId::of(i, 1);
        row.parent = i < count ? JobId::of(i + 1, 1) : JobId{};
        chain.rows.push_back(row);
    }
    tree.apply(chain, changes);
    EXPECT_EQ(tree.path(tree.find(JobId::of(1, 1))).size(), count);
    EXPECT_EQ(tree.counts(tree.firstRoot()).jobs, count);
    for (JobRow& row : chain.rows)
        row.parent = row.id.index() == count ? JobId{} : JobId::of(count, 1);
    tree.apply(chain, changes);
    EXPECT_EQ(tree.childCount(tree.firstRoot()), count - 1);
    Batch end;
    for (const JobRow& row : chain.rows)
        end.ended.push_back({row.id});
    tree.apply(end, changes);
    EXPECT_EQ(tree.size(), 0u);
}

// Random news, nonsense included, against what must hold of any tree.
TEST_F(JobTreeTest, WhateverTheNewsTheTreeIsATree) {
    std::mt19937 random(20'240'817);
    auto upTo = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(1, n)(random); };
    auto anyId = [&] { return JobId::of(upTo(30), upTo(3)); };
    for (int round = 0; round < 20'000; ++round) {
        Batch news;
        news.reset = upTo(500) == 1;
        for (unsigned i = upTo(6); i > 0; --i) {
            JobRow row;
            row.id = anyId();
            row.parent = upTo(4) == 1 ? JobId{} : anyId();
            row.flags = upTo(2) == 1 ? JobFlags::parentFromContext : 0;
            row.execution = static_cast<Execution>(upTo(5));
            news.rows.push_back(row);
        }
        for (unsigned i = upTo(4); i > 1; --i)
            news.ended.push_back({anyId()});
        std::set<Node> before;
        for (Node node = 0; node < tree.endNode(); ++node)
            if (tree.isLive(node))
                before.insert(node);
        tree.apply(news, changes);

        std::set<Node> seen;
        for (Node root = tree.firstRoot(); root != noNode; root = tree.nextSibling(root)) {
            ASSERT_EQ(tree.parent(root), noNode);
            for (const Node node : tree.subtree(root)) {
                ASSERT_TRUE(seen.insert(node).second);
                ASSERT_EQ(tree.find(tree.row(node).id), node);
                std::uint32_t children = 0;
                for (Node child = tree.firstChild(node); child != noNode; child = tree.nextSibling(child)) {
                    ASSERT_EQ(tree.parent(child), node);
                    ASSERT_EQ(tree.row(child).parent, tree.row(node).id);
                    ++children;
                }
                ASSERT_EQ(tree.childCount(node), children);
            }
        }
        ASSERT_EQ(seen.size(), tree.size());
        ASSERT_EQ(tree.totals().jobs, tree.size());
        // What the changes say leads from the nodes before to those after.
        if (changes.reset) {
            ASSERT_TRUE(changes.removed.empty() && changes.inserted.empty() && changes.changed.empty() &&
                        changes.moved.empty());
            before = seen;
        }
        for (const auto& gone : changes.removed)
            ASSERT_EQ(before.erase(gone.node), 1u);
        for (const Node node : changes.inserted)
            ASSERT_TRUE(before.insert(node).second);
        ASSERT_EQ(before, seen);
        for (const EndedJob& ended : news.ended)
            ASSERT_EQ(tree.find(ended.id), noNode);
    }
}

} // namespace
} // namespace coroscope::test
