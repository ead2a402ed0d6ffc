// SPDX-License-Identifier: Apache-2.0
// The record in processes that fork in every way there is, have thousands of threads, may lock little memory
// or have no descriptor left, or whose socket directory is wrong. Each in a process of its own.
#include "OwnRecord.h"

#include <coroscope/record/JobRecord.h>

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
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

class BadDays : public testing::Test {
protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

/// In a child that `fork` makes, whatever jobs do leaves the parent's record as it is.
void leavesTheParentsRecordAlone(const std::function<pid_t()>& fork) {
    OwnRecord own;
    JobRecord job;
    job.begin({.kind = JobKind::Launch});
    const std::uint64_t slots = own.header().slotsHighWater;
    const pid_t child = fork();
    if (child == 0) {
        job.stateChanges(JobState::Cancelling);
        job.runs();
        job.end(JobState::Failed, "std::logic_error");
        for (int i = 0; i < 1'000; ++i) {
            JobRecord another;
            another.begin({});
            if (another.id())
                ::_exit(1);
        }
        ::_exit(isOn() || descriptor() != -1 || stoppedBecause().find("forked") == std::string_view::npos);
    }
    int status = 0;
    LEAVE_UNLESS(child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
                 WEXITSTATUS(status) == 0);
    const auto row = own.read(job.id());
    LEAVE_UNLESS(row && row->job.state() == JobState::Active && row->slot.resumes == 0);
    LEAVE_UNLESS(own.header().slotsHighWater == slots && own.header().incidentsHead == 0);
    JobRecord next;
    next.begin({});
    LEAVE_UNLESS(next.id());
    std::exit(0);
}

TEST_F(BadDays, AChildOfUnderscoreForkLeavesItsParentsRecordAlone) {
    EXPECT_EXIT(leavesTheParentsRecordAlone([] { return ::_Fork(); }), testing::ExitedWithCode(0), "");
}

TEST_F(BadDays, AChildOfRawCloneLeavesItsParentsRecordAlone) {
    EXPECT_EXIT(leavesTheParentsRecordAlone([] {
                    return static_cast<pid_t>(
                        ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
                }),
                testing::ExitedWithCode(0), "");
}

TEST_F(BadDays, AForkWhileOtherThreadsAreBusyWithTheirJobsLeavesTheRecordAlone) {
    EXPECT_EXIT(
        {
            OwnRecord own;
            std::atomic<bool> stop{false};
            std::vector<std::thread> threads;
            for (int i = 0; i < 2; ++i)
                threads.emplace_back([&] {
                    while (!stop) {
                        JobRecord job;
                        job.begin({});
                        job.runs();
                        job.end(JobState::Completed);
                    }
                });
            JobRecord kept;
            kept.begin({});
            for (int i = 0; i < 50; ++i) {
                const pid_t child = ::fork();
                if (child == 0) {
                    kept.end(JobState::Failed);
                    JobRecord another; // takes no lock that a thread held at the fork
                    another.begin({});
                    ::_exit(another.id() ? 1 : 0);
                }
                int status = 0;
                LEAVE_UNLESS(::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
                             WEXITSTATUS(status) == 0);
            }
            stop = true;
            for (auto& thread : threads)
                thread.join();
            LEAVE_UNLESS(own.read(kept.id()));
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(BadDays, AProgramThatStartsOthersByVforkGoesOnBeingRecorded) {
    EXPECT_EXIT(
        {
            OwnRecord own;
            JobRecord job;
            job.begin({});
            const pid_t child = ::vfork();
            if (child == 0) {
                ::execl("/bin/true", "true", nullptr);
                ::_exit(127);
            }
            int status = 0;
            LEAVE_UNLESS(::waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 0);
            LEAVE_UNLESS(isOn() && own.read(job.id()));
            job.stateChanges(JobState::Cancelling);
            LEAVE_UNLESS(own.read(job.id())->job.state() == JobState::Cancelling);
            LEAVE_UNLESS(::access(std::string(socketPath()).c_str(), F_OK) == 0);
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

#ifdef COROSCOPE_SANITIZED
constexpr int manyThreads = 1'000; // each costs a sanitizer much
#else
constexpr int manyThreads = 10'000;
#endif

TEST_F(BadDays, TenThousandThreadsAtOnceShareWhatThereIs) {
    EXPECT_EXIT(
        {
            static OwnRecord own;
            static const SiteId site = internSite(std::source_location::current());
            static std::atomic<int> ready{0};
            static std::atomic<bool> go{false};
            const auto body = [](void*) -> void* {
                JobRecord job;
                job.begin({.site = site});
                job.runs();
                ++ready;
                ready.notify_one();
                go.wait(false);
                job.suspends(0, WaitKind::Event, 0);
                job.end(JobState::Completed);
                return nullptr;
            };
            pthread_attr_t attributes;
            pthread_attr_init(&attributes);
            pthread_attr_setstacksize(&attributes, 128 << 10);
            std::vector<pthread_t> threads;
            while (threads.size() < manyThreads) {
                pthread_t thread{};
                if (pthread_create(&thread, &attributes, body, nullptr) != 0)
                    break; // a limit of this machine
                threads.push_back(thread);
            }
            LEAVE_UNLESS(threads.size() > 500);
            for (int now = 0; now < static_cast<int>(threads.size()); now = ready)
                ready.wait(now);
            LEAVE_UNLESS(own.header().threadsHighWater == own.header().threads.capacity);
            struct stat info{};
            LEAVE_UNLESS(::fstat(descriptor(), &info) == 0);
            LEAVE_UNLESS(info.st_blocks * 512 < 256 << 20); // what the record takes is bounded by its table
            go = true;
            go.notify_all();
            for (const pthread_t thread : threads)
                pthread_join(thread, nullptr);
            const auto all = static_cast<std::uint64_t>(threads.size());
            LEAVE_UNLESS(own.counters(site).launched == all && own.counters(site).ended == all);
            // Entries are free again: a new thread gets one of its own.
            std::uint32_t entry = 0;
            std::thread([&] {
                JobRecord job;
                job.begin({});
                entry = own.entryOfThisThread();
                job.end(JobState::Completed);
            }).join();
            LEAVE_UNLESS(entry != 0);
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(BadDays, ThreadsThatEndGiveTheirPlacesBackAndTheirJobsLiveOn) {
    EXPECT_EXIT(
        {
            OwnRecord own;
            std::deque<JobRecord> left(1'000);
            for (JobRecord& job : left)
                std::thread([&] { job.begin({}); }).join();
            LEAVE_UNLESS(own.header().threadsHighWater < 8);
            for (JobRecord& job : left)
                LEAVE_UNLESS(own.read(job.id()));
            // Free slots that the threads had set aside are not lost with them.
            LEAVE_UNLESS(own.header().slotsHighWater < 8'192);
            for (JobRecord& job : left)
                job.end(JobState::Completed);
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

#ifndef COROSCOPE_SANITIZED // there mlockall does nothing
TEST_F(BadDays, WhereLittleMemoryMayBeLockedTheRecordIsOffAndTheProgramGoesOn) {
    EXPECT_EXIT(
        {
            if (::geteuid() == 0 && ::setresuid(65'534, 65'534, 65'534) != 0) // root may lock all it likes
                std::exit(0);
            rlimit little{};
            little.rlim_cur = little.rlim_max = 4 << 20;
            LEAVE_UNLESS(::setrlimit(RLIMIT_MEMLOCK, &little) == 0);
            if (::mlockall(MCL_FUTURE) != 0) {
                std::cerr << "the record's memory cannot be mapped"; // nothing to see here
                std::exit(0);
            }
            JobRecord job;
            job.begin({});
            LEAVE_UNLESS(!isOn() && !job.id());
            job.runs();
            job.end(JobState::Completed);
            std::cerr << stoppedBecause();
            std::exit(0);
        },
        testing::ExitedWithCode(0), "the record's memory cannot be mapped");
}
#endif

/// A runtime directory for one test.
struct RuntimeDirectory {
    std::string path = "/tmp/coroscope-rt-XXXXXX";
    RuntimeDirectory() {
        if (::mkdtemp(path.data()) == nullptr)
            std::abort();
        ::setenv("XDG_RUNTIME_DIR", path.c_str(), 1);
    }
    std::string sockets() const { return path + "/coroscope"; }
    ~RuntimeDirectory() {
        ::unlink(sockets().c_str());
        ::rmdir(sockets().c_str());
        ::rmdir(path.c_str());
    }
};

/// The record is on, works, and says why nobody can connect.
void worksWithoutAgent(const std::string& because) {
    LEAVE_UNLESS(start() && isOn());
    LEAVE_UNLESS(socketPath().empty());
    OwnRecord own;
    JobRecord job;
    job.begin({});
    job.runs();
    LEAVE_UNLESS(own.read(job.id())->execution.execution() == Execution::Running);
    job.end(JobState::Completed);
    if (withoutAgentBecause().find(because) == std::string_view::npos) {
        std::cerr << "it says: " << withoutAgentBecause() << '\n';
        std::exit(1);
    }
}

TEST_F(BadDays, ASocketDirectoryThatIsAFileIsNotUsed) {
    EXPECT_EXIT(
        {
            {
                const RuntimeDirectory runtime;
                ::close(::open(runtime.sockets().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
                worksWithoutAgent(runtime.sockets() + " is not a directory");
            }
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(BadDays, ASocketDirectoryThatIsALinkIsNotUsed) {
    EXPECT_EXIT(
        {
            {
                const RuntimeDirectory runtime;
                const std::string real = runtime.path + "/real";
                LEAVE_UNLESS(::mkdir(real.c_str(), 0700) == 0 &&
                             ::symlink(real.c_str(), runtime.sockets().c_str()) == 0);
                worksWithoutAgent(runtime.sockets() + " is not a directory");
                ::rmdir(real.c_str());
            }
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(BadDays, ASocketDirectoryThatTheGroupMayEnterIsNotUsed) {
    EXPECT_EXIT(
        {
            {
                const RuntimeDirectory runtime;
                LEAVE_UNLESS(::mkdir(runtime.sockets().c_str(), 0700) == 0 &&
                             ::chmod(runtime.sockets().c_str(), 0770) == 0);
                worksWithoutAgent("can be entered by others; it must have mode 0700");
            }
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(BadDays, ASocketDirectoryOfSomebodyElseIsNotUsed) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can make directories for others";
    EXPECT_EXIT(
        {
            {
                const RuntimeDirectory runtime;
                LEAVE_UNLESS(::mkdir(runtime.sockets().c_str(), 0700) == 0 &&
                             ::chown(runtime.sockets().c_str(), 1, 1) == 0);
                worksWithoutAgent("belongs to user 1, not to user 0");
            }
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(BadDays, ARuntimeDirectoryThatIsNotThereOrTooLongIsNotUsed) {
    EXPECT_EXIT(
        {
            ::setenv("XDG_RUNTIME_DIR", "/nowhere/at/all", 1);
            worksWithoutAgent("cannot look at /nowhere/at/all/coroscope");
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
    EXPECT_EXIT(
        {
            std::string path;
            {
                const RuntimeDirectory runtime;
                path = runtime.path + '/' + std::string(100, 'x');
                LEAVE_UNLESS(::mkdir(path.c_str(), 0700) == 0);
                ::setenv("XDG_RUNTIME_DIR", path.c_str(), 1);
                worksWithoutAgent("is too long for a socket");
                ::rmdir((path + "/coroscope").c_str());
                ::rmdir(path.c_str());
            }
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

std::uint64_t cpuMilliseconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000 +
           static_cast<std::uint64_t>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1'000;
}

TEST_F(BadDays, AProgramWithoutADescriptorLeftLetsObserversWaitWithoutSpinning) {
    EXPECT_EXIT(
        {
            LEAVE_UNLESS(start() && !socketPath().empty());
            const int mine = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
            std::vector<int> all;
            for (int fd = ::dup(0); fd >= 0; fd = ::dup(0))
                all.push_back(fd);
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            std::memcpy(address.sun_path, socketPath().data(), socketPath().size());
            LEAVE_UNLESS(::connect(mine, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
            const std::uint64_t before = cpuMilliseconds();
            pollfd hello{};
            hello.fd = mine;
            hello.events = POLLIN;
            LEAVE_UNLESS(::poll(&hello, 1, 1'500) == 0);
            LEAVE_UNLESS(cpuMilliseconds() - before < 700);
            for (const int fd : all)
                ::close(fd);
            LEAVE_UNLESS(::poll(&hello, 1, 20'000) == 1);
            char byte = 0;
            LEAVE_UNLESS(::recv(mine, &byte, 1, 0) == 1);
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

/// Connects to the socket at `path` as this user and answers whether a Hello comes.
bool greeted(const char* path, uid_t user) {
    const pid_t child = ::fork();
    if (child == 0) {
        const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
        if (::setresuid(user, user, user) != 0 ||
            ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            ::_exit(2);
        pollfd hello{socket, POLLIN, 0};
        char byte = 0;
        ::_exit(::poll(&hello, 1, 20'000) == 1 && ::recv(socket, &byte, 1, 0) == 1 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(BadDays, TheAgentTalksToItsUserAndToRootOnlyWhoeverGetsToItsSocket) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can play several users";
    EXPECT_EXIT(
        {
            const RuntimeDirectory runtime;
            LEAVE_UNLESS(::chown(runtime.path.c_str(), 1'000, 1'000) == 0);
            int ready[2];
            LEAVE_UNLESS(::pipe(ready) == 0);
            const pid_t target = ::fork();
            if (target == 0) {
                LEAVE_UNLESS(::setresuid(1'000, 1'000, 1'000) == 0 && ::prctl(PR_SET_DUMPABLE, 1) == 0);
                LEAVE_UNLESS(start() && !socketPath().empty());
                // The doors stand open: the kernel keeps nobody from connecting.
                LEAVE_UNLESS(::chmod(runtime.sockets().c_str(), 0777) == 0 &&
                             ::chmod(std::string(socketPath()).c_str(), 0777) == 0);
                LEAVE_UNLESS(::write(ready[1], socketPath().data(), socketPath().size()) > 0);
                for (;;)
                    ::pause();
            }
            char path[200] = {};
            LEAVE_UNLESS(::read(ready[0], path, sizeof path - 1) > 0);
            ::chmod(runtime.path.c_str(), 0777);
            const bool own = greeted(path, 1'000);
            const bool root = greeted(path, 0);
            const bool other = greeted(path, 1'001);
            ::kill(target, SIGKILL);
            ::waitpid(target, nullptr, 0);
            ::unlink(path);
            LEAVE_UNLESS(own && root && !other);
            ::rmdir(runtime.sockets().c_str());
            ::rmdir(runtime.path.c_str());
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

} // namespace
} // namespace coroscope::record
