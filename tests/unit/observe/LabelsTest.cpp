// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Labels.h>

#include <gtest/gtest.h>

namespace coroscope::test {
namespace {

using namespace observe;

TEST(Labels, AnExceptionsTypeAndMessageAreOneLine) {
    EXPECT_EQ(exceptionText("std::runtime_error\nno card"), "std::runtime_error: no card");
    EXPECT_EQ(exceptionText("std::runtime_error: no card"), "std::runtime_error: no card");
    EXPECT_EQ(exceptionText("std::runtime_error: two\nlines"), "std::runtime_error: two\nlines");
    EXPECT_EQ(exceptionText("shop::Lost\n"), "shop::Lost");
    EXPECT_EQ(exceptionText("shop::Lost\n\n\tsuppressed: shop::Late: too late"),
              "shop::Lost\n\n\tsuppressed: shop::Late: too late");
    EXPECT_EQ(exceptionText("shop::Lost\nno way\n\tsuppressed: shop::Late: too late"),
              "shop::Lost: no way\n\tsuppressed: shop::Late: too late");
    EXPECT_EQ(exceptionText(""), "");
}

TEST(Labels, CountsAndSizesAreEasyToRead) {
    EXPECT_EQ(countText(7), "7");
    EXPECT_EQ(countText(1'021), "1,021");
    EXPECT_EQ(countText(1'021'004), "1,021,004");
    EXPECT_EQ(sizeText(999), "999 bytes");
    EXPECT_EQ(sizeText(104'500), "105 kB");
    EXPECT_EQ(sizeText(18'250'000), "18.2 MB");
}

} // namespace
} // namespace coroscope::test
