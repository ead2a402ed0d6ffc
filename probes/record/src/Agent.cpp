// SPDX-License-Identifier: Apache-2.0
#include "Agent.h"
#include "Atomic.h"
#include "Commands.h"
#include "Memory.h"
#include "StaleSockets.h"
#include "Switch.h"
#include "Threads.h"

#include <coroscope/wire/Control.h>
#include <coroscope/wire/SocketDirectory.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace coroscope::record {

namespace {

constexpr std::size_t mostConnections = 64;

char socketPathText[sizeof(sockaddr_un::sun_path)] = {};
std::atomic<int> listener{-1};
/// For the forked child only; the agent itself goes by its list of connections.
std::array<std::atomic<int>, mostConnections> openConnections{};

/// The same memory, opened so that nobody can write through it.
int openReadOnly() noexcept {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", memory.descriptor);
    return ::open(path, O_RDONLY | O_CLOEXEC);
}

/// The same user and root. Of a process that has made itself undumpable the kernel shows its memory to root
/// only, and so do we.
bool mayObserve(int connection, ucred& peer) noexcept {
    socklen_t size = sizeof peer;
    return ::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || (peer.uid == ::geteuid() && ::prctl(PR_GET_DUMPABLE) == 1));
}

/// The process has no descriptor or memory to spare: that may pass.
bool passes(int error) noexcept {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}
constexpr int pauseMilliseconds = 100;

bool sayHello(int connection) noexcept {
    const int record = openReadOnly();
    if (record < 0)
        return false;
    wire::Hello hello;
    hello.pid = memory.header->pid;
    hello.commandsAllowed = commandsAllowed() ? 1 : 0;
    hello.processStart = memory.header->processStart;
    iovec part{&hello, sizeof hello};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &record, sizeof record);
    const bool sent = ::sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof hello;
    ::close(record);
    return sent;
}

class Agent {
public:
    void run() {
        for (;;) {
            std::array<pollfd, mostConnections + 1> waiting{};
            const bool pause = std::exchange(pause_, false);
            waiting[0] = {count_ < mostConnections && !pause ? listener.load() : -1, POLLIN, 0};
            for (std::size_t i = 0; i < count_; ++i)
                waiting[i + 1] = {connections_[i]->descriptor(), POLLIN, 0};
            if (::poll(waiting.data(), static_cast<nfds_t>(count_ + 1), pause ? pauseMilliseconds : -1) < 0)
                continue;
            // Backwards, because dropping one moves the last into its place.
            for (std::size_t i = count_; i-- > 0;)
                if (waiting[i + 1].revents != 0 && !receive(connections_[i]))
                    drop(i);
            if ((waiting[0].revents & POLLIN) != 0)
                accept();
        }
    }

private:
    void accept() {
        const int descriptor = ::accept4(listener.load(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor < 0) {
            pause_ = passes(errno); // who calls is still there, and would be reported without end
            return;
        }
        auto connection = std::make_shared<Connection>(descriptor);
        if (!mayObserve(descriptor, connection->peer))
            return;
        // Events must flow before the observer looks at the slab, or it would miss what happens in between.
        if (count_ == 0) {
            stampSecondTime();
            add(memory.header->ringsEpoch, 1u);
            set(memory.header->ringsEnabled, 1u);
            wantEvents(true);
        }
        openConnections[count_].store(descriptor);
        connections_[count_++] = std::move(connection);
        if (!sayHello(descriptor))
            drop(count_ - 1);
    }

    void drop(std::size_t i) {
        --count_;
        connections_[i] = std::move(connections_[count_]);
        connections_[count_] = nullptr;
        openConnections[i].store(openConnections[count_].load());
        openConnections[count_].store(-1);
        if (count_ == 0) {
            wantEvents(false);
            set(memory.header->ringsEnabled, 0u);
            releaseRings();
        }
    }

    /// False when the connection is at its end, or what came makes no sense.
    bool receive(const std::shared_ptr<Connection>& from) {
        wire::Cancel message;
        const ssize_t size = ::recv(from->descriptor(), &message, sizeof message, MSG_DONTWAIT | MSG_TRUNC);
        if (size < 0)
            return errno == EAGAIN || errno == EINTR;
        if (size == 0)
            return false;
        if (size != static_cast<ssize_t>(sizeof message) || message.head.magic != wire::controlMagic ||
            message.head.version != wire::protocolVersion || message.head.type != wire::MessageType::Cancel ||
            message.reasonSize > wire::maxReason) {
            from->answer(0, wire::AnswerKind::Malformed);
            return false;
        }
        if (message.processStart != memory.header->processStart)
            from->answer(message.request, wire::AnswerKind::WrongProcess);
        else
            enqueue({from, message.request, message.job, message.childrenOnly != 0,
                     std::string(message.reason, message.reasonSize)});
        return true;
    }

    std::array<std::shared_ptr<Connection>, mostConnections> connections_;
    std::size_t count_ = 0;
    bool pause_ = false; ///< do not listen for a moment
};

void runAgent() {
    static Agent& agent = *new Agent;
    try {
        const std::string_view own = socketPathText;
        removeStaleSockets(std::string(own.substr(0, own.rfind('/'))));
    } catch (const std::bad_alloc&) {
        // They stay, for the next one.
    }
    for (;;) {
        try {
            agent.run();
        } catch (const std::bad_alloc&) {
            // What asked for the memory is dropped; the next observer may have more luck.
        }
    }
}

} // namespace

namespace {

std::string tryStartAgent() {
    const std::string directory = wire::socketDirectory(::geteuid());
    ::mkdir(directory.c_str(), 0700);
    if (std::string problem = wire::problemWithSocketDirectory(directory, ::geteuid()); !problem.empty())
        return problem;
    const std::string path = directory + "/" + wire::socketName(::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return "the path " + path + " is too long for a socket";
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);

    const int descriptor = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return std::string("no socket: ") + std::strerror(errno);
    ::unlink(path.c_str()); // left behind by a process of the same number that was killed
    if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(descriptor, 16) != 0) {
        const std::string why = std::strerror(errno);
        ::close(descriptor);
        return "cannot listen on " + path + ": " + why;
    }
    for (auto& connection : openConnections)
        connection.store(-1);
    listener.store(descriptor);
    std::memcpy(socketPathText, path.c_str(), path.size() + 1);
    if (!startServiceThread("coroscope-agent", runAgent)) {
        listener.store(-1);
        ::close(descriptor);
        removeAgentSocket();
        socketPathText[0] = 0;
        return "no thread for the agent";
    }
    std::memcpy(memory.header->socketAddress, path.c_str(), path.size() + 1);
    return {};
}

char whyNone[256] = "";

} // namespace

void startAgent() {
    const std::string problem = tryStartAgent();
    std::snprintf(whyNone, sizeof whyNone, "%s", problem.c_str());
    std::snprintf(memory.header->noAgentBecause, sizeof memory.header->noAgentBecause, "%.*s",
                  static_cast<int>(sizeof memory.header->noAgentBecause - 1), problem.c_str());
}

std::string_view withoutAgentText() noexcept {
    return whyNone;
}

std::string_view agentSocket() noexcept {
    return socketPathText;
}

void removeAgentSocket() noexcept {
    if (socketPathText[0] != 0)
        ::unlink(socketPathText);
}

void closeAgentInChild() noexcept {
    for (auto& connection : openConnections)
        if (const int descriptor = connection.load(); descriptor >= 0)
            ::close(descriptor);
    if (const int descriptor = listener.load(); descriptor >= 0)
        ::close(descriptor);
    socketPathText[0] = 0;
}

} // namespace coroscope::record
