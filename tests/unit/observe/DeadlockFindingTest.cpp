// SPDX-License-Identifier: Apache-2.0
// The rule about jobs that wait for each other, over trees made by hand, with look-alikes that are none.
#include "Texts.h"
#include "TreeText.h"

#include <coroscope/observe/Finding.h>

#include <gmock/gmock.h>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::HasSubstr;

constexpr std::int64_t second = 1'000'000'000;

struct DeadlockFindingTest : testing::Test {
    JobTree tree;
    EndedJobs ended;
    Batch news;
    Texts texts;
    FindingSettings settings;

    void jobs(const std::string& text) {
        news = batch(text);
        news.resources.emplace();
    }
    JobRow& job(const std::string& name) {
        for (JobRow& row : news.rows)
            if (row.id == id(name))
                return row;
        throw std::logic_error("no job " + name);
    }
    void waits(const std::string& who, WaitKind kind, std::uint64_t what) {
        JobRow& row = job(who);
        row.execution = Execution::Suspended;
        row.waitKind = kind;
        row.waitsFor = what;
        row.executionSince = 10 * second + row.id.index();
    }
    void joins(const std::string& who, const std::string& whom, WaitKind kind = WaitKind::Job) {
        waits(who, kind, id(whom).value);
    }
    /// Makes the mutex when it is first named.
    void locks(const std::string& who, std::uint32_t mutex) {
        waits(who, WaitKind::Mutex, known(mutex).id.value), ++known(mutex).waiting;
    }
    void holds(const std::string& who, std::uint32_t mutex) { known(mutex).owner = id(who); }
    Resource& known(std::uint32_t mutex) {
        const ResourceId wanted = ResourceId::of(mutex, 1);
        for (Resource& resource : *news.resources)
            if (resource.id == wanted)
                return resource;
        news.resources->push_back({wanted, WaitKind::Mutex, {}, 0, 1, 0, mutex, 0});
        return news.resources->back();
    }
    std::vector<Finding> all() {
        TreeChanges changes;
        tree.apply(news, changes);
        return findings(tree, ended, texts, 15 * second, settings);
    }
    /// "deadlock error proven 1; ..."
    std::string found() {
        std::string text;
        for (const Finding& f : all())
            text += (text.empty() ? "" : "; ") + std::string(f.rule) + ' ' + std::string(name(f.severity)) +
                    ' ' + std::string(name(f.confidence)) + ' ' + label(f.job);
        return text;
    }
};

TEST_F(DeadlockFindingTest, InADumpAMutexThatIsHandedOverIsNoDeadlock) {
    settings.once = true;
    jobs("1 2 3");
    holds("1", 7);
    locks("1", 7);
    locks("2", 7);
    EXPECT_EQ(found(), "deadlock error proven 1") << "it took it twice";
    known(7).waiting = 1; // the job 2
    EXPECT_EQ(found(), "") << "the job 1 has it, and does not know it yet";
}

TEST_F(DeadlockFindingTest, TwoMutexesTakenInOppositeOrder) {
    jobs("1 2 3");
    holds("1", 7);
    holds("2", 8);
    locks("1", 8);
    locks("2", 7);
    locks("3", 7); // waits too, but is not part of it
    const std::vector<Finding> findings = all();
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].rule, "deadlock");
    EXPECT_EQ(findings[0].job, id("1"));
    EXPECT_EQ(findings[0].confidence, Confidence::Proven);
    EXPECT_EQ(findings[0].title, "Wait for each other");
    EXPECT_TRUE(findings[0].mayPass) << "news of two jobs may come in any order";
    EXPECT_EQ(findings[0].evidence,
              "These 2 jobs wait in a circle since 4.9 s: launch #1 waits for mutex n8, held by launch #2; "
              "launch #2 waits for mutex n7, held by launch #1.");
}

TEST_F(DeadlockFindingTest, AJobThatLocksAMutexTwice) {
    jobs("1");
    holds("1", 7);
    locks("1", 7);
    const std::vector<Finding> findings = all();
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].title, "Waits for itself");
    EXPECT_THAT(findings[0].advice, HasSubstr("not re-entrant"));
}

TEST_F(DeadlockFindingTest, AHolderThatJoinsTheOneWhoWaitsForItsMutex) {
    jobs("1 2 3");
    holds("1", 7);
    joins("1", "2");
    joins("2", "3");
    locks("3", 7);
    EXPECT_EQ(found(), "deadlock error proven 1");
}

