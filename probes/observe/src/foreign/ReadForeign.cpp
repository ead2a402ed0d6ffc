// SPDX-License-Identifier: Apache-2.0
#include "foreign/ReadForeign.h"

#include "foreign/JdkThreadDump.h"
#include "foreign/JobsJson.h"
#include "foreign/JvmThreads.h"
#include "foreign/KotlinText.h"
#include "foreign/Lines.h"
#include "foreign/Section.h"
#include "foreign/Text.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

namespace coroscope::observe {

namespace {

/// A moment that all times in such a dump are counted from: it does not say when its jobs began. Two years
/// after the beginning of time: few processes are older, and rows are small where times are (PackedRows).
constexpr std::int64_t moment = 63'000'000'000'000'000;

/// Lines between those of a dump that are none of it.
class Strays {
public:
    explicit Strays(ForeignDump& dump)
        : dump_(dump) {}
    void add(std::uint64_t line) {
        if (count_++ == 0)
            first_ = line;
    }
    /// More of the dump follows, so that they stand within it.
    void within() {
        if (count_ > 0)
            dump_.problem(first_, count_ == 1 ? "this is no part of the dump."
                                              : "this and " + std::to_string(count_ - 1) +
                                                    " more lines are no part of the dump.");
        count_ = 0;
    }
    /// They stand in front of another dump, or behind the last.
    void between() { count_ = 0; }

private:
    ForeignDump& dump_;
    std::uint64_t first_ = 0, count_ = 0;
};

/// How a line began, while the next one is looked at.
class LineBefore {
public:
    void set(std::string_view line) noexcept {
        size_ = std::min(line.size(), sizeof text_);
        if (size_ > 0)
            std::memcpy(text_, line.data(), size_);
    }
    std::string_view text() const noexcept { return {text_, size_}; }

private:
    char text_[40];
    std::size_t size_ = 0;
};

/// A part of a line that stands in a dump, as far as one can see.
bool mayBeginALine(std::string_view text) {
    if (text.empty())
        return false;
    for (const std::string_view word : {"Coroutine ", "goroutine "})
        if (word.starts_with(text.substr(0, word.size())))
            return true;
    return text.front() == '"' || text.front() == '\t' || text.front() == ' ';
}

/// Answers what was read where that is no ForeignDump: our own JSON, behind other text.
std::optional<Result<Dump>> readText(ByteSource& bytes, ForeignDump& dump) {
    constexpr std::unique_ptr<Section> (*formats[])(const TextLine&, ForeignDump&) = {
        beginDebugProbes, beginIntelliJ, beginThreads, beginGoroutines, beginJobHierarchy};
    Lines lines(bytes);
    Strays strays(dump);
    std::unique_ptr<Section> section;
    LineBefore before;
    bool cutOff = false; // within its last line
    for (std::string_view last; lines.next(); before.set(last)) {
        const TextLine line{lines.text(), lines.number(), before.text()};
        last = line.text;
        cutOff = lines.unfinished() && mayBeginALine(line.text);
        const std::uint64_t dumps = dump.dumps();
        // A thread's lines may be indented, and begin with anything.
        const bool ends = unindented(line.text).starts_with("\"threadDump\"");
        if (section && !ends && section->take(line)) {
            cutOff = cutOff && unindented(line.text).starts_with("at ") && !jvmFrame(line.text);
            if (dump.dumps() != dumps)
                strays.between();
            else if (!line.text.empty())
                strays.within();
            if (const LineRun run = section->takeRun(lines.ahead()); run.lines > 0) {
                lines.skip(run.size, run.lines);
                last = {};
            }
            continue;
        }
        if (mentionsJobsJson(line.text)) {
            const auto rest = lines.rest({});
            return readJobsJson(*rest);
        }
        if (mentionsJdkThreadDump(line.text)) {
            if (section)
                section->finish();
            dump.startOver(line.number);
            const auto rest = lines.rest(trimmed(line.text).starts_with('"') ? "{" : "");
            readJdkThreadDump(*rest, dump);
            return {};
        }
        bool begun = false;
        for (const auto begin : formats) {
            std::unique_ptr<Section> next = begin(line, dump);
            if (!next)
                continue;
            if (section)
                section->finish();
            section = std::move(next);
            section->start(line);
            strays.between();
            begun = true;
            cutOff = false;
            break;
        }
        if (section && !begun && !line.text.empty())
            strays.add(line.number);
    }
    if (section)
        section->finish();
    if (section && cutOff)
        dump.problem(lines.number(), "the file ends within this line.");
    if (lines.cut() > 0)
        dump.problem(0, std::to_string(lines.cut()) +
                            " lines are longer than a million characters and were cut.");
    return {};
}

} // namespace

Result<Dump> readForeign(PeekedBytes& all) {
    if (beginsJobsJson(all.beginning()))
        return readJobsJson(all);
    ForeignDump dump;
    dump.info().takenAt = moment;
    if (beginsJdkThreadDump(all.beginning()))
        readJdkThreadDump(all, dump);
    else if (auto ours = readText(all, dump))
        return *std::move(ours);
    if (!all.problem().empty())
        dump.problem(0, all.problem());
    if (dump.size() == 0) {
        const std::vector<std::string>& problems = dump.info().problems;
        if (!dump.info().format.empty())
            return Problem{"holds " + dump.info().format + " with nothing in it." +
                           (problems.empty() ? std::string() : ' ' + problems.front())};
        return Problem{
            "holds no dump that is known here: none of Coroscope, of Kotlin's DebugProbes, of IntelliJ, of "
            "Go's goroutines or of a JVM's threads." +
            (problems.empty() ? std::string() : ' ' + problems.front())};
    }
    joinThreads(dump);
    return dump.finish();
}

} // namespace coroscope::observe
