// SPDX-License-Identifier: Apache-2.0
// The rules about scopes, cancellations and unseen failures, over trees and incidents made by hand.
#include "Texts.h"
#include "TreeText.h"

#include <coroscope/observe/Finding.h>

#include <gmock/gmock.h>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::HasSubstr;

constexpr std::int64_t second = 1'000'000'000;

struct Places : Texts {
    StackText stack(StackId id) const override {
        StackText stack;
        if (id != 0)
            stack.frames.push_back(site(id));
        return stack;
    }
};

struct CancellationFindingTest : testing::Test {
    JobTree tree;
    EndedJobs ended;
    Batch news;
    Places texts;
    std::int64_t now = 100 * second;
    FindingSettings settings;

    void jobs(const std::string& text) { news = batch(text); }
    JobRow& row(std::size_t i) { return news.rows.at(i); }
    void apply() {
        TreeChanges changes;
        ended.apply(news, tree);
        tree.apply(news, changes);
        news.clear();
    }
    std::vector<Finding> all() { return findings(tree, ended, texts, now, settings); }
    /// "scope-dropped warning proven 3; ..."
    std::string found() {
        apply();
        std::string text;
        for (const Finding& f : all())
            text += (text.empty() ? "" : "; ") + std::string(f.rule) + ' ' + std::string(name(f.severity)) +
                    ' ' + std::string(name(f.confidence)) + ' ' + label(f.job) + (f.ended ? " ended" : "");
        return text;
    }
    std::string evidence() {
        const std::vector<Finding> found = all();
        return found.size() == 1 ? found[0].evidence : std::to_string(found.size()) + " findings";
    }
    void cancelling(std::size_t i, std::int64_t ago) {
        row(i).state = JobState::Cancelling;
        row(i).stateSince = now - ago;
    }
    Incident incident(IncidentKind what, const std::string& job, std::int64_t ago = second) {
        Incident made;
        made.number = ++number;
        made.what = what;
        made.at = now - ago;
        made.job.id = id(job);
        made.job.number = made.job.id.index();
        made.job.kind = JobKind::Async;
        made.job.site = 12;
        made.job.name = 7;
        made.job.suspendedAt = 34;
        made.job.resumes = 5;
        made.job.stateSince = made.at - 300'000'000;
        made.text = "std::runtime_error\ncard declined\n\tsuppressed";
        return made;
    }
    void scope(std::size_t i) {
        row(i).kind = JobKind::SupervisorJob;
        row(i).execution = Execution::None;
        row(i).flags = JobFlags::ownsScope;
    }
    std::uint64_t number = 0;
};

// scope-dropped

TEST_F(CancellationFindingTest, AScopeThatNobodyHoldsWithWorkInIt) {
    jobs("1 2 3<2 4<2");
    scope(1);
    row(1).site = 9;
    row(1).launcher = id("1");
    row(2).name = 5;
    row(2).waitKind = WaitKind::Delay;
    row(2).suspendedAt = 88;
    EXPECT_EQ(found(), "scope-dropped warning proven 2");
    EXPECT_EQ(evidence(),
              "Made at file9.cpp:9 by launch #1. Nobody holds a handle to it, and it was not cancelled. "
              "Still running in it: n5 launch #3 (waits for delay at file88.cpp:88) and 1 more.");
    jobs("-3 -4");
    EXPECT_EQ(found(), "") << "withdrawn when its work has ended";
}

TEST_F(CancellationFindingTest, ScopesThatAreInOrder) {
    jobs("1 2<1 3 4 5<4 6 7<6 8 9<8 10<1 11<10 12 13<12");
    scope(0);
    row(0).held = true;
    scope(2); // no work
    scope(3);
    cancelling(3, 1);
    scope(5);
    row(5).state = JobState::Completing;
    row(7).kind = JobKind::Job; // not made for a scope
    scope(9);                   // with a parent that cancels it
    scope(11);                  // what was launched into it from elsewhere is an island's
    row(12).flags = JobFlags::parentFromContext;
    EXPECT_EQ(found(), "orphan-detached warning proven 13");
}

