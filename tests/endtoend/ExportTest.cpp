// SPDX-License-Identifier: Apache-2.0
// coroscopectl export: of the sample, and of a program that prints its own jobs in the same words.
#include "Sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <sys/stat.h>

using namespace endtoend;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

namespace {

struct ExportOfSample : testing::Test {
    Sample sample{600};
    ScratchDirectory scratch;
    std::string pid = std::to_string(sample.process().pid());

    Output exported(std::vector<std::string> words, const std::string& target = {}) const {
        words.insert(words.begin(), {"export", target.empty() ? pid : target});
        return sample.ctl(words);
    }
    std::string file(const std::string& name) const { return scratch.path() + '/' + name; }
    void stop() { ASSERT_TRUE(sample.process().stop()); }
};

TEST_F(ExportOfSample, GoesToAFileWhoseEndingSaysTheFormat) {
    const std::pair<const char*, const char*> formats[] = {
        {"x.coroscope", "\x89"
                        "Coro"},
        {"x.json", "{\"schema\":\"coroscope-jobs\",\"version\":1,"},
        {"x.txt", "Coroutines dump 20"},
        {"x.jobs.txt", ""},
        {"x.md", "# Coroutines of orders (pid "},
        {"x.dot", "digraph jobs {\n"},
        {"x.trace.json", "{\"displayTimeUnit\":\"ms\","},
    };
    for (const auto& [name, begin] : formats) {
        SCOPED_TRACE(name);
        const Output output = exported({"-o", file(name)});
        EXPECT_EQ(output.status, 0) << output.text;
        EXPECT_THAT(output.text, AllOf(StartsWith("exported "), HasSubstr(" to " + file(name) + " (")));
        EXPECT_THAT(contentsOf(file(name)), StartsWith(begin));
        struct stat info{};
        ASSERT_EQ(::stat(file(name).c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 07777, 0600u);
    }
    for (const char* name : {"x.coroscope", "x.json", "x.txt", "x.jobs.txt"})
        EXPECT_EQ(sample.ctl({"tree", file(name)}).status, 0) << name << " is opened again";
    EXPECT_TRUE(Json::accept(contentsOf(file("x.trace.json"))));
}

TEST_F(ExportOfSample, OfAStoppedProcessIsTheSameOnEveryWay) {
    ASSERT_EQ(sample.control("fault island on"), "ok");
    ASSERT_TRUE(eventually([&] { return !sample.tree().at("findings").empty(); }));
    stop();
    const Json tree = sample.tree();
    const Output printed = exported({"--format", "json", "-o", "-"});
    ASSERT_EQ(printed.status, 0) << printed.text;
    const Json whole = Json::parse(printed.text);
    EXPECT_EQ(allJobs(whole).size(), allJobs(tree).size());
    EXPECT_EQ(whole.at("findings").at(0).at("rule"), "orphan-detached");
    ASSERT_EQ(exported({"-o", file("a.json")}).status, 0);
    ASSERT_EQ(exported({"-o", file("a.coroscope")}).status, 0);
    // What the one says, the other says, too; and again, and again. Each attach has a clock of its own, by a
    // nanosecond.
    const auto jobs = [&](const std::string& from, bool moments) {
        const Output output = exported({"--format", "json", "-o", "-"}, from);
        EXPECT_EQ(output.status, 0) << output.text;
        std::set<std::string> all;
        const Json document = Json::parse(output.text);
        for (const Json* const each : allJobs(document)) {
            Json job = *each;
            job.erase("children");
            if (!moments)
                for (const char* key : {"ageSeconds", "inStateSeconds", "waitsFor", "createdNs",
                                        "stateSinceNs", "executionSinceNs"})
                    job.erase(key);
            all.insert(job.dump());
        }
        return all;
    };
    const std::set<std::string> live = jobs(pid, false);
    EXPECT_EQ(jobs(file("a.json"), false), live);
    EXPECT_EQ(jobs(file("a.coroscope"), false), live);
    ASSERT_EQ(exported({"-o", file("b.json")}, file("a.json")).status, 0);
    EXPECT_EQ(jobs(file("b.json"), true), jobs(file("a.json"), true));
    ASSERT_EQ(exported({"-o", file("b.coroscope")}, file("a.json")).status, 0);
    EXPECT_EQ(jobs(file("b.coroscope"), true), jobs(file("a.json"), true));
    const auto lines = [&](const std::string& from) {
        const std::string text = sample.ctl({"tree", from}).text;
        return text.substr(text.find('\n'));
    };
    EXPECT_EQ(lines(file("b.json")), lines(file("a.json")));
}

TEST_F(ExportOfSample, CanBeOfOneJobOrOfWhatAFilterShows) {
    const Json part = Json::parse(exported({"--format", "json", "--job", "order-desk", "-o", "-"}).text);
    ASSERT_EQ(part.at("roots").size(), 1u);
    EXPECT_EQ(part.at("roots").at(0).at("name"), "order-desk");
    const Json some =
        Json::parse(exported({"--format", "json", "--filter", "name:minute-report", "-o", "-"}).text);
    EXPECT_EQ(some.at("shown"), 4) << "it, and what is above it";
    EXPECT_NE(findByName(some, "minute-report"), nullptr);
    EXPECT_EQ(findByName(some, "order-desk"), nullptr);

    Output output = exported({"--format", "json", "--job", "nobody", "-o", "-"});
    EXPECT_EQ(output.status, 1);
    EXPECT_THAT(output.text, StartsWith("coroscopectl: no live job nobody in orders"));
    output = exported({"--format", "json", "--filter", "age>", "-o", "-"});
    EXPECT_EQ(output.status, 1);
    EXPECT_THAT(output.text, HasSubstr("^"));
    output = exported({"--format", "json", "--filter", "name:nobody", "-o", file("none.json")});
    EXPECT_EQ(output.status, 1);
    EXPECT_EQ(output.text, "coroscopectl: The filter matches no job.\n");
    EXPECT_EQ(contentsOf(file("none.json")), "");
    output = exported({"-o", file("x.pdf")});
    EXPECT_EQ(output.status, 1);
    EXPECT_EQ(output.text, "coroscopectl: say in which format, with --format or by how the file's name ends: "
                           "dump, json, kotlin, hierarchy, markdown, dot, trace\n");
}

TEST_F(ExportOfSample, RedactedItNamesNothing) {
    for (const char* format : {"json", "kotlin", "hierarchy", "markdown", "dot", "trace"}) {
        SCOPED_TRACE(format);
        const Output output = exported({"--format", format, "--redact", "-o", "-"});
        ASSERT_EQ(output.status, 0);
        EXPECT_THAT(output.text, HasSubstr("name-1"));
        for (const char* word : {"orders", "Desk", "Payments", "main.cpp", "metrics"})
            EXPECT_THAT(output.text, Not(HasSubstr(word)));
    }
    const Output named = runCommand({"/bin/sh", "-c",
                                     "cd " + scratch.path() + " && exec " COROSCOPE_CTL " export " + pid +
                                         " --format markdown --redact --json"},
                                    {{"XDG_RUNTIME_DIR", sample.directory()}});
    ASSERT_EQ(named.status, 0) << named.text;
    EXPECT_THAT(Json::parse(named.text).at("file"),
                MatchesRegex("program-" + pid + "-[0-9]{8}-[0-9]{6}\\.md"));
}

/// What DebugProbes prints in the process is what an export of it from outside says.
TEST(ExportInKotlinsWords, AreThoseOfTheProgramsOwnDebugProbes) {
    ScratchDirectory directory;
    const Process::Environment environment{{"XDG_RUNTIME_DIR", directory.path()}};
    const std::string own = directory.path() + "/output";
    Process process({COROSCOPE_PROBES}, environment, own);
    const auto exported = [&](const char* format) {
        return runCommand(
                   {COROSCOPE_CTL, "export", std::to_string(process.pid()), "--format", format, "-o", "-"},
                   environment)
            .text;
    };
    // All wait for an hour by now, and one is being cancelled.
    ASSERT_TRUE(eventually([&] {
        const std::string text = exported("hierarchy");
        return text.find("{Cancelling}") != std::string::npos && text.find("RUNNING") == std::string::npos &&
               text.find("DispatchedCoroutine") != std::string::npos;
    })) << exported("hierarchy");
    process.signal(SIGUSR1);
    ASSERT_TRUE(eventually([&] { return contentsOf(own).find("end of dump") != std::string::npos; }));
    const std::string said = contentsOf(own);

    const auto entries = [](const std::string& text) {
        std::vector<std::string> all;
        for (std::size_t at = text.find("\n\n"); at != std::string::npos;) {
            const std::size_t next = text.find("\n\n", at + 2);
            std::string entry = text.substr(at + 2, next == std::string::npos ? next : next - at - 2);
            while (entry.ends_with('\n'))
                entry.pop_back();
            all.push_back(entry);
            at = next;
        }
        std::sort(all.begin(), all.end());
        return all;
    };
    const std::size_t hierarchy = said.find("hierarchy\n"), end = said.find("end of dump");
    EXPECT_THAT(entries(exported("kotlin")), testing::ElementsAreArray(entries(said.substr(0, hierarchy))));
    const std::string tree = said.substr(hierarchy + 10, end - hierarchy - 10);
    EXPECT_GT(std::count(tree.begin(), tree.end(), '\n'), 10);
    EXPECT_EQ(exported("hierarchy"), tree);
}

} // namespace
