// SPDX-License-Identifier: Apache-2.0
// Each pitfall with its mended twin: what both print, what Coroscope finds in the one and not in the other,
// and that the guide shows code that is really there.
#include "Observer.h"
#include "Process.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace endtoend;
namespace observe = coroscope::observe;

namespace {

struct Pitfall {
    std::string name;
    std::string faulty; ///< what the program prints
    std::string mended;
    std::string rule{}; ///< what is found in it; empty: nothing, yet
    std::string job{};  ///< the finding's job, without its number
};

void PrintTo(const Pitfall& pitfall, std::ostream* out) {
    *out << pitfall.name;
}

const std::vector<Pitfall> pitfalls{
    {"blocked_dispatcher",
     "the next customer has left\n"
     "paid\n"
     "order taken\n",
     "order taken\n"
     "paid\n"},
    {"cleanup_cut_short",
     "saying goodbye\n"
     "server down\n",
     "saying goodbye\n"
     "connection closed\n"
     "server down\n"},
    {"dead_scope",
     "saved \"Dear all\"\n"
     "asked to save twice\n",
     "saved \"Dear all\"\n"
     "saved \"Dear all, it is done\"\n"
     "asked to save twice\n"},
    {"dropped_scope", "the visit is over, still at work for it: 1\n",
     "the visit is over, still at work for it: 0\n", "scope-dropped", "visit SupervisorJob"},
    {"failure_stops_siblings",
     "stored event 1\n"
     "the batch failed: std::runtime_error: event 2 is malformed\n",
     "stored event 1\n"
     "not stored: std::runtime_error: event 2 is malformed\n"
     "stored event 3\n"
     "stored event 4\n"},
    {"global_scope", "the request has ended, still at work for it: 1\n",
     "the request has ended, still at work for it: 0\n", "orphan-global", "flush launch"},
    {"island", "the connection has ended, still at work for it: 1\n",
     "the connection has ended, still at work for it: 0\n", "orphan-detached", "retry launch"},
    {"no_suspension_point", "told to stop in round 1, drew 1000\n", "told to stop in round 1, drew 1\n",
     "slow-cancellation", "render launch"},
    {"repeated_finalisation",
     "acknowledged message 7, left: 0\n"
     "acknowledged message 7, left: -1\n",
     "acknowledged message 7, left: 0\n"},
    {"run_blocking",
     "frozen\n"
     "saved\n"
     "painted\n",
     "painted\n"
     "saved\n",
     "blocking-in-coroutine", "runBlocking"},
    {"swallowed_by_catching",
     "sent part 1\n"
     "part 2 will be sent later: coroscope::CancellationException: the page was left\n"
     "part 3 will be sent later: coroscope::CancellationException: the page was left\n"
     "upload finished\n",
     "sent part 1\n", "swallowed-cancellation", "upload launch"},
    {"swallowed_cancellation",
     "saved record 1\n"
     "record 2 failed: stop was pressed\n"
     "record 3 failed: stop was pressed\n"
     "record 4 failed: stop was pressed\n"
     "import finished\n",
     "saved record 1\n", "swallowed-cancellation", "import launch"},
    {"unseen_failure",
     "sent mail 1\n"
     "sent mail 3\n"
     "all mails are sent\n",
     "sent mail 1\n"
     "sent mail 3\n"
     "a mail has failed: no such recipient\n"
     "all mails are sent but 1\n",
     "silent-supervisor-failure", "mail async"},
};

std::string program(const std::string& name) {
    return COROSCOPE_PITFALLS "/" + name;
}

/// A pitfall that stays where one may look into it, and one who looks.
class Stay {
public:
    explicit Stay(const std::string& name)
        : process_({program(name), "--stay"}, {{"XDG_RUNTIME_DIR", directory_.path()}}, output(),
                   Process::Input::Open)
        , observer_(enter()) {
        if (!eventually(
                [this] { return look(), contentsOf(output()).find("(staying") != std::string::npos; }))
            throw std::runtime_error("it did not come to where it stays: " + contentsOf(output()));
    }

