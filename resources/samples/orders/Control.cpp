// SPDX-License-Identifier: Apache-2.0
#include "Control.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace orders {

namespace {

/// Serves one caller until it goes or `stop` is readable.
void talk(int caller, int stop, const Control::Answer& answer) {
    std::string input;
    for (;;) {
        pollfd waiting[2] = {{caller, POLLIN, 0}, {stop, POLLIN, 0}};
        if (::poll(waiting, 2, -1) < 0 && errno == EINTR)
            continue;
        if (waiting[1].revents != 0)
            return;
        char some[512];
        const ssize_t n = ::recv(caller, some, sizeof some, 0);
        if (n <= 0)
            return;
        input.append(some, static_cast<std::size_t>(n));
        for (std::size_t end; (end = input.find('\n')) != std::string::npos;) {
            const std::string reply = answer(input.substr(0, end)) + "\n";
            input.erase(0, end + 1);
            if (::send(caller, reply.data(), reply.size(), MSG_NOSIGNAL) < 0)
                return;
        }
        if (input.size() > 4096)
            return;
    }
}

} // namespace

Control::Control(std::string path, Answer answer)
    : path_(std::move(path))
    , answer_(std::move(answer)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path)
        throw std::runtime_error("the control path is too long: " + path_);
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::unlink(path_.c_str());
    if (listener_ < 0 ||
        ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::chmod(path_.c_str(), 0600) != 0 || ::listen(listener_, 4) != 0 || ::pipe2(stop_, O_CLOEXEC) != 0) {
        const std::string why = std::strerror(errno);
        ::close(listener_);
        throw std::runtime_error("cannot listen on " + path_ + ": " + why);
    }
    thread_ = std::thread([this] { serve(); });
}

Control::~Control() {
    ::close(stop_[1]); // its other end becomes readable
    thread_.join();
    ::close(stop_[0]);
    ::close(listener_);
    ::unlink(path_.c_str());
}

void Control::serve() {
    for (;;) {
        pollfd waiting[2] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
        if (::poll(waiting, 2, -1) < 0 && errno == EINTR)
            continue;
        if (waiting[1].revents != 0)
            return;
        const int caller = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (caller < 0)
            continue;
        talk(caller, stop_[0], answer_);
        ::close(caller);
    }
}

} // namespace orders
