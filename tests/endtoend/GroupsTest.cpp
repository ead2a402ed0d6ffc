// SPDX-License-Identifier: Apache-2.0
// coroscopectl's groups and compare, on dumps of real programs and on the sample while it runs.
#include "Sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

using namespace endtoend;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

namespace {

const std::string dumps = COROSCOPE_DUMPS "/";

Output ctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), COROSCOPE_CTL);
    return runCommand(arguments, {});
}

std::vector<std::string> linesOf(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

TEST(GroupsOfADump, AreWhatTreeShowsOfAFlatOne) {
    const Output tree = ctl({"tree", dumps + "debugprobes-after.txt"});
    ASSERT_EQ(tree.status, 0) << tree.text;
    EXPECT_THAT(tree.text,
                AllOf(HasSubstr("16 jobs\n3 groups by stack\n"),
                      HasSubstr("       11  Shop.kt:14 ShopKt$accept$1.invokeSuspend\n"
                                "           11 suspended\n"
                                "           connection-0 launch #6, connection-1 launch #7 and 9 more\n"),
                      HasSubstr("             Shop.kt:8  ShopKt.worker\n"
                                "             Shop.kt:22 ShopKt$main$1$1.invokeSuspend\n")));
    EXPECT_EQ(linesOf(ctl({"tree", dumps + "debugprobes-after.txt", "--each"}).text).size(), 17u)
        << "a line for each job, and one above them";
    EXPECT_THAT(ctl({"tree", dumps + "goroutines-after.txt"}).text, Not(HasSubstr("groups by")));
}

TEST(GroupsOfADump, StandByTheSiteThatIsAskedFor) {
    const Json groups =
        Json::parse(ctl({"groups", dumps + "debugprobes-after.txt", "--by", "site", "--json"}).text);
    EXPECT_EQ(groups.at("by"), "creation site");
    ASSERT_EQ(groups.at("groups").size(), 3u);
    const Json& first = groups.at("groups")[0];
    EXPECT_EQ(first.at("label"), "Shop.kt:14 ShopKt.accept");
    EXPECT_EQ(first.at("jobs"), 11);
    EXPECT_EQ(first.at("suspended"), 11);
    EXPECT_EQ(first.at("oldestSeconds"), nullptr) << "not told";
    EXPECT_EQ(first.at("numbers").size(), 11u);
    EXPECT_EQ(first.at("stack")[0].at("line"), 14);
    const Output some =
        ctl({"groups", dumps + "debugprobes-after.txt", "--filter", "name:worker", "--by", "suspension"});
    EXPECT_THAT(some.text, AllOf(HasSubstr("1 group by suspension site"), HasSubstr("4  Shop.kt:8")));
    EXPECT_EQ(ctl({"groups", dumps + "debugprobes-after.txt", "--by", "colour"}).status, 1);
}

TEST(Comparing, TwoDumpsShowsWhatHasGrown) {
    const Output text =
        ctl({"compare", dumps + "debugprobes-before.txt", dumps + "debugprobes-after.txt", "--by", "site"});
    ASSERT_EQ(text.status, 0) << text.text;
    EXPECT_THAT(text.text,
                AllOf(HasSubstr("9 new, 1 gone, 7 still there\n"),
                      HasSubstr("   BEFORE    AFTER   CHANGE      NEW     GONE  BY CREATION SITE\n"
                                "        2       11       +9        9        0  Shop.kt:14 ShopKt.accept\n"
                                "        1        0       -1        0        1  Shop.kt:23 ShopKt.main\n"
                                "nothing has changed at 2 places with 5 jobs")));
    for (const std::string& line : linesOf(text.text))
        EXPECT_LE(line.size(), 80u) << line;
    EXPECT_THAT(linesOf(ctl({"compare", dumps + "debugprobes-before.txt", dumps + "debugprobes-after.txt",
                             "--by", "site", "--all"})
                            .text),
                Contains("        4        4        0        0        0  Shop.kt:22 ShopKt.main"));
    const Json json = Json::parse(
        ctl({"compare", dumps + "goroutines-before.txt", dumps + "goroutines-after.txt", "--json"}).text);
    EXPECT_EQ(json.at("new"), 9);
    EXPECT_EQ(json.at("groups")[0].at("label"), "main.go:24 main.accept");
    EXPECT_EQ(json.at("groups")[0].at("newNumbers").size(), 9u);
}

TEST(Comparing, SaysWhenJobsCannotBeToldOneByOne) {
    const Output text =
        ctl({"compare", dumps + "orders-before.coroscope", dumps + "debugprobes-after.txt", "--json"});
    ASSERT_EQ(text.status, 0) << text.text;
    const Json json = Json::parse(text.text);
    EXPECT_EQ(json.at("matched"), false);
    EXPECT_EQ(json.at("new"), nullptr);
    EXPECT_THAT(json.at("notes").dump(), HasSubstr("different programs"));
    EXPECT_EQ(ctl({"compare", dumps + "orders-before.coroscope", dumps + "nothing.txt"}).status, 1);
}

TEST(Comparing, ADumpWithTheProcessThatItIsOf) {
    Sample sample(600);
    const std::string pid = std::to_string(sample.process().pid());
    const std::string file = sample.directory() + "/before.coroscope";
    ASSERT_EQ(sample.ctl({"dump", pid, "-o", file}).status, 0);
    ASSERT_EQ(sample.control("fault slow-cancel on"), "ok");
    ASSERT_EQ(sample.control("fault dropped-scope on"), "ok");
    Json json;
    ASSERT_TRUE(eventually([&] {
        json = Json::parse(sample.ctl({"compare", file, pid, "--json"}).text);
        return json.at("new") > 0 && json.at("gone") > 0;
    }));
    EXPECT_EQ(json.at("matched"), true);
    EXPECT_TRUE(json.at("notes").empty()) << json.at("notes").dump();
    EXPECT_GT(json.at("stayed"), 100);
    std::int64_t change = 0;
    for (const Json& group : json.at("groups"))
        change += group.at("change").get<std::int64_t>();
    EXPECT_EQ(change, json.at("new").get<std::int64_t>() - json.at("gone").get<std::int64_t>());
    const Json groups = Json::parse(sample.ctl({"groups", pid, "--json"}).text);
    std::uint64_t jobs = 0;
    for (const Json& group : groups.at("groups"))
        jobs += group.at("jobs").get<std::uint64_t>();
    EXPECT_EQ(jobs, groups.at("jobs"));
    EXPECT_GT(groups.at("groups")[0].at("oldestSeconds"), 0.0);
}

} // namespace
