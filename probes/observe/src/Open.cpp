// SPDX-License-Identifier: Apache-2.0
// Finds out from its content what a file is, and opens it.
#include "DumpReader.h"
#include "DumpSource.h"
#include "Process.h"
#include "foreign/ReadForeign.h"
#include "foreign/TextBytes.h"

#include <coroscope/observe/Source.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coroscope::observe {

namespace {

bool isOurs(std::string_view beginning) {
    return beginsAsDump(reinterpret_cast<const unsigned char*>(beginning.data()), beginning.size());
}

bool writeAll(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(file, bytes.data(), bytes.size());
        if (wrote < 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

/// Tells how far it is, and remembers that somebody had enough of it.
class Progress {
public:
    Progress(const OpenOptions& options, std::uint64_t size)
        : options_(options)
        , size_(size) {}

    std::function<bool(std::uint64_t)> goesOn() {
        if (!options_.progress)
            return {};
        return [this](std::uint64_t read) {
            stopped_ = stopped_ || !options_.progress(read, size_);
            return !stopped_;
        };
    }
    bool stopped() const noexcept { return stopped_; }

private:
    const OpenOptions& options_;
    std::uint64_t size_;
    bool stopped_ = false;
};

/// Our own format has to be an ordinary file: its sections are looked for from both ends.
Result<Dump> readOurs(ByteSource& bytes, Progress& progress) {
    const Descriptor copy(::memfd_create("coroscope-dump", MFD_CLOEXEC));
    std::vector<char> part(std::size_t{1} << 20);
    std::uint64_t size = 0;
    while (const std::size_t got = bytes.read(part.data(), part.size())) {
        if (!writeAll(copy.get(), {part.data(), got}))
            return Problem{std::string("cannot be unpacked: ") + std::strerror(errno) + '.'};
        size += got;
    }
    const auto goesOn = progress.goesOn();
    Result<Dump> dump =
        readDump(copy.get(), size, [&](std::uint64_t) { return !goesOn || goesOn(bytes.taken()); });
    if (dump && !bytes.problem().empty())
        dump->info.problems.push_back(bytes.problem());
    return dump;
}

Result<std::unique_ptr<Source>> shown(Result<Dump> dump, const std::string& name, const Progress& progress) {
    if (progress.stopped())
        return Problem{name + " was not opened: that was stopped."};
    if (!dump)
        return Problem{name + ' ' + dump.problem()};
    dump->info.file = name;
    return std::unique_ptr<Source>(std::make_unique<DumpSource>(*std::move(dump)));
}

Result<std::unique_ptr<Source>> openAll(int stream, const std::string& name, const OpenOptions& options,
                                        std::uint64_t size) {
    Progress progress(options, size);
    PeekedBytes bytes(std::make_unique<WatchedBytes>(std::make_unique<AheadBytes>(asUtf8(unpacked(stream))),
                                                     progress.goesOn()));
    if (bytes.beginning().empty() && !progress.stopped())
        return Problem{bytes.problem().empty() ? name + " is empty." : name + ": " + bytes.problem()};
    return shown(isOurs(bytes.beginning()) ? readOurs(bytes, progress) : readForeign(bytes), name, progress);
}

} // namespace

Result<std::unique_ptr<Source>> openStream(int stream, const std::string& name, const OpenOptions& options) {
    return openAll(stream, name, options, 0);
}

Result<std::unique_ptr<Source>> openText(std::string_view text, const std::string& name,
                                         const OpenOptions& options) {
    const Descriptor file(::memfd_create("coroscope-text", MFD_CLOEXEC));
    if (!writeAll(file.get(), text) || ::lseek(file.get(), 0, SEEK_SET) != 0)
        return Problem{name + " cannot be kept: " + std::strerror(errno) + '.'};
    return openAll(file.get(), name, options, text.size());
}

Result<std::unique_ptr<Source>> open(const std::string& path, const OpenOptions& options) {
    // Without waiting: a pipe has no beginning to look at.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
        if (errno == ENOENT)
            return Problem{"There is no file " + path + "."};
        return Problem{path + " cannot be read: " + std::strerror(errno) + '.'};
    }
    struct stat info{};
    if (::fstat(file.get(), &info) != 0)
        return Problem{path + " cannot be read: " + std::strerror(errno) + '.'};
    if (S_ISDIR(info.st_mode))
        return Problem{path + " is a directory, not a dump."};
    if (!S_ISREG(info.st_mode))
        return Problem{path + " is not an ordinary file, so it cannot be a dump."};
    if (info.st_size == 0)
        return Problem{path + " is empty."};
    char beginning[16] = {};
    const ssize_t got = ::pread(file.get(), beginning, sizeof beginning, 0);
    if (got < 0)
        return Problem{path + " cannot be read: " + std::strerror(errno) + '.'};
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (isOurs({beginning, static_cast<std::size_t>(got)})) {
        Progress progress(options, size);
        return shown(readDump(file.get(), size, progress.goesOn()), path, progress);
    }
    return openAll(file.get(), path, options, size);
}

} // namespace coroscope::observe
