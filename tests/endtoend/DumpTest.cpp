// SPDX-License-Identifier: Apache-2.0
// Dumps of the sample through coroscopectl: what a file says is what the process said.
#include "Sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace endtoend;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

namespace {

constexpr int fewJobs = 600;

struct DumpOfSample : testing::Test {
    Sample sample{fewJobs};
    ScratchDirectory scratch;
    std::string pid = std::to_string(sample.process().pid());
    std::string file = scratch.path() + "/orders.coroscope";

    /// Stopped, so that it is the same at every look.
    void stop() { ASSERT_TRUE(sample.process().stop()); }
    Output saved(std::vector<std::string> more = {}) {
        std::vector<std::string> command{"dump", pid, "-o", file};
        command.insert(command.end(), more.begin(), more.end());
        return sample.ctl(command);
    }
    std::string linesOf(const std::string& command, const std::string& target) const {
        const Output output = sample.ctl({command, target});
        EXPECT_EQ(output.status, 0) << output.text;
        return output.text;
    }
};

/// Without what goes on while time does.
std::string withoutTimes(const std::string& text) {
    std::string all = std::regex_replace(text, std::regex("dump of [^\n]*(ago|now)  "), "");
    // What is due in a second when one looks was due when another does.
    all = std::regex_replace(all, std::regex("a delay(, due in| that was due)[^\\[\n]*"), "a delay ");
    return std::regex_replace(all, std::regex(" ([0-9.]+ (us|ms|s|m|h|d) ?)+"), " ");
}

TEST_F(DumpOfSample, OfALiveProcessSaysWhereItWentAndCanBeReadByEveryCommand) {
    ASSERT_EQ(sample.control("fault island on"), "ok");
    ASSERT_TRUE(eventually([&] { return !sample.tree().at("findings").empty(); }));
    const Output output = saved();
    EXPECT_EQ(output.status, 0);
    EXPECT_THAT(output.text, AllOf(StartsWith("saved "), HasSubstr(" jobs and "),
                                   HasSubstr(" that had ended to " + file + " (")));
    struct stat info{};
    ASSERT_EQ(::stat(file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);

    const Json tree = Json::parse(sample.ctl({"tree", file, "--json"}).text);
    EXPECT_GT(tree.at("jobs"), fewJobs / 2);
    EXPECT_EQ(tree.at("program"), "orders");
    EXPECT_EQ(tree.at("pid"), sample.process().pid());
    EXPECT_EQ(tree.at("dump").at("redacted"), false);
    EXPECT_TRUE(tree.at("dump").at("problems").empty());
    EXPECT_FALSE(tree.at("findings").empty());
    EXPECT_THAT(linesOf("findings", file), StartsWith("orphan-detached"));
    EXPECT_THAT(linesOf("tree", file), HasSubstr("dump of 20"));
    EXPECT_THAT(linesOf("ended", file), HasSubstr(" failed, "));
}

TEST_F(DumpOfSample, OfAStoppedProcessIsWhatTheProcessShows) {
    ASSERT_EQ(sample.control("fault island on"), "ok");
    ASSERT_TRUE(eventually([&] { return !sample.tree().at("findings").empty(); }));
    stop();
    ASSERT_EQ(saved().status, 0);
    EXPECT_EQ(withoutTimes(linesOf("tree", file)), withoutTimes(linesOf("tree", pid)));
    EXPECT_EQ(withoutTimes(linesOf("findings", file)), withoutTimes(linesOf("findings", pid)));
    EXPECT_EQ(withoutTimes(linesOf("ended", file)), withoutTimes(linesOf("ended", pid)));
    EXPECT_THAT(linesOf("findings", file), StartsWith("orphan-detached"));
}

TEST_F(DumpOfSample, AgesCountToTheMomentOfTheDump) {
    stop();
    ASSERT_EQ(saved().status, 0);
    const std::string first = linesOf("tree", file);
    const auto ages = [](const std::string& text) { return text.substr(text.find('\n')); };
    EXPECT_TRUE(eventually([&] { return linesOf("tree", file).find(" s ago  ") != std::string::npos; }));
    EXPECT_EQ(ages(linesOf("tree", file)), ages(first)) << "they stand still while time goes on";
}

/// Pseudonyms are others in each dump: here each kind of them is numbered as they come.
std::string renumbered(std::string text) {
    static const std::regex pseudonym("(name|file|function|elements|dispatcher)-[0-9]+");
    std::map<std::string, std::string> known;
    std::string result;
    for (std::smatch found; std::regex_search(text, found, pseudonym); text = found.suffix()) {
        const auto next = found[1].str() + '-' + std::to_string(known.size() + 1);
        result += found.prefix().str() + known.try_emplace(found.str(), next).first->second;
    }
    return result + text;
}

TEST_F(DumpOfSample, RedactedItNamesNothing) {
    // On a busy machine it may be some time until anything of it waits anywhere.
    ASSERT_TRUE(eventually([&] { return linesOf("tree", pid).find("main.cpp:") != std::string::npos; }));
    stop();
    ASSERT_EQ(saved({"--redact"}).status, 0);
    const std::string tree = linesOf("tree", file);
    EXPECT_THAT(tree, StartsWith("program  pid " + pid));
    EXPECT_THAT(tree, AllOf(HasSubstr(", redacted  "), HasSubstr("name-1"), HasSubstr("file-1.cpp:"),
                            HasSubstr("function-1")));
    for (const char* word : {"orders", "Desk", "Payments", "main.cpp", "metrics"})
        EXPECT_THAT(tree, Not(HasSubstr(word)));
    const std::string live = linesOf("tree", pid);
    EXPECT_EQ(std::count(tree.begin(), tree.end(), '\n'), std::count(live.begin(), live.end(), '\n'));

    const std::string plain = file;
    file = scratch.path() + "/again.coroscope";
    ASSERT_EQ(saved().status, 0);
    const Output again = sample.ctl({"dump", file, "--redact", "-o", plain});
    EXPECT_EQ(again.status, 0) << "a file can be redacted later";
    // All but the first line, which tells how long ago each was taken.
    const auto jobs = [](const std::string& lines) { return lines.substr(lines.find('\n')); };
    EXPECT_EQ(renumbered(withoutTimes(jobs(linesOf("tree", plain)))), renumbered(withoutTimes(jobs(tree))));
}

TEST_F(DumpOfSample, WithoutANameItGetsOneOfItsOwn) {
    const Output output = runCommand(
        {"/bin/sh", "-c", "cd " + scratch.path() + " && exec " COROSCOPE_CTL " dump " + pid + " --json"},
        {{"XDG_RUNTIME_DIR", sample.directory()}});
    ASSERT_EQ(output.status, 0) << output.text;
    const Json said = Json::parse(output.text);
    EXPECT_THAT(said.at("file"), MatchesRegex("orders-" + pid + "-[0-9]{8}-[0-9]{6}\\.coroscope"));
    EXPECT_GT(said.at("bytes"), 1'000);
    struct stat info{};
    EXPECT_EQ(::stat((scratch.path() + "/" + said.at("file").get<std::string>()).c_str(), &info), 0);
}

TEST_F(DumpOfSample, TheNameOfAProgramThatRunsOnceWillDoAsATarget) {
    const std::string name = "shop-" + std::to_string(::getpid());
    const std::string program = scratch.path() + '/' + name;
    std::filesystem::copy_file(COROSCOPE_ORDERS, program);
    Process shop({program, "--jobs", "100", "--log", "/dev/null"}, {{"XDG_RUNTIME_DIR", sample.directory()}},
                 scratch.path() + "/output");
    Output output;
    EXPECT_TRUE(eventually([&] {
        output = sample.ctl({"dump", name, "-o", file});
        return output.status == 0;
    })) << output.text;
    EXPECT_THAT(linesOf("tree", file), StartsWith(name + "  pid " + std::to_string(shop.pid())));
    output = sample.ctl({"tree", "no-such-program"});
    EXPECT_EQ(output.status, 1);
    EXPECT_THAT(output.text, HasSubstr("is named no-such-program; see coroscopectl ps"));
}

TEST_F(DumpOfSample, NothingInItCanBeCancelled) {
    ASSERT_EQ(saved().status, 0);
    const Output output = sample.ctl({"cancel", file, "#2", "--reason", "test"});
    EXPECT_EQ(output.status, 3);
    EXPECT_EQ(output.text, "coroscopectl: This is a dump of orders (pid " + pid +
                               "): nothing in it runs, so nothing can be cancelled.\n");
}

TEST_F(DumpOfSample, DamagedItShowsWhatIsThereAndSaysWhatIsMissing) {
    ASSERT_EQ(saved().status, 0);
    std::string bytes = contentsOf(file);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes.substr(0, bytes.size() - 30);
    Output output = sample.ctl({"tree", file});
    EXPECT_EQ(output.status, 0);
    EXPECT_THAT(output.text, HasSubstr("coroscopectl: " + file + ": The file ends at byte "));
    EXPECT_THAT(output.text, HasSubstr("order-desk"));
    std::ofstream(file, std::ios::binary | std::ios::trunc) << "no dump";
    output = sample.ctl({"tree", file});
    EXPECT_EQ(output.status, 1);
    EXPECT_THAT(output.text, StartsWith("coroscopectl: " + file + " holds no dump that is known here: "));
}

TEST_F(DumpOfSample, OnAFullDiskASentenceSaysSoAndTheOldFileStays) {
    const std::string disk = scratch.path() + "/disk";
    ASSERT_EQ(::mkdir(disk.c_str(), 0700), 0);
    // One page, which the old file takes: how much a dump has does not matter.
    if (::mount("none", disk.c_str(), "tmpfs", 0, "size=4k") != 0)
        GTEST_SKIP() << "only root may make a small disk";
    file = disk + "/orders.coroscope";
    std::ofstream(file) << "the old one";
    Output output = saved();
    const std::string old = contentsOf(file);
    const Output left = runCommand({"/bin/ls", "-A", disk}, {});
    ::umount(disk.c_str());
    EXPECT_EQ(output.status, 1);
    EXPECT_EQ(output.text, "coroscopectl: " + file +
                               " cannot be written: No space left on device. The older file "
                               "of this name is as it was.\n");
    EXPECT_TRUE(old == "the old one");
    EXPECT_EQ(left.text, "orders.coroscope\n");
}

} // namespace
