// SPDX-License-Identifier: Apache-2.0
// Targets of other users, in containers, with special rights, or with a clock that jumps. What needs root
// says so where it is not to be had.
#include "Observer.h"
#include "Process.h"
#include "ScratchDirectory.h"

#include <coroscope/observe/Discovery.h>

#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr uid_t nobody = 65'534, another = 4'321;

/// What `work` answers when another user does it, in a process of its own.
std::string as(uid_t user, const std::function<std::string()>& work) {
    int answer[2];
    if (::pipe(answer) != 0)
        std::abort();
    const pid_t child = ::fork();
    if (child == 0) {
        std::string text = "cannot become another user";
        if (::setresgid(user, user, user) == 0 && ::setresuid(user, user, user) == 0)
            text = work();
        (void)!::write(answer[1], text.data(), text.size());
        ::_exit(0);
    }
    ::close(answer[1]);
    char text[2'000];
    const ssize_t size = ::read(answer[0], text, sizeof text);
    ::close(answer[0]);
    ::waitpid(child, nullptr, 0);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

/// "live", else what is missing, else why it was not possible at all.
std::string contactWith(int pid) {
    auto attached = attach(pid);
    if (!attached)
        return attached.problem();
    const Contact contact = (*attached)->contact();
    return contact.followsEvents && contact.commandsAllowed ? "live" : contact.problem;
}

std::optional<Target> listed(int pid) {
    for (const Target& each : discover())
        if (each.pid == pid)
            return each;
    return std::nullopt;
}

/// A place that others may enter, with a copy of the target that they may run, and a runtime directory of
/// `nobody`.
struct Strangers : testing::Test {
    ScratchDirectory scratch;
    std::string program = scratch.path() + "/target", runtime = scratch.path() + "/run";

    void SetUp() override {
        if (::geteuid() != 0)
            GTEST_SKIP() << "only root can play several users";
        fs::permissions(scratch.path(), fs::perms(0755));
        fs::copy_file(targetProgram(), program);
        fs::permissions(program, fs::perms(0755));
        fs::create_directory(runtime);
        fs::permissions(runtime, fs::perms(0700));
        ASSERT_EQ(::chown(runtime.c_str(), nobody, nobody), 0);
    }
    std::unique_ptr<TargetProcess> run(std::vector<std::string> words) {
        words.push_back(program);
        auto target = std::make_unique<TargetProcess>(words);
        EXPECT_EQ(target->readLine(), "ready");
        return target;
    }
    std::unique_ptr<TargetProcess> runAsNobody() {
        return run({"env", "XDG_RUNTIME_DIR=" + runtime, "setpriv", "--reuid=65534", "--regid=65534",
                    "--clear-groups"});
    }
    void cancels(TargetProcess& target, int pid) {
        Observer observer;
        ASSERT_EQ(observer.attachTo(pid), "");
        EXPECT_EQ(observer.source->info().pid, pid);
        ASSERT_TRUE(observer.source->cancel(observer.row("a").id, false, "from outside"));
        EXPECT_TRUE(observer.soon([&] { return observer.row("a").state == JobState::Cancelling; }));
        EXPECT_EQ(target.tell("log"), "cancelled a 0 from outside;");
    }
};

TEST_F(Strangers, RootMayAttachToAnotherUsersProcessAndTheOtherUserToo) {
    const auto target = runAsNobody();
    target->tell("begin a -");
    EXPECT_EQ(contactWith(target->pid()), "live");
    EXPECT_EQ(as(nobody, [&] { return contactWith(target->pid()); }), "live");
    EXPECT_THAT(as(another, [&] { return contactWith(target->pid()); }),
                HasSubstr("belongs to user nobody: run Coroscope as that user or as root."));
    const auto entry = listed(target->pid());
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->problem, "");
    EXPECT_EQ(entry->uid, nobody);
    cancels(*target, target->pid());
}

TEST_F(Strangers, AContainersTargetIsFoundAttachedAndCancelledFromOutside) {
    // Its own processes, its own mounts, and /run of its own: nothing of it can be reached by its names from
    // here.
    TargetProcess container({"unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", "sh",
                             "-c",
                             "mount -t tmpfs none /run && mkdir -m 700 /run/inside && "
                             "XDG_RUNTIME_DIR=/run/inside exec " +
                                 program});
    if (container.readLine() != "ready")
        GTEST_SKIP() << "no namespaces here";
    container.tell("begin a -");
    const std::string self = std::to_string(container.pid());
    int pid = 0;
    std::ifstream("/proc/" + self + "/task/" + self + "/children") >> pid;
    ASSERT_GT(pid, 0);
    EXPECT_EQ(processFacts(pid)->innermostPid, 1);
    const auto entry = listed(pid);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->program, "target");
    EXPECT_EQ(entry->problem, "") << "its agent is found in its own mounts";
    EXPECT_EQ(entry->jobs, 1);
    EXPECT_EQ(contactWith(pid), "live");
    cancels(container, pid);
    // Stopped, it is read all the same.
    ::kill(pid, SIGSTOP);
    EXPECT_TRUE(eventually([&] { return processState(pid) == 'T'; }));
    EXPECT_THAT(contactWith(pid), HasSubstr("is stopped. Its memory is read instead"));
    ::kill(pid, SIGKILL);
}

