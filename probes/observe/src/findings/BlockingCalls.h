// SPDX-License-Identifier: Apache-2.0
// Which calls make a thread stand still, judged by its stack. All of them are in one table.
#pragma once

#include <coroscope/observe/Dictionary.h>

#include <cstddef>
#include <optional>
#include <string>

namespace coroscope::observe {

struct BlockingCall {
    std::string what; ///< "Thread.sleep", "runBlocking"
    /// Places in the stack: of the call itself, and of whoever called it.
    std::size_t call = 0, caller = 0;
    bool runBlocking = false;
    bool insideCoroutine = false; ///< the stack shows that a coroutine's code called it
    /// It runs on a view of a limited number of threads, as IO's are: those may be there to be blocked.
    bool limited = false;
};

/// Nothing for a thread that computes, or that waits for work.
std::optional<BlockingCall> blockingCall(const StackText& stack);

} // namespace coroscope::observe
