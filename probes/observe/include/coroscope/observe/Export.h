// SPDX-License-Identifier: Apache-2.0
// The jobs of a dump, or some of them, in the formats that other tools and people read.
// docs/EXPORT_FORMATS.md describes each.
#pragma once

#include <coroscope/observe/Dump.h>
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/Query.h>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::observe {

enum class ExportFormat : std::uint8_t {
    Dump,         ///< our own, which keeps everything
    Json,         ///< what `coroscopectl tree --json` prints, and all the rest; can be opened again
    KotlinText,   ///< as DebugProbes.dumpCoroutines prints: a flat list with stacks; can be opened again
    JobHierarchy, ///< as DebugProbes.printJob prints: a tree, a line each; can be opened again
    Markdown,     ///< a summary for a bug report: bounded
    Graphviz,     ///< the tree as a graph for `dot`
    TraceEvents   ///< for Perfetto and chrome://tracing
};

struct ExportFormatInfo {
    ExportFormat format;
    std::string_view name;   ///< for command lines: "kotlin"
    std::string_view ending; ///< of files' names: ".txt"
    std::string_view title;  ///< for people: "Kotlin's coroutine dump"
};
const std::vector<ExportFormatInfo>& exportFormats();
const ExportFormatInfo& exportFormatInfo(ExportFormat format);
std::optional<ExportFormat> exportFormatNamed(std::string_view name);
/// By how a file's name ends.
std::optional<ExportFormat> exportFormatOf(std::string_view path);

struct ExportOptions {
    ExportFormat format = ExportFormat::Dump;
    /// Only this job and all below it; none: all jobs.
    JobId job = {};
    /// Only the jobs that match, and what is above them (of `job`, if there is one).
    std::optional<Query> filter = {};
    /// As SaveOptions::redact.
    bool redact = false;
    /// Without the jobs that have ended, incidents and resources: what a tree shows.
    bool onlyTree = false;
    /// Of a live program: what has been confirmed by FindingWatch. Only findings of these rules and jobs are
    /// told. Without it all that the dump gives.
    std::optional<std::vector<Finding>> confirmed = {};
    /// As SaveOptions::progress.
    std::function<bool(double)> progress = {};
};

/// As saveDump, in any format. `jobs` and `ended` say how many went in; of a bounded format, how many it
/// speaks of. The problem is a sentence: also when `job` is not in the dump, or the filter matches nothing.
Result<SavedDump> exportToFile(Dump dump, const std::string& path, const ExportOptions& options);
/// The same to a stream; the path in the answer is empty. What was written before it failed stays written.
Result<SavedDump> exportToStream(Dump dump, std::ostream& out, const ExportOptions& options);

/// As the one in Dump.h, with the format's ending.
std::string suggestedFileName(const SourceInfo& info, ExportFormat format, bool redact = false);

} // namespace coroscope::observe
