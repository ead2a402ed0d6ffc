// SPDX-License-Identifier: Apache-2.0
// The record in the life of a process: switched off, out of room, forked, locked in memory. Each in a process
// of its own, because a process starts its record once.
#include "OwnRecord.h"

#include <coroscope/record/JobRecord.h>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::record {
namespace {

using test::OwnRecord;

/// Ends the process: 0 when all of `checks` held, else says which did not.
#define LEAVE_UNLESS(condition)                                                                              \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            std::cerr << "failed: " #condition << '\n';                                                      \
            std::exit(1);                                                                                    \
        }                                                                                                    \
    } while (false)

class ProcessTest : public testing::Test {
protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(ProcessTest, EnvironmentSwitchesOff) {
    EXPECT_EXIT(
        {
            ::setenv("COROSCOPE", "off", 1);
            JobRecord job;
            job.begin({});
            LEAVE_UNLESS(!isOn() && !job.id() && descriptor() == -1);
            job.runs();
            job.end(JobState::Completed);
            std::cerr << stoppedBecause();
            std::exit(0);
        },
        testing::ExitedWithCode(0), "environment variable COROSCOPE");
}

TEST_F(ProcessTest, ProgramSwitchesOffBeforeItsFirstJob) {
    EXPECT_EXIT(
        {
            LEAVE_UNLESS(disable());
            JobRecord job;
            job.begin({});
            LEAVE_UNLESS(!isOn() && !job.id());
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
    EXPECT_EXIT(
        {
            LEAVE_UNLESS(start());
            LEAVE_UNLESS(!disable() && isOn());
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(ProcessTest, NothingIsMadeBeforeTheFirstJob) {
    EXPECT_EXIT(
        {
            LEAVE_UNLESS(!isOn() && descriptor() == -1);
            JobRecord job;
            job.begin({});
            LEAVE_UNLESS(isOn() && job.id());
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(ProcessTest, AFullSlabLetsJobsRunUncountedButCountsThem) {
    EXPECT_EXIT(
        {
            ::setenv("COROSCOPE_MAX_JOBS", "8192", 1);
            std::deque<JobRecord> jobs(10'000);
            for (JobRecord& job : jobs)
                job.begin({});
            LEAVE_UNLESS(untrackedJobs() == 10'000 - 8'191);
            LEAVE_UNLESS(!jobs.back().id());
            for (JobRecord& job : jobs) {
                job.runs();
                job.end(JobState::Completed);
            }
            JobRecord next;
            next.begin({});
            LEAVE_UNLESS(next.id());
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(ProcessTest, ThreadsThatOnlyEndJobsDoNotKeepASmallSlabForThemselves) {
    EXPECT_EXIT(
        {
            ::setenv("COROSCOPE_MAX_JOBS", "8192", 1);
            constexpr int threads = 16;
            std::vector<std::thread> idle;
            std::atomic<int> through{0};
            std::atomic<bool> over{false};
            for (int i = 0; i < threads; ++i) {
                std::deque<JobRecord> jobs(2'000);
                for (JobRecord& job : jobs)
                    job.begin({});
                idle.emplace_back([&, mine = &jobs] {
                    for (JobRecord& job : *mine)
                        job.end(JobState::Completed);
                    ++through;
                    while (!over)
                        std::this_thread::sleep_for(std::chrono::milliseconds(1));
                });
                while (through != i + 1)
                    std::this_thread::yield();
            }
            LEAVE_UNLESS(untrackedJobs() == 0);
            over = true;
            for (std::thread& thread : idle)
                thread.join();
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(ProcessTest, AForkedChildLeavesItsParentsRecordAlone) {
    EXPECT_EXIT(
        {
            OwnRecord own;
            JobRecord job;
            job.begin({.kind = JobKind::Launch});
            const pid_t child = ::fork();
            if (child == 0) {
                job.stateChanges(JobState::Cancelling);
                job.end(JobState::Failed);
                JobRecord another;
                another.begin({});
                ::_exit(isOn() || another.id() || descriptor() != -1 ? 1 : 0);
            }
            int status = 0;
            LEAVE_UNLESS(::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
                         WEXITSTATUS(status) == 0);
            const auto row = own.read(job.id());
            LEAVE_UNLESS(row && row->job.state() == JobState::Active);
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(ProcessTest, LockedMemoryStaysSmall) {
    EXPECT_EXIT(
        {
            if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
                std::exit(0); // not allowed here: then nothing can be locked in either
            JobRecord job;
            job.begin({});
            LEAVE_UNLESS(::mlockall(MCL_CURRENT | MCL_FUTURE) == 0);
            std::ifstream status("/proc/self/status");
            long kilobytes = -1;
            for (std::string word; status >> word;)
                if (word == "RssShmem:")
                    status >> kilobytes;
            LEAVE_UNLESS(kilobytes >= 0 && kilobytes < 64 * 1024);
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(ProcessTest, ThreadsBeyondTheTableShareOneEntry) {
    EXPECT_EXIT(
        {
            OwnRecord own;
            const SiteId site = internSite(std::source_location::current());
            std::atomic<int> ready{0};
            std::atomic<bool> go{false};
            std::vector<std::thread> threads;
            for (int i = 0; i < 200; ++i)
                threads.emplace_back([&] {
                    JobRecord job;
                    job.begin({.site = site});
                    ++ready;
                    while (!go)
                        std::this_thread::yield();
                    job.runs();
                    job.suspends(0, WaitKind::Event, 0);
                    job.end(JobState::Completed);
                });
            while (ready < 200)
                std::this_thread::yield();
            LEAVE_UNLESS(own.header().threadsHighWater == own.header().threads.capacity);
            go = true;
            for (auto& thread : threads)
                thread.join();
            LEAVE_UNLESS(own.counters(site).launched == 200 && own.counters(site).ended == 200);
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(ProcessTest, AHostileSocketDirectoryIsNotUsed) {
    EXPECT_EXIT(
        {
            const std::string home = "hostile-" + std::to_string(::getpid());
            char here[4096];
            LEAVE_UNLESS(::getcwd(here, sizeof here) != nullptr);
            const std::string runtime = std::string(here) + "/" + home;
            LEAVE_UNLESS(::mkdir(runtime.c_str(), 0700) == 0);
            const std::string directory = runtime + "/coroscope";
            LEAVE_UNLESS(::mkdir(directory.c_str(), 0700) == 0 && ::chmod(directory.c_str(), 0777) == 0);
            ::setenv("XDG_RUNTIME_DIR", runtime.c_str(), 1);
            LEAVE_UNLESS(start());
            LEAVE_UNLESS(socketPath().empty());
            ::rmdir(directory.c_str());
            ::rmdir(runtime.c_str());
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(ProcessTest, SaysGoodbyeAndTakesItsSocketAway) {
    char here[4096];
    ASSERT_NE(::getcwd(here, sizeof here), nullptr);
    const std::string runtime = std::string(here) + "/goodbye";
    ::mkdir(runtime.c_str(), 0700);
    EXPECT_EXIT(
        {
            ::setenv("XDG_RUNTIME_DIR", runtime.c_str(), 1);
            LEAVE_UNLESS(start());
            const std::string path(socketPath());
            LEAVE_UNLESS(path.starts_with(runtime) && ::access(path.c_str(), F_OK) == 0);
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
    EXPECT_EQ(::rmdir((runtime + "/coroscope").c_str()), 0) << "the socket is still in its directory";
    ::rmdir(runtime.c_str());
}

} // namespace
} // namespace coroscope::record
