// SPDX-License-Identifier: Apache-2.0
// How a session went, in steps that grow coarser.
#include <coroscope/observe/FindingLog.h>
#include <coroscope/observe/TimeHistory.h>

#include <gmock/gmock.h>

namespace coroscope::test {
namespace {

using namespace observe;
using Scale = TimeHistory::Scale;

constexpr std::int64_t second = 1'000'000'000, start = 1'000 * second;

struct TimeHistoryTest : testing::Test {
    TimeHistoryTest() { history.begin(start); }
    /// The next sample, a quarter of a second later, with so many suspended jobs.
    void sample(std::uint32_t suspended, std::uint64_t launched = 0, std::uint64_t ended = 0) {
        last.at = (last.at == 0 ? start : last.at) + TimeHistory::finest;
        last.live[static_cast<std::size_t>(LiveState::Suspended)] = suspended;
        last.launched += launched;
        last.ended += ended;
        history.add(last);
        last.lag = 0;
    }
    TimeHistory history;
    TimeHistory::Sample last;
};

TEST_F(TimeHistoryTest, eachSampleIsAStepOfTheFinestScale) {
    sample(5, 7, 2);
    sample(6, 3, 2);
    const auto& steps = history.steps(Scale::Minute);
    ASSERT_EQ(steps.size(), 2u);
    EXPECT_EQ(steps[0].from, start);
    EXPECT_EQ(steps[0].launched, 7u);
    EXPECT_EQ(steps[1].from, start + TimeHistory::finest);
    EXPECT_EQ(steps[1].launched, 3u);
    EXPECT_EQ(steps[1].ended, 2u);
    EXPECT_EQ(steps[1].jobs(), 6u);
    EXPECT_EQ(history.steps(Scale::TenMinutes).size(), 1u) << "a second is one step there";
    EXPECT_EQ(history.steps(Scale::TenMinutes)[0].launched, 10u);
}

TEST_F(TimeHistoryTest, aCoarseStepShowsTheFullestMomentAndTheLongestLag) {
    sample(5);
    sample(900);
    last.lag = 300;
    sample(7);
    sample(4);
    const TimeHistory::Step& step = history.steps(Scale::TenMinutes).front();
    EXPECT_EQ(step.jobs(), 900u);
    EXPECT_EQ(step.lag, 300);
}

TEST_F(TimeHistoryTest, whatCameFirstGoesFromTheFineScalesAndStaysInTheSession) {
    constexpr std::uint64_t samples = 5 * 3600 * 4; // five hours
    for (std::uint64_t i = 0; i < samples; ++i)
        sample(i == 100 ? 5'000 : 10, 2, 1);
    EXPECT_GE(history.latest() - history.firstOf(Scale::Minute), 60 * second);
    EXPECT_LE(history.steps(Scale::Minute).size(), 248u);
    EXPECT_GE(history.latest() - history.firstOf(Scale::TenMinutes), 600 * second);
    const auto& all = history.steps(Scale::Session);
    EXPECT_LE(all.size(), 1'024u);
    EXPECT_EQ(history.firstOf(Scale::Session), start);
    std::uint64_t launched = 0, most = 0;
    for (const TimeHistory::Step& step : all) {
        launched += step.launched;
        most = std::max(most, step.jobs());
        EXPECT_EQ(step.from % history.stepOf(Scale::Session), 0);
    }
    EXPECT_EQ(launched, 2 * samples) << "joined, not thrown away";
    EXPECT_EQ(most, 5'000u);
}

TEST_F(TimeHistoryTest, ofATimeWithoutSamplesNothingIsKnown) {
    sample(5);
    last.at += 30 * second;
    sample(6);
    EXPECT_NE(history.at(Scale::Minute, start + 1), nullptr);
    EXPECT_EQ(history.at(Scale::Minute, start + 20 * second), nullptr);
    EXPECT_EQ(history.at(Scale::Minute, start - second), nullptr);
    EXPECT_EQ(history.at(Scale::Minute, history.latest() - 1)->jobs(), 6u);
}

TEST_F(TimeHistoryTest, aGapIsWhereNobodyLookedAndWhatHappenedInItIsSpreadOverIt) {
    sample(5);
    sample(5);
    last.at += 3 * second;
    sample(6, 650);
    const auto gaps = history.gaps(Scale::Minute);
    ASSERT_EQ(gaps.size(), 1u);
    EXPECT_EQ(gaps[0].from, start + 2 * TimeHistory::finest);
    EXPECT_EQ(gaps[0].to, start + 2 * TimeHistory::finest + 3 * second);
    EXPECT_EQ(history.at(Scale::Minute, gaps[0].from), nullptr);
    EXPECT_EQ(history.at(Scale::Minute, gaps[0].to - 1), nullptr);
    EXPECT_NE(history.at(Scale::Minute, gaps[0].to), nullptr);
    EXPECT_EQ(history.steps(Scale::Minute).back().over, 3 * second + TimeHistory::finest) << "200 a second";
    EXPECT_TRUE(history.gaps(Scale::TenMinutes).empty()) << "two steps there, which may be late";
}

TEST_F(TimeHistoryTest, aSampleThatIsALittleLateIsAboutTheTimeBeforeIt) {
    sample(5);
    last.at += 2 * TimeHistory::finest;
    sample(8);
    EXPECT_TRUE(history.gaps(Scale::Minute).empty());
    ASSERT_NE(history.at(Scale::Minute, start + TimeHistory::finest), nullptr);
    EXPECT_EQ(history.at(Scale::Minute, start + TimeHistory::finest)->jobs(), 8u);
}

TEST_F(TimeHistoryTest, timeDoesNotGoBack) {
    sample(5, 1);
    const std::uint64_t before = history.version();
    TimeHistory::Sample late = last;
    late.at -= 1;
    late.launched = 1'000;
    history.add(late);
    EXPECT_EQ(history.version(), before);
    EXPECT_EQ(history.steps(Scale::Minute).size(), 1u);
}

TEST_F(TimeHistoryTest, turnsAreKeptUpToABound) {
    for (int i = 0; i < 600; ++i)
        history.add({start + i, i % 2 == 0 ? TimeHistory::TurnKind::Stopped : TimeHistory::TurnKind::WentOn});
    ASSERT_EQ(history.turns().size(), 500u);
    EXPECT_EQ(history.turns().back().at, start + 599);
}

TEST(LiveStates, theOneThatTellsMoreWins) {
    EXPECT_EQ(liveState(JobState::Cancelling, Execution::Suspended), LiveState::Cancelling);
    EXPECT_EQ(liveState(JobState::New, Execution::None), LiveState::Unstarted);
    EXPECT_EQ(liveState(JobState::Completing, Execution::WaitsForChildren), LiveState::WaitsForChildren);
    EXPECT_EQ(liveState(JobState::Active, Execution::Queued), LiveState::Queued);
}

TEST(FindingLog, aFindingAppearsOnceAndAgainWhenItComesBack) {
    FindingLog log;
    Finding orphan;
    orphan.rule = "orphan-global";
    orphan.job = JobId::of(4, 1);
    Finding slow = orphan;
    slow.rule = "slow-cancellation";
    log.note({orphan}, 10);
    log.note({orphan, slow}, 20);
    ASSERT_EQ(log.appeared().size(), 2u);
    EXPECT_EQ(log.appeared()[0].at, 10);
    EXPECT_EQ(log.appeared()[1].at, 20);
    EXPECT_EQ(log.appeared()[1].rule, "slow-cancellation");
    log.note({slow}, 30);
    log.note({orphan, slow}, 40);
    ASSERT_EQ(log.appeared().size(), 3u);
    EXPECT_EQ(log.appeared()[2].rule, "orphan-global");
    for (std::uint32_t i = 0; i < 2'000; ++i) {
        slow.job = JobId::of(i, 2);
        log.note({slow}, 50 + i);
    }
    EXPECT_EQ(log.appeared().size(), FindingLog::most);
    EXPECT_EQ(log.appeared().back().job, slow.job);
}

TEST(FindingLog, ofTheEndedJobsOfOnePlaceTheFirstCounts) {
    FindingLog log;
    Finding failure;
    failure.rule = "silent-supervisor-failure";
    failure.ended = true;
    failure.where = {"mail.cpp", "send", 7};
    for (std::uint32_t i = 0; i < 10; ++i) {
        failure.job = JobId::of(i, 1);
        log.note({failure}, i);
    }
    EXPECT_EQ(log.appeared().size(), 1u);
    Finding other = failure;
    other.where.line = 9;
    log.note({failure, other}, 20);
    EXPECT_EQ(log.appeared().size(), 2u);
}

} // namespace
} // namespace coroscope::test
