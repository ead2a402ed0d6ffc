// SPDX-License-Identifier: Apache-2.0
// The trace of every dump in tests/data/dumps, held to what the trace-event format asks for: nothing that
// reads it more strictly than a browser may find fault.
#include "OpenedDump.h"

#include <coroscope/observe/Export.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace coroscope;
using namespace coroscope::observe;
using coroscope::test::Opened;
using Json = nlohmann::json;

/// A time in microseconds as whole nanoseconds, which is what readers make of it.
std::int64_t nanoseconds(const Json& time) {
    EXPECT_TRUE(time.is_number()) << time;
    const double value = time.get<double>() * 1e3;
    EXPECT_LT(value, 9e15) << "a double could not tell nanoseconds any more";
    return std::llround(value);
}

void check(const std::string& text) {
    const Json trace = Json::parse(text);
    const Json& unit = trace.at("displayTimeUnit");
    EXPECT_TRUE(unit == "ms" || unit == "ns") << unit;
    EXPECT_TRUE(trace.at("otherData").is_object());
    std::map<std::pair<int, int>, std::vector<std::pair<std::int64_t, std::int64_t>>> open; // by track
    std::set<std::pair<std::string, std::pair<int, int>>> told;
    std::set<int> groups, namedGroups;
    for (const Json& event : trace.at("traceEvents")) {
        ASSERT_TRUE(event.is_object());
        for (const char* const key : {"pid", "tid"}) {
            ASSERT_TRUE(event.at(key).is_number_integer()) << event;
            EXPECT_GE(event.at(key).get<std::int64_t>(), 0);
            EXPECT_LE(event.at(key).get<std::int64_t>(), std::numeric_limits<std::int32_t>::max());
        }
        const std::pair track{event.at("pid").get<int>(), event.at("tid").get<int>()};
        EXPECT_TRUE(event.at("name").is_string());
        const std::string phase = event.at("ph"), name = event.at("name");
        if (phase == "M") {
            const Json& facts = event.at("args");
            EXPECT_EQ(facts.size(), 1u);
            if (name == "process_name" || name == "thread_name")
                EXPECT_TRUE(facts.at("name").is_string());
            else if (name == "process_sort_index" || name == "thread_sort_index")
                EXPECT_TRUE(facts.at("sort_index").is_number_integer());
            else
                ADD_FAILURE() << "no metadata that is known: " << event;
            EXPECT_TRUE(told.emplace(name, track).second) << "told twice: " << event;
            if (name == "process_name")
                namedGroups.insert(track.first);
            continue;
        }
        groups.insert(track.first);
        EXPECT_TRUE(event.at("cat").is_string());
        EXPECT_TRUE(event.at("args").is_object());
        const std::int64_t from = nanoseconds(event.at("ts"));
        EXPECT_GE(from, 0);
        if (phase == "i") {
            EXPECT_TRUE(event.at("s") == "g" || event.at("s") == "p" || event.at("s") == "t");
            continue;
        }
        ASSERT_EQ(phase, "X") << "what begins and ends in one event cannot be left open";
        EXPECT_TRUE(told.count({"thread_name", track}) == 1) << "a track without a name before it: " << event;
        const std::int64_t to = from + nanoseconds(event.at("dur"));
        EXPECT_GT(to, from);
        // Slices of a track lie in each other or one after the other, outer ones first, to the nanosecond.
        auto& around = open[track];
        while (!around.empty() && around.back().second <= from)
            around.pop_back();
        if (!around.empty()) {
            EXPECT_GE(from, around.back().first) << event;
            EXPECT_LE(to, around.back().second) << event;
        }
        around.emplace_back(from, to);
    }
    EXPECT_EQ(groups, namedGroups);
}

TEST(TraceFormat, IsWhatItsDescriptionAsksForWhateverIsExported) {
    for (const auto& entry : std::filesystem::directory_iterator(FOREIGN_DUMPS)) {
        if (entry.path().filename() == "README.md")
            continue;
        SCOPED_TRACE(entry.path().filename());
        const Opened opened(open(entry.path()));
        ASSERT_EQ(opened.problem, "");
        std::ostringstream out;
        ASSERT_TRUE(exportToStream(
            takeDump(opened.source->info(), opened.source->dictionary(), opened.tree, opened.ended,
                     [&](const EndedJob& job) { return opened.source->failureText(job); }),
            out, {.format = ExportFormat::TraceEvents}));
        check(out.str());
    }
}

} // namespace
