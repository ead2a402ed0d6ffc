// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Batch.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/PackedRows.h>

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <tuple>

namespace coroscope::test {
namespace {

using namespace observe;

/// All that is kept.
auto facts(const JobRow& r) {
    return std::tuple(r.id.value, r.parent.value, r.launcher.value, r.number, r.createdAt, r.stateSince,
                      r.executionSince, r.waitsFor, r.site, r.suspendedAt, r.name, r.context, r.resumes,
                      r.creationStack, r.flags, r.kind, r.state, r.execution, r.waitKind, r.held, r.changing);
}

/// Of a few launchers and sites, as real jobs are, and now and then with something that needs all its bits.
JobRow somebody(std::mt19937_64& random) {
    const auto below = [&](std::uint64_t n) { return random() % n; };
    const auto wide = [&](std::uint64_t usual) { return below(60) == 0 ? random() : usual; };
    JobRow row;
    row.id = JobId::of(static_cast<std::uint32_t>(1 + below(1'000)), 1 + below(5));
    row.parent = JobId{below(3) == 0 ? 0 : 1 + below(20)};
    row.launcher = below(2) == 0 ? row.parent : JobId{below(20)};
    row.number = wide(below(1'000'000));
    row.createdAt = static_cast<std::int64_t>(wide(below(1'000'000'000'000'000)));
    row.stateSince = static_cast<std::int64_t>(wide(below(1'000'000'000'000'000)));
    row.executionSince = static_cast<std::int64_t>(wide(below(1'000'000'000'000'000)));
    row.waitsFor = wide(below(1'000'000'000'000'000));
    row.site = static_cast<SiteId>(wide(below(5)));
    row.suspendedAt = static_cast<StackId>(wide(below(100)));
    row.name = static_cast<TextId>(random());
    row.context = static_cast<std::uint32_t>(below(3));
    row.resumes = static_cast<std::uint32_t>(wide(below(1'000)));
    row.creationStack = static_cast<CallStackId>(below(3));
    row.flags = static_cast<std::uint16_t>(random());
    row.kind = static_cast<JobKind>(below(200));
    row.state = static_cast<JobState>(below(7));
    row.execution = static_cast<Execution>(below(6));
    row.waitKind = static_cast<WaitKind>(below(11));
    row.held = below(2) == 0;
    row.changing = below(2) == 0;
    return row;
}

TEST(PackedRows, giveBackWhateverWasPutThere) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937_64 random(seed);
        PackedRows rows;
        std::map<PackedRows::Place, JobRow> expected;
        rows.grow(200);
        for (int step = 0; step < 20'000; ++step) {
            const auto at = static_cast<PackedRows::Place>(random() % rows.size());
            if (random() % 5 == 0) {
                rows.drop(at);
                expected.erase(at);
            } else {
                const JobRow row = somebody(random);
                rows.put(at, row);
                expected[at] = row;
            }
        }
        for (PackedRows::Place at = 0; at < rows.size(); ++at) {
            const auto known = expected.find(at);
            ASSERT_EQ(static_cast<bool>(rows.id(at)), known != expected.end());
            if (known == expected.end())
                continue;
            const JobRow& was = known->second;
            EXPECT_EQ(facts(rows.row(at, was.parent)), facts(was)) << "seed " << seed;
            EXPECT_EQ(rows.id(at), was.id);
            EXPECT_EQ(rows.state(at), was.state);
            EXPECT_EQ(rows.execution(at), was.execution);
            EXPECT_EQ(rows.createdAt(at), was.createdAt);
            EXPECT_EQ(rows.flags(at), was.flags);
            EXPECT_EQ(rows.number(at), was.number);
            EXPECT_EQ(rows.launcher(at, was.parent), was.launcher);
        }
    }
}

TEST(PackedRows, keepEveryBitOfTheLargestValues) {
    JobRow row;
    row.id = {~std::uint64_t{0}};
    row.parent = {~std::uint64_t{0} - 1};
    row.launcher = {~std::uint64_t{0} - 2};
    row.number = row.waitsFor = ~std::uint64_t{0};
    row.createdAt = std::numeric_limits<std::int64_t>::min();
    row.stateSince = std::numeric_limits<std::int64_t>::max();
    row.executionSince = -1;
    row.site = row.suspendedAt = row.name = row.context = row.resumes = row.creationStack = 0xffffffff;
    row.flags = 0xffff;
    row.kind = static_cast<JobKind>(255);
    row.state = static_cast<JobState>(255);
    row.execution = static_cast<Execution>(255);
    row.waitKind = static_cast<WaitKind>(255);
    row.held = row.changing = true;
    PackedRows rows;
    rows.grow(1);
    rows.put(0, row);
    EXPECT_EQ(facts(rows.row(0, row.parent)), facts(row));
    EXPECT_EQ(rows.state(0), row.state);
}

TEST(PackedRows, whatIsTheOwnersSurvivesTheJob) {
    PackedRows rows;
    rows.grow(2);
    EXPECT_EQ(rows.link(1), 0xffffffffu);
    rows.setLink(1, 7);
    rows.setMarks(1, 0xa5);
    JobRow row;
    row.id = JobId::of(3, 1);
    rows.put(1, row);
    EXPECT_EQ(rows.link(1), 7u);
    EXPECT_EQ(rows.marks(1), 0xa5);
    rows.drop(1);
    EXPECT_FALSE(rows.id(1));
    EXPECT_EQ(rows.link(1), 7u);
    EXPECT_EQ(rows.marks(1), 0xa5);
}

/// Whom a job was launched by is told by its parent where that is the same: not when the parent has ended.
TEST(PackedRows, aTreeTellsTheLauncherOfJobsWhoseParentHasEnded) {
    JobTree tree;
    TreeChanges changes;
    Batch batch;
    for (const std::uint32_t index : {1u, 2u}) {
        JobRow& row = batch.rows.emplace_back();
        row.id = JobId::of(index, 1);
        if (index == 2)
            row.parent = row.launcher = JobId::of(1, 1);
    }
    tree.apply(batch, changes);
    batch.clear();
    batch.ended.push_back({JobId::of(1, 1)});
    tree.apply(batch, changes);
    const Node left = tree.find(JobId::of(2, 1));
    ASSERT_NE(left, noNode);
    EXPECT_EQ(tree.parent(left), noNode);
    EXPECT_EQ(tree.row(left).parent, JobId::of(1, 1));
    EXPECT_EQ(tree.row(left).launcher, JobId::of(1, 1));
    EXPECT_EQ(tree.rootKind(left), RootKind::Owned);
}

} // namespace
} // namespace coroscope::test
