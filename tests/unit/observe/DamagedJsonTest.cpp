// SPDX-License-Identifier: Apache-2.0
// JSON with something around it, and JSON of which a part is damaged: the rest is read.
#include "OpenedDump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace {

using namespace coroscope;
using namespace coroscope::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* files[] = {"jdk-threads.json", "jvm-deadlock.json", "export.json"};

std::string withoutLine(std::string text, std::size_t line, const std::string& instead) {
    std::size_t from = 0;
    for (std::size_t i = 1; i < line; ++i)
        from = text.find('\n', from) + 1;
    return text.replace(from, text.find('\n', from) - from, instead);
}

TEST(JsonDump, IsReadWithALogAroundIt) {
    for (const char* file : files) {
        SCOPED_TRACE(file);
        const std::string json = contents(dumpFile(file));
        const Opened alone = openedText(json);
        const std::string before = "2026-11-21 12:00:00 INFO [main] {\"user\": 7} asked for a dump\n\n";
        for (const std::string& all :
             {before + json + "\n2026-11-21 12:00:01 INFO that was it\n", "2026-11-21 12:00:00 INFO " + json,
              std::string(100'000, '\n') + json}) {
            const Opened dump = openedText(all);
            ASSERT_EQ(dump.problem, "");
            EXPECT_EQ(dump.drawn(), alone.drawn());
            EXPECT_EQ(dump.told(), alone.told());
            EXPECT_THAT(dump.problems(), IsEmpty());
        }
    }
    const Opened last =
        openedText(contents(dumpFile("jvm-mended.txt")) + contents(dumpFile("jvm-deadlock.json")));
    EXPECT_EQ(last.drawn(), openedText(contents(dumpFile("jvm-deadlock.json"))).drawn());
    EXPECT_THAT(last.problems(), ElementsAre(HasSubstr("There are 2 dumps in it.")));
}

TEST(JsonDump, DamagedInOnePlaceHasAllThatIsElsewhere) {
    const std::string ours = contents(dumpFile("export.json")),
                      threads = contents(dumpFile("jdk-threads.json"));
    for (const std::string& text : {ours, threads}) {
        const Opened whole = openedText(text);
        const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
        for (std::size_t line = 12; line + 6 < lines; line += 1 + lines / 60) {
            SCOPED_TRACE(line);
            const Opened dump = openedText(withoutLine(text, line, "\x01 \"cut"));
            ASSERT_EQ(dump.problem, "");
            // A container whose line is gone takes its bracket with it, a job at most what is below it.
            EXPECT_GE(dump.tree.size() + 2, whole.tree.size());
            if (dump.tree.size() < whole.tree.size()) {
                ASSERT_FALSE(dump.problems().empty());
                EXPECT_THAT(dump.problems().front(),
                            HasSubstr("From line " + std::to_string(line) + " (byte "));
            }
        }
    }
    // Whose line is unharmed stands where it stood; line 5 says that these are jobs.
    const Opened whole = openedText(ours), without = openedText(withoutLine(ours, 5, "")),
                 dump = openedText(withoutLine(ours, 7, "{\"id\":1677"));
    EXPECT_EQ(without.drawn(), whole.drawn());
    EXPECT_EQ(dump.tree.size() + 1, whole.tree.size());
    EXPECT_THAT(dump.problems(), testing::Contains(HasSubstr("Line 8 is the next that can be read again.")));
}

TEST(JsonDump, CutOffAnywhereOrFullOfDamagesIsReadToItsEnd) {
    for (const char* file : files) {
        const std::string text = contents(dumpFile(file));
        for (std::size_t size = text.size(); size > 3'000; size -= 997)
            EXPECT_EQ(openedText(text.substr(0, size)).problem, "") << size;
        std::string holes = text;
        for (std::size_t at = 500; at < holes.size(); at += 211)
            holes[at] = "\"{}[],:\\\x02"[at % 9];
        const Opened dump = openedText(holes);
        EXPECT_EQ(dump.problem, "");
        EXPECT_GT(dump.problems().size(), 3u);
    }
}

} // namespace
