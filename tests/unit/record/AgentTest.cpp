// SPDX-License-Identifier: Apache-2.0
// The agent of this very process, spoken to through its socket as an observer would.
#include "OwnRecord.h"

#include <coroscope/record/AsymmetricFence.h>
#include <coroscope/record/JobRecord.h>
#include <coroscope/wire/Control.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace coroscope::record {
namespace {

using test::OwnRecord;
using wire::AnswerKind;

constexpr int patience = 20'000; // ms, for what must come

class Observer {
public:
    Observer() {
        start();
        socket_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path(socketPath());
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~Observer() {
        ::close(socket_);
        if (record_ >= 0)
            ::close(record_);
    }
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;

    bool connected() const { return connected_; }

    bool readable(int milliseconds = patience) const {
        pollfd p{socket_, POLLIN, 0};
        return ::poll(&p, 1, milliseconds) == 1;
    }

    bool hello() {
        if (!readable())
            return false;
        iovec part{&hello_, sizeof hello_};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        if (::recvmsg(socket_, &message, MSG_CMSG_CLOEXEC) != sizeof hello_ || !CMSG_FIRSTHDR(&message))
            return false;
        std::memcpy(&record_, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof record_);
        return true;
    }

    wire::Cancel cancelOf(JobId job, std::uint64_t request, const std::string& reason = "test") const {
        wire::Cancel message;
        message.request = request;
        message.processStart = hello_.processStart;
        message.job = job;
        message.reasonSize = static_cast<std::uint32_t>(reason.size());
        std::memcpy(message.reason, reason.data(), reason.size());
        return message;
    }
    template <class Message>
    void send(const Message& message) const {
        ASSERT_EQ(::send(socket_, &message, sizeof message, MSG_NOSIGNAL),
                  static_cast<ssize_t>(sizeof message));
    }
    /// Whatever it is, with so many descriptors.
    void sendBytes(const void* bytes, std::size_t size, std::size_t descriptors) const {
        iovec part{const_cast<void*>(bytes), size};
        std::vector<char> control(CMSG_SPACE(descriptors * sizeof(int)));
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (descriptors > 0) {
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            cmsghdr* const head = CMSG_FIRSTHDR(&message);
            head->cmsg_level = SOL_SOCKET;
            head->cmsg_type = SCM_RIGHTS;
            head->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
            const std::vector<int> same(descriptors, STDIN_FILENO);
            std::memcpy(CMSG_DATA(head), same.data(), descriptors * sizeof(int));
        }
        ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    }
    AnswerKind answer() const {
        wire::Answer message;
        if (!readable() || ::recv(socket_, &message, sizeof message, 0) != sizeof message)
            return AnswerKind{};
        return message.kind;
    }
    bool closedByPeer() const {
        char c;
        return readable() && ::recv(socket_, &c, 1, 0) == 0;
    }

    int record() const { return record_; }
    const wire::Hello& saidHello() const { return hello_; }

private:
    int socket_ = -1;
    int record_ = -1;
    bool connected_ = false;
    wire::Hello hello_;
};

/// Counts what the command thread does with the owners it is given.
struct Owner {
    std::atomic<int> references{1};
    std::atomic<int> cancels{0};
    std::string reason;
};
const CommandHandler countingHandler{
    [](void* owner) noexcept { return ++static_cast<Owner*>(owner)->references > 1; },
    [](void* owner) noexcept { --static_cast<Owner*>(owner)->references; },
    [](void* owner, bool, std::string_view reason) {
        static_cast<Owner*>(owner)->reason = reason;
        ++static_cast<Owner*>(owner)->cancels;
    }};

template <class Condition>
bool eventually(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::yield();
    }
    return true;
}

TEST(Agent, HandsOutTheRecordReadOnly) {
    Observer observer;
    ASSERT_TRUE(observer.connected());
    ASSERT_TRUE(observer.hello());
    EXPECT_EQ(observer.saidHello().pid, static_cast<std::uint32_t>(::getpid()));
    const OwnRecord theirs(observer.record());
    EXPECT_EQ(std::memcmp(theirs.header().magic, layout::magic, sizeof layout::magic), 0);
    EXPECT_EQ(theirs.header().processStart, observer.saidHello().processStart);
    EXPECT_EQ(std::string(theirs.header().socketAddress), socketPath());
    EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, observer.record(), 0), MAP_FAILED);
    EXPECT_NE(::ftruncate(observer.record(), 0), 0);
    const int seals = ::fcntl(observer.record(), F_GET_SEALS);
    EXPECT_TRUE((seals & F_SEAL_SHRINK) && (seals & F_SEAL_GROW));
}

