// SPDX-License-Identifier: Apache-2.0
// The stacks that coroscopectl shows of a program, against the lines that the program says itself. It is
// compiled with all the inlining there is: that is what breaks stacks silently.
#include "Process.h"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace endtoend;
using Json = nlohmann::json;
using testing::HasSubstr;

namespace {

class Callers {
public:
    explicit Callers(const std::string& coroscope, const std::string& program = COROSCOPE_CALLERS)
        : process_({program}, {{"XDG_RUNTIME_DIR", directory_.path()}, {"COROSCOPE", coroscope}},
                   directory_.path() + "/output") {
        EXPECT_TRUE(eventually([this] { return output().find("ready") != std::string::npos; })) << output();
    }
    /// The line that the program said about itself.
    int line(const std::string& what) const {
        std::istringstream lines(output());
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with(what + ' '))
                return std::stoi(line.substr(what.size()));
        ADD_FAILURE() << "the program says nothing of " << what;
        return 0;
    }
    Output ctl(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), COROSCOPE_CTL);
        return runCommand(arguments, {{"XDG_RUNTIME_DIR", directory_.path()}});
    }
    Json show(const std::string& job) const { return Json::parse(ctl({"show", pid(), job, "--json"}).text); }
    Output sample(const std::string& job) const { return ctl({"sample", pid(), job, "--json"}); }
    std::string pid() const { return std::to_string(process_.pid()); }
    Process& process() { return process_; }
    const std::string& directory() const { return directory_.path(); }

private:
    std::string output() const { return contentsOf(directory_.path() + "/output"); }
    ScratchDirectory directory_;
    Process process_;
};

std::string text(const Json& frame) {
    const auto file = frame.at("file").get<std::string>();
    return frame.at("function").get<std::string>() + ' ' + file.substr(file.rfind('/') + 1) + ':' +
           std::to_string(frame.at("line").get<int>());
}

std::string texts(const Json& frames) {
    std::string all;
    for (const Json& frame : frames)
        all += text(frame) + '\n';
    return all;
}

std::string at(const Callers& callers, const std::string& what) {
    return " callers.cpp:" + std::to_string(callers.line(what));
}

/// State and tracer of each thread of a process: "R 0 S 0 S 0".
std::string threads(const std::string& pid) {
    std::string all;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + pid + "/task")) {
        std::ifstream status(task.path() / "status");
        for (std::string line; std::getline(status, line);) {
            std::istringstream words(line);
            std::string key, value;
            words >> key >> value;
            if (key == "State:" || key == "TracerPid:")
                all += (all.empty() ? "" : " ") + value;
        }
    }
    return all;
}

} // namespace

TEST(Stacks, theChainOfAwaitingCallersNamesEachOfThemInnermostFirst) {
    const Callers callers("on");
    const Json job = callers.show("chain");
    EXPECT_EQ(texts(job.at("suspendedAt")), "leaf" + at(callers, "leaf") + "\nmiddle" +
                                                at(callers, "middle") + "\nbody" + at(callers, "body") +
                                                '\n');
    EXPECT_TRUE(job.at("creationStack").is_null()) << "nobody has asked for them";
    const std::string shown = callers.ctl({"show", callers.pid(), "chain"}).text;
    for (const char* what : {"leaf", "middle", "body"})
        EXPECT_THAT(shown, HasSubstr("callers.cpp:" + std::to_string(callers.line(what))));
}

TEST(Stacks, aCreationStackHasTheInlinedLauncherAndItsCallersWithTheirLines) {
    const Callers callers("stacks");
    const Json stack = callers.show("created").at("creationStack");
    ASSERT_FALSE(stack.is_null());
    const Json frames = stack.at("frames");
    ASSERT_GE(frames.size(), 3u) << stack.dump(2);
    EXPECT_EQ(text(frames.at(0)), "launchCreated" + at(callers, "helper")) << texts(frames);
    EXPECT_EQ(text(frames.at(1)), "startCreated" + at(callers, "start")) << texts(frames);
    EXPECT_THAT(text(frames.at(2)), HasSubstr("run callers.cpp:")) << texts(frames);
    EXPECT_THAT(texts(frames), HasSubstr("main callers.cpp:"));
}

