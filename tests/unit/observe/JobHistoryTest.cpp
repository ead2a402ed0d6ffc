// SPDX-License-Identifier: Apache-2.0
// What jobs did, as far back as there is room for.
#include <coroscope/observe/JobHistory.h>

#include <gmock/gmock.h>

namespace coroscope::test {
namespace {

using namespace observe;

constexpr std::int64_t ms = 1'000'000, start = 5'000 * ms;

JobRow row(std::uint32_t index, Execution execution, std::int64_t at) {
    JobRow row;
    row.id = JobId::of(index, 1);
    row.state = JobState::Active;
    row.execution = execution;
    row.suspendedAt = 77;
    row.stateSince = start;
    row.executionSince = at;
    return row;
}

struct ChangeRingTest : testing::Test {
    ChangeRingTest() { ring.begin(start); }
    ChangeRing ring{100};
};

TEST_F(ChangeRingTest, theChangesOfOneJobAreFoundAmongThoseOfOthers) {
    ring.add(row(1, Execution::Queued, start + 1 * ms), true);
    ring.add(row(2, Execution::Queued, start + 2 * ms), true);
    ring.add(row(1, Execution::Running, start + 3 * ms), false);
    ring.add(row(1, Execution::Suspended, start + 4 * ms), false);
    const JobHistory history = ring.of(JobId::of(1, 1));
    ASSERT_EQ(history.changes.size(), 3u);
    EXPECT_EQ(history.changes[2], (JobChange{start + 4 * ms, JobState::Active, Execution::Suspended, 77}));
    EXPECT_EQ(history.changes[1].suspendedAt, 0u) << "it ran";
    EXPECT_TRUE(history.fromBirth);
    EXPECT_EQ(history.completeSince, start);
    EXPECT_EQ(history.limit, JobHistory::Limit::Attach);
    EXPECT_TRUE(ring.of(JobId::of(1, 2)).changes.empty()) << "the next job in that slot";
}

TEST_F(ChangeRingTest, whatIsToldAgainIsOneChange) {
    for (int i = 0; i < 3; ++i)
        ring.add(row(1, Execution::Suspended, start + 1 * ms + 123), false);
    EXPECT_EQ(ring.of(JobId::of(1, 1)).changes.size(), 1u);
    EXPECT_FALSE(ring.of(JobId::of(1, 1)).fromBirth);
}

TEST_F(ChangeRingTest, whenThereIsNoRoomTheOldestGoAndItIsSaidSinceWhen) {
    ring.add(row(1, Execution::Running, start + 1 * ms), true);
    for (int i = 2; i <= 150; ++i)
        ring.add(row(2, i % 2 == 0 ? Execution::Running : Execution::Queued, start + i * ms), false);
    EXPECT_TRUE(ring.of(JobId::of(1, 1)).changes.empty());
    const JobHistory history = ring.of(JobId::of(2, 1));
    EXPECT_EQ(history.changes.size(), 100u);
    EXPECT_EQ(history.changes.front().at, start + 51 * ms);
    EXPECT_EQ(history.completeSince, start + 50 * ms);
    EXPECT_EQ(history.limit, JobHistory::Limit::Room);
}

TEST_F(ChangeRingTest, aLossIsSaid) {
    ring.add(row(1, Execution::Running, start + 1 * ms), true);
    ring.lost(start + 9 * ms);
    EXPECT_EQ(ring.of(JobId::of(1, 1)).limit, JobHistory::Limit::Loss);
    EXPECT_EQ(ring.of(JobId::of(1, 1)).completeSince, start + 9 * ms);
}

TEST_F(ChangeRingTest, anEndComesLastWhateverItsTime) {
    ring.add(row(1, Execution::Running, start + 5 * ms), true);
    ring.add(EndedJob{JobId::of(1, 1), JobState::Failed, 0, start + 4 * ms, {}});
    const JobHistory history = ring.of(JobId::of(1, 1));
    ASSERT_EQ(history.changes.size(), 2u);
    EXPECT_EQ(history.changes.back(), (JobChange{start + 5 * ms, JobState::Failed, Execution::None, 0}));
}

TEST_F(ChangeRingTest, ofOneJobTheLastTwoHundredAreTold) {
    ChangeRing roomy{1'000};
    roomy.begin(start);
    for (int i = 1; i <= 500; ++i)
        roomy.add(row(1, i % 2 == 0 ? Execution::Running : Execution::Queued, start + i * ms), i == 1);
    const JobHistory history = roomy.of(JobId::of(1, 1));
    ASSERT_EQ(history.changes.size(), ChangeRing::mostOfOne);
    EXPECT_EQ(history.changes.front().at, start + 301 * ms);
    EXPECT_FALSE(history.fromBirth);
    EXPECT_EQ(history.limit, JobHistory::Limit::Room);
    EXPECT_EQ(history.completeSince, start + 301 * ms);
}

} // namespace
} // namespace coroscope::test
