// SPDX-License-Identifier: Apache-2.0
#include "NewFile.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coroscope::observe {

namespace {

/// A write beyond the process's limit of file sizes (ulimit -f) is to fail, not to kill the process.
class WithoutSizeSignal {
public:
    WithoutSizeSignal() noexcept {
        sigemptyset(&set_);
        sigaddset(&set_, SIGXFSZ);
        ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
    }
    ~WithoutSizeSignal() {
        if (sigismember(&before_, SIGXFSZ) == 0) {
            const timespec atOnce{};
            while (::sigtimedwait(&set_, nullptr, &atOnce) == SIGXFSZ) {
            }
        }
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    WithoutSizeSignal(const WithoutSizeSignal&) = delete;
    WithoutSizeSignal& operator=(const WithoutSizeSignal&) = delete;

private:
    sigset_t set_{};
    sigset_t before_{};
};

std::string withoutLinks(const std::string& path) {
    char* const resolved = ::realpath(path.c_str(), nullptr);
    if (!resolved)
        return path;
    std::string result(resolved);
    std::free(resolved);
    return result;
}

std::string directoryOf(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

} // namespace

NewFile::NewFile(const std::string& path)
    : wanted_(path)
    , path_(withoutLinks(path)) {
    struct stat info{};
    if (path.empty() || path.back() == '/') {
        fail(EISDIR);
        return;
    }
    if (::stat(path_.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
        if (S_ISDIR(info.st_mode))
            fail(EISDIR);
        else
            problem_ = wanted_ + " cannot be replaced: it is not an ordinary file.";
        return;
    }
    written_ = directoryOf(path_) + "/.coroscope-XXXXXX";
    file_ = Descriptor(::mkostemp(written_.data(), O_CLOEXEC)); // mode 0600
    if (!file_) {
        written_.clear();
        fail(errno);
    }
}

NewFile::~NewFile() {
    if (!written_.empty())
        ::unlink(written_.c_str());
}

void NewFile::fail(int error) {
    if (!problem_.empty())
        return;
    if (error == EFBIG)
        problem_ = "larger than this process may make a file (ulimit -f)";
    else
        problem_ = std::strerror(error);
    problem_ = wanted_ + " cannot be written: " + problem_ + '.';
    if (!written_.empty()) {
        ::unlink(written_.c_str());
        written_.clear();
        struct stat info{};
        problem_ += ::stat(path_.c_str(), &info) == 0 ? " The older file of this name is as it was."
                                                      : " Nothing was left behind.";
    }
}

void NewFile::write(const void* data, std::size_t size) {
    const WithoutSizeSignal guard;
    const auto* bytes = static_cast<const char*>(data);
    while (size > 0 && problem_.empty()) {
        const ssize_t written = ::write(file_.get(), bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            fail(written < 0 ? errno : ENOSPC);
            return;
        }
        bytes += written;
        size -= static_cast<std::size_t>(written);
        size_ += static_cast<std::uint64_t>(written);
    }
}

bool NewFile::finish() {
    if (!problem_.empty())
        return false;
    if (::fsync(file_.get()) != 0 || ::rename(written_.c_str(), path_.c_str()) != 0) {
        fail(errno);
        return false;
    }
    written_.clear();
    file_ = Descriptor();
    // The name, too; where directories cannot be synchronised the file is there all the same.
    if (const Descriptor directory(::open(directoryOf(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        directory)
        ::fsync(directory.get());
    return true;
}

} // namespace coroscope::observe