TEST(Agent, EventsFlowOnlyWhileSomebodyObserves) {
    const OwnRecord own;
    auto workOnce = [] {
        JobRecord job;
        job.begin({.kind = JobKind::Async});
        job.runs();
        job.suspends(0, WaitKind::Delay, 7);
        job.stateChanges(JobState::Cancelling);
        job.end(JobState::Cancelled);
        return job.id();
    };
    workOnce();
    const std::uint32_t entry = own.entryOfThisThread();
    ASSERT_NE(entry, 0u);
    ASSERT_TRUE(eventually([&] { return own.header().ringsEnabled == 0; }))
        << "no observer is left from before";
    const std::uint64_t quiet = own.thread(entry).ringHead;
    workOnce();
    EXPECT_EQ(own.thread(entry).ringHead, quiet);
    {
        Observer observer;
        ASSERT_TRUE(observer.hello());
        const std::uint64_t from = own.thread(entry).ringHead;
        const JobId id = workOnce();
        const auto events = own.events(entry, from);
        ASSERT_EQ(events.size(), 5u);
        EXPECT_EQ(events[0].kind, layout::EventKind::Created);
        EXPECT_EQ(static_cast<JobKind>(events[0].detail), JobKind::Async);
        EXPECT_EQ(events[1].kind, layout::EventKind::Execution);
        EXPECT_EQ(static_cast<Execution>(events[1].detail), Execution::Running);
        EXPECT_EQ(static_cast<Execution>(events[2].detail), Execution::Suspended);
        EXPECT_EQ(static_cast<WaitKind>(events[2].extra), WaitKind::Delay);
        EXPECT_TRUE(layout::newer(events[2].version, events[1].version));
        EXPECT_EQ(events[3].kind, layout::EventKind::JobState);
        EXPECT_EQ(events[4].kind, layout::EventKind::Ended);
        EXPECT_EQ(static_cast<JobState>(events[4].detail), JobState::Cancelled);
        for (const auto& event : events)
            EXPECT_EQ(event.job, id.value);
    }
    EXPECT_TRUE(eventually([&] { return own.header().ringsEnabled == 0; }));
    // The memory goes back when the last observer leaves: old events are gone, the count of them is not.
    EXPECT_TRUE(eventually([&] { return own.events(entry, own.thread(entry).ringHead - 1)[0].job == 0; }));
}

TEST(Agent, CancelIsCarriedOutOnceAndAnsweredTwice) {
    setCommandHandler(&countingHandler);
    Observer observer;
    ASSERT_TRUE(observer.hello());
    Owner owner;
    JobRecord job;
    job.begin({.kind = JobKind::Launch, .owner = &owner});
    observer.send(observer.cancelOf(job.id(), 41, "draining"));
    EXPECT_EQ(observer.answer(), AnswerKind::Queued);
    EXPECT_EQ(observer.answer(), AnswerKind::Done);
    EXPECT_EQ(owner.cancels, 1);
    EXPECT_EQ(owner.reason, "draining");
    EXPECT_TRUE(eventually([&] { return owner.references == 1; }));

    job.end(JobState::Cancelled);
    observer.send(observer.cancelOf(job.id(), 42));
    EXPECT_EQ(observer.answer(), AnswerKind::Queued);
    EXPECT_EQ(observer.answer(), AnswerKind::Gone);
    EXPECT_EQ(owner.cancels, 1);
    setCommandHandler(nullptr);
}

TEST(Agent, AnOwnerThatIsBeingDestroyedIsLeftAlone) {
    static const CommandHandler handler{
        [](void*) noexcept { return false; },
        [](void* owner) noexcept { --static_cast<Owner*>(owner)->references; },
        [](void* owner, bool, std::string_view) { ++static_cast<Owner*>(owner)->cancels; }};
    setCommandHandler(&handler);
    Observer observer;
    ASSERT_TRUE(observer.hello());
    Owner owner;
    JobRecord job;
    job.begin({.kind = JobKind::Launch, .owner = &owner});
    observer.send(observer.cancelOf(job.id(), 43));
    EXPECT_EQ(observer.answer(), AnswerKind::Queued);
    EXPECT_EQ(observer.answer(), AnswerKind::Gone);
    job.end(JobState::Cancelled);
    setCommandHandler(nullptr);
    EXPECT_EQ(owner.references, 1);
    EXPECT_EQ(owner.cancels, 0);
}