    /// What is found now: "orphan-global on flush launch", each once.
    const std::set<std::string>& look() {
        observer_.look();
        found_.clear();
        for (const observe::Finding& finding : observer_.findings()) {
            found_.insert(std::string(finding.rule) + " on " +
                          finding.jobName.substr(0, finding.jobName.rfind(" #")));
            ever_.insert(std::string(finding.rule) + " on " + finding.jobName + ": " + finding.evidence);
        }
        return found_;
    }
    /// Looks for long enough that what is found at all is confirmed.
    void lookOn() {
        const auto since = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - since <
               std::chrono::nanoseconds(3 * observe::FindingWatch::confirmAfter))
            look();
    }
    /// All that was ever found, for people.
    std::string ever() const {
        std::string text;
        for (const std::string& finding : ever_)
            text += finding + "\n";
        return text;
    }
    int end() {
        process_.closeInput();
        return process_.wait().value_or(-1);
    }

private:
    std::string output() const { return directory_.path() + "/output"; }
    int enter() const {
        setenv("XDG_RUNTIME_DIR", directory_.path().c_str(), 1);
        return process_.pid();
    }

    ScratchDirectory directory_;
    Process process_;
    Observer observer_;
    std::set<std::string> found_, ever_;
};

struct Pitfalls : testing::TestWithParam<Pitfall> {};

std::vector<std::string> linesOf(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line.substr(std::min(line.size(), line.find_first_not_of(' '))));
    return lines;
}

} // namespace

TEST_P(Pitfalls, whatItPrintsShowsTheFaultAndThatItIsMended) {
    const ScratchDirectory directory;
    const Process::Environment environment{{"XDG_RUNTIME_DIR", directory.path()}};
    const Output faulty = runCommand({program(GetParam().name)}, environment);
    EXPECT_EQ(faulty.text, GetParam().faulty);
    EXPECT_EQ(faulty.status, 0);
    const Output mended = runCommand({program(GetParam().name + "_mended")}, environment);
    EXPECT_EQ(mended.text, GetParam().mended);
    EXPECT_EQ(mended.status, 0);
}

TEST_P(Pitfalls, isFoundOnTheRightJobWhereThereIsARuleForIt) {
    Stay faulty(GetParam().name);
    std::set<std::string> expected;
    if (!GetParam().rule.empty())
        expected.insert(GetParam().rule + " on " + GetParam().job);
    EXPECT_TRUE(eventually([&] { return faulty.look() == expected; })) << faulty.ever();
    faulty.lookOn();
    EXPECT_EQ(faulty.look(), expected) << faulty.ever();
    EXPECT_EQ(faulty.end(), 0);
}

TEST_P(Pitfalls, nothingIsFoundOnceItIsMended) {
    Stay mended(GetParam().name + "_mended");
    mended.lookOn();
    EXPECT_EQ(mended.ever(), "");
    EXPECT_EQ(mended.end(), 0);
}

INSTANTIATE_TEST_SUITE_P(Each, Pitfalls, testing::ValuesIn(pitfalls),
                         [](const auto& test) { return test.param.name; });

TEST(PitfallsGuide, hasEveryPitfallAndItsCodeIsThatOfThePrograms) {
    const std::string sources = std::string(COROSCOPE_SOURCES) + "/resources/pitfalls";
    std::set<std::string> programs;
    for (const auto& file : std::filesystem::directory_iterator(sources))
        if (file.path().extension() == ".cpp")
            programs.insert(file.path().filename());
    EXPECT_EQ(programs.size(), 2 * pitfalls.size());

    const std::vector<std::string> guide = linesOf(contentsOf(COROSCOPE_SOURCES "/docs/guide/pitfalls.md"));
    for (auto line = guide.begin(); line != guide.end(); ++line) {
        if (*line != "```cpp")
            continue;
        ASSERT_TRUE(line[1].starts_with("// ")) << "a block begins with the name of its program: " << line[1];
        const std::string name = line[1].substr(3);
        const auto begin = line + 2;
        line = std::find(begin, guide.end(), "```");
        const std::vector<std::string> code = linesOf(contentsOf(sources + "/" + name));
        EXPECT_NE(std::search(code.begin(), code.end(), begin, line), code.end())
            << name << " has no such lines: " << *begin;
        programs.erase(name);
    }
    EXPECT_EQ(programs, std::set<std::string>()) << "not in the guide";
}
