// SPDX-License-Identifier: Apache-2.0
// What /proc tells about other processes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
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
    /// The caller's from now on.
    int release() noexcept { return std::exchange(descriptor_, -1); }

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
/// ProcessFacts::state alone; '?' without such a process.
char processState(int pid);
inline bool isStopped(char state) noexcept {
    return state == 'T' || state == 't';
}

/// The thread of this process that it knows by this number in its own pid namespace; 0 when there is none.
int hostThread(const ProcessFacts& process, int tid);
std::string commandLine(int pid);
std::string userName(unsigned uid);
/// Seconds since the process with this start time began.
std::int64_t runsFor(std::uint64_t start);
std::vector<int> allProcesses();
/// "orders (pid 4711)".
std::string processLabel(const std::string& program, int pid);

/// Opens a directory, for paths into it only, by the path that the process itself has for it: in its own root
/// and mounts where they can be entered, else in ours.
Descriptor openInRootOf(int pid, const std::string& directory);

/// The records that a process holds open: its own, and perhaps others that it has inherited.
struct HeldRecords {
    std::vector<std::string> paths; ///< in /proc/PID/fd
    bool denied = false;            ///< we may not look
};
HeldRecords heldRecords(int pid);
/// Opens one of those for reading. What only bears a record's name, a pipe above all, cannot keep us waiting.
Descriptor openHeldRecord(const std::string& path);

} // namespace coroscope::observe
