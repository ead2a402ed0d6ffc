// SPDX-License-Identifier: Apache-2.0
#include "Texts.h"
#include "TreeText.h"

#include <coroscope/observe/Finding.h>
#include <coroscope/observe/Labels.h>

#include <gmock/gmock.h>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::HasSubstr;

struct FindingTest : testing::Test {
    JobTree tree;
    EndedJobs ended;
    Batch news;
    Texts texts;

    void jobs(const std::string& text) { news = batch(text); }
    JobRow& row(std::size_t i) { return news.rows.at(i); }
    /// "orphan-global warning proven 3; ..."
    std::string found() {
        TreeChanges changes;
        ended.apply(news, tree);
        tree.apply(news, changes);
        news.incidents.clear();
        std::string text;
        for (const Finding& f : findings(tree, ended, texts, 5'000'000'000))
            text += (text.empty() ? "" : "; ") + std::string(f.rule) + ' ' + std::string(name(f.severity)) +
                    ' ' + std::string(name(f.confidence)) + ' ' + label(f.job);
        return text;
    }
};

TEST_F(FindingTest, AJobInGlobalScopeThatNobodyHoldsIsProvenToBeWithoutOwner) {
    jobs("1 2<1 3 4<3");
    row(2).flags = JobFlags::launchedInGlobalScope;
    row(2).launcher = id("2");
    row(2).name = 7;
    row(2).site = 88;
    EXPECT_EQ(found(), "orphan-global warning proven 3");
    const Finding f = findings(tree, ended, texts, 5'000'000'000).front();
    EXPECT_THAT(f.evidence, HasSubstr("Launched at file88.cpp:88 by launch #2, in GlobalScope."));
    EXPECT_EQ(f.where.shortText(), "file88.cpp:88");
    EXPECT_EQ(f.chip, "global");
    EXPECT_FALSE(f.advice.empty());
}

TEST_F(FindingTest, AJobInGlobalScopeWhoseHandleIsHeldIsOnlyAHint) {
    jobs("1");
    row(0).flags = JobFlags::launchedInGlobalScope | JobFlags::held;
    row(0).held = true;
    EXPECT_EQ(found(), "orphan-global hint suspected 1");
}

TEST_F(FindingTest, LaunchedInAScopeInsteadOfGlobalScopeIsNoFinding) {
    jobs("1 2<1 3<1");
    EXPECT_EQ(found(), "");
}

TEST_F(FindingTest, AJobBelowAFreshJobIsCutOffFromItsLauncher) {
    jobs("1 2<1 3 4<3 5<4");
    row(2).kind = JobKind::Job;
    row(3).flags = JobFlags::parentFromContext;
    row(3).launcher = id("2");
    EXPECT_EQ(found(), "orphan-detached warning proven 4");
    EXPECT_THAT(findings(tree, ended, texts, 0).front().evidence, HasSubstr("by launch #2"));
}

TEST_F(FindingTest, AnIslandWhoseJobIsHeldIsOnlyAHint) {
    jobs("1 3 4<3");
    row(1).kind = JobKind::SupervisorJob;
    row(1).held = true;
    row(2).flags = JobFlags::parentFromContext;
    EXPECT_EQ(found(), "orphan-detached hint suspected 4");
}

TEST_F(FindingTest, AHeldJobThatOthersLaunchIntoBelongsToAComponent) {
    jobs("1 2<1 3 4<3");
    row(2).kind = JobKind::SupervisorJob;
    row(2).held = true;
    row(3).flags = JobFlags::parentFromContext;
    row(3).launcher = id("2");
    EXPECT_EQ(found(), "");
    EXPECT_FALSE(tree.isOrphanRoot(tree.find(id("3"))));
    row(2).held = false;
    row(2).jobVersion = 1;
    EXPECT_EQ(found(), "orphan-detached warning proven 4");
    EXPECT_TRUE(tree.isOrphanRoot(tree.find(id("3"))));
}

TEST_F(FindingTest, LookAlikesOfIslandsAreNoFindings) {
    jobs("1 2<1 3<2 4 5<4 6 7<6 8<99");
    row(1).kind = JobKind::Job; // Job(parent): it is in the tree
    row(2).flags = JobFlags::parentFromContext;
    row(3).kind = JobKind::SupervisorJob;       // an application's scope with what it launched itself
    row(6).flags = JobFlags::parentFromContext; // the Job of a running coroutine, passed on
    row(7).flags = JobFlags::parentFromContext; // its parent is not known
    EXPECT_EQ(found(), "");
}

TEST_F(FindingTest, WhatHasEndedIsNoOrphan) {
    jobs("1 2 3<2");
    row(0).flags = JobFlags::launchedInGlobalScope;
    row(0).state = JobState::Completed;
    row(1).kind = JobKind::Job;
    row(2).flags = JobFlags::parentFromContext;
    row(2).state = JobState::Cancelled;
    EXPECT_EQ(found(), "");
}

TEST_F(FindingTest, AJobNeverStartedThatItsParentWaitsForIsSuspectedAfterTenSeconds) {
    jobs("1 2<1 3<1 4<1");
    row(0).execution = Execution::WaitsForChildren;
    row(1).state = row(2).state = JobState::New;
    row(1).stateSince = row(2).stateSince = 5'000'000'000 - 10'000'000'000;
    row(3).state = JobState::Active; // might start them, and has had ten seconds for it
    EXPECT_EQ(found(), "lazy-never-started warning suspected 2") << "told of the first of both";
    EXPECT_THAT(
        findings(tree, ended, texts, 5'000'000'000).front().evidence,
        HasSubstr(
            "launch #1 has done its own work and waits for its children. This one was made 10.0 s ago"));
}

TEST_F(FindingTest, AJobNeverStartedIsNoFindingWhileItIsYoungOrItsParentWorksOrItHasNone) {
    jobs("1 2<1 3 4<3 5");
    row(0).execution = Execution::WaitsForChildren;
    row(1).state = row(3).state = row(4).state = JobState::New;
    row(1).stateSince = 5'000'000'000 - 9'999'999'999;
    row(2).execution = Execution::Suspended; // may start it yet
    row(3).stateSince = row(4).stateSince = -60'000'000'000;
    EXPECT_EQ(found(), "");
    row(1).stateSince = 0; // a dump of ours always tells, so it is not judged
    row(1).jobVersion = 1;
    EXPECT_EQ(found(), "");
}

TEST_F(FindingTest, FindingsAreWithdrawnWithTheirJobs) {
    jobs("1");
    row(0).flags = JobFlags::launchedInGlobalScope;
    EXPECT_NE(found(), "");
    jobs("-1");
    EXPECT_EQ(found(), "");
}

TEST_F(FindingTest, TheMostSevereComeFirstAndTheirNumberIsBounded) {
    jobs("1 2 3");
    for (std::size_t i = 0; i < 3; ++i)
        row(i).flags = JobFlags::launchedInGlobalScope;
    row(0).held = true;
    EXPECT_EQ(
        found(),
        "orphan-global warning proven 2; orphan-global warning proven 3; orphan-global hint suspected 1");
    EXPECT_EQ(findings(tree, ended, texts, 0, {.atMost = 2}).size(), 2u);
}

TEST(DurationText, IsShortAndHasAUnit) {
    EXPECT_EQ(durationText(-5), "0 µs");
    EXPECT_EQ(durationText(230'400), "230 µs");
    writeMicrosAsAscii(true);
    EXPECT_EQ(durationText(230'400), "230 us");
    writeMicrosAsAscii(false);
    EXPECT_EQ(durationText(230'400), "230 µs");
    EXPECT_EQ(durationText(41'999'999), "41 ms");
    EXPECT_EQ(durationText(3'290'000'000), "3.2 s");
    EXPECT_EQ(durationText(250'000'000'000), "4 m 10 s");
    EXPECT_EQ(durationText(7'500'000'000'000), "2 h 05 m");
    EXPECT_EQ(durationText(std::int64_t{76} * 3'600 * 1'000'000'000), "3 d 04 h");
}

} // namespace
} // namespace coroscope::test
