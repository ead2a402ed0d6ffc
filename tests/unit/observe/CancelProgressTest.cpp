// SPDX-License-Identifier: Apache-2.0
#include "TreeText.h"

#include <coroscope/observe/CancelProgress.h>

#include <gmock/gmock.h>

namespace coroscope::test {
namespace {

using namespace observe;

struct CancelProgressTest : testing::Test {
    JobTree tree;
    TreeChanges changes;
    void apply(const Batch& news) { tree.apply(news, changes); }
    void cancelling(const std::string& text) {
        Batch news = batch(text);
        for (JobRow& row : news.rows)
            row.state = JobState::Cancelling;
        apply(news);
    }
    Node node(const std::string& text) const { return tree.find(id(text)); }
};

TEST_F(CancelProgressTest, IsReachedWhenSeenCancellingAndFinishedWhenGone) {
    apply(batch("1 2<1 3<2 4<1"));
    CancelProgress progress(tree, node("2"), false, 7, "because", 100);
    EXPECT_EQ(progress.requested(), 2u);
    cancelling("2<1");
    progress.update(tree, 200);
    EXPECT_EQ(progress.reached(), 1u);
    EXPECT_EQ(progress.finished(), 0u);
    apply(batch("-3"));
    progress.update(tree, 300);
    EXPECT_EQ(progress.reached(), 2u);
    EXPECT_EQ(progress.finished(), 1u);
    EXPECT_THAT(progress.laggards(10), testing::ElementsAre(id("2")));
    EXPECT_FALSE(progress.done());
    apply(batch("-2"));
    progress.update(tree, 400);
    EXPECT_TRUE(progress.done());
    EXPECT_EQ(progress.duration(9'999), 300);
}

TEST_F(CancelProgressTest, OfTheChildrenOnlyLeavesTheJobItselfOut) {
    apply(batch("1 2<1 3<2"));
    CancelProgress progress(tree, node("1"), true, 1, "", 0);
    apply(batch("-3 -2"));
    progress.update(tree, 1);
    EXPECT_EQ(progress.requested(), 2u);
    EXPECT_TRUE(progress.done());
    EXPECT_TRUE(CancelProgress(tree, node("1"), true, 2, "", 0).done()) << "there is nothing to wait for";
}

TEST_F(CancelProgressTest, AnotherJobInTheSameSlotDoesNotCount) {
    apply(batch("1 2<1"));
    CancelProgress progress(tree, node("2"), false, 1, "", 0);
    apply(batch("2'<1"));
    progress.update(tree, 1);
    EXPECT_TRUE(progress.done());
}

TEST_F(CancelProgressTest, ARefusalIsKept) {
    apply(batch("1"));
    CancelProgress progress(tree, node("1"), false, 5, "", 0);
    progress.answered({4, CommandAnswer::Kind::Refused, "not ours"});
    EXPECT_EQ(progress.refused(), "");
    progress.answered({5, CommandAnswer::Kind::Refused, "no"});
    EXPECT_EQ(progress.refused(), "no");
}

TEST_F(CancelProgressTest, ThePreviewPutsEachJobInOneCountAndNamesWhoWaitsOutside) {
    Batch news = batch("1 2<1 3<2 4<2 5<2 6<2 7");
    news.rows[2].execution = Execution::Running;
    news.rows[3].flags = JobFlags::shielded;
    news.rows[4].state = JobState::Cancelling;
    news.rows[5].execution = Execution::None;
    news.rows[6].waitKind = WaitKind::Job;
    news.rows[6].waitsFor = id("3").value;
    apply(news);
    const CancelPreview preview = previewCancel(tree, node("2"), false);
    EXPECT_EQ(preview.jobs, 5u);
    EXPECT_EQ(preview.suspended, 1u);
    EXPECT_EQ(preview.running, 1u);
    EXPECT_EQ(preview.shielded, 1u);
    EXPECT_EQ(preview.alreadyCancelling, 1u);
    EXPECT_EQ(preview.waiting, 1u);
    EXPECT_THAT(preview.waitedForByOutsiders, testing::ElementsAre(id("7")));
    EXPECT_EQ(previewCancel(tree, node("2"), true).jobs, 4u);
}

TEST_F(CancelProgressTest, TheTopMostOfThoseThatMatchAreThoseWithoutAMatchAbove) {
    apply(batch("1 2<1 3<2 4<2 5<1 6<5 7"));
    const auto matching = [&](const std::vector<std::string>& names) {
        std::vector<std::string> found;
        for (const Node top : topMost(tree, [&](Node each) {
                 return std::any_of(names.begin(), names.end(),
                                    [&](const std::string& name) { return node(name) == each; });
             }))
            found.push_back(std::to_string(tree.row(top).id.index()));
        return found;
    };
    EXPECT_THAT(matching({"2", "3", "4", "6", "7"}), testing::ElementsAre("2", "6", "7"));
    EXPECT_THAT(matching({"3", "4"}), testing::ElementsAre("3", "4"));
    EXPECT_THAT(matching({"1", "2"}), testing::ElementsAre("1"));
    EXPECT_TRUE(matching({}).empty());
}

TEST_F(CancelProgressTest, SeveralSubtreesAreFollowedAsOneAndRefusedOnlyWhenAllAre) {
    Batch news = batch("1 2<1 3<2 4<1 5<4 6");
    news.rows[2].flags = JobFlags::shielded;
    news.rows[5].waitKind = WaitKind::Job;
    news.rows[5].waitsFor = id("5").value;
    apply(news);
    const std::vector<Node> tops{node("2"), node("4")};
    const CancelPreview preview = previewCancel(tree, tops, false);
    EXPECT_EQ(preview.jobs, 4u);
    EXPECT_THAT(preview.shieldedJobs, testing::ElementsAre(id("3")));
    EXPECT_THAT(preview.waitedForByOutsiders, testing::ElementsAre(id("6")));
    EXPECT_EQ(preview.outsiders, 1u);
    CancelProgress progress(tree, tops, false, 10, "why", 0);
    EXPECT_EQ(progress.requested(), 4u);
    EXPECT_TRUE(progress.asked(10) && progress.asked(11));
    EXPECT_FALSE(progress.asked(9) || progress.asked(12));
    progress.answered({10, CommandAnswer::Kind::Refused, "no"});
    progress.answered({12, CommandAnswer::Kind::Refused, "another's"});
    EXPECT_EQ(progress.refused(), "");
    EXPECT_EQ(progress.refusals(), 1u);
    apply(batch("-3 -2 -5 -4"));
    progress.update(tree, 5);
    EXPECT_TRUE(progress.done());
    progress.answered({11, CommandAnswer::Kind::Refused, "no"});
    EXPECT_EQ(progress.refused(), "no");
}

} // namespace
} // namespace coroscope::test
