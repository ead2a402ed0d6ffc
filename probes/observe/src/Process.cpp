// SPDX-License-Identifier: Apache-2.0
#include "Process.h"
#include "Utf8.h"

#include <coroscope/model/RecordLayout.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <sstream>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace coroscope::observe {

namespace {

std::string folder(int pid) {
    return "/proc/" + std::to_string(pid);
}

/// Of /proc, where reading fails when the process ends meanwhile: what could be read then. (A stream's
/// iterators throw there.)
std::string readFile(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    char piece[4096];
    for (ssize_t size; (size = ::read(file.get(), piece, sizeof piece)) > 0;)
        text.append(piece, static_cast<std::size_t>(size));
    return text;
}

std::string linkTarget(const std::string& path) {
    char target[4096];
    const ssize_t size = ::readlink(path.c_str(), target, sizeof target);
    return size > 0 ? std::string(target, static_cast<std::size_t>(size)) : std::string();
}

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

} // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    const Descriptor before(std::exchange(descriptor_, std::exchange(other.descriptor_, -1)));
    return *this;
}

Descriptor::~Descriptor() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

namespace {

/// Name, state and start of a process; false when there is none.
bool readStat(int pid, ProcessFacts& facts) {
    // The short name in field 2 may hold blanks and brackets: count from the last ')'.
    const std::string stat = readFile(folder(pid) + "/stat");
    const std::size_t open = stat.find('('), close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open)
        return false;
    facts.program = stat.substr(open + 1, close - open - 1);
    std::istringstream fields(stat.substr(close + 1));
    std::string field;
    fields >> facts.state;
    for (int i = 4; i < 22 && fields; ++i)
        fields >> field;
    fields >> facts.start;
    return true;
}

} // namespace

char processState(int pid) {
    ProcessFacts facts;
    readStat(pid, facts);
    return facts.state;
}

std::optional<ProcessFacts> processFacts(int pid) {
    ProcessFacts facts;
    facts.pid = facts.innermostPid = pid;
    if (pid <= 0 || !readStat(pid, facts))
        return std::nullopt;

    std::istringstream status(readFile(folder(pid) + "/status"));
    int group = pid;
    for (std::string line; std::getline(status, line);) {
        std::istringstream values(line);
        std::string key;
        values >> key;
        if (key == "Tgid:") {
            values >> group;
        } else if (key == "Uid:") {
            values >> facts.uid >> facts.uid;
        } else if (key == "NSpid:") {
            for (int inner = 0; values >> inner;)
                facts.innermostPid = inner;
        }
    }
    if (group != pid)
        return std::nullopt;
    if (const std::string path = linkTarget(folder(pid) + "/exe"); !path.empty()) {
        facts.program = path.substr(path.rfind('/') + 1);
        constexpr std::string_view deleted = " (deleted)";
        if (facts.program.ends_with(deleted))
            facts.program.erase(facts.program.size() - deleted.size());
    }
    facts.program = presentable(facts.program);
    return facts;
}

int hostThread(const ProcessFacts& process, int tid) {
    if (process.pid == process.innermostPid)
        return tid;
    const std::string path = folder(process.pid) + "/task";
    const Folder tasks(::opendir(path.c_str()));
    while (const dirent* entry = tasks ? ::readdir(tasks.get()) : nullptr) {
        std::istringstream status(readFile(path + '/' + entry->d_name + "/status"));
        for (std::string line; std::getline(status, line);) {
            if (!line.starts_with("NSpid:"))
                continue;
            std::istringstream numbers(line.substr(6));
            int innermost = 0;
            for (int number = 0; numbers >> number;)
                innermost = number;
            if (innermost == tid)
                return std::atoi(entry->d_name);
        }
    }
    return 0;
}

std::string commandLine(int pid) {
    std::string text = readFile(folder(pid) + "/cmdline");
    while (!text.empty() && text.back() == '\0')
        text.pop_back();
    std::replace(text.begin(), text.end(), '\0', ' ');
    return presentable(text);
}

std::string userName(unsigned uid) {
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> buffer(16'384);
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found)
        return found->pw_name;
    return std::to_string(uid);
}

std::int64_t runsFor(std::uint64_t start) {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    const auto began = static_cast<std::int64_t>(start / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
    return std::max<std::int64_t>(now.tv_sec - began, 0);
}

std::vector<int> allProcesses() {
    std::vector<int> pids;
    const Folder proc(::opendir("/proc"));
    while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr)
        if (const int pid = std::atoi(entry->d_name); pid > 0)
            pids.push_back(pid);
    return pids;
}

std::string processLabel(const std::string& program, int pid) {
    const std::string name = program.empty() ? "the process" : program;
    return pid == 0 ? name : name + " (pid " + std::to_string(pid) + ")";
}

Descriptor openInRootOf(int pid, const std::string& directory) {
    const std::string rootPath = folder(pid) + "/root";
    const Descriptor root(::open(rootPath.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root)
        return Descriptor(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    // What lies there is the other's: no link in it may lead out of its root.
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    return Descriptor(
        static_cast<int>(::syscall(SYS_openat2, root.get(), directory.c_str(), &how, sizeof how)));
}

Descriptor openHeldRecord(const std::string& path) {
    return Descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

HeldRecords heldRecords(int pid) {
    static const std::string wanted = std::string("/memfd:") + layout::memfdName;
    HeldRecords held;
    const std::string path = folder(pid) + "/fd";
    const Folder descriptors(::opendir(path.c_str()));
    if (!descriptors) {
        held.denied = errno == EACCES || errno == EPERM;
        return held;
    }
    while (const dirent* entry = ::readdir(descriptors.get())) {
        const std::string each = path + '/' + entry->d_name;
        if (const std::string target = linkTarget(each); target == wanted || target == wanted + " (deleted)")
            held.paths.push_back(each);
    }
    return held;
}

} // namespace coroscope::observe
