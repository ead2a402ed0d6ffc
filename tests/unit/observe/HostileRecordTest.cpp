// SPDX-License-Identifier: Apache-2.0
// A hostile target's memory can neither crash nor hang the observer.
#include "RecordReader.h"
#include "SmallRecord.h"
#include "TargetProcess.h"

#include <coroscope/observe/Source.h>

#include <coroscope/model/RecordLayout.h>

#include <gmock/gmock.h>

#include <atomic>
#include <cstring>
#include <limits>
#include <random>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace coroscope::test {
namespace {

using observe::RecordReader;
using testing::HasSubstr;

struct HostileRecordTest : testing::Test {
    static void SetUpTestSuite() {
        TargetProcess target;
        target.tell("begin root -");
        target.tell("begin reader root held");
        target.tell("run reader");
        target.tell("suspend reader");
        target.tell("begin own - job");
        target.tell("begin island own detached by=reader");
        target.tell("begin audit - global by=reader");
        target.tell("begin failed root");
        target.tell("end failed Failed std::runtime_error: no more paper");
        target.tell("resource stock mutex 1");
        target.tell("resource queue channel 64");
        target.tell("owns stock reader");
        real = std::make_unique<RecordBytes>(smallRecord(target.pid()));
    }
    static void TearDownTestSuite() { real.reset(); }

    static RecordBytes copy() { return {real->data(), real->size()}; }
    static layout::Header& header(RecordBytes& bytes) {
        return *reinterpret_cast<layout::Header*>(bytes.data());
    }
    static std::string problem(RecordBytes& bytes) {
        return RecordReader::over(bytes.data(), bytes.size()).problem();
    }

