// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/detail/Blocks.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace coroscope::detail {
namespace {

TEST(Blocks, OneOfEachSizeIsItsOwnersAlone) {
    std::vector<std::pair<unsigned char*, std::size_t>> all;
    for (std::size_t size = 1; size <= 1100; ++size) {
        auto* const p = static_cast<unsigned char*>(Blocks::take(size));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % 16, 0u);
        std::memset(p, static_cast<int>(size & 0xff), size);
        all.emplace_back(p, size);
    }
    for (const auto& [p, size] : all) {
        for (std::size_t i = 0; i < size; ++i)
            ASSERT_EQ(p[i], size & 0xff) << "a block of " << size;
        Blocks::give(p, size);
    }
}

/// Blocks are taken here and given there, by threads that come and go; each is filled by its owner, who finds
/// it so.
TEST(Blocks, TakenOnOneThreadGivenOnAnother) {
    std::mutex lock;
    std::vector<std::uint64_t*> exchanged;
    constexpr std::size_t words = 24;
    auto work = [&](std::uint64_t self) {
        for (std::uint64_t i = 0; i < 5'000; ++i) {
            auto* const mine = static_cast<std::uint64_t*>(Blocks::take(words * sizeof(std::uint64_t)));
            std::fill_n(mine, words, self << 32 | i);
            std::uint64_t* other = nullptr;
            {
                const std::lock_guard guard(lock);
                exchanged.push_back(mine);
                if (exchanged.size() > 300) {
                    std::swap(exchanged[i % 300], exchanged.back());
                    other = exchanged.back();
                    exchanged.pop_back();
                }
            }
            if (!other)
                continue;
            for (std::size_t k = 1; k < words; ++k)
                ASSERT_EQ(other[k], other[0]);
            Blocks::give(other, words * sizeof(std::uint64_t));
        }
    };
    for (std::uint64_t round = 0; round < 4; ++round) {
        std::thread a(work, 2 * round + 1), b(work, 2 * round + 2);
        a.join();
        b.join();
    }
    for (std::uint64_t* block : exchanged)
        Blocks::give(block, words * sizeof(std::uint64_t));
}

} // namespace
} // namespace coroscope::detail
