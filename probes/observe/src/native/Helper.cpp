// SPDX-License-Identifier: Apache-2.0
#include "Helper.h"
#include "Message.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::observe::native {

namespace {

using Clock = std::chrono::steady_clock;

/// Ours, without what would send the helper into the network for debug information.
std::vector<char*> environment() {
    std::vector<char*> kept;
    for (char** each = environ; *each != nullptr; ++each)
        if (!std::string_view(*each).starts_with("DEBUGINFOD_URLS="))
            kept.push_back(*each);
    kept.push_back(nullptr);
    return kept;
}

/// All of `size` bytes, before the deadline.
bool readAll(int socket, void* into, std::size_t size, Clock::time_point until) noexcept {
    auto* bytes = static_cast<char*>(into);
    while (size > 0) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        pollfd ready{socket, POLLIN, 0};
        if (left.count() <= 0 || (::poll(&ready, 1, static_cast<int>(left.count())) < 0 && errno != EINTR))
            return false;
        if (ready.revents == 0)
            continue;
        const ssize_t got = ::recv(socket, bytes, size, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (got > 0) {
            bytes += got;
            size -= static_cast<std::size_t>(got);
        }
    }
    return true;
}

/// Before main(): the program that we are is not to begin. It stands here, with what starts the helper, so
/// that no program has the one without the other.
__attribute__((constructor)) void serveIfStartedAsHelper(int count, char** arguments) {
    if (count == 1 && std::strcmp(arguments[0], helperName) == 0)
        serveAsHelper();
}

} // namespace

Helper::~Helper() {
    stop();
}

bool Helper::start() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    Descriptor ours(ends[0]);
    const Descriptor theirs(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDIN_FILENO);
    char name[sizeof helperName];
    std::memcpy(name, helperName, sizeof name);
    char* const arguments[] = {name, nullptr};
    const int error =
        ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments, environment().data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        pid_ = -1;
        return false;
    }
    socket_ = std::move(ours);
    return true;
}

void Helper::stop() noexcept {
    socket_ = Descriptor();
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
}

bool Helper::send(const std::string& message) {
    if (message.size() > largestMessage || (pid_ <= 0 && !start()))
        return false;
    const auto size = static_cast<std::uint32_t>(message.size());
    std::string whole(reinterpret_cast<const char*>(&size), sizeof size);
    whole += message;
    for (std::string_view rest = whole; !rest.empty();) {
        const ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0) {
            stop();
            return false;
        }
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::optional<std::string> Helper::receive(std::chrono::milliseconds atMost) {
    const auto until = Clock::now() + atMost;
    std::uint32_t size = 0;
    if (socket_ && readAll(socket_.get(), &size, sizeof size, until) && size <= largestMessage) {
        std::string message(size, '\0');
        if (readAll(socket_.get(), message.data(), size, until))
            return message;
    }
    stop();
    return std::nullopt;
}

} // namespace coroscope::observe::native
