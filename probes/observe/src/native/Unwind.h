// SPDX-License-Identifier: Apache-2.0
// The stack of a thread that was copied, with functions and lines. In the helper only.
#pragma once

#include "Symbols.h"
#include "ThreadCopy.h"

#include <coroscope/observe/Dictionary.h>

namespace coroscope::observe::native {

class Unwinder {
public:
    /// Finds out where the process has its code: before a thread is stopped, which need not wait for that.
    explicit Unwinder(int pid);
    Unwinder(const Unwinder&) = delete;
    Unwinder& operator=(const Unwinder&) = delete;

    CallStackText stackOf(int tid, const ThreadCopy& copy);

private:
    static int findElf(Dwfl_Module*, void**, const char* name, Dwarf_Addr base, char** fileName, Elf**);

    int pid_;
    DwflSession session_;
};

} // namespace coroscope::observe::native