TEST(Agent, RemembersEachCommandAndTellsTheProgramsOwnLog) {
    static std::vector<std::string> log;
    log.clear();
    setCommandLog([](const CommandNote& command) {
        log.push_back(std::to_string(command.uid) + ' ' + std::to_string(command.pid == ::getpid()) + ' ' +
                      std::string(command.name) + '#' + std::to_string(command.number) +
                      (command.childrenOnly ? " below " : " ") + std::string(command.reason));
    });
    setCommandHandler(&countingHandler);
    const OwnRecord own;
    Observer observer;
    ASSERT_TRUE(observer.hello());
    Owner owner;
    JobRecord job;
    job.begin({.kind = JobKind::Launch, .name = {internText("conn-3"), {}}, .number = 4711, .owner = &owner});
    const std::uint64_t before = own.header().incidentsHead;
    wire::Cancel command = observer.cancelOf(job.id(), 1, "drain");
    command.childrenOnly = 1;
    observer.send(command);
    EXPECT_EQ(observer.answer(), AnswerKind::Queued);
    EXPECT_EQ(observer.answer(), AnswerKind::Done);
    const std::string me = std::to_string(::geteuid());
    EXPECT_EQ(log, std::vector<std::string>{me + " 1 conn-3#4711 below drain"});
    ASSERT_EQ(own.header().incidentsHead, before + 1);
    const auto incident = own.incident(before);
    ASSERT_TRUE(incident);
    EXPECT_EQ(static_cast<IncidentKind>(incident->head.what), IncidentKind::Commanded);
    EXPECT_EQ(incident->head.job, job.id().value);
    EXPECT_EQ(incident->text,
              "user " + me + ", pid " + std::to_string(::getpid()) + ", only what is below it\ndrain");

    job.end(JobState::Completed);
    observer.send(observer.cancelOf(job.id(), 2, "too late"));
    EXPECT_EQ(observer.answer(), AnswerKind::Queued);
    EXPECT_EQ(observer.answer(), AnswerKind::Gone);
    ASSERT_EQ(log.size(), 2u);
    EXPECT_EQ(log[1], me + " 1 #0 too late");
    EXPECT_EQ(own.header().incidentsHead, before + 1) << "there was no job to tell of";
    setCommandHandler(nullptr);
    setCommandLog(nullptr);
}

TEST(Agent, RefusesWhatItMustNotDo) {
    setCommandHandler(&countingHandler);
    Observer observer;
    ASSERT_TRUE(observer.hello());
    wire::Cancel reusedPid = observer.cancelOf({1}, 1);
    ++reusedPid.processStart;
    observer.send(reusedPid);
    EXPECT_EQ(observer.answer(), AnswerKind::WrongProcess);

    observer.send(observer.cancelOf(JobId{~std::uint64_t{0}}, 2));
    EXPECT_EQ(observer.answer(), AnswerKind::Queued);
    EXPECT_EQ(observer.answer(), AnswerKind::Gone);

    setCommandHandler(nullptr);
    observer.send(observer.cancelOf({1}, 3));
    EXPECT_EQ(observer.answer(), AnswerKind::Refused);
}

TEST(Agent, RubbishClosesThatConnectionAndNoOther) {
    Observer good, bad;
    ASSERT_TRUE(good.hello() && bad.hello());
    const char rubbish[700] = "GET / HTTP/1.1";
    bad.send(rubbish);
    EXPECT_EQ(bad.answer(), AnswerKind::Malformed);
    EXPECT_TRUE(bad.closedByPeer());

    setCommandHandler(&countingHandler);
    wire::Cancel longer = good.cancelOf({1}, 9);
    longer.reasonSize = wire::maxReason;
    good.send(longer);
    EXPECT_EQ(good.answer(), AnswerKind::Queued);
    EXPECT_EQ(good.answer(), AnswerKind::Gone);
    longer.reasonSize = wire::maxReason + 1;
    good.send(longer);
    EXPECT_EQ(good.answer(), AnswerKind::Malformed);
    setCommandHandler(nullptr);
}

