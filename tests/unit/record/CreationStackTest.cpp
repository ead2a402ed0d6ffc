// SPDX-License-Identifier: Apache-2.0
// The call stacks of those who make jobs. With frame pointers (the sanitizers' presets) and without.
#include "OwnRecord.h"

#include <coroscope/record/JobRecord.h>
#include <coroscope/record/Record.h>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>
#include <thread>

#include <dlfcn.h>
#include <unistd.h>

namespace coroscope::record {
namespace {

using test::OwnRecord;

/// The number that a job made here gets.
__attribute__((noinline)) CallStackId madeHere() {
    JobRecord job;
    job.begin({});
    const CallStackId id = OwnRecord().read(job.id())->slot.creationStack;
    job.end(JobState::Completed);
    return id;
}

__attribute__((noinline)) CallStackId madeBelow(int depth) {
    const CallStackId id = depth == 0 ? madeHere() : madeBelow(depth - 1);
    __asm__ volatile("" ::: "memory"); // no tail call
    return id;
}

struct CreationStack : testing::Test {
    void SetUp() override { ASSERT_TRUE(recordCreationStacks(true)); }
    void TearDown() override { recordCreationStacks(false); }
};

TEST_F(CreationStack, IsTheSameForTheSameWayHereAndAnotherForAnother) {
    std::array<CallStackId, 5> same{};
    volatile std::size_t rounds = same.size(); // one call in the code, not five
    for (std::size_t i = 0; i < rounds; ++i)
        same[i] = madeBelow(3);
    EXPECT_NE(same[0], 0u);
    for (const CallStackId id : same)
        EXPECT_EQ(id, same[0]) << "whether the unwinder or the frame pointers told";
    EXPECT_NE(madeBelow(4), same[0]);
    EXPECT_NE(madeBelow(2), same[0]);
    const CallStackId there = madeBelow(3);
    EXPECT_NE(there, same[0]) << "another line of this test";
}

TEST_F(CreationStack, IsNoneUnlessAskedFor) {
    recordCreationStacks(false);
    EXPECT_EQ(madeHere(), 0u);
    recordCreationStacks(true);
    EXPECT_NE(madeHere(), 0u);
}

TEST_F(CreationStack, NamesPlacesInFilesSoThatItHoldsInAnotherProcessToo) {
    const CallStackId id = madeBelow(1);
    const OwnRecord own;
    const layout::CallStack stack = own.callStack(id);
    Dl_info info{};
    ASSERT_NE(::dladdr(reinterpret_cast<void*>(&madeBelow), &info), 0);
    char path[1024] = {};
    ASSERT_GT(::readlink("/proc/self/exe", path, sizeof path - 1), 0);
    int ours = 0;
    for (std::uint16_t i = 0; i < stack.depth; ++i) {
        const auto module =
            own.module(static_cast<std::uint32_t>(stack.frames[i] >> layout::CallStack::addressBits));
        if (own.text(module.path) != path)
            continue;
        ++ours;
        EXPECT_EQ(module.flags, layout::Module::executable);
        EXPECT_EQ(module.bias, reinterpret_cast<std::uintptr_t>(info.dli_fbase));
    }
    EXPECT_GE(ours, 4) << "the record's own, madeHere, madeBelow twice, this test, main";
    EXPECT_EQ(stack.cut, 0);
}

TEST_F(CreationStack, CutsWhatIsTooDeepAndSaysSo) {
    const layout::CallStack stack = OwnRecord().callStack(madeBelow(100));
    EXPECT_EQ(stack.depth, layout::CallStack::maxDepth);
    EXPECT_NE(stack.cut, 0);
}

TEST_F(CreationStack, OfOtherThreadsBeginsThere) {
    CallStackId here = madeBelow(1), there = 0, again = 0;
    std::thread([&] {
        there = madeBelow(1);
        again = madeBelow(1);
    }).join();
    EXPECT_NE(there, 0u);
    EXPECT_NE(there, here);
    EXPECT_NE(again, there) << "two lines";
}

} // namespace
} // namespace coroscope::record
