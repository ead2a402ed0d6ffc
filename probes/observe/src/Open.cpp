// SPDX-License-Identifier: Apache-2.0
// Finds out from its content what a file is, and opens it.
#include "DumpReader.h"
#include "DumpSource.h"
#include "Process.h"
#include "foreign/ReadForeign.h"

#include <coroscope/observe/Source.h>

#include <cerrno>
#include <cstring>
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

/// Our own format has to be an ordinary file: its sections are looked for from both ends.
Result<Dump> readOurs(ByteSource& bytes) {
    const Descriptor copy(::memfd_create("coroscope-dump", MFD_CLOEXEC));
    std::vector<char> part(std::size_t{1} << 20);
    std::uint64_t size = 0;
    while (const std::size_t got = bytes.read(part.data(), part.size())) {
        if (!writeAll(copy.get(), {part.data(), got}))
            return Problem{std::string("cannot be unpacked: ") + std::strerror(errno) + '.'};
        size += got;
    }
    Result<Dump> dump = readDump(copy.get(), size);
    if (dump && !bytes.problem().empty())
        dump->info.problems.push_back(bytes.problem());
    return dump;
}

Result<std::unique_ptr<Source>> shown(Result<Dump> dump, const std::string& name) {
    if (!dump)
        return Problem{name + ' ' + dump.problem()};
    dump->info.file = name;
    return std::unique_ptr<Source>(std::make_unique<DumpSource>(*std::move(dump)));
}

} // namespace

Result<std::unique_ptr<Source>> openStream(int stream, const std::string& name) {
    PeekedBytes bytes(unpacked(stream));
    if (bytes.beginning().empty())
        return Problem{bytes.problem().empty() ? name + " is empty." : name + ": " + bytes.problem()};
    return shown(isOurs(bytes.beginning()) ? readOurs(bytes) : readForeign(bytes), name);
}

Result<std::unique_ptr<Source>> openText(std::string_view text, const std::string& name) {
    const Descriptor file(::memfd_create("coroscope-text", MFD_CLOEXEC));
    if (!writeAll(file.get(), text) || ::lseek(file.get(), 0, SEEK_SET) != 0)
        return Problem{name + " cannot be kept: " + std::strerror(errno) + '.'};
    return openStream(file.get(), name);
}

Result<std::unique_ptr<Source>> open(const std::string& path) {
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
    if (isOurs({beginning, static_cast<std::size_t>(got)}))
        return shown(readDump(file.get(), static_cast<std::uint64_t>(info.st_size)), path);
    return openStream(file.get(), path);
}

} // namespace coroscope::observe
