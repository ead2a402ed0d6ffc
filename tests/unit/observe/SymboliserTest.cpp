// SPDX-License-Identifier: Apache-2.0
// Naming addresses, of this very process and of files that are not what they should be.
#include "native/Symboliser.h"
#include "ScratchDirectory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coroscope::test {

/// Seen from outside, so that it has a name.
__attribute__((noinline)) void* placeOfItsOwn() {
    return __builtin_return_address(0);
}

namespace {

using namespace observe;
using namespace observe::native;

/// Address of a symbol of this program in its file.
std::uint64_t addressInFile(void* place) {
    Dl_info info{};
    return ::dladdr(place, &info) != 0
               ? static_cast<std::uint64_t>(static_cast<char*>(place) - static_cast<char*>(info.dli_fbase))
               : 0;
}

std::string ownProgram() {
    return std::filesystem::read_symlink("/proc/self/exe").string();
}

CallStackText ask(Symboliser& symboliser, const ModuleName& module, std::uint64_t address) {
    RawCallStack stack;
    stack.frames.push_back({module, address});
    return symboliser.textOf(stack);
}

TEST(Symboliser, NamesAFunctionOfARunningProgram) {
    Symboliser symboliser(::getpid());
    const std::uint64_t address = addressInFile(reinterpret_cast<void*>(&placeOfItsOwn)) + 1;
    const CallStackText text = ask(symboliser, {ownProgram(), true, {}}, address);
    ASSERT_EQ(text.frames.size(), 1u);
    EXPECT_NE(text.frames.front().function.find("placeOfItsOwn"), std::string::npos)
        << text.frames.front().function;
}

TEST(Symboliser, SaysWhyAFileGivesNoNames) {
    const ScratchDirectory directory;
    Symboliser symboliser(::getpid());
    const CallStackText missing = ask(symboliser, {directory.path() + "/gone.so", false, "id"}, 0x1234);
    EXPECT_EQ(missing.frames.at(0).function, "+0x1234");
    EXPECT_NE(missing.note.find("cannot be opened"), std::string::npos) << missing.note;

    const CallStackText other = ask(symboliser, {ownProgram(), false, "another build id"}, 0x1234);
    EXPECT_EQ(other.frames.at(0).function, "+0x1234");
    EXPECT_NE(other.note.find("its build id differs"), std::string::npos) << other.note;

    const std::string text = directory.path() + "/text.so";
    std::ofstream(text) << "int main() {}";
    const CallStackText none = ask(symboliser, {text, false, {}}, 0x1234);
    EXPECT_NE(none.note.find("is no program file"), std::string::npos) << none.note;

    const std::string pipe = directory.path() + "/pipe.so";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_NE(ask(symboliser, {pipe, false, {}}, 0x1234).note.find("cannot be opened"), std::string::npos)
        << "a pipe would wait for a writer for ever";
}

TEST(Symboliser, DamagedFilesCostAtMostTheirOwnNames) {
    const ScratchDirectory directory;
    std::ifstream file(ownProgram(), std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(file)), {});
    const std::uint64_t address = addressInFile(reinterpret_cast<void*>(&placeOfItsOwn)) + 1;
    Symboliser symboliser(::getpid());
    std::mt19937 random(7);
    for (int i = 0; i < 30; ++i) {
        // The heads are where damage hurts most: of the file, of its segments, of its sections (at the end).
        std::string damaged = i % 3 == 0 ? whole.substr(0, random() % whole.size()) : whole;
        for (int n = 0; n < 40; ++n) {
            const std::size_t from =
                i % 2 == 0 ? 0 : damaged.size() - std::min<std::size_t>(damaged.size(), 4096);
            if (!damaged.empty())
                damaged[from + random() % std::min<std::size_t>(damaged.size(), 4096)] =
                    static_cast<char>(random());
        }
        const std::string path = directory.path() + "/damaged-" + std::to_string(i) + ".so";
        std::ofstream(path, std::ios::binary) << damaged;
        EXPECT_FALSE(ask(symboliser, {path, false, {}}, address).frames.empty());
    }
    EXPECT_NE(ask(symboliser, {ownProgram(), true, {}}, address).frames.at(0).function.find("placeOfItsOwn"),
              std::string::npos)
        << "after all of that";
}

TEST(Symboliser, LeavesOutTheFramesOfTheLibraryItself) {
    std::vector<SiteText> frames{
        {"/x/probes/record/src/JobRecord.cpp", "coroscope::record::JobRecord::begin()", 1},
        {"/usr/include/coroscope/runtime/CoroutineScope.h", "launch", 2},
        {"/src/shop.cpp", "startShop()", 3},
        {"/usr/include/coroscope/runtime/RunBlocking.h", "runBlocking", 4}};
    dropOwnFrames(frames);
    ASSERT_EQ(frames.size(), 2u);
    EXPECT_EQ(frames.front().function, "startShop()");
}

} // namespace
} // namespace coroscope::test
