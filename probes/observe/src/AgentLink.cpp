// SPDX-License-Identifier: Apache-2.0
#include "AgentLink.h"
#include "Utf8.h"

#include <coroscope/wire/Control.h>
#include <coroscope/wire/SocketDirectory.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace coroscope::observe {

namespace {

/// Messages taken in one go: a target that never stops talking must not keep us.
constexpr int messagesAtOnce = 64;

/// Receives one message with the descriptors that came along; all but the first are closed at once.
ssize_t receiveWithDescriptor(int socket, void* message, std::size_t size, Descriptor& descriptor,
                              bool& whole) {
    iovec part{message, size};
    alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))] = {};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t received = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (received < 0)
        return received;
    whole = (header.msg_flags & MSG_TRUNC) == 0;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int one = -1;
            std::memcpy(&one, CMSG_DATA(c) + i * sizeof one, sizeof one);
            Descriptor owned(one);
            if (!descriptor)
                descriptor = std::move(owned);
        }
    }
    return received;
}

std::string sentence(const std::string& label, std::string_view rest) {
    return label + ' ' + std::string(rest);
}

} // namespace

std::vector<AgentSocket> agentSockets(const ProcessFacts& process, const std::string& recorded) {
    std::vector<AgentSocket> sockets;
    std::vector<std::string> tried;
    auto add = [&](const std::string& directory, const std::string& name, bool guessed) {
        if (std::find(tried.begin(), tried.end(), directory + '/' + name) != tried.end())
            return;
        tried.push_back(directory + '/' + name);
        Descriptor opened = openInRootOf(process.pid, directory);
        struct stat info{};
        if (!opened || ::fstat(opened.get(), &info) != 0 ||
            (guessed && !wire::problemWithSocketDirectory(info, directory, process.uid).empty()) ||
            ::faccessat(opened.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            return;
        sockets.push_back({std::move(opened), name});
    };
    if (const std::size_t slash = recorded.rfind('/'); slash != std::string::npos && slash != 0)
        add(recorded.substr(0, slash), recorded.substr(slash + 1), false);
    // Whose record cannot be read may still have an agent; and it may have been started with another
    // XDG_RUNTIME_DIR than ours.
    const std::string user = std::to_string(process.uid), name = wire::socketName(process.innermostPid);
    add(wire::socketDirectory(process.uid), name, true);
    add("/run/user/" + user + "/coroscope", name, true);
    add("/tmp/coroscope-" + user, name, true);
    return sockets;
}

Result<AgentLink> AgentLink::call(const ProcessFacts& process, const AgentSocket& socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = "/proc/self/fd/" + std::to_string(socket.directory.get()) + '/' + socket.name;
    if (path.size() >= sizeof address.sun_path)
        return Problem{{}};
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    Descriptor connection(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int fd = connection.get();
    if (fd < 0)
        return Problem{std::string("cannot be asked: ") + std::strerror(errno)};
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno == EAGAIN)
            return Problem{"does not answer"};
        if (errno == EACCES || errno == EPERM)
            return Problem{"does not let this user talk to it"};
        return Problem{{}}; // a socket that an earlier process of this number has left behind
    }
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != process.uid ||
        peer.pid != process.pid)
        return Problem{"is not who listens on its socket"};
    return over(process, std::move(connection));
}

AgentLink AgentLink::over(const ProcessFacts& process, Descriptor connection) {
    AgentLink link;
    link.label_ = processLabel(process.program, process.pid);
    link.processStart_ = process.start;
    link.innermostPid_ = static_cast<std::uint32_t>(process.innermostPid);
    link.socket_ = std::move(connection);
    return link;
}

void AgentLink::wait(int milliseconds) const {
    pollfd waiting{socket_.get(), POLLIN, 0};
    const std::int64_t until = monotonicNow() + std::int64_t{milliseconds} * 1'000'000;
    int ready = 0;
    do {
        const std::int64_t left = (until - monotonicNow()) / 1'000'000;
        ready = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    } while (ready < 0 && errno == EINTR);
}

