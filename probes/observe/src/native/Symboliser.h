// SPDX-License-Identifier: Apache-2.0
// The observer's side of naming addresses: asks the helper, and remembers what it said.
#pragma once

#include "Helper.h"

#include <coroscope/observe/Dictionary.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace coroscope::observe::native {

/// A file of code as the record names it.
struct ModuleName {
    std::string path; ///< empty: not known
    bool executable = false;
    std::string buildId;
    friend auto operator<=>(const ModuleName&, const ModuleName&) = default;
};

/// A call stack as the record has it.
struct RawCallStack {
    struct Frame {
        ModuleName module;
        std::uint64_t address = 0; ///< in the module's file; without one in the target's memory
    };
    std::vector<Frame> frames;
    std::uint32_t cut = 0;
};

/// Threads: any; those that come together wait for each other.
class Symboliser {
public:
    explicit Symboliser(int pid)
        : pid_(pid) {}

    /// Takes some tenths of a second when a large file is met for the first time, up to ten seconds where it
    /// is hard to read. The frames in which the record and the runtime do their own work are left out.
    CallStackText textOf(const RawCallStack& stack);

private:
    struct File {
        std::string note;
        bool hopeless = false; ///< the helper did not survive it, or was too slow
        std::unordered_map<std::uint64_t, std::vector<SiteText>> frames; ///< by address
    };
    void ask(const ModuleName& module, File& file, const std::vector<std::uint64_t>& addresses);

    const int pid_;
    std::mutex lock_;
    Helper helper_;
    std::map<ModuleName, File> files_;
};

/// Without the innermost frames that are the record's and the runtime's own.
void dropOwnFrames(std::vector<SiteText>& frames);

} // namespace coroscope::observe::native
