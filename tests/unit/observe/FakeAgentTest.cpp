// SPDX-License-Identifier: Apache-2.0
// Agents that send rubbish, through real sockets of real processes.
#include "TargetProcess.h"

#include <coroscope/observe/Source.h>
#include <coroscope/wire/Control.h>
#include <coroscope/wire/SocketDirectory.h>

#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::test {
namespace {

using observe::attach;
using testing::HasSubstr;

/// A process without a record that listens where an agent would, and does this with each connection.
class FakeAgent {
public:
    explicit FakeAgent(const std::function<void(int)>& talk) {
        int ready[2];
        if (::pipe(ready) != 0)
            std::abort();
        pid_ = ::fork();
        if (pid_ == 0) {
            const std::string directory = wire::socketDirectory(::geteuid());
            ::mkdir(directory.c_str(), 0700);
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            const std::string path = directory + '/' + wire::socketName(::getpid());
            std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
            ::unlink(path.c_str());
            const int listener = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
            if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
                ::listen(listener, 1) != 0)
                ::_exit(1);
            (void)!::write(ready[1], "r", 1);
            const int connection = ::accept(listener, nullptr, nullptr);
            talk(connection);
            ::unlink(path.c_str());
            ::pause();
            ::_exit(0);
        }
        char byte = 0;
        (void)!::read(ready[0], &byte, 1);
        ::close(ready[0]);
        ::close(ready[1]);
    }
    ~FakeAgent() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        ::unlink((wire::socketDirectory(::geteuid()) + '/' + wire::socketName(pid_)).c_str());
    }
    std::string attachProblem() const { return attach(pid_).problem(); }
    int pid() const { return pid_; }

private:
    int pid_ = -1;
};

wire::Hello goodHello() {
    std::ifstream file("/proc/self/stat");
    std::string stat((std::istreambuf_iterator<char>(file)), {});
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));
    std::string field;
    for (int i = 3; i <= 22; ++i)
        fields >> field;
    wire::Hello hello;
    hello.pid = static_cast<std::uint32_t>(::getpid());
    hello.processStart = std::stoull(field);
    return hello;
}

void sendWith(int connection, const void* message, std::size_t size, const std::vector<int>& descriptors) {
    iovec part{const_cast<void*>(message), size}; // NOLINT: sendmsg's signature
    alignas(cmsghdr) char control[CMSG_SPACE(253 * sizeof(int))] = {};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (!descriptors.empty()) {
        header.msg_control = control;
        header.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
        cmsghdr* const head = CMSG_FIRSTHDR(&header);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
        std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size() * sizeof(int));
    }
    ::sendmsg(connection, &header, MSG_NOSIGNAL);
}

