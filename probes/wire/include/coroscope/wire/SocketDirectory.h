// SPDX-License-Identifier: Apache-2.0
// Where agents put their sockets and observers look for them: both sides must agree, so it stands here once.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

namespace coroscope::wire {

/// `$XDG_RUNTIME_DIR/coroscope`, else `/run/user/UID/coroscope` where that user directory exists, else
/// `/tmp/coroscope-UID`. Does not look whether the directory itself exists.
inline std::string socketDirectory(uid_t uid) {
    if (uid == ::geteuid())
        if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime && runtime[0] == '/')
            return std::string(runtime) + "/coroscope";
    const std::string user = "/run/user/" + std::to_string(uid);
    struct stat info{};
    if (::stat(user.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == uid)
        return user + "/coroscope";
    return "/tmp/coroscope-" + std::to_string(uid);
}

/// `PID.sock` in that directory.
inline std::string socketName(pid_t pid) {
    return std::to_string(pid) + ".sock";
}

/// As below, of what lstat has said of `path`.
inline std::string problemWithSocketDirectory(const struct stat& info, const std::string& path, uid_t uid) {
    if (!S_ISDIR(info.st_mode))
        return path + " is not a directory";
    if (info.st_uid != uid)
        return path + " belongs to user " + std::to_string(info.st_uid) + ", not to user " +
               std::to_string(uid);
    if ((info.st_mode & 077) != 0)
        return path + " can be entered by others; it must have mode 0700";
    return {};
}

/// Empty when `path` is a directory of `uid` that nobody else may enter; else a sentence on what is wrong
/// with it. Symbolic links are refused: somebody else might have laid them.
inline std::string problemWithSocketDirectory(const std::string& path, uid_t uid) {
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0)
        return "cannot look at " + path + ": " + std::strerror(errno);
    return problemWithSocketDirectory(info, path, uid);
}

} // namespace coroscope::wire
