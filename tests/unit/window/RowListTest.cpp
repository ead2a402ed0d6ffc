// SPDX-License-Identifier: Apache-2.0
#include "../../HeapInUse.h"

#include "model/RowList.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace coroscope::app {
namespace {

using Items = std::vector<RowList::Item>;

Items contents(const RowList& list) {
    Items items;
    list.forEach(0, list.size(), [&](RowList::Item item) {
        items.push_back(item);
        return true;
    });
    return items;
}

TEST(RowList, doesWhatAVectorDoesUnderRandomOperations) {
    std::mt19937 random(7);
    RowList list;
    Items naive, unused(6'000);
    std::iota(unused.begin(), unused.end(), 0u);
    std::shuffle(unused.begin(), unused.end(), random);
    const auto below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    };
    const auto fresh = [&] {
        const auto item = unused.back();
        unused.pop_back();
        return item;
    };
    for (int step = 0; step < 20'000; ++step) {
        const std::size_t what = below(100);
        if (what < 60 && !unused.empty()) {
            const std::size_t row = below(4) == 0 ? naive.size() : below(naive.size() + 1);
            const auto item = fresh();
            list.insert(row, item);
            naive.insert(naive.begin() + static_cast<std::ptrdiff_t>(row), item);
        } else if (what < 96 && !naive.empty()) {
            const std::size_t row = below(naive.size());
            unused.push_back(naive[row]);
            list.erase(naive[row]);
            naive.erase(naive.begin() + static_cast<std::ptrdiff_t>(row));
        } else if (what < 98 && unused.size() > 700) {
            Items many;
            for (std::size_t i = 0, n = below(700); i < n; ++i)
                many.push_back(fresh());
            const std::size_t row = below(naive.size() + 1);
            list.insert(row, many);
            naive.insert(naive.begin() + static_cast<std::ptrdiff_t>(row), many.begin(), many.end());
        } else if (!naive.empty()) {
            const std::size_t row = below(naive.size());
            const std::size_t count = below(naive.size() - row) + 1;
            const auto from = naive.begin() + static_cast<std::ptrdiff_t>(row);
            unused.insert(unused.end(), from, from + static_cast<std::ptrdiff_t>(count));
            list.erase(row, count);
            naive.erase(from, from + static_cast<std::ptrdiff_t>(count));
        }
        ASSERT_EQ(list.size(), naive.size());
        if (!naive.empty()) {
            const std::size_t row = below(naive.size());
            ASSERT_EQ(list.at(row), naive[row]) << "step " << step;
            ASSERT_EQ(list.rowOf(naive[row]), row) << "step " << step;
        }
        if (!unused.empty()) {
            ASSERT_FALSE(list.contains(unused.back()));
        }
        if (step % 500 == 0) {
            ASSERT_EQ(contents(list), naive) << "step " << step;
        }
    }
}

TEST(RowList, findsItsWayAmongAMillion) {
    constexpr std::uint32_t count = 1'000'000;
    Items items(count);
    std::iota(items.begin(), items.end(), 0u);
    std::reverse(items.begin(), items.end());
    RowList list;
    list.assign(items);
    ASSERT_EQ(list.size(), count);
    for (const std::uint32_t row : {0u, 1u, 511u, 512u, 731'204u, count - 1}) {
        EXPECT_EQ(list.at(row), count - 1 - row);
        EXPECT_EQ(list.rowOf(count - 1 - row), row);
    }
    list.erase(100, 899'900);
    EXPECT_EQ(list.size(), 100'100u);
    EXPECT_EQ(list.at(100), count - 1 - 900'000);
    EXPECT_FALSE(list.contains(count - 1 - 500'000));
}

TEST(RowList, takesNoMoreAndMoreWhileRowsComeAndGo) {
    // Jobs leave anywhere, and new ones come at the end of their parent's children.
    constexpr std::uint32_t groups = 20, each = 2'000, count = groups * each;
    std::mt19937 random(3);
    RowList list;
    std::vector<Items> members(groups);
    Items all(count);
    std::iota(all.begin(), all.end(), 0u);
    for (std::uint32_t group = 0; group < groups; ++group)
        members[group].assign(all.begin() + group * each, all.begin() + (group + 1) * each);
    const std::size_t empty = heapInUse();
    list.assign(all);
    const std::size_t first = heapInUse() - empty;
    for (int step = 0; step < 400'000; ++step) {
        const std::size_t group = random() % groups;
        Items& here = members[group];
        const std::size_t row = list.rowOf(here.back());
        const std::size_t at = random() % (here.size() - 1);
        const RowList::Item item = here[at];
        list.erase(item);
        here.erase(here.begin() + static_cast<std::ptrdiff_t>(at));
        list.insert(row, item);
        here.push_back(item);
    }
    Items expected;
    for (const Items& here : members)
        expected.insert(expected.end(), here.begin(), here.end());
    EXPECT_EQ(contents(list), expected);
    Items().swap(expected);
    EXPECT_LT(heapInUse() - empty, 2 * first);
}

} // namespace
} // namespace coroscope::app
