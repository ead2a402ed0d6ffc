// SPDX-License-Identifier: Apache-2.0
#include "Utf8.h"

#include <coroscope/observe/Dictionary.h>

#include <gtest/gtest.h>

namespace coroscope::test {
namespace {

using observe::SiteText;

std::string shortened(const std::string& function) {
    return SiteText{"a.cpp", function, 1}.shortFunction();
}

TEST(SiteText, ShortensWhatBothCompilersCallAFunction) {
    EXPECT_EQ(shortened("coroscope::Task<int> Reader::next(Buffer&)"), "Reader::next");
    EXPECT_EQ(shortened("int main(int, char **)"), "main");
    EXPECT_EQ(
        shortened("coroscope::Task<void> shop::orders::Pipeline::charge(Order, std::map<int, int>) const"),
        "Pipeline::charge");
    EXPECT_EQ(shortened("auto main()::(anonymous class)::operator()() const"), "main::lambda");
    EXPECT_EQ(shortened("main()::<lambda()>"), "main::lambda");
    EXPECT_EQ(shortened("T twice(T) [T = int]"), "twice");
    EXPECT_EQ(shortened("T twice(T) [with T = int]"), "twice");
    EXPECT_EQ(shortened("void (anonymous namespace)::work()"), "work");
    EXPECT_EQ(shortened("const std::vector<int> &Box<int>::items() const"), "Box::items");
    EXPECT_EQ(shortened("plain"), "plain");
}

TEST(SiteText, GivesFileAndLineAndAdmitsWhenItKnowsNothing) {
    EXPECT_EQ((SiteText{"/home/a/reader.cpp", "f", 88}).shortText(), "reader.cpp:88");
    EXPECT_EQ(SiteText{}.shortText(), "unknown");
}

TEST(SiteText, SurvivesSignaturesThatAreNone) {
    for (const char* text :
         {"", "((((", "))))", "<<<>", " ", "::", "operator", "a::", "[with", "operator()()", ") ["})
        (void)shortened(text);
    EXPECT_EQ(shortened("(((("), "((((");
}

TEST(Presentable, KeepsUtf8AndReplacesTheRest) {
    EXPECT_EQ(observe::presentable("B\xc3\xa4r \xe2\x82\xac \xf0\x9f\x90\xbb"),
              "B\xc3\xa4r \xe2\x82\xac \xf0\x9f\x90\xbb");
    EXPECT_EQ(observe::presentable("a\xff\x1b[31m"), "a\xef\xbf\xbd\xef\xbf\xbd[31m");
    EXPECT_EQ(observe::presentable("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd") << "cut short";
    EXPECT_EQ(observe::presentable("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd") << "overlong";
    EXPECT_EQ(observe::presentable("\xed\xa0\x80").find('\xed'), std::string::npos) << "surrogate";
    EXPECT_EQ(observe::presentable("a\nb", true), "a\nb");
    EXPECT_EQ(observe::cutUtf8("a\xc3\xa4", 2), "a");
    EXPECT_EQ(observe::cutUtf8("a\xc3\xa4", 3), "a\xc3\xa4");
}

} // namespace
} // namespace coroscope::test
