// SPDX-License-Identifier: Apache-2.0
#include "TreeText.h"

#include <coroscope/observe/EndedJobs.h>

#include <gtest/gtest.h>

namespace coroscope::test {
namespace {

using namespace observe;

struct EndedJobsTest : testing::Test {
    JobTree tree;
    EndedJobs ended;

    void apply(const Batch& news) {
        TreeChanges changes;
        ended.apply(news, tree);
        tree.apply(news, changes);
    }
    /// "3 2", the last one first.
    std::string kept(bool onlyFailures = false) const {
        std::string text;
        for (const EndedJob* job : ended.newestFirst(onlyFailures))
            text += (text.empty() ? "" : " ") + label(job->id);
        return text;
    }
    static EndedJob failed(const std::string& job) { return {id(job), JobState::Failed, 1, 0}; }
};

TEST_F(EndedJobsTest, KnowsWhatTheTreeKnewOfAJob) {
    apply(batch("! 1 2<1 3<2"));
    apply(batch("-3"));
    apply(batch("-2 -9"));
    EXPECT_EQ(kept(), "9 2 3");
    EXPECT_EQ(ended.find(id("3"))->row.parent, id("2"));
    EXPECT_EQ(ended.find(id("2"))->row.number, 2u);
    EXPECT_FALSE(ended.find(id("9"))->row.id) << "nothing but its end was ever told";
    EXPECT_EQ(ended.find(id("1")), nullptr) << "is alive";
}

TEST_F(EndedJobsTest, WhatTheBatchSaysOfAJobIsNewerThanTheTree) {
    apply(batch("! 1"));
    Batch end = batch("-1");
    end.ended[0].row = tree.row(tree.find(id("1")));
    end.ended[0].row.resumes = 7;
    apply(end);
    EXPECT_EQ(ended.find(id("1"))->row.resumes, 7u);
}

TEST_F(EndedJobsTest, AFloodOfJobsThatEndWellDoesNotPushOutTheFailedOnes) {
    Batch first;
    first.ended = {failed("1"), {id("2"), JobState::Completed}, failed("3")};
    first.ended.push_back({id("4"), JobState::Cancelled, 17, 0}); // cancelled, and an exception came with it
    apply(first);
    for (int round = 0; round < 3; ++round) {
        Batch flood;
        for (std::uint32_t i = 0; i < 7'000; ++i)
            flood.ended.push_back({JobId::of(1'000 + i, static_cast<std::uint64_t>(round + 1))});
        apply(flood);
    }
    EXPECT_EQ(kept(true), "4 3 1");
    EXPECT_EQ(ended.size(), EndedJobs::mostOfEach + 3);
    EXPECT_EQ(ended.total(), 21'004u);
    EXPECT_EQ(ended.totalFailures(), 3u);
    EXPECT_EQ(ended.find(id("2")), nullptr);
    EXPECT_EQ(ended.newestFirst().front()->id, JobId::of(7'999, 3));
}

TEST_F(EndedJobsTest, OfOneHugeBatchTheLastOfEachKindStayInOrder) {
    Batch flood;
    for (std::uint32_t i = 1; i <= 30'000; ++i)
        flood.ended.push_back({JobId::of(i, 1), i % 2 ? JobState::Failed : JobState::Completed});
    apply(flood);
    EXPECT_EQ(ended.total(), 30'000u);
    EXPECT_EQ(ended.size(), 2 * EndedJobs::mostOfEach);
    const auto all = ended.newestFirst();
    ASSERT_EQ(all.size(), 2 * EndedJobs::mostOfEach);
    for (std::uint32_t i = 0; i < all.size(); ++i)
        ASSERT_EQ(all[i]->id.index(), 30'000 - i);
}

TEST_F(EndedJobsTest, KeepsTheLastIncidents) {
    for (int round = 0; round < 3; ++round) {
        Batch news;
        for (std::uint64_t i = 0; i < 4'000; ++i)
            news.incidents.push_back({.number = static_cast<std::uint64_t>(round) * 4'000 + i,
                                      .what = IncidentKind::UnseenFailure,
                                      .at = 0,
                                      .job = {},
                                      .text = "text"});
        apply(news);
    }
    Batch flood;
    flood.incidents.resize(5'000);
    for (Incident& incident : flood.incidents)
        incident.what = IncidentKind::Failed;
    ended.apply(flood, tree);
    ASSERT_EQ(ended.incidents().size(), EndedJobs::mostOfEach) << "plain failures are among the ended jobs";
    EXPECT_EQ(ended.incidents().front().number, 2'000u);
    EXPECT_EQ(ended.incidents().back().number, 11'999u);
}

TEST_F(EndedJobsTest, AResetForgets) {
    apply(batch("! 1 2"));
    apply(batch("-1"));
    apply(batch("! 3"));
    EXPECT_EQ(kept(), "");
    EXPECT_EQ(ended.total(), 0u);
    EXPECT_TRUE(ended.incidents().empty());
}

} // namespace
} // namespace coroscope::test