    static std::unique_ptr<RecordBytes> real;
};
std::unique_ptr<RecordBytes> HostileRecordTest::real;

TEST_F(HostileRecordTest, TheUndamagedOneIsReadInFull) {
    RecordBytes bytes = copy();
    auto reader = RecordReader::over(bytes.data(), bytes.size());
    ASSERT_TRUE(reader) << reader.problem();
    EXPECT_EQ((*reader)->program(), "observe_test_target");
    EXPECT_EQ((*reader)->countJobs(), 5u);
    observe::JobRow row;
    ASSERT_EQ((*reader)->readSlot(2, observe::TickClock((*reader)->clock()), row),
              RecordReader::SlotRead::Job);
    EXPECT_EQ((*reader)->ownName(row.id, row.name), "reader");
    EXPECT_EQ((*reader)->ownName(row.id, row.name + 1), "") << "of another name";
    EXPECT_EQ((*reader)->ownName(JobId::of(2, 77), row.name), "") << "of another job";
    EXPECT_TRUE(row.held);
}

TEST_F(HostileRecordTest, HeadersThatMakeNoSenseAreRefusedInWords) {
    RecordBytes bytes = copy();
    header(bytes).magic[0] = 'X';
    EXPECT_EQ(problem(bytes), "it does not begin as a record does");
    bytes = copy();
    header(bytes).versionMajor = 2;
    EXPECT_THAT(problem(bytes), HasSubstr("a newer Coroscope is needed"));
    bytes = copy();
    header(bytes).versionMinor = 7;
    EXPECT_EQ(problem(bytes), "") << "a newer minor version only adds";
    bytes = copy();
    header(bytes).totalSize = bytes.size() + 1;
    EXPECT_EQ(problem(bytes), "its record is cut short");
    layout::Table layout::Header::* const tables[] = {
        &layout::Header::jobs,      &layout::Header::threads,   &layout::Header::sites,
        &layout::Header::stacks,    &layout::Header::contexts,  &layout::Header::siteCounters,
        &layout::Header::texts,     &layout::Header::incidents, &layout::Header::rings,
        &layout::Header::resources, &layout::Header::modules,   &layout::Header::callStacks,
        &layout::Header::names};
    for (const auto table : tables) {
        const std::string senseless = "the header of its record makes no sense";
        bytes = copy();
        (header(bytes).*table).offset = bytes.size() - 1;
        EXPECT_EQ(problem(bytes), senseless);
        bytes = copy();
        (header(bytes).*table).offset = ~std::uint64_t{0} - 127;
        EXPECT_EQ(problem(bytes), senseless);
        bytes = copy();
        (header(bytes).*table).capacity = ~std::uint64_t{0} / 8;
        EXPECT_EQ(problem(bytes), senseless);
        bytes = copy();
        (header(bytes).*table).stride = 0;
        EXPECT_EQ(problem(bytes), senseless);
        bytes = copy();
        (header(bytes).*table).stride = ~0u;
        EXPECT_EQ(problem(bytes), senseless);
    }
}

TEST_F(HostileRecordTest, AWriterKilledInTheMiddleOfAChangeLeavesARowThatIsMarked) {
    RecordBytes bytes = copy();
    auto* const slot = reinterpret_cast<layout::Slot*>(bytes.data() + header(bytes).jobs.offset) + 2;
    slot->executionWord = layout::ExecutionWord::of(7, Execution::Running, WaitKind::Unknown).bits;
    auto reader = RecordReader::over(bytes.data(), bytes.size());
    observe::JobRow row;
    ASSERT_EQ((*reader)->readSlot(2, {}, row), RecordReader::SlotRead::Job);
    EXPECT_TRUE(row.changing);
    EXPECT_EQ(row.execution, Execution::Running);
}

TEST_F(HostileRecordTest, NumbersThatNobodyKnowsReadAsUnknown) {
    RecordBytes bytes = copy();
    auto* const slot = reinterpret_cast<layout::Slot*>(bytes.data() + header(bytes).jobs.offset) + 2;
    slot->jobWord |= 0xff;
    slot->executionWord |= 0xffff;
    slot->kind = 255;
    auto reader = RecordReader::over(bytes.data(), bytes.size());
    observe::JobRow row;
    ASSERT_EQ((*reader)->readSlot(2, {}, row), RecordReader::SlotRead::Job);
    EXPECT_EQ(row.state, JobState::Active);
    EXPECT_EQ(row.execution, Execution::None);
    EXPECT_EQ(row.kind, JobKind::Foreign);
    slot->id = JobId::of(3, 1).value;
    EXPECT_EQ((*reader)->readSlot(2, {}, row), RecordReader::SlotRead::Free) << "the id of another slot";
}

TEST_F(HostileRecordTest, ARecordFromBeforeThereWereResourcesHasNone) {
    RecordBytes bytes = copy();
    ASSERT_EQ((*RecordReader::over(bytes.data(), bytes.size()))->resources().size(), 2u);
    header(bytes).versionMinor = 1;
    header(bytes).resources = {~std::uint64_t{0}, ~std::uint64_t{0}, 7, 7}; // what lay there means nothing
    auto* const slot = reinterpret_cast<layout::Slot*>(bytes.data() + header(bytes).jobs.offset) + 2;
    slot->executionWord = layout::ExecutionWord::of(8, Execution::Suspended, WaitKind::Mutex).bits;
    slot->waitsFor = JobId::of(1, 1).value; // the holder, then
    auto reader = RecordReader::over(bytes.data(), bytes.size());
    ASSERT_TRUE(reader) << reader.problem();
    EXPECT_TRUE((*reader)->resources().empty());
    observe::JobRow row;
    ASSERT_EQ((*reader)->readSlot(2, {}, row), RecordReader::SlotRead::Job);
    EXPECT_EQ(row.waitKind, WaitKind::Mutex);
    EXPECT_EQ(row.waitsFor, 0u);
}

TEST_F(HostileRecordTest, ResourcesThatMakeNoSenseAreLeftOut) {
    RecordBytes bytes = copy();
    auto* const rows = reinterpret_cast<layout::Resource*>(bytes.data() + header(bytes).resources.offset);
    rows[1].id = ResourceId::of(2, 1).value; // another row's
    rows[2].kind = static_cast<std::uint8_t>(WaitKind::Delay);
    header(bytes).resourcesHighWater = ~0u;
    auto reader = RecordReader::over(bytes.data(), bytes.size());
    EXPECT_TRUE((*reader)->resources().empty());
}

TEST_F(HostileRecordTest, TwentyThousandDamagedOnesAreRead) {
    std::mt19937_64 random(4'711);
    const std::uint64_t interesting[] = {0,
                                         1,
                                         0x7f,
                                         0xff,
                                         0x8000,
                                         0xffff,
                                         0x7fffffff,
                                         0xffffffff,
                                         1u << 24,
                                         ~std::uint64_t{0},
                                         std::uint64_t{1} << 63,
                                         real->size(),
                                         real->size() - 8};
    RecordBytes bytes = copy();
    const std::uint64_t hot = header(bytes).stacks.offset;
    for (int round = 0; round < 20'000; ++round) {
        std::memcpy(bytes.data(), real->data(), real->size());
        for (auto times = 1 + random() % 8; times > 0; --times) {
            // Every second damage goes where it hurts most: what changes in the header, slots, threads.
            const std::uint64_t from = offsetof(layout::Header, slotsHighWater);
            const std::uint64_t at = random() % 2 ? random() % (real->size() - 8) : from + random() % hot;
            const unsigned width = 1u << random() % 4;
            const std::uint64_t value =
                random() % 2 ? interesting[random() % std::size(interesting)] : random();
            std::memcpy(bytes.data() + std::min(at, real->size() - 8), &value, width);
        }
        readEverything(bytes.data(), bytes.size());
    }
}

TEST_F(HostileRecordTest, MemoryThatChangesWhileItIsReadIsRead) {
    RecordBytes bytes = copy();
    std::atomic<bool> stop = false;
    std::thread hostile([&] {
        std::mt19937_64 random(1);
        while (!stop) {
            const std::uint64_t at =
                offsetof(layout::Header, slotsHighWater) / 8 * 8 +
                random() % (real->size() / 8 - offsetof(layout::Header, slotsHighWater) / 8) * 8;
            std::uint64_t original = 0;
            std::memcpy(&original, real->data() + at, 8);
            std::atomic_ref(*reinterpret_cast<std::uint64_t*>(bytes.data() + at))
                .store(random() % 2 ? original : random());
        }
    });
    for (int round = 0; round < 3'000; ++round)
        readEverything(bytes.data(), bytes.size());
    stop = true;
    hostile.join();
}

TEST(RecordDescriptor, MustBeSealedMemory) {
    const int unsealed = ::memfd_create("x", MFD_CLOEXEC);
    EXPECT_THAT(RecordReader::open(unsealed).problem(), HasSubstr("is not sealed"));
    ::close(unsealed);
    const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    EXPECT_THAT(RecordReader::open(file).problem(), HasSubstr("is not sealed"));
    ::close(file);
    EXPECT_FALSE(RecordReader::open(-1));
}

TEST(TickClock, TurnsTicksIntoTheMonotonicClockWithinMicroseconds) {
    const std::int64_t now = observe::monotonicNow();
    observe::TickClock monotonic({layout::ClockKind::Monotonic, 0, 0, 0, 0});
    EXPECT_EQ(monotonic.toMonotonic(static_cast<std::uint64_t>(now)), now);
    EXPECT_GE(monotonic.toMonotonic(~std::uint64_t{0}), 0);
    // Points that make no sense: no time is better than a wild one.
    observe::TickClock senseless({layout::ClockKind::Tsc, ~std::uint64_t{0}, ~std::uint64_t{0}, 1, 1});
    EXPECT_GE(senseless.toMonotonic(5), now);
    EXPECT_GE(senseless.toMonotonic(~std::uint64_t{0}), now);
    // Made up to lie at the end of all time: no sum may run over it.
    constexpr std::uint64_t half = std::uint64_t{1} << 63, span = std::uint64_t{1} << 40;
    observe::TickClock last({layout::ClockKind::Tsc, half, half - 1 - span, half + span, half - 1});
    for (const std::uint64_t ticks : {half + span - 5, half + span, half + span + 5})
        EXPECT_EQ(last.toMonotonic(ticks), std::numeric_limits<std::int64_t>::max() / 2);
}

} // namespace
} // namespace coroscope::test
