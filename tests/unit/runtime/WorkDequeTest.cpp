// SPDX-License-Identifier: Apache-2.0
// A worker's tasks by themselves: who gets what, and that two who want the same one do not both get it.
#include "WorkDeque.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace coroscope::detail {
namespace {

class Item final : public Runnable {
public:
    void run() noexcept override { times.fetch_add(1, std::memory_order_relaxed); }
    void rejected() noexcept override {}
    std::atomic<int> times{0};
};

class WorkDequeTest : public testing::Test {
protected:
    void push(std::size_t n) {
        for (std::size_t i = 0; i < n; ++i)
            deque_.push(items_[next_++]);
    }
    std::ptrdiff_t number(Runnable* work) { return work ? static_cast<Item*>(work) - items_.data() : -1; }
    /// Who steals finds this many in its own deque afterwards, besides the one that it was answered.
    std::int64_t steal(bool atAnyPrice) {
        first_ = number(deque_.stealHalf(thief_, atAnyPrice));
        return thief_.size();
    }

    std::array<Item, 1000> items_;
    std::size_t next_ = 0;
    std::ptrdiff_t first_ = -1;
    WorkDeque deque_, thief_;
};

TEST_F(WorkDequeTest, TheOwnerGetsTheNewestOrTheOldest) {
    EXPECT_EQ(deque_.pop(), nullptr);
    EXPECT_EQ(deque_.popOldest(), nullptr);
    push(700); // more than there was room for at first
    EXPECT_EQ(number(deque_.pop()), 699);
    EXPECT_EQ(number(deque_.popOldest()), 0);
    EXPECT_EQ(deque_.size(), 698);
    for (std::ptrdiff_t i = 698; i > 0; --i)
        EXPECT_EQ(number(deque_.pop()), i);
    EXPECT_EQ(deque_.pop(), nullptr);
    EXPECT_EQ(deque_.popOldest(), nullptr);
    EXPECT_EQ(deque_.size(), 0);
    push(1);
    EXPECT_EQ(number(deque_.popOldest()), 700);
    EXPECT_EQ(deque_.pop(), nullptr);
}

TEST_F(WorkDequeTest, AThiefGetsTheOlderHalfOldestFirst) {
    push(20);
    EXPECT_EQ(steal(false), 9);
    EXPECT_EQ(first_, 0);
    for (std::ptrdiff_t i = 1; i < 10; ++i)
        EXPECT_EQ(number(thief_.pop()), i);
    EXPECT_EQ(deque_.size(), 10);
    EXPECT_EQ(number(deque_.pop()), 19);
}

TEST_F(WorkDequeTest, AThiefGetsTheLastOneOnlyAtAnyPrice) {
    push(2);
    EXPECT_EQ(number(deque_.popOldest()), 0);
    EXPECT_EQ(steal(false), 0);
    EXPECT_EQ(first_, -1);
    EXPECT_EQ(deque_.size(), 1);
    EXPECT_EQ(steal(true), 0);
    EXPECT_EQ(first_, 1);
    EXPECT_EQ(deque_.size(), 0);
    EXPECT_EQ(deque_.pop(), nullptr);
    EXPECT_EQ(steal(true), 0);
    EXPECT_EQ(first_, -1);
}

/// How many of so many turns of the thief are at any price.
class WorkDequeRace : public testing::TestWithParam<unsigned> {};

/// One puts in and takes out, few at a time so that both often want the same ones; another one steals.
TEST_P(WorkDequeRace, EachTaskIsRunOnce) {
    constexpr std::size_t count = 1'000'000;
    std::vector<Item> items(count);
    WorkDeque deque;
    std::atomic<bool> over{false};
    std::thread stealing([&] {
        WorkDeque own;
        for (unsigned turn = 0; !over.load(std::memory_order_acquire); ++turn)
            for (Runnable* work = deque.stealHalf(own, turn % 64 < GetParam()); work; work = own.pop())
                work->run();
    });
    std::minstd_rand random(1); // NOLINT(cert-msc51-cpp): the same each time
    std::size_t put = 0;
    while (put < count) {
        for (auto n = random() % 12; n > 0 && put < count; --n)
            deque.push(items[put++]);
        for (auto n = random() % 12; n > 0; --n) {
            Runnable* const work = random() % 16 == 0 ? deque.popOldest() : deque.pop();
            if (!work)
                break;
            work->run();
        }
    }
    while (Runnable* const work = deque.pop())
        work->run();
    over.store(true, std::memory_order_release);
    stealing.join();
    EXPECT_EQ(deque.size(), 0);
    std::size_t wrong = 0;
    for (const Item& item : items)
        wrong += item.times.load() != 1;
    EXPECT_EQ(wrong, 0u);
}

INSTANTIATE_TEST_SUITE_P(Of64, WorkDequeRace, testing::Values(0u, 1u, 64u));

} // namespace
} // namespace coroscope::detail
