// SPDX-License-Identifier: Apache-2.0
#include "ThreadCopy.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::observe::native {

namespace {

constexpr std::size_t mostStack = 512u << 10;
/// Below the stack pointer a function may use so many bytes all the same.
constexpr std::uint64_t redZone = 128;
constexpr std::uint64_t millisecond = 1'000'000;
/// A thread that is deep in the kernel stops when it comes out of there.
constexpr std::uint64_t patience = 1'000 * millisecond;

std::uint64_t now() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000 * millisecond + static_cast<std::uint64_t>(t.tv_nsec);
}

bool readRegisters(int tid, Registers& into) noexcept {
    user_regs_struct raw{};
    iovec where{&raw, sizeof raw};
    if (::ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &where) != 0)
        return false;
#if defined(__aarch64__)
    for (std::size_t i = 0; i < 31; ++i)
        into.byNumber[i] = raw.regs[i];
    into.byNumber[31] = into.stack = raw.sp;
    into.instruction = raw.pc;
#else
    into.byNumber = {raw.rax, raw.rdx, raw.rcx, raw.rbx, raw.rsi, raw.rdi, raw.rbp, raw.rsp, raw.r8,
                     raw.r9,  raw.r10, raw.r11, raw.r12, raw.r13, raw.r14, raw.r15, raw.rip};
    into.stack = raw.rsp;
    into.instruction = raw.rip;
#endif
    return true;
}

void readStack(int pid, ThreadCopy& copy) {
    copy.stackFrom = copy.registers.stack - redZone;
    copy.stack.resize(mostStack);
    // In pieces that never cross a page: what lies beyond the end of the stack ends the copy, not all of it.
    constexpr std::uint64_t page = 4096;
    std::vector<iovec> theirs;
    for (std::uint64_t at = copy.stackFrom, end = at + mostStack; at < end;) {
        const std::uint64_t next = std::min(end, (at / page + 1) * page);
        theirs.push_back({reinterpret_cast<void*>(at), next - at});
        at = next;
    }
    const iovec ours{copy.stack.data(), copy.stack.size()};
    const ssize_t got = ::process_vm_readv(pid, &ours, 1, theirs.data(), theirs.size(), 0);
    copy.stack.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
}

std::string contentOf(const std::string& path) {
    std::ifstream file(path);
    std::string text;
    std::getline(file, text);
    return text;
}

int tracerOf(int tid) {
    std::ifstream status("/proc/" + std::to_string(tid) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("TracerPid:"))
            return std::stoi(line.substr(10));
    return 0;
}

std::string whyNot(int error, int tid, const std::string& who) {
    if (error == ESRCH)
        return "The thread has ended.";
    if (error != EPERM && error != EACCES)
        return std::string("The thread cannot be stopped: ") + std::strerror(error) + '.';
    if (const int tracer = tracerOf(tid); tracer != 0)
        return who + " is being traced by another process, pid " + std::to_string(tracer) +
               " (a debugger?): a thread has one tracer at a time.";
    const std::string scope = contentOf("/proc/sys/kernel/yama/ptrace_scope");
    if (scope == "1" || scope == "2")
        return "This system lets only " + std::string(scope == "1" ? "parents and root" : "root") +
               " look into threads (kernel.yama.ptrace_scope is " + scope +
               "): run Coroscope as root, or let the administrator set it to 0.";
    if (scope == "3")
        return "This system lets nobody look into threads (kernel.yama.ptrace_scope is 3).";
    return "The system does not let this user stop a thread of " + who +
           ": it belongs to somebody else, forbids it, or this is a container without the right to trace "
           "(CAP_SYS_PTRACE).";
}

/// How the thread has stopped for us; -1 when it has ended, or will not stop in time.
int waitForStop(int tid, std::uint64_t until) {
    for (std::uint64_t tries = 0;; ++tries) {
        int status = 0;
        const pid_t got = ::waitpid(tid, &status, __WALL | WNOHANG);
        if (got == tid)
            return WIFSTOPPED(status) ? status : -1;
        if ((got < 0 && errno != EINTR) || now() > until)
            return -1;
        const timespec pause{0, tries < 100 ? 20'000 : 1'000'000};
        ::nanosleep(&pause, nullptr);
    }
}

} // namespace

ThreadCopy copyThread(int pid, int tid, const std::string& who) {
    ThreadCopy copy;
    if (::ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0) {
        copy.problem = whyNot(errno, tid, who);
        return copy;
    }
    const std::uint64_t began = now();
    const int stop =
        ::ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) == 0 ? waitForStop(tid, began + patience) : -1;
    if (stop < 0) {
        copy.problem = "The thread did not stop within a second: it has ended, or is deep in the system.";
        return copy;
    }
    const bool read = readRegisters(tid, copy.registers);
    if (read)
        readStack(pid, copy);
    // Where a signal was about to be delivered, that stopped the thread first: it gets its signal now.
    const bool bySignal = stop >> 16 == 0;
    ::ptrace(PTRACE_DETACH, tid, nullptr, bySignal ? static_cast<long>(WSTOPSIG(stop)) : 0L);
    copy.pausedFor = now() - began;
    if (!read)
        copy.problem = "The registers of the thread cannot be read.";
    return copy;
}

} // namespace coroscope::observe::native
