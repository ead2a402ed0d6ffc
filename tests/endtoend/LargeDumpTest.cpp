// SPDX-License-Identifier: Apache-2.0
// Large dumps of other programs, as coroscopectl reads them from a pipe: what it needs is the tree's memory,
// not the text's. 100 MB each; with COROSCOPE_LONG_TESTS 2 GB.
#include "Process.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using endtoend::ScratchDirectory;

namespace {

struct Reading {
    int status = -1;
    std::uint64_t memory = 0; ///< bytes, the most that it had at once
    std::uint64_t written = 0;
    std::string text;
};

/// Appends the part of this number to the text; false: there is no more.
using Parts = std::function<bool(std::string& text, std::uint64_t number)>;

/// "coroscopectl findings -" with what `parts` makes as its input.
Reading findingsOf(const Parts& parts) {
    const ScratchDirectory scratch;
    const std::string output = scratch.path() + "/output";
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        std::abort();
    const pid_t child = ::fork();
    if (child == 0) {
        const int file = ::open(output.c_str(), O_CREAT | O_WRONLY, 0600);
        ::dup2(ends[0], 0);
        ::dup2(file, 1);
        ::dup2(file, 2);
        ::execl(COROSCOPE_CTL, COROSCOPE_CTL, "findings", "-", nullptr);
        ::_exit(127);
    }
    ::close(ends[0]);
    ::signal(SIGPIPE, SIG_IGN);
    Reading run;
    std::string text;
    bool more = true;
    for (std::uint64_t number = 0; more;) {
        text.clear();
        while (more && text.size() < std::size_t{1} << 20)
            more = parts(text, number++);
        for (std::size_t done = 0; done < text.size();) {
            const ssize_t wrote = ::write(ends[1], text.data() + done, text.size() - done);
            if (wrote <= 0) {
                more = false;
                break;
            }
            done += static_cast<std::size_t>(wrote);
        }
        run.written += text.size();
    }
    ::close(ends[1]);
    int status = 0;
    rusage usage{};
    ::wait4(child, &status, 0, &usage);
    run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    run.memory = static_cast<std::uint64_t>(usage.ru_maxrss) * 1'024;
    std::ifstream file(output);
    run.text = {std::istreambuf_iterator<char>(file), {}};
    std::printf("%llu MB of text: %llu MB of memory\n",
                static_cast<unsigned long long>(run.written / 1'000'000),
                static_cast<unsigned long long>(run.memory / 1'000'000));
    return run;
}

std::uint64_t wanted() {
    return (std::getenv("COROSCOPE_LONG_TESTS") != nullptr ? std::uint64_t{2'000} : 100) * 1'000'000;
}

/// Of the program itself with a buffer for a long line.
constexpr std::uint64_t base = 40'000'000;
/// Of a job, also while it is being read: tables that grow are there twice.
constexpr std::uint64_t ofAJob = 600;

std::string stack(std::uint64_t variant, const std::string& before, const std::string& after) {
    std::string text;
    for (int frame = 0; frame < 12; ++frame)
        text += before + "com.example.orders.Service$handle" + std::to_string(variant % 50) +
                ".invokeSuspend(Service" + std::to_string(frame) + ".kt:" + std::to_string(100 + frame) +
                ")" + after;
    return text;
}

TEST(LargeDump, OfCoroutinesNeedsTheMemoryOfItsTree) {
    std::uint64_t jobs = 0, size = 0;
    const Reading run = findingsOf([&](std::string& text, std::uint64_t number) {
        const std::size_t before = text.size();
        if (number == 0)
            text += "Coroutines dump 2026/01/01 00:00:00\n";
        text += "\nCoroutine \"coroutine#" + std::to_string(number + 1) +
                "\":StandaloneCoroutine{Active}@1f, state: SUSPENDED\n" + stack(number, "\tat ", "\n");
        ++jobs;
        size += text.size() - before;
        return size < wanted();
    });
    EXPECT_EQ(run.status, 0) << run.text.substr(0, 1'000);
    EXPECT_GT(run.written, wanted() - 10'000'000);
    EXPECT_NE(run.text.find("leak-by-growth"), std::string::npos) << "all of them were read";
    EXPECT_LT(run.memory, base + jobs * ofAJob) << jobs << " jobs of " << run.written << " bytes";
}

TEST(LargeDump, OfThreadsInJsonNeedsTheMemoryOfItsTree) {
    std::uint64_t jobs = 0, size = 0;
    const Reading run = findingsOf([&](std::string& text, std::uint64_t number) {
        const std::size_t before = text.size();
        text += number == 0 ? R"({"threadDump": {"threadContainers": [{"container": "<root>", "threads": [)"
                            : ",";
        const std::string frames = stack(number, "\"", "\",");
        text += R"({"tid": ")" + std::to_string(number + 1) +
                R"(", "name": "", "state": "WAITING", "stack": [)" + frames.substr(0, frames.size() - 1) +
                "]}";
        ++jobs;
        size += text.size() - before;
        if (size >= wanted())
            text += "]}]}}";
        return size < wanted();
    });
    EXPECT_EQ(run.status, 0) << run.text.substr(0, 1'000);
    EXPECT_NE(run.text.find("leak-by-growth"), std::string::npos);
    EXPECT_LT(run.memory, base + jobs * ofAJob) << jobs << " jobs of " << run.written << " bytes";
}

TEST(LargeDump, OfThreadsAsTextNeedsTheMemoryOfItsTree) {
    std::uint64_t jobs = 0, size = 0;
    const Reading run = findingsOf([&](std::string& text, std::uint64_t number) {
        const std::size_t before = text.size();
        const std::string id = std::to_string(number + 1);
        if (number == 0)
            text += "Full thread dump OpenJDK 64-Bit Server VM (25.0.3+9-LTS mixed mode, sharing):\n\n";
        text += "\"pool-thread-" + id + "\" #" + id + " prio=5 os_prio=0 elapsed=7.1s tid=0x" + id +
                " nid=" + id +
                " waiting\n   java.lang.Thread.State: WAITING (parking)\n\tat a.B.park(B.java:1)\n" +
                "\t- parking to wait for  <0x" + id + "> (a java.util.concurrent.locks.X$ConditionObject)\n" +
                stack(number, "\tat ", "\n") + "\t- locked <0x" + id + "1> (a a.Ledger)\n\n";
        ++jobs;
        size += text.size() - before;
        return size < wanted();
    });
    EXPECT_EQ(run.status, 0) << run.text.substr(0, 1'000);
    EXPECT_NE(run.text.find("leak-by-growth"), std::string::npos);
    EXPECT_LT(run.memory, base + jobs * ofAJob) << jobs << " jobs of " << run.written << " bytes";
}

TEST(LargeDump, OfOursInJsonNeedsTheMemoryOfItsTree) {
    std::uint64_t jobs = 0, size = 0;
    const Reading run = findingsOf([&](std::string& text, std::uint64_t number) {
        const std::size_t before = text.size();
        const std::string id = std::to_string((std::uint64_t{1} << 24) + number);
        text += number == 0 ? R"({"schema":"coroscope-jobs","version":1,"program":"large","roots":[)" : ",";
        text += "\n{\"id\":" + id + ",\"number\":" + id + ",\"kind\":\"launch\",\"name\":\"reader-" + id +
                "\",\"state\":\"Active\",\"execution\":\"suspended\",\"suspendedAt\":[";
        for (int frame = 0; frame < 12; ++frame)
            text += std::string(frame == 0 ? "" : ",") + "{\"file\":\"/home/orders/src/Service" +
                    std::to_string(frame) + ".cpp\",\"function\":\"Service::handle" +
                    std::to_string(number % 50) + "\",\"line\":" + std::to_string(100 + frame) + "}";
        text += "],\"waitsFor\":{\"kind\":\"delay\",\"value\":5},\"createdNs\":1,\"children\":[]}";
        ++jobs;
        size += text.size() - before;
        if (size >= wanted())
            text += "]}";
        return size < wanted();
    });
    EXPECT_EQ(run.status, 0) << run.text.substr(0, 1'000);
    EXPECT_EQ(run.text.find("no JSON"), std::string::npos) << run.text.substr(0, 1'000);
    EXPECT_LT(run.memory, base + jobs * ofAJob) << jobs << " jobs of " << run.written << " bytes";
}

TEST(LargeDump, ThatIsOneLineOrOneStackOrOneStringNeedsLittle) {
    const std::string begins[] = {
        "Coroutine \"x#1\":StandaloneCoroutine{Active}@1, state: SUSPENDED\n\n",
        "Coroutine \"x#1\":StandaloneCoroutine{Active}@1, state: SUSPENDED\n",
        "goroutine 1 [running]:\n",
        "\"x\" #1 prio=5 tid=0x1\n",
        R"({"threadDump": {"threadContainers": [{"container": "<root>", "threads": [{"tid": "1", "name": ")",
        R"({"threadDump": {"threadContainers": [{"container": "<root>", "threads": [{"tid": "1", "stack": [)",
        R"({"threadDump": {"threadContainers": [)",
        "#1 \"x\" WAITING 2025-06-02T12:00:00.12Z\n",
        "\"x\" prio=5 tid=1 Blocked\n",
        "goroutine profile: total 1\n1 @ 0x1\n",
    };
    const std::string goesOn[] = {"and on and on ",
                                  "\tat a.b.C.d(E.kt:1)\n",
                                  "main.f()\n\t/a/b.go:7 +0x1\n",
                                  "\t- locked <0x1> (a x.Y)\n",
                                  "and on and on ",
                                  R"x("a.b.C.d(E.kt:1)",)x",
                                  "[",
                                  "    - parking to wait for <a.B@1>, owner #2\n",
                                  "  - waiting to lock <0x1> (a x.Y) held by thread 2\n",
                                  "#\t0x1\tmain.f+0x1\t/a/b.go:7\n"};
    for (std::size_t i = 0; i < std::size(begins); ++i) {
        std::uint64_t size = 0;
        const Reading run = findingsOf([&](std::string& text, std::uint64_t number) {
            text += number == 0 ? begins[i] : goesOn[i];
            size += goesOn[i].size();
            return size < wanted();
        });
        EXPECT_LT(run.status, 128) << begins[i];
        EXPECT_LT(run.memory, base + 30'000'000) << begins[i];
    }
}

} // namespace
