// SPDX-License-Identifier: Apache-2.0
#include "OwnRecord.h"

#include <coroscope/record/Record.h>

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace coroscope::record {
namespace {

using test::OwnRecord;

TEST(Intern, EqualContentsGetEqualNumbers) {
    ASSERT_TRUE(start());
    EXPECT_EQ(internText("charge"), internText(std::string("char") + "ge"));
    EXPECT_NE(internText("charge"), internText("reserve"));
    EXPECT_EQ(internText(""), 0u);
    EXPECT_EQ(internContext("Default", "x"), internContext("Default", "x"));
    EXPECT_NE(internContext("Default", "x"), internContext("Default", "y"));
    const auto a = std::source_location::current(), b = std::source_location::current();
    EXPECT_EQ(internSite(a), internSite(a));
    EXPECT_NE(internSite(a), internSite(b));
}

TEST(Intern, NumbersAgreeBetweenThreads) {
    ASSERT_TRUE(start());
    const auto place = std::source_location::current();
    SiteId there = 0;
    StackId stackThere = 0;
    const std::source_location chain[] = {place, place};
    std::thread([&] {
        there = internSite(place);
        stackThere = internStack(chain);
    }).join();
    EXPECT_EQ(there, internSite(place));
    EXPECT_EQ(stackThere, internStack(chain));
}

TEST(Intern, DeepChainsAreCutAndCounted) {
    const OwnRecord own;
    const std::vector<std::source_location> chain(40, std::source_location::current());
    const layout::Stack stack = own.stack(internStack(chain, 5));
    EXPECT_EQ(stack.depth, layout::Stack::maxDepth);
    EXPECT_EQ(stack.cut, 40 - layout::Stack::maxDepth + 5);
}

TEST(Intern, AFullTableAnswersNoneAndCounts) {
    const OwnRecord own;
    const std::uint64_t before = own.header().textsRefused;
    std::uint64_t n = 0;
    const std::string filler(1000, 'x');
    while (internText(filler + std::to_string(n)) != 0)
        ASSERT_LT(++n, 100'000u);
    EXPECT_GT(own.header().textsRefused, before);
    EXPECT_EQ(internText("a new text after the table was full, too long for what is left" + filler), 0u);
    EXPECT_NE(internText(filler + "0"), 0u) << "what was known stays known";
}

} // namespace
} // namespace coroscope::record