TEST_F(CancellationFindingTest, ADroppedScopeIsShownWhenItIsStillOneSomeTimeLater) {
    jobs("1 2<1");
    scope(0);
    apply();
    FindingWatch watch;
    EXPECT_TRUE(watch.confirmed(all(), now).empty());
    EXPECT_TRUE(watch.waiting());
    EXPECT_TRUE(watch.confirmed(all(), now + FindingWatch::confirmAfter / 2).empty());
    EXPECT_EQ(watch.confirmed(all(), now + FindingWatch::confirmAfter).size(), 1u);
    EXPECT_FALSE(watch.waiting());
    jobs("1");
    scope(0);
    row(0).held = true;
    row(0).jobVersion = 1;
    apply();
    EXPECT_TRUE(watch.confirmed(all(), now + second).empty());
    jobs("1");
    scope(0);
    row(0).jobVersion = 2;
    apply();
    EXPECT_TRUE(watch.confirmed(all(), now + 2 * second).empty()) << "it begins anew";
}

// slow-cancellation

TEST_F(CancellationFindingTest, AJobWhoseCancellingParentIsGoneIsTheTopmostThen) {
    jobs("1 2<1 3<2");
    for (std::size_t i = 0; i < 3; ++i)
        cancelling(i, 3 * second);
    EXPECT_EQ(found(), "slow-cancellation warning suspected 1");
    jobs("-1");
    EXPECT_EQ(found(), "slow-cancellation warning suspected 2") << "its end was lost, or it lies";
}

TEST_F(CancellationFindingTest, AJobThatDoesNotStopAndWhoHoldsItUp) {
    jobs("1 2<1 3<2 4<2 5<2");
    for (std::size_t i = 1; i < 5; ++i)
        cancelling(i, 3 * second);
    row(1).execution = Execution::WaitsForChildren;
    row(2).execution = Execution::Running;
    row(2).executionSince = now - 4 * second;
    row(3).flags = JobFlags::shielded;
    row(3).waitKind = WaitKind::Callback;
    row(4).execution = Execution::WaitsForChildren;
    EXPECT_EQ(found(), "slow-cancellation warning suspected 2") << "only the topmost";
    EXPECT_EQ(evidence(),
              "Cancelled 3.0 s ago. Held up by 3 of 4 jobs: launch #3 runs for 4.0 s; launch #4 waits for "
              "callback, in NonCancellable; launch #5 waits for children.");
}

TEST_F(CancellationFindingTest, AJobThatHoldsItselfUp) {
    jobs("1");
    cancelling(0, 2 * second);
    row(0).execution = Execution::Running;
    row(0).executionSince = now - second;
    EXPECT_EQ(found(), "slow-cancellation warning suspected 1");
    EXPECT_EQ(evidence(), "Cancelled 2.0 s ago. Held up by its own code: it runs for 1.0 s.");
    settings.slowCancellation = 2 * second + 1;
    EXPECT_TRUE(all().empty());
}

