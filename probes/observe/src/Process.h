// SPDX-License-Identifier: Apache-2.0
// What /proc tells about other processes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace coroscope::observe {

/// A file descriptor that is closed with its owner.
class Descriptor {
public:
    Descriptor() noexcept = default;
    explicit Descriptor(int descriptor) noexcept
        : descriptor_(descriptor) {}
    Descriptor(Descriptor&& other) noexcept;
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    int get() const noexcept { return descriptor_; }
    explicit operator bool() const noexcept { return descriptor_ >= 0; }

private:
    int descriptor_ = -1;
};

struct ProcessFacts {
    int pid = 0;
    int innermostPid = 0;    ///< as the process sees itself, in its own pid namespace
    std::uint64_t start = 0; ///< field 22 of /proc/PID/stat
    char state = '?';        ///< field 3: R, S, T (stopped), Z (ended, not yet fetched) ...
    unsigned uid = 0;        ///< effective
    std::string program;     ///< file name of the executable; the short name where that is not to be had
};
/// Nothing when there is no such process. Threads are not processes.
std::optional<ProcessFacts> processFacts(int pid);

std::string commandLine(int pid);
std::string userName(unsigned uid);
/// Seconds since the process with this start time began.
std::int64_t runsFor(std::uint64_t start);
std::vector<int> allProcesses();
/// "orders (pid 4711)".
std::string processLabel(const std::string& program, int pid);

/// The records that a process holds open: its own, and perhaps others that it has inherited.
struct HeldRecords {
    std::vector<std::string> paths; ///< in /proc/PID/fd
    bool denied = false;            ///< we may not look
};
HeldRecords heldRecords(int pid);

} // namespace coroscope::observe
