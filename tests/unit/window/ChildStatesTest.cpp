// SPDX-License-Identifier: Apache-2.0
#include "model/ChildStates.h"

#include <coroscope/observe/Batch.h>

#include <gtest/gtest.h>

namespace coroscope::app {
namespace {

using observe::Batch;
using observe::JobRow;
using observe::JobTree;
using observe::TreeChanges;

JobId id(std::uint32_t index) {
    return JobId::of(index, 1);
}

class ChildStatesTest : public testing::Test {
protected:
    ChildStatesTest() {
        Batch batch;
        for (std::uint32_t i = 0; i <= 100; ++i)
            batch.rows.push_back(child(i, i % 4 == 0 ? Execution::Running : Execution::Suspended));
        apply(std::move(batch));
    }
    static JobRow child(std::uint32_t index, Execution execution) {
        JobRow row;
        row.id = id(index);
        row.parent = index == 0 ? JobId{} : id(0);
        row.number = index;
        row.createdAt = index;
        row.state = JobState::Active;
        row.execution = execution;
        return row;
    }
    void apply(Batch batch) {
        TreeChanges changes;
        tree.apply(std::move(batch), changes);
    }
    void end(std::uint32_t index) {
        Batch batch;
        batch.ended.push_back({id(index), JobState::Completed, 0, 0});
        apply(std::move(batch));
    }
    std::uint64_t jobs(Execution execution) const {
        for (const ChildStates::Count& each : states.counts())
            if (each.execution == execution)
                return each.jobs;
        return 0;
    }

    JobTree tree;
    ChildStates states;
};

TEST_F(ChildStatesTest, countsInStepsAndSaysWhatItHasSoFarTheFirstTime) {
    states.start(tree, id(0));
    EXPECT_TRUE(states.counting());
    states.step(tree, 40);
    EXPECT_TRUE(states.partial());
    EXPECT_EQ(jobs(Execution::Running) + jobs(Execution::Suspended), 40u);
    states.step(tree, 1000);
    EXPECT_FALSE(states.counting());
    EXPECT_FALSE(states.partial());
    EXPECT_EQ(jobs(Execution::Running), 25u);
    EXPECT_EQ(jobs(Execution::Suspended), 75u);
    EXPECT_EQ(states.counts().front().execution, Execution::Suspended) << "the most frequent first";
}

TEST_F(ChildStatesTest, whatIsToldStaysUntilTheNextCountIsThrough) {
    states.start(tree, id(0));
    states.step(tree, 1000);
    Batch batch;
    for (std::uint32_t i = 1; i <= 100; ++i)
        batch.rows.push_back(child(i, Execution::Queued));
    apply(std::move(batch));
    states.start(tree, id(0));
    states.step(tree, 40);
    EXPECT_EQ(jobs(Execution::Suspended), 75u);
    EXPECT_EQ(jobs(Execution::Queued), 0u);
    states.step(tree, 1000);
    EXPECT_EQ(jobs(Execution::Queued), 100u);
    EXPECT_EQ(states.counts().size(), 1u);
}

TEST_F(ChildStatesTest, beginsAnewWhenTheChildWhoseTurnItIsHasEnded) {
    states.start(tree, id(0));
    states.step(tree, 40);
    end(41);
    states.step(tree, 1000);
    EXPECT_FALSE(states.counting());
    EXPECT_TRUE(states.partial());
    states.start(tree, id(0));
    states.step(tree, 1000);
    EXPECT_FALSE(states.partial());
    EXPECT_EQ(jobs(Execution::Running) + jobs(Execution::Suspended), 99u);
}

TEST_F(ChildStatesTest, anotherJobsChildrenAreNotMixedWithThese) {
    states.start(tree, id(0));
    states.step(tree, 40);
    states.start(tree, id(7));
    EXPECT_TRUE(states.counts().empty());
    EXPECT_FALSE(states.counting());
}

TEST_F(ChildStatesTest, endsWhenTheParentHasEnded) {
    states.start(tree, id(0));
    states.step(tree, 40);
    end(0);
    states.step(tree, 1000);
    EXPECT_FALSE(states.counting());
}

} // namespace
} // namespace coroscope::app
