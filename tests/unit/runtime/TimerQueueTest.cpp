// SPDX-License-Identifier: Apache-2.0
// The queue of timers by itself: order, gaps, moments that were made twice.
#include "TimerQueue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <random>
#include <thread>
#include <vector>

namespace coroscope::detail {
namespace {

using namespace std::chrono_literals;

class Node final : public TimerNode {
public:
    explicit Node(std::vector<Node*>& fired)
        : fired_(fired) {}
    bool claim() noexcept override { return wanted; }
    void fire(bool) noexcept override { fired_.push_back(this); }
    bool wanted = true;

private:
    std::vector<Node*>& fired_;
};

class TimerQueueTest : public testing::Test {
protected:
    Node& add(std::chrono::nanoseconds after) {
        nodes_.emplace_back(fired_);
        queue_.add(nodes_.back(), after);
        return nodes_.back();
    }
    /// Until nothing is left; a few at a time.
    void fireAll() {
        std::array<TimerNode*, 7> room;
        while (!queue_.empty()) {
            std::this_thread::sleep_until(TimerQueue::timePoint(queue_.next()));
            EXPECT_LE(queue_.next(), TimerQueue::now());
            TimerQueue::fire(queue_.takeDue(room));
        }
    }
    /// `grid`: waits of other lengths are rounded to other grids, the widest of which this is.
    void expectOrder(std::int64_t grid = 0) {
        for (std::size_t i = 1; i < fired_.size(); ++i)
            EXPECT_LE(fired_[i - 1]->due, fired_[i]->due + grid) << i;
    }

    TimerQueue queue_;
    std::vector<Node*> fired_;
    std::deque<Node> nodes_;
};

TEST_F(TimerQueueTest, FiresAllInTheOrderInWhichTheyAreDue) {
    std::mt19937 random(1);
    for (int i = 0; i < 5'000; ++i)
        add(std::chrono::nanoseconds(random() % 20'000'000));
    fireAll();
    EXPECT_EQ(fired_.size(), 5'000u);
    expectOrder(20'000'000 / 64);
    EXPECT_EQ(queue_.next(), TimerQueue::never);
}

TEST_F(TimerQueueTest, WhatIsDueTogetherComesInTheOrderInWhichItCame) {
    std::vector<Node*> wanted;
    for (int i = 0; i < 1'000; ++i)
        wanted.push_back(&add(5ms));
    fireAll();
    EXPECT_EQ(fired_, wanted);
}

// Waits of other lengths come to the same point of the grid; so many that the queue makes some moments twice.
TEST_F(TimerQueueTest, MomentsThatWereMadeTwiceBecomeOne) {
    for (int round = 0; round < 5; ++round)
        for (int i = 0; i < 400; ++i)
            add(82ms + i * 1ms - round * 3ms);
    fireAll();
    EXPECT_EQ(fired_.size(), 2'000u);
    expectOrder();
}

TEST_F(TimerQueueTest, WhatIsTakenOutDoesNotFireAndGivesItsRoomBack) {
    std::vector<Node*> all;
    for (int i = 0; i < 10'000; ++i)
        all.push_back(&add(200ms));
    std::mt19937 random(2);
    std::shuffle(all.begin(), all.end(), random);
    const std::size_t left = 10;
    for (std::size_t i = left; i < all.size(); ++i) {
        EXPECT_TRUE(queue_.remove(*all[i]));
        EXPECT_FALSE(queue_.remove(*all[i]));
    }
    all[0]->wanted = false;
    fireAll();
    EXPECT_EQ(fired_.size(), left - 1);
    expectOrder();
    EXPECT_FALSE(queue_.remove(*all[1])) << "it has fired";
}

TEST_F(TimerQueueTest, IsEmptyOnceAllAreTakenOut) {
    std::vector<Node*> all;
    for (int i = 0; i < 300; ++i)
        all.push_back(&add(std::chrono::hours(1) + i * 1s));
    for (Node* const node : all)
        queue_.remove(*node);
    EXPECT_TRUE(queue_.empty());
    EXPECT_EQ(queue_.next(), TimerQueue::never);
}

TEST_F(TimerQueueTest, SomeMayBeTakenOutWhileTheOthersOfTheirMomentFire) {
    std::vector<Node*> all;
    for (int i = 0; i < 100; ++i)
        all.push_back(&add(1ms));
    std::this_thread::sleep_until(TimerQueue::timePoint(all.back()->due + 1'000'000)); // and its grid
    std::array<TimerNode*, 10> room;
    TimerQueue::fire(queue_.takeDue(room));
    ASSERT_EQ(fired_.size(), 10u);
    for (std::size_t i = 10; i < 100; i += 2)
        EXPECT_TRUE(queue_.remove(*all[i]));
    add(0ns);
    fireAll();
    EXPECT_EQ(fired_.size(), 10u + 45 + 1);
}

TEST_F(TimerQueueTest, HandsWhatIsLeftToAnotherSource) {
    class Other final : public TimerSource {
    public:
        void schedule(TimerNode& node, std::chrono::nanoseconds after) override {
            EXPECT_EQ(node.place, TimerNode::notScheduled);
            got.push_back(&node);
            waits.push_back(after);
        }
        void dispose(TimerNode&) noexcept override {}
        std::int64_t now() const noexcept override { return 0; }
        std::vector<TimerNode*> got;
        std::vector<std::chrono::nanoseconds> waits;
    } other;
    Node& late = add(2h);
    Node& gone = add(30min);
    Node& early = add(1h);
    queue_.remove(gone);
    queue_.moveTo(other);
    EXPECT_TRUE(queue_.empty());
    EXPECT_EQ(other.got, (std::vector<TimerNode*>{&early, &late}));
    EXPECT_GT(other.waits.at(0), 59min);
    EXPECT_LE(other.waits.at(0), 1h);
}

} // namespace
} // namespace coroscope::detail