TEST(Agent, AnObserverThatNeverReadsHoldsUpNobody) {
    setCommandHandler(&countingHandler);
    Observer deaf, other;
    ASSERT_TRUE(deaf.hello() && other.hello());
    for (int i = 0; i < 2'000; ++i)
        deaf.send(deaf.cancelOf({1}, static_cast<std::uint64_t>(i)));
    other.send(other.cancelOf({1}, 1));
    const AnswerKind first = other.answer();
    EXPECT_TRUE(first == AnswerKind::Queued || first == AnswerKind::Busy);
    setCommandHandler(nullptr);
}

TEST(Agent, PeersThatSendTooMuchNothingOrDescriptorsHarmNobody) {
    const auto openHere = [] {
        int count = 0;
        for (int fd = 0; fd < 1'024; ++fd)
            count += ::fcntl(fd, F_GETFD) >= 0;
        return count;
    };
    setCommandHandler(&countingHandler);
    Observer good;
    ASSERT_TRUE(good.hello());
    // Until it answers, the agent may still hold the descriptor that it sent with its hello.
    wire::Cancel elsewhere = good.cancelOf({1}, 1);
    ++elsewhere.processStart;
    good.send(elsewhere);
    ASSERT_EQ(good.answer(), AnswerKind::WrongProcess);
    const int before = openHere();
    for (int round = 0; round < 200; ++round) {
        Observer bad;
        ASSERT_TRUE(bad.connected() && bad.hello());
        if (round % 4 == 0) {
            bad.sendBytes(nullptr, 0, 0);
        } else if (round % 4 == 1) {
            const std::string huge(100'000, 'x');
            bad.sendBytes(huge.data(), huge.size(), 0);
        } else {
            // As many descriptors as a message can carry, with a command that is in order but for them.
            const wire::Cancel command = bad.cancelOf({1}, 7);
            for (int i = 0; i < 20; ++i)
                bad.sendBytes(&command, sizeof command, 253);
            EXPECT_EQ(bad.answer(), AnswerKind::Queued);
        }
        if (round % 3 == 0)
            bad.answer(); // the others leave without having read a word
    }
    EXPECT_TRUE(eventually([&] { return openHere() == before; })) << "nothing that was sent stays open";
    good.send(good.cancelOf({1}, 2));
    EXPECT_EQ(good.answer(), AnswerKind::Queued);
    setCommandHandler(nullptr);
}

TEST(Agent, ManyObserversComeAndGo) {
    for (int round = 0; round < 3; ++round) {
        std::vector<std::unique_ptr<Observer>> many;
        for (int i = 0; i < 40; ++i) {
            many.push_back(std::make_unique<Observer>());
            ASSERT_TRUE(many.back()->hello()) << i;
        }
    }
    Observer last;
    EXPECT_TRUE(last.hello());
}

/// From now on the system refuses this process a fence on all of its threads. False where it has no filters
/// of system calls.
bool refuseMembarrier() {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{std::size(program), program};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0;
}

/// The command thread keeps an owner alive while jobs end under its hands: never a freed owner, never a wrong
/// one. Calls `meanwhile` when a third of the jobs have ended.
void raceCancelAndEnd(void (*meanwhile)()) {
    struct Counted {
        std::atomic<int> references{1};
        std::atomic<bool> alive{true};
    };
    static std::atomic<int> touchedDead{0};
    static const CommandHandler handler{
        [](void* owner) noexcept {
            auto* const c = static_cast<Counted*>(owner);
            if (!c->alive)
                ++touchedDead;
            return ++c->references > 1;
        },
        [](void* owner) noexcept { --static_cast<Counted*>(owner)->references; },
        [](void*, bool, std::string_view) {}};
    setCommandHandler(&handler);
    Observer observer;
    ASSERT_TRUE(observer.hello());
    std::atomic<std::uint64_t> target{0};
    std::atomic<bool> done{false};
    std::atomic<std::uint64_t> sent{0};
    constexpr std::uint64_t enough =
        200; // on a busy machine the observer comes late: the jobs go on until then
    std::thread ender([&] {
        std::vector<std::unique_ptr<Counted>> owners; // kept, so that a touch too late can be seen
        for (int i = 0; i < 20'000 || sent < enough; ++i) {
            if (i == 7'000)
                meanwhile();
            owners.push_back(std::make_unique<Counted>());
            JobRecord job;
            job.begin({.kind = JobKind::Launch, .owner = owners.back().get()});
            target = job.id().value;
            job.end(JobState::Completed);
            while (owners.back()->references != 1)
                std::this_thread::yield();
            owners.back()->alive = false;
        }
        done = true;
    });
    while (!done) {
        observer.send(observer.cancelOf({target.load()}, ++sent));
        while (observer.readable(0))
            observer.answer();
    }
    ender.join();
    EXPECT_EQ(touchedDead, 0);
    EXPECT_GE(sent, enough);
    setCommandHandler(nullptr);
}

TEST(AgentStress, CancelRacesTheEnd) {
    raceCancelAndEnd([] {});
}

TEST(AgentStress, CancelRacesTheEndThoughTheSystemTakesTheFenceAway) {
    start();
    if (!AsymmetricFence::isCheap())
        GTEST_SKIP() << "this system has no fence on all threads";
    static bool refused;
    raceCancelAndEnd([] { refused = refuseMembarrier(); });
    if (!refused)
        GTEST_SKIP() << "this system has no filters of system calls";
    EXPECT_FALSE(AsymmetricFence::isCheap());
}

} // namespace
} // namespace coroscope::record
