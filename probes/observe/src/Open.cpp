// SPDX-License-Identifier: Apache-2.0
// Finds out from its content what a file is, and opens it.
#include "DumpReader.h"
#include "DumpSource.h"
#include "Process.h"

#include <coroscope/observe/Source.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coroscope::observe {

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
    unsigned char beginning[16] = {};
    const ssize_t got = ::pread(file.get(), beginning, sizeof beginning, 0);
    if (got < 0)
        return Problem{path + " cannot be read: " + std::strerror(errno) + '.'};
    if (!beginsAsDump(beginning, static_cast<std::size_t>(got)))
        return Problem{path + " is not a dump of Coroscope: it does not begin as one."};

    Result<Dump> dump = readDump(file.get(), static_cast<std::uint64_t>(info.st_size));
    if (!dump)
        return Problem{path + ' ' + dump.problem()};
    dump->info.file = path;
    return std::unique_ptr<Source>(std::make_unique<DumpSource>(*std::move(dump)));
}

} // namespace coroscope::observe