int memory(std::size_t size, bool sealed) {
    const int fd = ::memfd_create("anything", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (::ftruncate(fd, static_cast<off_t>(size)) != 0)
        std::abort();
    if (sealed)
        ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
    return fd;
}

TEST(FakeAgent, ThatSendsRubbish) {
    FakeAgent agent([](int c) { sendWith(c, "GET / HTTP/1.1", 14, {}); });
    EXPECT_THAT(agent.attachProblem(), HasSubstr("answers with something that is not Coroscope's."));
}

TEST(FakeAgent, ThatSendsOneByte) {
    FakeAgent agent([](int c) { sendWith(c, "x", 1, {}); });
    EXPECT_THAT(agent.attachProblem(), HasSubstr("answers with something that is not Coroscope's."));
}

TEST(FakeAgent, ThatSendsFarTooMuch) {
    FakeAgent agent([](int c) {
        std::string big(100'000, 'x');
        const wire::Hello hello = goodHello();
        std::memcpy(big.data(), &hello, sizeof hello);
        sendWith(c, big.data(), big.size(), {});
    });
    EXPECT_THAT(agent.attachProblem(), HasSubstr("answers with something that is not Coroscope's."));
}

TEST(FakeAgent, ThatClosesAtOnce) {
    FakeAgent agent([](int c) { ::close(c); });
    EXPECT_THAT(agent.attachProblem(), HasSubstr("has closed the connection without a word."));
}

TEST(FakeAgent, ThatSaysNothingIsGivenUpAfterASecond) {
    FakeAgent agent([](int) {});
    const std::int64_t before = observe::monotonicNow();
    EXPECT_THAT(agent.attachProblem(), HasSubstr("does not answer."));
    EXPECT_LT(observe::monotonicNow() - before, 5'000'000'000);
}

TEST(FakeAgent, OfAnotherVersion) {
    FakeAgent agent([](int c) {
        wire::Hello hello = goodHello();
        hello.head.version = 2;
        sendWith(c, &hello, sizeof hello, {memory(4096, true)});
    });
    EXPECT_THAT(agent.attachProblem(),
                HasSubstr("speaks version 2 of the control protocol and this Coroscope version 1."));
}

TEST(FakeAgent, ThatSendsNoRecord) {
    FakeAgent agent([](int c) {
        const wire::Hello hello = goodHello();
        sendWith(c, &hello, sizeof hello, {});
    });
    EXPECT_THAT(agent.attachProblem(), HasSubstr("has not sent its record."));
}

TEST(FakeAgent, ThatSpeaksForAnotherProcess) {
    FakeAgent agent([](int c) {
        wire::Hello hello = goodHello();
        ++hello.processStart;
        sendWith(c, &hello, sizeof hello, {memory(4096, true)});
    });
    EXPECT_THAT(agent.attachProblem(), HasSubstr("is answered for by another process."));
}

TEST(FakeAgent, WhoseRecordCouldVanishWhileItIsRead) {
    FakeAgent agent([](int c) {
        const wire::Hello hello = goodHello();
        sendWith(c, &hello, sizeof hello, {memory(1 << 20, false)});
    });
    EXPECT_THAT(agent.attachProblem(), HasSubstr("is not sealed"));
}

TEST(FakeAgent, WhoseRecordIsNone) {
    FakeAgent agent([](int c) {
        const wire::Hello hello = goodHello();
        sendWith(c, &hello, sizeof hello, {memory(1 << 20, true)});
    });
    EXPECT_THAT(agent.attachProblem(), HasSubstr("it does not begin as a record does."));
}

TEST(FakeAgent, WhoseRecordIsTooSmall) {
    FakeAgent agent([](int c) {
        const wire::Hello hello = goodHello();
        sendWith(c, &hello, sizeof hello, {memory(16, true)});
    });
    EXPECT_THAT(agent.attachProblem(), HasSubstr("is too small to be one."));
}

TEST(FakeAgent, ThatSendsManyDescriptorsLeavesNoneOpenHere) {
    auto openHere = [] {
        int count = 0;
        for (int fd = 0; fd < 256; ++fd)
            count += ::fcntl(fd, F_GETFD) >= 0;
        return count;
    };
    FakeAgent agent([](int c) {
        const wire::Hello hello = goodHello();
        const int fd = memory(1 << 20, true);
        sendWith(c, &hello, sizeof hello, std::vector<int>(253, fd));
    });
    const int before = openHere();
    EXPECT_NE(agent.attachProblem(), "");
    EXPECT_EQ(openHere(), before);
}

TEST(FakeAgent, LeftBehindByADeadProcessIsNoAgent) {
    TargetProcess plain({"sleep", "100"});
    const std::string directory = wire::socketDirectory(::geteuid());
    ::mkdir(directory.c_str(), 0700);
    const std::string path = directory + '/' + wire::socketName(plain.pid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(fd);
    EXPECT_THAT(attach(plain.pid()).problem(), HasSubstr("is not linked with the Coroscope runtime"));
    ::unlink(path.c_str());
}

} // namespace
} // namespace coroscope::test
