// SPDX-License-Identifier: Apache-2.0
// Large dumps as other programs write them: entries after real ones (tests/data/dumps), with names, numbers,
// addresses and stacks that vary, the same in each run.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace coroscope::bench {

struct DumpFile {
    std::string_view name; ///< of its figure
    std::string_view begin, end;
    /// Appends the entry of this number, from 0.
    void (*entry)(std::string& text, std::size_t number);
};

std::span<const DumpFile> dumpFiles();

/// Writes one with so many entries.
void writeDumpFile(const DumpFile& kind, std::size_t entries, const std::string& path);

} // namespace coroscope::bench
