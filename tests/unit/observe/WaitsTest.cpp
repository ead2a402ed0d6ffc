// SPDX-License-Identifier: Apache-2.0
// What a job waits for, and who waits for it.
#include "TreeText.h"

#include <coroscope/observe/Waits.h>

#include <gtest/gtest.h>

#include <string>

namespace coroscope::test {
namespace {

using namespace observe;

constexpr std::int64_t second = 1'000'000'000;

class FewTexts : public Dictionary {
public:
    std::string text(TextId id) const override { return id == 0 ? "" : "name-" + std::to_string(id); }
    SiteText site(SiteId id) const override {
        return id == 0 ? SiteText{} : SiteText{"/src/pool.cpp", "pool()", id};
    }
    StackText stack(StackId) const override { return {}; }
    ContextText context(std::uint32_t id) const override {
        return id == 0 ? ContextText{} : ContextText{"IO", {}};
    }
};

struct WaitsTest : testing::Test {
    JobTree tree;
    TreeChanges changes;
    FewTexts dictionary;

    void apply(const std::string& text) { tree.apply(batch(text), changes); }
    /// The job goes on as it is but for this.
    void does(const std::string& job, Execution execution, WaitKind kind = WaitKind::Unknown,
              std::uint64_t waitsFor = 0) {
        Batch news;
        JobRow row = tree.row(tree.find(id(job)));
        row.execution = execution;
        row.waitKind = kind;
        row.waitsFor = waitsFor;
        news.rows.push_back(row);
        tree.apply(std::move(news), changes);
    }
    void suspends(const std::string& job, WaitKind kind, const std::string& on) {
        does(job, Execution::Suspended, kind, id(on).value);
    }
    std::string wait(const std::string& job, std::int64_t now = 0) {
        return describeWait(tree, tree.row(tree.find(id(job))), dictionary, now).plain(tree, dictionary);
    }
    /// All at once.
    std::string waiters(const std::string& job) {
        WaiterSearch search;
        search.start(id(job));
        search.step(tree, tree.endNode());
        return text(search);
    }
    static std::string text(const WaiterSearch& search) {
        std::string text;
        for (const JobId waiter : search.waiters())
            text += (text.empty() ? "" : " ") + label(waiter);
        return text;
    }
};

TEST_F(WaitsTest, eachKindOfWaitHasItsWords) {
    apply("1 2<1 3<1");
    suspends("1", WaitKind::Job, "2");
    EXPECT_TRUE(wait("1").starts_with("the end of launch #") || wait("1").starts_with("the end of job #"))
        << wait("1");
    suspends("1", WaitKind::Job, "2'");
    EXPECT_EQ(wait("1"), "the end of a job that has ended");
    suspends("1", WaitKind::Scope, "2");
    EXPECT_TRUE(wait("1").starts_with("the end of its scope ")) << wait("1");
    does("1", Execution::Suspended, WaitKind::Delay, 5 * second);
    EXPECT_EQ(wait("1", 2 * second), "a delay, due in 3.0 s");
    EXPECT_EQ(wait("1", 9 * second), "a delay that was due 4.0 s ago");
    does("1", Execution::Suspended, WaitKind::Callback);
    EXPECT_EQ(wait("1"), "a callback");
    does("1", Execution::WaitsForChildren);
    EXPECT_EQ(wait("1"), "its 2 children");
    does("1", Execution::Running);
    EXPECT_EQ(wait("1"), "");
}

TEST_F(WaitsTest, whatIsNoJobIsToldWithWhoHoldsItAndHowFullItIs) {
    apply("1 2<1 3<1");
    const ResourceId lock = ResourceId::of(1, 1);
    const auto there = [&](const Resource& resource) {
        Batch news;
        news.resources = {resource};
        tree.apply(std::move(news), changes);
    };
    does("1", Execution::Suspended, WaitKind::Mutex, lock.value);
    EXPECT_EQ(wait("1"), "a mutex") << "its row has not come yet";
    there({.id = lock, .kind = WaitKind::Mutex, .owner = id("2"), .waiting = 2, .name = 7});
    EXPECT_EQ(wait("1"), "mutex name-7, held by launch #2 (2 wait)");
    EXPECT_EQ(waiters("2"), "1");
    EXPECT_EQ(waiters("3"), "");
    there({.id = lock, .kind = WaitKind::Mutex, .owner = id("3"), .waiting = 1, .site = 12});
    EXPECT_EQ(wait("1"), "mutex made at pool.cpp:12, held by launch #3");
    EXPECT_EQ(waiters("2"), "") << "it was handed on";
    EXPECT_EQ(waiters("3"), "1");
    does("1", Execution::Suspended, WaitKind::Semaphore, lock.value);
    there({.id = lock,
           .kind = WaitKind::Semaphore,
           .owner = {},
           .count = 0,
           .capacity = 3,
           .waiting = 5,
           .name = 7});
    EXPECT_EQ(wait("1"), "semaphore name-7, 0 of 3 free (5 wait)");
    does("1", Execution::Suspended, WaitKind::Channel, lock.value);
    there({.id = lock,
           .kind = WaitKind::Channel,
           .owner = {},
           .count = 64,
           .capacity = 64,
           .waiting = 1,
           .name = 7});
    EXPECT_EQ(wait("1"), "channel name-7, 64 of 64 buffered");
    there({.id = lock,
           .kind = WaitKind::Channel,
           .owner = {},
           .count = 9,
           .capacity = Resource::unlimited,
           .name = 7});
    EXPECT_EQ(wait("1"), "channel name-7, 9 buffered");
    there({.id = lock, .kind = WaitKind::Channel, .owner = {}, .name = 7});
    EXPECT_EQ(wait("1"), "channel name-7, which has no buffer");
}

TEST_F(WaitsTest, aQueuedJobWaitsForAThreadOfItsDispatcher) {
    Batch news = batch("1");
    news.rows.back().execution = Execution::Queued;
    news.rows.back().context = 1;
    tree.apply(std::move(news), changes);
    EXPECT_EQ(wait("1"), "a thread of IO");
}

TEST_F(WaitsTest, whoJoinsAwaitsOrScopesAJobWaitsForItAndNobodyElse) {
    apply("1 2<1 3<1 4<1 5<1");
    EXPECT_EQ(waiters("5"), "");
    suspends("2", WaitKind::Job, "5");
    suspends("3", WaitKind::Scope, "5");
    suspends("4", WaitKind::Job, "3");
    EXPECT_EQ(waiters("5"), "2 3");
    does("2", Execution::Running, WaitKind::Job, id("5").value);
    EXPECT_EQ(waiters("5"), "3") << "it runs again: what its row still says is of before";
    suspends("3", WaitKind::Job, "5'");
    EXPECT_EQ(waiters("5"), "") << "the next job in that slot is another one";
    does("4", Execution::Suspended, WaitKind::Channel, id("5").value);
    EXPECT_EQ(waiters("5"), "") << "the number of something else";
}

TEST_F(WaitsTest, aParentWhoseOwnCodeIsThroughWaitsForItsChildren) {
    apply("1 2<1 3<2");
    does("1", Execution::WaitsForChildren);
    EXPECT_EQ(waiters("2"), "1");
    EXPECT_EQ(waiters("3"), "");
}

TEST_F(WaitsTest, aSearchInSlicesFindsTheSameAndTellsOfNewsOnce) {
    std::string all = "1";
    for (int i = 2; i <= 1000; ++i)
        all += ' ' + std::to_string(i) + "<1";
    apply(all);
    for (int i = 2; i <= 1000; i += 2)
        suspends(std::to_string(i), WaitKind::Job, "1");
    WaiterSearch search;
    search.start(id("1"));
    for (int step = 0; step < 9; ++step)
        EXPECT_FALSE(search.step(tree, 100) || search.known());
    EXPECT_TRUE(search.step(tree, 100));
    EXPECT_EQ(search.count(), 500u);
    EXPECT_EQ(search.waiters().size(), WaiterSearch::mostNamed);
    for (int step = 0; step < 10; ++step)
        EXPECT_FALSE(search.step(tree, 100)) << "nothing has changed";
    apply("-2");
    EXPECT_TRUE(search.step(tree, 2000));
    EXPECT_EQ(search.count(), 499u);
    search.start({});
    EXPECT_FALSE(search.known());
    EXPECT_FALSE(search.step(tree, 2000));
}

} // namespace
} // namespace coroscope::test