TEST_F(DeadlockFindingTest, AScopeWhoseChildWaitsForWhatTheScopesJobHolds) {
    // 1 holds the mutex and awaits its scope 2, which waits for its children 3 and 4.
    jobs("1 2<1 3<2 4<2");
    holds("1", 7);
    joins("1", "2", WaitKind::Scope);
    job("2").execution = Execution::WaitsForChildren;
    job("3").execution = Execution::Running;
    locks("4", 7);
    EXPECT_EQ(found(), "deadlock error proven 2") << "2 has waited longest";
}

TEST_F(DeadlockFindingTest, TwoCirclesAreTwoFindings) {
    jobs("1 2 3 4");
    holds("1", 5);
    holds("2", 6);
    locks("1", 6);
    locks("2", 5);
    holds("3", 7);
    holds("4", 8);
    locks("3", 8);
    locks("4", 7);
    EXPECT_EQ(found(), "deadlock error proven 1; deadlock error proven 3");
}

TEST_F(DeadlockFindingTest, WithALimitOfTimeItIsOnlySuspected) {
    jobs("1 2 3<1");
    job("1").kind = JobKind::WithTimeout;
    holds("3", 7);
    holds("2", 8);
    locks("3", 8);
    locks("2", 7);
    EXPECT_EQ(found(), "deadlock error suspected 2");
}

// What looks like it and is none.

TEST_F(DeadlockFindingTest, AQueueBeforeAMutexWhoseHolderWorks) {
    jobs("1 2 3 4");
    holds("1", 7);
    job("1").execution = Execution::Running;
    for (const char* who : {"2", "3", "4"})
        locks(who, 7);
    EXPECT_EQ(found(), "");
}

TEST_F(DeadlockFindingTest, AHolderThatWaitsForTimeOrForAChannel) {
    jobs("1 2 3 4");
    holds("1", 7);
    waits("1", WaitKind::Delay, 0);
    locks("2", 7);
    holds("3", 8);
    waits("3", WaitKind::Channel, ResourceId::of(99, 1).value);
    locks("4", 8);
    EXPECT_EQ(found(), "");
}

TEST_F(DeadlockFindingTest, AChainOfMutexesWithAnEnd) {
    jobs("1 2 3");
    holds("1", 7);
    holds("2", 8);
    locks("2", 7);
    locks("3", 8);
    job("1").execution = Execution::Queued; // it has just been handed over
    EXPECT_EQ(found(), "");
}

TEST_F(DeadlockFindingTest, AHolderThatHasEndedOrIsNotKnown) {
    jobs("2 3");
    known(7).owner = JobId::of(77, 3);
    locks("2", 7);
    locks("3", 8);
    EXPECT_EQ(found(), "");
}

TEST_F(DeadlockFindingTest, OneOfThemIsToldToStop) {
    jobs("1 2");
    holds("1", 7);
    holds("2", 8);
    locks("1", 8);
    locks("2", 7);
    job("1").state = JobState::Cancelling;
    job("1").stateSince = 15 * second;
    EXPECT_EQ(found(), "");
    job("1").flags = JobFlags::shielded;
    EXPECT_EQ(found(), "deadlock error proven 1") << "in NonCancellable nobody tells it";
}

TEST_F(DeadlockFindingTest, AParentThatHoldsNothingWaitsForItsChildren) {
    jobs("1 2<1 3<1");
    job("1").execution = Execution::WaitsForChildren;
    holds("2", 7);
    waits("2", WaitKind::Delay, 0);
    locks("3", 7);
    EXPECT_EQ(found(), "");
}

TEST_F(DeadlockFindingTest, AMutexThatIsHandedOverAgainAndAgain) {
    FindingWatch watch;
    jobs("1");
    holds("1", 7);
    locks("1", 7);
    const auto shownAt = [&](std::int64_t now) { return watch.confirmed(all(), now).size(); };
    EXPECT_EQ(shownAt(15 * second), 0u);
    job("1").executionSince += second; // it went on and waits anew
    EXPECT_EQ(shownAt(16 * second), 0u);
    EXPECT_TRUE(watch.waiting());
    EXPECT_EQ(shownAt(17 * second), 1u) << "the same wait, seen twice";
}

TEST_F(DeadlockFindingTest, OfVeryManyChildrenNotAllAreLookedAt) {
    jobs("1");
    for (std::uint32_t i = 2; i < 200'000; ++i) {
        JobRow child;
        child.id = JobId::of(i, 1);
        child.parent = id("1");
        news.rows.push_back(child);
    }
    job("1").execution = Execution::WaitsForChildren;
    holds("1", 7);
    locks("2", 7);
    EXPECT_EQ(found(), "deadlock error proven 1");
}

} // namespace
} // namespace coroscope::test
