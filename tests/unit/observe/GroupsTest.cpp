// SPDX-License-Identifier: Apache-2.0
// Jobs by what they have in common, and two dumps compared; tests/data/dumps/README.md says what was run.
#include <coroscope/observe/Compare.h>
#include <coroscope/observe/Dump.h>
#include <coroscope/observe/Groups.h>
#include <coroscope/observe/Source.h>

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Opened {
    std::unique_ptr<Source> source;
    JobTree tree;

    explicit Opened(const std::string& name) {
        auto opened = open(std::string(FOREIGN_DUMPS) + '/' + name);
        EXPECT_TRUE(opened) << opened.problem();
        source = *std::move(opened);
        Batch batch;
        TreeChanges changes;
        source->read(batch);
        tree.apply(std::move(batch), changes);
    }
    Dump dump() const {
        return takeDump(source->info(), source->dictionary(), tree, {},
                        [](const EndedJob&) { return std::string(); });
    }
    /// "11 Shop.kt:14 ShopKt.accept"
    std::vector<std::string> groups(GroupBy by) const {
        Grouping grouping(by, source->info(), source->dictionary());
        std::vector<std::string> all;
        std::size_t jobs = 0;
        for (const JobGroup& group : groupJobs(tree, grouping)) {
            all.push_back(std::to_string(group.jobs.size()) + ' ' + grouping.place(group.group).label());
            EXPECT_EQ(group.counts.jobs, group.jobs.size());
            jobs += group.jobs.size();
        }
        EXPECT_EQ(jobs, tree.size()) << "each job is in one group";
        return all;
    }
};

/// "2 11 +9 new 9 gone 0: Shop.kt:14 ShopKt.accept"
std::vector<std::string> drawn(const Comparison& comparison) {
    std::vector<std::string> all;
    for (const GroupChange& group : comparison.groups)
        all.push_back(std::to_string(group.before) + ' ' + std::to_string(group.after) + ' ' +
                      changeText(group.change()) + " new " + std::to_string(group.fresh.size()) + " gone " +
                      std::to_string(group.gone.size()) + ": " + group.place.label());
    return all;
}

TEST(Groups, OfAFlatDumpStandByCreationSite) {
    EXPECT_THAT(
        Opened("debugprobes-after.txt").groups(GroupBy::CreationSite),
        ElementsAre("11 Shop.kt:14 ShopKt.accept", "4 Shop.kt:22 ShopKt.main", "1 Shop.kt:25 ShopKt.main"));
}

TEST(Groups, ByTheInnermostPlaceThatIsNoLibrarys) {
    // The last one is running in Thread.getStackTrace, called by the library.
    EXPECT_THAT(Opened("debugprobes-after.txt").groups(GroupBy::SuspensionSite),
                ElementsAre("11 Shop.kt:14 ShopKt$accept$1.invokeSuspend", "4 Shop.kt:8 ShopKt.worker",
                            "1 Shop.kt:31 ShopKt$main$3.invokeSuspend"));
    EXPECT_THAT(Opened("goroutines.txt").groups(GroupBy::SuspensionSite),
                testing::Contains("2 main.go:19 main.(*stock).take"));
}

TEST(Groups, KnowFramesOfTheJdkWithAndWithoutTheirModule) {
    for (const char* file : {"Object.java", "java.base@25.0.3/Object.java", "java.base@25.0.3/Native Method"})
        EXPECT_TRUE(isLibraryFrame({file, "java.lang.Object.wait", 338})) << file;
    EXPECT_FALSE(isLibraryFrame({"app@1.0/Shop.java", "shop.Till.open", 7}));
    EXPECT_FALSE(isLibraryFrame({"/home/me/java.cpp", "java.thing", 7})) << "a program in C++";
    const StackText stack{
        {{"java.base@25.0.3/Native Method", "java.lang.Object.wait0", 0}, {"Till.java", "shop.Till.open", 7}},
        0};
    EXPECT_EQ(ownFrame(stack), 1u);
    EXPECT_EQ(ownPlace(stack), "Till.java:7 shop.Till.open");
}