TEST(Stacks, aDumpKeepsCreationStacksWithoutTheProgramTheyAreOf) {
    std::string file;
    const ScratchDirectory scratch;
    Json live;
    {
        const Callers callers("stacks");
        live = callers.show("created").at("creationStack");
        file = scratch.path() + "/callers.coroscope";
        ASSERT_EQ(callers.ctl({"dump", callers.pid(), "-o", file}).status, 0);
    }
    const Output shown = runCommand({COROSCOPE_CTL, "show", file, "created", "--json"}, {});
    EXPECT_EQ(Json::parse(shown.text).at("creationStack"), live) << shown.text;
}

TEST(Stacks, aFileThatIsNotTheOneThatRunsIsSaidToBeSo) {
    const ScratchDirectory scratch;
    const std::string program = scratch.path() + "/callers";
    std::filesystem::copy_file(COROSCOPE_CALLERS, program);
    const Callers callers("stacks", program);
    // As an update does: another file under the same name, the old one lives on in those who run it.
    std::filesystem::remove(program);
    std::ofstream(program) << "not a program";
    const Json stack = callers.show("created").at("creationStack");
    EXPECT_EQ(text(stack.at("frames").at(0)), "launchCreated" + at(callers, "helper"))
        << "what was started is read from the process itself: " << stack.dump(2);
}

TEST(Stacks, theThreadOfARunningJobIsSampledAndRunsOn) {
    Callers callers("on");
    const Output output = callers.sample("spinner");
    ASSERT_EQ(output.status, 0) << output.text;
    const Json sample = Json::parse(output.text);
    const Json frames = sample.at("stack").at("frames");
    ASSERT_GE(frames.size(), 2u) << sample.dump(2);
    EXPECT_THAT(text(frames.at(0)) + texts(frames), HasSubstr("spin callers.cpp:")) << sample.dump(2);
    EXPECT_THAT(texts(frames), HasSubstr("spinner" + at(callers, "spinning"))) << sample.dump(2);
    EXPECT_GT(sample.at("pausedSeconds").get<double>(), 0.0);
    EXPECT_LT(sample.at("pausedSeconds").get<double>(), 1.0);
    EXPECT_EQ(callers.sample("spinner").status, 0) << "and again: nothing holds it";
    ASSERT_TRUE(callers.process().stop());
    const Output stopped = callers.sample("spinner");
    EXPECT_EQ(stopped.status, 0) << "a stopped program has stacks, too: " << stopped.text;
    callers.process().signal(SIGCONT);
}

TEST(Stacks, aThreadThatSomebodyElseTracesIsLeftToThem) {
    Callers callers("on");
    const auto thread = Json::parse(callers.sample("spinner").text).at("thread").get<pid_t>();
    ASSERT_EQ(::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr), 0);
    const Output output = callers.sample("spinner");
    EXPECT_EQ(output.status, 1);
    EXPECT_THAT(output.text,
                HasSubstr("is being traced by another process, pid " + std::to_string(::getpid())));
    ASSERT_EQ(::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr), 0);
    ASSERT_EQ(::waitpid(thread, nullptr, __WALL), thread);
    ASSERT_EQ(::ptrace(PTRACE_DETACH, thread, nullptr, nullptr), 0);
    EXPECT_EQ(callers.sample("spinner").status, 0);
}

TEST(Stacks, anObserverThatIsKilledAnywhereLeavesNoThreadStopped) {
    Callers callers("on");
    for (int i = 0; i < 60; ++i) {
        Process observer({COROSCOPE_CTL, "sample", callers.pid(), "spinner"},
                         {{"XDG_RUNTIME_DIR", callers.directory()}}, callers.directory() + "/killed");
        std::this_thread::sleep_for(std::chrono::microseconds(500 * i)); // anywhere in its work
        observer.signal(SIGKILL);
        ASSERT_TRUE(observer.wait());
    }
    EXPECT_TRUE(eventually([&] {
        const std::string all = threads(callers.pid());
        return all.find('t') == std::string::npos && all.find_first_of("123456789") == std::string::npos;
    })) << threads(callers.pid());
    EXPECT_TRUE(eventually([&] { return threads(callers.pid()).find('R') != std::string::npos; }))
        << "the spinning one runs";
    EXPECT_EQ(callers.sample("spinner").status, 0);
}

TEST(Stacks, aJobThatDoesNotRunHasNoThreadAndIsToldSo) {
    const Callers callers("on");
    const Output output = callers.sample("chain");
    EXPECT_EQ(output.status, 1);
    EXPECT_THAT(output.text,
                HasSubstr("No thread of callers (pid " + callers.pid() + ") runs this job now."));
}