Result<bool> AgentLink::greeted() {
    if (!called())
        return connected();
    auto refuse = [this](std::string why) {
        socket_ = Descriptor();
        record_ = Descriptor();
        return Problem{std::move(why)};
    };
    wire::Hello hello;
    bool whole = false;
    const ssize_t received = receiveWithDescriptor(socket_.get(), &hello, sizeof hello, record_, whole);
    if (received < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (received <= 0)
        return refuse("has closed the connection without a word");
    if (received < static_cast<ssize_t>(sizeof hello.head) || hello.head.magic != wire::controlMagic)
        return refuse("answers with something that is not Coroscope's");
    if (hello.head.version != wire::protocolVersion)
        return refuse("speaks version " + std::to_string(hello.head.version) +
                      " of the control protocol and this Coroscope version " +
                      std::to_string(wire::protocolVersion));
    if (received != static_cast<ssize_t>(sizeof hello) || !whole ||
        hello.head.type != wire::MessageType::Hello)
        return refuse("answers with something that is not Coroscope's");
    if (hello.processStart != processStart_ || hello.pid != innermostPid_)
        return refuse("is answered for by another process");
    if (!record_)
        return refuse("has not sent its record");
    greeted_ = true;
    return true;
}

Result<std::uint64_t> AgentLink::cancel(JobId job, bool childrenOnly, std::string_view reason) {
    wire::Cancel message;
    message.request = ++lastRequest_;
    message.processStart = processStart_;
    message.job = job;
    message.childrenOnly = childrenOnly ? 1 : 0;
    reason = cutUtf8(reason, wire::maxReason);
    message.reasonSize = static_cast<std::uint32_t>(reason.size());
    std::memcpy(message.reason, reason.data(), reason.size());
    if (::send(socket_.get(), &message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL) !=
        static_cast<ssize_t>(sizeof message))
        return Problem{sentence(label_, errno == EAGAIN
                                            ? "takes no more commands: it does not answer the earlier ones."
                                            : "cannot be told any more: the connection is gone.")};
    open_.insert(message.request);
    return message.request;
}

void AgentLink::receive(std::vector<CommandAnswer>& answers) {
    using Kind = CommandAnswer::Kind;
    for (int i = 0; connected() && i < messagesAtOnce; ++i) {
        wire::Answer message;
        Descriptor unwanted;
        bool whole = false;
        const ssize_t size = receiveWithDescriptor(socket_.get(), &message, sizeof message, unwanted, whole);
        if (size < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (size <= 0)
            return close(sentence(label_, "has closed the connection."), answers);
        if (size != static_cast<ssize_t>(sizeof message) || !whole ||
            message.head.magic != wire::controlMagic || message.head.version != wire::protocolVersion ||
            message.head.type != wire::MessageType::Answer)
            return close(
                sentence(label_, "answers with something that is not Coroscope's; it was disconnected."),
                answers);
        if (message.kind == wire::AnswerKind::Malformed)
            return close(sentence(label_, "does not understand commands of this Coroscope."), answers);
        if (!open_.contains(message.request))
            continue; // not a question of ours
        CommandAnswer answer{message.request, Kind::Refused, {}};
        switch (message.kind) {
        case wire::AnswerKind::Queued:
            answer.kind = Kind::Queued;
            break;
        case wire::AnswerKind::Done:
            answer.kind = Kind::Done;
            break;
        case wire::AnswerKind::Gone:
            answer.kind = Kind::Gone;
            break;
        case wire::AnswerKind::WrongProcess:
            answer.text = sentence(label_, "is another process than the one that was observed.");
            break;
        case wire::AnswerKind::Busy:
            answer.text = sentence(label_, "has too many commands waiting already; try again later.");
            break;
        case wire::AnswerKind::Refused:
        case wire::AnswerKind::Malformed:
            answer.text = sentence(label_, "does not allow commands.");
            break;
        default:
            answer.text = sentence(label_, "gave an answer that this Coroscope does not know.");
            break;
        }
        if (answer.kind != Kind::Queued)
            open_.erase(message.request);
        answers.push_back(std::move(answer));
    }
}

void AgentLink::close(const std::string& why, std::vector<CommandAnswer>& answers) {
    socket_ = Descriptor();
    greeted_ = false;
    for (const std::uint64_t request : open_)
        answers.push_back({request, CommandAnswer::Kind::Refused, why});
    open_.clear();
}

} // namespace coroscope::observe
