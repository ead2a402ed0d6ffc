// SPDX-License-Identifier: Apache-2.0
// The rule about runBlocking inside coroutines, over trees made by hand, with look-alikes that are none.
#include "Texts.h"
#include "TreeText.h"

#include <coroscope/observe/Finding.h>

#include <gmock/gmock.h>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::HasSubstr;

constexpr std::int64_t second = 1'000'000'000;

struct BlockingFindingTest : testing::Test {
    struct WithDispatchers : Texts {
        ContextText context(std::uint32_t id) const override {
            const char* const names[] = {"",   "Default",     "ui",
                                         "IO", "runBlocking", "IO.limitedParallelism(16)"};
            return {names[id], ""};
        }
    };
    JobTree tree;
    EndedJobs ended;
    WithDispatchers texts;
    Batch news = batch("1 2<1 3");

    /// Job 3 is a runBlocking that job 2 has entered, on the dispatcher with that number.
    void blocks(std::uint32_t dispatcher) {
        news.rows[1].context = dispatcher;
        news.rows[1].execution = Execution::Running;
        news.rows[2].kind = JobKind::RunBlocking;
        news.rows[2].launcher = id("2");
        news.rows[2].createdAt = 2 * second;
        news.rows[2].site = 8;
        news.rows[2].execution = Execution::Suspended;
        news.rows[2].waitKind = WaitKind::Channel;
    }
    std::vector<Finding> all() {
        TreeChanges changes;
        tree.apply(news, changes);
        return findings(tree, ended, texts, 5 * second);
    }
    /// "blocking-in-coroutine warning proven 3; ..."
    std::string found() {
        std::string text;
        for (const Finding& f : all())
            text += (text.empty() ? "" : "; ") + std::string(f.rule) + ' ' + std::string(name(f.severity)) +
                    ' ' + std::string(name(f.confidence)) + ' ' + label(f.job);
        return text;
    }
};

TEST_F(BlockingFindingTest, ARunBlockingThatACoroutineHasEntered) {
    blocks(2);
    const std::vector<Finding> findings = all();
    ASSERT_EQ(findings.size(), 1u);
    const Finding& f = findings.front();
    EXPECT_EQ(f.rule, "blocking-in-coroutine");
    EXPECT_EQ(f.job, id("3"));
    EXPECT_EQ(f.severity, Severity::Warning);
    EXPECT_EQ(f.confidence, Confidence::Proven);
    EXPECT_TRUE(f.mayPass) << "one that is over in a moment is not told";
    EXPECT_EQ(f.evidence,
              "Called at file8.cpp:8 by launch #2, 3.0 s ago; until it ends that coroutine cannot suspend, "
              "and its thread of ui runs nothing else. It waits for channel.");
}

TEST_F(BlockingFindingTest, AlsoWithAParentFromItsContext) {
    blocks(1);
    news.rows[2].parent = id("2");
    EXPECT_EQ(found(), "blocking-in-coroutine warning proven 3");
}

TEST_F(BlockingFindingTest, AlsoWhenItsCallerIsNotKnown) {
    blocks(1);
    news.rows[2].launcher = id("9");
    EXPECT_EQ(found(), "blocking-in-coroutine warning proven 3");
}

TEST_F(BlockingFindingTest, OnAThreadThatIsThereToBeBlockedItIsAHint) {
    blocks(3);
    EXPECT_EQ(found(), "blocking-in-coroutine hint proven 3");
    blocks(5);
    EXPECT_EQ(found(), "blocking-in-coroutine hint proven 3");
}

TEST_F(BlockingFindingTest, InTheLoopOfAnotherOneWhichItSharesItIsAHint) {
    blocks(4);
    EXPECT_EQ(found(), "blocking-in-coroutine hint proven 3");
}

TEST_F(BlockingFindingTest, GoesWhenItEnds) {
    blocks(2);
    EXPECT_NE(found(), "");
    news = batch("-3");
    EXPECT_EQ(found(), "");
}

// What looks like it and is none.

TEST_F(BlockingFindingTest, ARunBlockingInMainOrOnAThreadOfItsOwn) {
    blocks(2);
    news.rows[2].launcher = {};
    EXPECT_EQ(found(), "");
}

TEST_F(BlockingFindingTest, OtherJobsThatACoroutineHasLaunched) {
    for (const JobKind kind : {JobKind::Launch, JobKind::Async, JobKind::WithContext, JobKind::RunTest}) {
        blocks(2);
        news.rows[2].kind = kind;
        EXPECT_EQ(found(), "") << name(kind);
    }
}

} // namespace
} // namespace coroscope::test