TEST(Groups, ByTheWholeStack) {
    const Opened dump("debugprobes.txt");
    Grouping grouping(GroupBy::Stack, dump.source->info(), dump.source->dictionary());
    const std::vector<JobGroup> groups = groupJobs(dump.tree, grouping);
    ASSERT_EQ(groups.size(), 9u);
    const GroupPlace& place = grouping.place(groups[0].group);
    ASSERT_EQ(place.stack.frames.size(), 3u);
    EXPECT_EQ(place.stack.frames[2].function, "AppKt$main$1$1.invokeSuspend");
    EXPECT_EQ(groups[0].jobs.size(), 3u);
    EXPECT_EQ(countsText(groups[0].counts, {}), "3 suspended");
    EXPECT_EQ(groups[0].oldest, 0) << "such a dump tells no ages";
}

TEST(Groups, WithoutAPlaceSayWhy) {
    EXPECT_THAT(Opened("debugprobes.txt").groups(GroupBy::CreationSite),
                ElementsAre("11 not told where created"));
    const std::vector<std::string> ours = Opened("orders-after.coroscope").groups(GroupBy::SuspensionSite);
    EXPECT_THAT(ours, testing::Contains("15 jobs without code"));
}

TEST(Groups, OfFoldedRowsCountEachJob) {
    // "-[x9 of]"
    EXPECT_THAT(Opened("intellij.txt").groups(GroupBy::Stack), testing::Contains(testing::StartsWith("9 ")));
}

TEST(Groups, HaveKeysThatAreTheSameInAnotherDump) {
    const Opened before("orders-before.coroscope"), after("orders-after.coroscope");
    for (const GroupBy by : allGroupings) {
        Grouping first(by, before.source->info(), before.source->dictionary());
        Grouping second(by, after.source->info(), after.source->dictionary());
        groupJobs(after.tree, second);
        std::size_t same = 0;
        for (const JobGroup& group : groupJobs(before.tree, first))
            if (const auto found = second.find(first.place(group.group).key)) {
                ++same;
                EXPECT_EQ(second.place(*found).label(), first.place(group.group).label());
            }
        EXPECT_GT(same, 20u) << name(by);
    }
}

TEST(Groups, AreFilteredAsTheTreeIs) {
    const Opened dump("debugprobes-after.txt");
    std::vector<bool> shown(dump.tree.endNode(), false);
    shown[0] = shown[1] = true;
    Grouping grouping(GroupBy::Stack, dump.source->info(), dump.source->dictionary());
    std::size_t jobs = 0;
    for (const JobGroup& group : groupJobs(dump.tree, grouping, shown))
        jobs += group.jobs.size();
    EXPECT_EQ(jobs, 2u);
}

TEST(Compare, ShowsWhatAProgramInKotlinHasLeaked) {
    const Comparison found = compare(Opened("debugprobes-before.txt").dump(),
                                     Opened("debugprobes-after.txt").dump(), GroupBy::CreationSite);
    EXPECT_TRUE(found.matched);
    EXPECT_THAT(drawn(found), ElementsAre("2 11 +9 new 9 gone 0: Shop.kt:14 ShopKt.accept",
                                          "4 4 0 new 0 gone 0: Shop.kt:22 ShopKt.main",
                                          "1 1 0 new 0 gone 0: Shop.kt:25 ShopKt.main",
                                          "1 0 -1 new 0 gone 1: Shop.kt:23 ShopKt.main"));
    EXPECT_EQ(found.fresh, 9u);
    EXPECT_EQ(found.gone, 1u);
    EXPECT_EQ(found.stayed, 7u);
    EXPECT_THAT(found.notes, ElementsAre(HasSubstr("do not name their process")));
}

TEST(Compare, TellsWhoHasMovedFromOnePlaceToAnother) {
    const Comparison found = compare(Opened("debugprobes-before.txt").dump(),
                                     Opened("debugprobes-after.txt").dump(), GroupBy::SuspensionSite);
    // runBlocking was in the one dump when it is in the other.
    ASSERT_EQ(found.groups.size(), 5u);
    EXPECT_EQ(found.groups[1].place.label(), "Shop.kt:31 ShopKt$main$3.invokeSuspend");
    EXPECT_EQ(found.groups[1].came, 1u);
    EXPECT_THAT(found.groups[1].fresh, IsEmpty());
    EXPECT_EQ(found.groups[3].left + found.groups[4].left, 1u);
}

