// SPDX-License-Identifier: Apache-2.0
#include "CodeFile.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace coroscope::observe::native {

namespace {

constexpr off_t largestFile = off_t{8} << 30;

std::string folder(int pid) {
    return "/proc/" + std::to_string(pid);
}

Descriptor ifRegular(Descriptor file) {
    struct stat info{};
    const bool regular = file && ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode) &&
                         info.st_size > 0 && info.st_size <= largestFile;
    return regular ? std::move(file) : Descriptor();
}

} // namespace

Descriptor openCodeFile(int pid, const std::string& path) {
    const Descriptor root(::open((folder(pid) + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!path.starts_with('/'))
        return {};
    if (!root) // the process is gone; whether the file is the one that it had, its build id tells
        return ifRegular(Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)));
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY; // a pipe there must not hold us
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    long file = ::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how);
    // Before Linux 5.6, and in some sandboxes: then no link at all may be the last part.
    if (file < 0 && (errno == ENOSYS || errno == EPERM))
        file =
            ::openat(root.get(), path.c_str() + 1, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    return ifRegular(Descriptor(static_cast<int>(file)));
}

Descriptor openExecutable(int pid) {
    return ifRegular(Descriptor(::open((folder(pid) + "/exe").c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)));
}

std::string executablePath(int pid) {
    char path[4096];
    const ssize_t size = ::readlink((folder(pid) + "/exe").c_str(), path, sizeof path);
    return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

} // namespace coroscope::observe::native
