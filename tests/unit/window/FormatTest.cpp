// SPDX-License-Identifier: Apache-2.0
#include "model/Format.h"

#include <gtest/gtest.h>

namespace coroscope::app {
namespace {

constexpr std::int64_t second = 1'000'000'000;

TEST(Format, durationsHaveTwoPlaces) {
    EXPECT_EQ(durationText(-5), "< 0.1 s");
    EXPECT_EQ(durationText(300'000'000), "0.3 s");
    EXPECT_EQ(durationText(41 * second + second / 5), "41.2 s");
    EXPECT_EQ(durationText(60 * second), "1 m 00 s");
    EXPECT_EQ(durationText(242 * second), "4 m 02 s");
    EXPECT_EQ(durationText((2 * 3600 + 14 * 60) * second), "2 h 14 m");
    EXPECT_EQ(durationText((3 * 86'400 + 4 * 3600) * second), "3 d 04 h");
}

TEST(Format, countsHaveCommas) {
    EXPECT_EQ(countText(0), "0");
    EXPECT_EQ(countText(999), "999");
    EXPECT_EQ(countText(1'021'004), "1,021,004");
    EXPECT_EQ(jobsText(1), "1 job");
    EXPECT_EQ(jobsText(1'021), "1,021 jobs");
    EXPECT_EQ(rateText(812'440), "812,440 events/s");
    EXPECT_EQ(rateText(1'020'000), "1.02 M events/s");
}

TEST(Format, bothAxesOfAStateAreTold) {
    EXPECT_EQ(stateText(JobState::Active, Execution::Suspended), "Suspended");
    EXPECT_EQ(stateText(JobState::Cancelling, Execution::Suspended), "Cancelling, suspended");
    EXPECT_EQ(stateText(JobState::Cancelling, Execution::None), "Cancelling");
    EXPECT_EQ(stateText(JobState::Completing, Execution::WaitsForChildren), "Waits for children");
    EXPECT_EQ(stateText(JobState::Active, Execution::None), "Active");
    EXPECT_EQ(stateText(JobState::New, Execution::Unstarted), "New");
}

} // namespace
} // namespace coroscope::app
