// SPDX-License-Identifier: Apache-2.0
// A part of a text that is a dump of one format. Each format begins one at its first line.
#pragma once

#include "foreign/ForeignDump.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace coroscope::observe {

struct TextLine {
    std::string_view text;
    std::uint64_t number = 0; ///< from 1
    std::string_view before;  ///< the line before it, if that is short: it may have the date
};

/// Lines that follow each other.
struct LineRun {
    std::size_t size = 0; ///< with their ends
    std::uint64_t lines = 0;
};

class Section {
public:
    virtual ~Section() = default;
    /// Takes its first line. What was there before has finished.
    virtual void start(const TextLine& line) = 0;
    /// False: the line is none of this format's. More of it may follow.
    virtual bool take(const TextLine& line) = 0;
    /// Whole lines at the beginning of `ahead`, which come next, that it has taken at once.
    virtual LineRun takeRun(std::string_view /*ahead*/) { return {}; }
    /// No more lines will come.
    virtual void finish() = 0;
};

/// Null when no dump of that format begins with this line. What the section finds, from its start() on, goes
/// to `dump`, which must outlive it.
std::unique_ptr<Section> beginDebugProbes(const TextLine& line, ForeignDump& dump);
std::unique_ptr<Section> beginJobHierarchy(const TextLine& line, ForeignDump& dump);
std::unique_ptr<Section> beginIntelliJ(const TextLine& line, ForeignDump& dump);
std::unique_ptr<Section> beginThreads(const TextLine& line, ForeignDump& dump);
std::unique_ptr<Section> beginAndroidTrace(const TextLine& line, ForeignDump& dump);
std::unique_ptr<Section> beginJdkText(const TextLine& line, ForeignDump& dump);
std::unique_ptr<Section> beginGoroutines(const TextLine& line, ForeignDump& dump);
std::unique_ptr<Section> beginGoroutineProfile(const TextLine& line, ForeignDump& dump);

} // namespace coroscope::observe