TEST_F(CancellationFindingTest, OfManyThatHoldUpSomeAreNamed) {
    std::string text = "1";
    for (int i = 2; i < 3'000; ++i)
        text += ' ' + std::to_string(i) + "<1";
    jobs(text);
    cancelling(0, 3 * second);
    row(0).execution = Execution::WaitsForChildren;
    apply();
    EXPECT_THAT(evidence(), HasSubstr("of more than 2000 jobs: "));
    EXPECT_THAT(evidence(), testing::EndsWith("; and others."));
}

TEST_F(CancellationFindingTest, AJobThatStopsInTime) {
    jobs("1 2");
    cancelling(0, 2 * second - 1);
    EXPECT_EQ(found(), "");
    now += second;
    jobs("-1");
    EXPECT_EQ(found(), "");
}

// swallowed-cancellation

TEST_F(CancellationFindingTest, ALiveJobThatWentOn) {
    jobs("1");
    cancelling(0, 1 * second);
    row(0).flags = JobFlags::swallowedCancellation;
    row(0).resumes = 22;
    row(0).execution = Execution::Running;
    row(0).executionSince = now - 10'000'000;
    news.incidents.push_back(incident(IncidentKind::SwallowedCancellation, "1"));
    news.incidents.back().text = "coroscope::CancellationException\nclosing";
    EXPECT_EQ(found(), "swallowed-cancellation warning proven 1");
    EXPECT_EQ(evidence(),
              "Cancelled 1.0 s ago (closing); let go of that, and went on to file34.cpp:34; resumed 17 "
              "times since. Now: runs for 10 ms, has swallowed its cancellation.");
    jobs("-1");
    EXPECT_EQ(found(), "swallowed-cancellation warning proven 1 ended") << "the fact remains";
    EXPECT_THAT(evidence(), HasSubstr("Caught it 300 ms after it was cancelled (closing), and went on to "
                                      "file34.cpp:34; that was 1.0 s ago."));
}

TEST_F(CancellationFindingTest, JobsThatEndedAreOneFindingForEachPlace) {
    jobs("1");
    news.incidents.push_back(incident(IncidentKind::SwallowedCancellation, "2", 9 * second));
    news.incidents.push_back(incident(IncidentKind::SwallowedCancellation, "3"));
    news.incidents.push_back(incident(IncidentKind::SwallowedCancellation, "4"));
    news.incidents.back().job.site = 77;
    news.incidents.push_back(incident(IncidentKind::CancellationBecameValue, "5"));
    news.incidents.push_back(incident(IncidentKind::CancellationBecameFailure, "6"));
    EXPECT_EQ(found(),
              "swallowed-cancellation warning proven 3 ended; swallowed-cancellation warning proven 4 ended; "
              "swallowed-cancellation hint proven 5 ended; swallowed-cancellation hint proven 6 ended");
    EXPECT_THAT(all()[0].evidence, testing::EndsWith(" So did 1 more of this place, the first 9.0 s ago."));
    EXPECT_EQ(all()[0].jobName, "n7 async #3");
    settings.tellEnded = 0;
    EXPECT_TRUE(all().empty()) << "old stories are not told for ever";
}

// silent-supervisor-failure

TEST_F(CancellationFindingTest, AFailureThatNobodySaw) {
    jobs("1");
    news.incidents.push_back(incident(IncidentKind::UnseenFailure, "2"));
    news.incidents.push_back(incident(IncidentKind::Failed, "3"));
    EXPECT_EQ(found(), "silent-supervisor-failure warning proven 2 ended");
    EXPECT_EQ(evidence(),
              "std::runtime_error: card declined, 1.0 s ago. Nobody had awaited it when the last handle to "
              "it went, and no parent is told of its failure.");
    jobs("");
    news.incidents.push_back(incident(IncidentKind::UnseenFailure, "4", 0));
    news.incidents.back().job.kind = JobKind::Launch;
    EXPECT_EQ(found(), "silent-supervisor-failure warning proven 4 ended");
    EXPECT_THAT(evidence(), HasSubstr("only the standard error got a line. So did 1 more of this place"));
}

// The list of notable jobs.

TEST_F(CancellationFindingTest, NotableJobsAreFoundHoweverTheyComeAndGo) {
    std::string text = "!";
    for (int i = 1; i <= 300; ++i)
        text += ' ' + std::to_string(i);
    jobs(text);
    apply();
    auto notable = [this] {
        std::size_t count = 0, seen = 0;
        tree.forEachNotable([&](Node) { ++count; });
        for (Node node = 0; node < tree.endNode(); ++node)
            seen += tree.isLive(node) && JobTree::isNotable(tree.row(node));
        EXPECT_EQ(count, seen);
        return count;
    };
    std::string primes;
    for (int round = 0; round < 8; ++round, primes += '\'') {
        std::string some, gone;
        for (int i = 1; i <= 300; ++i) {
            some += std::to_string(i) + primes + ' ';
            if (i % 3 == round % 3)
                gone += '-' + std::to_string(i) + primes + ' ';
        }
        jobs(some);
        for (std::size_t i = 0; i < 300; ++i)
            if (i % 2 == 0)
                cancelling(i, 0);
        apply();
        EXPECT_EQ(notable(), 150u);
        jobs(some);
        apply();
        EXPECT_EQ(notable(), 0u);
        jobs(some);
        cancelling(7, 0);
        apply();
        EXPECT_EQ(notable(), 1u);
        jobs(gone);
        apply();
        notable();
    }
}

} // namespace
} // namespace coroscope::test