TEST_F(Strangers, ATargetThatMadeItselfUndumpableIsOpenToRootOnly) {
    const auto target = runAsNobody();
    target->tell("begin a -");
    target->tell("undumpable");
    const auto fromItsOwnSession = [&] {
        ::setenv("XDG_RUNTIME_DIR", runtime.c_str(), 1); // where its agent can be found
        return contactWith(target->pid());
    };
    EXPECT_THAT(as(nobody, fromItsOwnSession), HasSubstr("does not let this user look into it"));
    EXPECT_THAT(as(nobody,
                   [&] {
                       const auto entry = listed(target->pid());
                       return entry && !entry->attachable ? entry->problem : "not closed";
                   }),
                HasSubstr("Does not let this user look into it."));
    EXPECT_EQ(contactWith(target->pid()), "live");
    cancels(*target, target->pid());
}

TEST_F(Strangers, AProgramWithRaisedPrivilegesHasNoRecord) {
    struct statvfs info{};
    if (::statvfs(scratch.path().c_str(), &info) != 0 || (info.f_flag & ST_NOSUID) != 0)
        GTEST_SKIP() << "programs cannot be set-user-id in " << scratch.path();
    fs::permissions(program, fs::perms(04755));
    const auto target = runAsNobody();
    EXPECT_EQ(processFacts(target->pid())->uid, 0u) << "it has root's rights";
    target->tell("begin a -");
    EXPECT_EQ(target->tell("off"), "a program with raised privileges is not observed|");
    EXPECT_THAT(contactWith(target->pid()),
                HasSubstr("is not linked with the Coroscope runtime, or its record"));
    EXPECT_FALSE(listed(target->pid()));
}

TEST(WrongSocketDirectory, IsNamedToWhoeverLooks) {
    const ScratchDirectory scratch;
    std::ofstream(scratch.path() + "/coroscope") << "a file where a directory should be";
    const auto target = TargetProcess::by({"env", "XDG_RUNTIME_DIR=" + scratch.path()});
    target->tell("begin a -");
    const std::string because = scratch.path() + "/coroscope is not a directory";
    EXPECT_EQ(target->tell("off"), "|" + because);
    EXPECT_THAT(contactWith(target->pid()),
                HasSubstr("has no agent (" + because + "). Its memory is read instead"));
    const auto entry = listed(target->pid());
    ASSERT_TRUE(entry);
    EXPECT_TRUE(entry->attachable);
    EXPECT_EQ(entry->problem, "Has no agent (" + because + "): its jobs can be seen, but not cancelled.");
    Observer observer;
    ASSERT_EQ(observer.attachTo(target->pid()), "");
    target->tell("begin b a");
    EXPECT_TRUE(observer.soon([&] { return observer.names() == "a;+b"; })) << "it runs and is seen";
}

TEST(ClockSteps, AWallClockThatJumpsChangesNothing) {
    const auto target = TargetProcess::by({"env", std::string("LD_PRELOAD=") + CLOCK_STEPS});
    target->tell("begin a -");
    Observer observer;
    ASSERT_EQ(observer.attachTo(target->pid()), "");
    target->tell("run a");
    target->tell("suspend a");
    EXPECT_TRUE(observer.soon([&] { return observer.row("a").execution == Execution::Suspended; }));
    const std::int64_t now = monotonicNow(), minute = 60'000'000'000;
    const JobRow& a = observer.row("a");
    EXPECT_GT(a.createdAt, now - minute);
    EXPECT_LE(a.createdAt, a.executionSince);
    EXPECT_LE(a.executionSince, now);
}

} // namespace
} // namespace coroscope::test
