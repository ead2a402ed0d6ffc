// SPDX-License-Identifier: Apache-2.0
#include "OwnNames.h"

#include <gtest/gtest.h>

#include <string>

namespace coroscope::test {
namespace {

using observe::EndedJobs;
using observe::OwnNames;

TEST(OwnNames, ThoseOfJobsThatHaveEndedAreKeptAsLongAsTheJobs) {
    OwnNames names;
    const auto live = [&](std::uint32_t slot, std::uint64_t generation) {
        return names.of(JobId::of(slot, generation), ownNameBit,
                        [&] { return "job " + std::to_string(generation); });
    };
    const TextId leaked = live(1, 1), failed = live(2, 1);
    names.ended(JobId::of(2, 1), true);
    TextId last = 0;
    for (std::uint64_t generation = 2; generation < 100'000; ++generation) {
        last = live(2, generation);
        ASSERT_EQ(live(2, generation), last);
        names.ended(JobId::of(2, generation), false);
        if (generation == EndedJobs::mostOfEach) {
            ASSERT_EQ(names.text(failed + 1), "job 2");
        }
    }
    EXPECT_EQ(names.text(leaked), "job 1");
    EXPECT_EQ(names.text(failed), "job 1");
    EXPECT_EQ(names.text(failed + 1), "");
    EXPECT_EQ(names.text(last), "job 99999");
    EXPECT_LT(names.size(), 2 * EndedJobs::mostOfEach);
}

TEST(OwnNames, AJobThatIsFollowedInItsSlotBeforeItsEndIsToldLeavesItsNameAllTheSame) {
    OwnNames names;
    for (std::uint64_t generation = 1; generation < 100'000; ++generation) {
        names.of(JobId::of(5, generation), ownNameBit, [] { return std::string("x"); });
        names.ended(JobId::of(5, generation - 1), false);
    }
    EXPECT_LT(names.size(), 2 * EndedJobs::mostOfEach);
}

TEST(OwnNames, AJobThatCameAndWentBetweenTwoLooksHasItsName) {
    OwnNames names;
    const TextId name = names.ofEnded(JobId::of(7, 3), ownNameBit, true, [] { return std::string("short"); });
    EXPECT_EQ(names.text(name), "short");
    EXPECT_EQ(names.ofEnded(JobId::of(7, 4), ownNameBit, true, [] { return std::string(); }), 0u)
        << "its slot was in use again";
    EXPECT_EQ(names.text(names.ofIncident("an incident's")), "an incident's");
}

} // namespace
} // namespace coroscope::test
