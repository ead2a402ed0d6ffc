// SPDX-License-Identifier: Apache-2.0
// The words that kotlinx.coroutines prints of a job, and the lines of a JVM's stack.
#pragma once

#include "foreign/ForeignDump.h"
#include "foreign/KnownValues.h"
#include "foreign/Section.h"

#include <coroscope/observe/JobRow.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coroscope::observe {

/// "name#12":supervisor:StandaloneCoroutine{Active}@6f1fba17
struct KotlinJob {
    std::string_view name; ///< without "#12"; empty when it is not told
    std::uint64_t number = 0;
    bool supervisor = false;
    std::string_view type; ///< the class
    JobState state = JobState::Active;
};

/// The whole text must be one. Without a name and an id only a class and a state remain.
std::optional<KotlinJob> kotlinJob(std::string_view text);
/// A row with what the text says. What it waits for and where is the caller's.
JobRow rowOf(const KotlinJob& job, ForeignTables& tables);
/// "RUNNING", "SUSPENDED", "CREATED".
std::optional<Execution> kotlinExecution(std::string_view word);

/// The frame in "\tat a.B.c(File.kt:7)", or in "Foo.invoke(Foo.kt:30)"; none in other lines.
std::optional<std::string_view> jvmFrame(std::string_view line);
SiteId siteOf(std::string_view jvmFrame, ForeignTables& tables);

/// The lines of one stack, as many as a stack can have.
class StackLines {
public:
    void add(std::string_view line, std::string_view more = {});
    /// Whole lines, each ended by LF. False: there is no room, and nothing is added.
    bool addWhole(std::string_view lines);
    void clear() noexcept;
    std::string_view text() const noexcept { return text_; } ///< each ended by LF
    std::uint32_t cut() const noexcept { return cut_; }      ///< lines for which there was no room

private:
    std::string text_;
    std::uint32_t cut_ = 0;
};

/// Lines of stacks that follow each other, taken at once: the same come again and again, and then are only
/// compared with those before, instead of being looked at one by one.
class FrameRuns {
public:
    using IsFrame = bool (*)(std::string_view line);
    /// Those that `ahead` begins with. None where they end by CRLF, or there is no room for them.
    LineRun take(std::string_view ahead, IsFrame isFrame, StackLines& into);

private:
    KnownValues known_; ///< how many lines there are in each
};

/// Lines that are no frames are passed over. Frames below the mark of the creation are the creation's.
ForeignStack kotlinStack(const StackLines& lines, ForeignDump& dump);
/// Whether a line between frames says that the creation's follow.
bool beginsCreation(std::string_view line);

} // namespace coroscope::observe
