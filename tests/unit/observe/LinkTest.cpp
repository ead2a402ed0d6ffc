// SPDX-License-Identifier: Apache-2.0
// The pieces of a link: its bytes, what an observer makes of them, and the other machine's clock.
#include "remote/Frames.h"
#include "remote/Receiver.h"

#include "Crc32.h"

#include <coroscope/observe/Words.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

using namespace coroscope;
using namespace coroscope::observe::remote;
using observe::Fields;
using observe::SectionWriter;
using testing::ElementsAre;
using wire::link::Key;
namespace tags = wire::link::tags;

std::string bytesOf(const std::function<void(SectionWriter&)>& fill) {
    std::string bytes;
    SectionWriter writer(
        [&](const void* data, std::size_t size) { bytes.append(static_cast<const char*>(data), size); });
    fill(writer);
    return bytes;
}

void endBatch(SectionWriter& writer) {
    Fields<Key>(writer).number(Key::Reset, 1).number(Key::Clock, 5'000);
    writer.write(tags::batchEnd);
}

/// Everything that a stream gives, one line a section; "damaged" ends it.
std::string read(std::string_view bytes, std::size_t pieces) {
    FrameReader frames;
    std::string lines;
    std::uint32_t tag = 0;
    std::string_view plain;
    for (std::size_t at = 0; at < bytes.size(); at += pieces) {
        frames.add(bytes.substr(at, pieces));
        for (;;) {
            const FrameReader::Outcome outcome = frames.next(tag, plain);
            if (outcome == FrameReader::Outcome::More)
                break;
            if (outcome == FrameReader::Outcome::Damaged)
                return lines + "damaged";
            lines += std::string(reinterpret_cast<const char*>(&tag), 4) + ' ' +
                     std::to_string(plain.size()) + '\n';
        }
    }
    return lines;
}

TEST(LinkTest, sectionsComeOutAsTheyWentInHoweverTheyAreCut) {
    const std::string bytes = bytesOf([](SectionWriter& writer) {
        writer.write(tags::beat);
        writer.add(std::string(100'000, 'a').data(), 100'000);
        writer.write(tags::batchTexts);
        writer.add("xyz", 3);
        writer.write(tags::list);
    });
    for (const std::size_t pieces : {std::size_t{1}, std::size_t{7}, std::size_t{33}, bytes.size()})
        EXPECT_EQ(read(bytes, pieces), "BEAT 0\nBTXT 100000\nLIST 3\n");
}

TEST(LinkTest, whatIsDamagedMissingOrTooLargeEndsTheStream) {
    const std::string first = bytesOf([](SectionWriter& writer) {
        writer.add("abc", 3);
        writer.write(tags::beat);
    });
    EXPECT_EQ(read(first + first, 64), "BEAT 3\ndamaged") << "the second has the number of the first";
    for (std::size_t at = 0; at < first.size(); ++at) {
        std::string bent = first;
        bent[at] = static_cast<char>(bent[at] ^ 1);
        EXPECT_EQ(read(bent, bent.size()), "damaged") << at;
    }
    wire::dump::SectionHead head{};
    head.mark = wire::dump::sectionMark;
    head.storedSize = head.plainSize = wire::link::largestSection + 1;
    head.headCheck = observe::crc32(&head, offsetof(wire::dump::SectionHead, headCheck));
    EXPECT_EQ(read({reinterpret_cast<const char*>(&head), sizeof head}, sizeof head), "damaged")
        << "before any of it is waited for";
}

TEST(LinkTest, theHelloIsFoundBehindABannerUpToABound) {
    const wire::link::Hello hello = ownHello();
    const std::string bytes(reinterpret_cast<const char*>(&hello), sizeof hello);
    HelloFinder finder;
    EXPECT_EQ(finder.take("Welcome \x89"
                          "Coro"),
              HelloFinder::Outcome::More);
    EXPECT_EQ(finder.take(bytes.substr(0, 10)), HelloFinder::Outcome::More);
    EXPECT_EQ(finder.take(bytes.substr(10) + "rest"), HelloFinder::Outcome::Found);
    EXPECT_EQ(finder.banner(), "Welcome \x89"
                               "Coro");
    EXPECT_EQ(finder.rest(), "rest");
    HelloFinder other;
    EXPECT_EQ(other.take(std::string(wire::link::longestBanner + 1, '.')), HelloFinder::Outcome::TooMuch);
}

TEST(LinkTest, whoSendsMoreThanWasAskedForIsNotListenedToAnyMore) {
    Receiver received;
    const std::string bytes = bytesOf(endBatch);
    FrameReader frames;
    frames.add(bytes);
    std::uint32_t tag = 0;
    std::string_view fields;
    ASSERT_EQ(frames.next(tag, fields), FrameReader::Outcome::Frame);
    int taken = 0;
    while (taken < 1'000 && received.take(tag, fields, 1'000) == nullptr)
        ++taken;
    EXPECT_GE(taken, static_cast<int>(wire::link::mostUntakenBatches));
    EXPECT_LT(taken, 100) << "memory is bounded";
    EXPECT_TRUE(received.batches.front().batch.reset);
}

TEST(LinkTest, theOtherClockIsTakenFromTheFastestNewsAndFollowedAfterASleep) {
    constexpr std::int64_t second = 1'000'000'000;
    ClockAhead clock;
    clock.hear(100 * second, 10 * second + second / 2); // half a second on the way
    EXPECT_EQ(clock.ahead(), 89 * second + second / 2);
    clock.hear(101 * second, 11 * second);
    EXPECT_EQ(clock.ahead(), 90 * second);
    clock.hear(102 * second, 15 * second); // slow news change nothing
    EXPECT_EQ(clock.ahead(), 90 * second);
    // That machine sleeps: its clock stands still. After a while it is believed.
    for (int i = 16; i < 60; ++i)
        clock.hear((i + 30) * second, i * second);
    EXPECT_EQ(clock.ahead(), 30 * second);
    clock.hear(-5, 60 * second); // nonsense harms nobody
}

TEST(LinkTest, wordsAreSplitAsAShellDoes) {
    EXPECT_THAT(*observe::splitWords(R"(ssh -o "A B" 'c d'\ e '')"),
                ElementsAre("ssh", "-o", "A B", "c d e", ""));
    EXPECT_FALSE(observe::splitWords("ssh 'host"));
    EXPECT_TRUE(observe::splitWords("  ")->empty());
}

} // namespace
