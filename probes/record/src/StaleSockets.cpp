// SPDX-License-Identifier: Apache-2.0
#include "StaleSockets.h"

#include <coroscope/wire/SocketDirectory.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace coroscope::record {

namespace {

/// The process whose socket has this name; 0 if it is no such name.
pid_t processOf(const char* name) noexcept {
    char* end = nullptr;
    const long number = std::strtol(name, &end, 10);
    const auto pid = static_cast<pid_t>(number);
    return end != name && number > 0 && number == pid && wire::socketName(pid) == name ? pid : 0;
}

bool nobodyListens(const std::string& path) noexcept {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return false;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int descriptor = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return false;
    const bool refused =
        ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno == ECONNREFUSED;
    ::close(descriptor);
    return refused;
}

bool isSocket(const std::string& path, struct stat& info) noexcept {
    return ::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

} // namespace

void removeStaleSockets(const std::string& directory) {
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(directory.c_str()), ::closedir);
    if (!entries)
        return;
    while (const dirent* const entry = ::readdir(entries.get())) {
        const pid_t pid = processOf(entry->d_name);
        if (pid == 0 || ::kill(pid, 0) == 0 || errno != ESRCH)
            continue;
        const std::string path = directory + "/" + entry->d_name;
        struct stat before{}, now{};
        // A new process of that number may have come with a socket of its own in the meantime.
        if (isSocket(path, before) && nobodyListens(path) && isSocket(path, now) &&
            before.st_ino == now.st_ino && ::kill(pid, 0) != 0)
            ::unlink(path.c_str());
    }
}

} // namespace coroscope::record
