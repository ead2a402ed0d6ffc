// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/LargeVector.h>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace coroscope::test {
namespace {

using namespace observe;

std::size_t pageSize() {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// Bytes of the room of a table that take memory.
template <class T>
std::size_t taken(const LargeVector<T>& table) {
    const std::size_t pages = (table.capacity() * sizeof(T) + pageSize() - 1) / pageSize();
    std::vector<unsigned char> there(pages);
    // The table begins on a border of pages. NOLINTNEXTLINE: mincore wants it so
    void* const begin = const_cast<T*>(table.data());
    EXPECT_EQ(::mincore(begin, pages * pageSize(), there.data()), 0);
    std::size_t bytes = 0;
    for (const unsigned char page : there)
        bytes += (page & 1) != 0 ? pageSize() : 0;
    return bytes;
}

TEST(LargeVector, KeepsWhatIsInItWhileItGrows) {
    LargeVector<std::uint32_t> table;
    for (std::uint32_t i = 0; i < 3'000'000; ++i)
        table.push_back(i);
    LargeVector<std::uint32_t> other(table);
    for (std::uint32_t i = 0; i < 3'000'000; ++i)
        ASSERT_EQ(other[i], i);
}

TEST(LargeVector, ATableOfAllJobsTakesNoMoreThanItNeeds) {
    struct Entry {
        std::uint8_t bytes[10] = {};
    };
    for (const std::size_t jobs : {30'000u, 100'000u, 1'000'000u, 3'333'333u}) {
        LargeVector<Entry> table;
        resizeWithRoom(table, jobs);
        const std::size_t needed = jobs * sizeof(Entry);
        EXPECT_LE(taken(table), needed + needed / 50 + pageSize()) << jobs;
        const Entry* const before = table.data();
        for (std::size_t i = 0; i < jobs / 100; ++i) // some more come
            table.emplace_back();
        EXPECT_EQ(table.data(), before) << "it was copied";
        EXPECT_GE(taken(table), needed);
    }
}

} // namespace
} // namespace coroscope::test
