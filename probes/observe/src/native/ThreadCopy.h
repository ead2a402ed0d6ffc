// SPDX-License-Identifier: Apache-2.0
// A running thread of another process, copied in a moment: its registers and its stack. In the helper only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace coroscope::observe::native {

/// By the numbers that debug information gives them; of the instruction pointer there is always one of its
/// own.
struct Registers {
#if defined(__aarch64__)
    static constexpr std::size_t count = 32;
#else
    static constexpr std::size_t count = 17;
#endif
    std::array<std::uint64_t, count> byNumber{};
    std::uint64_t instruction = 0;
    std::uint64_t stack = 0;
};

struct ThreadCopy {
    Registers registers;
    std::uint64_t stackFrom = 0; ///< address of the first byte in `stack`
    std::vector<unsigned char> stack;
    std::uint64_t pausedFor = 0; ///< ns from the request to stop until the thread ran on
    std::string problem;         ///< a sentence on why there is no copy; else empty
};

/// Stops the thread, copies, lets it run. Whatever happens to this process in between, the thread runs on:
/// the system ends a trace together with its tracer. After a problem this process should end soon: a thread
/// that did not stop in time may do so later, and waits for that. A thread that was stopped by a signal stays
/// so. `who`: the process, to begin a sentence with.
ThreadCopy copyThread(int pid, int tid, const std::string& who);

} // namespace coroscope::observe::native