TEST(Compare, ShowsWhatAProgramInGoHasLeaked) {
    const Comparison found = compare(Opened("goroutines-before.txt").dump(),
                                     Opened("goroutines-after.txt").dump(), GroupBy::SuspensionSite);
    EXPECT_THAT(drawn(found), ElementsAre("2 11 +9 new 9 gone 0: main.go:16 main.answer",
                                          "4 4 0 new 0 gone 0: main.go:10 main.worker",
                                          testing::StartsWith("1 1 0 new 0 gone 0: "),
                                          "1 0 -1 new 0 gone 1: main.go:40 main.main.func1"));
}

TEST(Compare, KnowsJobsOfOneProcessByTheirIds) {
    const Opened before("orders-before.coroscope"), after("orders-after.coroscope");
    const Comparison found = compare(before.dump(), after.dump(), GroupBy::CreationSite);
    EXPECT_TRUE(found.matched);
    EXPECT_THAT(found.notes, IsEmpty());
    EXPECT_EQ(found.fresh + found.stayed, after.tree.size());
    EXPECT_EQ(found.gone + found.stayed, before.tree.size());
    EXPECT_EQ(found.groups[0].change(), 11);
    for (const GroupChange& group : found.groups) {
        EXPECT_EQ(group.stayed + group.came + group.fresh.size(), group.after);
        EXPECT_EQ(group.stayed + group.left + group.gone.size(), group.before);
        for (const JobId job : group.fresh) {
            EXPECT_NE(after.tree.find(job), noNode);
            EXPECT_EQ(before.tree.find(job), noNode);
        }
    }
}

TEST(Compare, OfOneDumpWithItselfFindsNothing) {
    for (const char* const name : {"orders-after.coroscope", "debugprobes-after.txt", "goroutines.txt",
                                   "intellij.txt", "jdk-threads.json", "job-hierarchy.txt"}) {
        const Dump dump = Opened(name).dump();
        for (const GroupBy by : allGroupings) {
            const Comparison found = compare(dump, dump, by);
            EXPECT_EQ(found.fresh + found.gone, 0u) << name;
            for (const GroupChange& group : found.groups)
                EXPECT_EQ(group.change(), 0) << name << ' ' << group.place.label();
        }
    }
}

TEST(Compare, OfTwoProcessesLooksAtPlacesOnly) {
    const Dump before = Opened("orders-before.coroscope").dump();
    Dump after = Opened("orders-after.coroscope").dump();
    ++after.info.processStart;
    const Comparison found = compare(before, after, GroupBy::CreationSite);
    EXPECT_FALSE(found.matched);
    EXPECT_THAT(found.notes, ElementsAre(HasSubstr("of different processes")));
    EXPECT_EQ(found.groups[0].change(), 11);
    EXPECT_THAT(found.groups[0].fresh, IsEmpty());
}

TEST(Compare, SaysWhatCannotBeCompared) {
    const Dump kotlin = Opened("debugprobes-creation.txt").dump();
    const Comparison others = compare(Opened("orders-before.coroscope").dump(), kotlin, GroupBy::Stack);
    EXPECT_FALSE(others.matched);
    EXPECT_THAT(others.notes, testing::Contains(HasSubstr("written by different programs")));
    // Not in debug mode: without numbers.
    const Comparison unnamed = compare(kotlin, kotlin, GroupBy::Stack);
    EXPECT_FALSE(unnamed.matched);
    EXPECT_THAT(unnamed.notes, testing::Contains(HasSubstr("no number")));
    const Dump untold = Opened("debugprobes.txt").dump();
    EXPECT_THAT(compare(untold, untold, GroupBy::CreationSite).notes,
                testing::Contains(HasSubstr("Neither dump tells where")));
    Dump redacted = Opened("orders-before.coroscope").dump();
    redacted.info.redacted = true;
    EXPECT_THAT(compare(redacted, redacted, GroupBy::CreationSite).notes,
                testing::Contains(HasSubstr("pseudonyms")));
    Dump later = Opened("orders-after.coroscope").dump();
    EXPECT_THAT(compare(later, Opened("orders-before.coroscope").dump(), GroupBy::Stack).notes,
                testing::Contains(HasSubstr("older one")));
}

} // namespace
} // namespace coroscope::test
