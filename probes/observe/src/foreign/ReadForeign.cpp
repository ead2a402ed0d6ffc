// SPDX-License-Identifier: Apache-2.0
#include "foreign/ReadForeign.h"

#include "foreign/JdkThreadDump.h"
#include "foreign/JobsJson.h"
#include "foreign/JvmThreads.h"
#include "foreign/KotlinText.h"
#include "foreign/LinePrefix.h"
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
    char text_[LinePrefix::longest + 40]; // as much as a date behind a prefix takes
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

/// What blanks and the marks of a quotation consist of.
constexpr std::string_view quotation = " \t>|#*";

/// The dump of whichever format begins with this line; null for none. `prefix` stood in front of it.
std::unique_ptr<Section> sectionFrom(const TextLine& line, ForeignDump& dump, std::string_view prefix = {}) {
    for (const auto begin : {beginDebugProbes, beginIntelliJ, beginThreads, beginAndroidTrace, beginJdkText,
                             beginGoroutines, beginGoroutineProfile})
        if (std::unique_ptr<Section> section = begin(line, dump))
            return section;
    // Many a message names a job at its end.
    const bool quoted = prefix.find_first_not_of(quotation) == std::string_view::npos;
    return quoted ? beginJobHierarchy(line, dump) : nullptr;
}

/// Where within a line a dump may begin: most lines of a log have none, and all their places are looked at.
class Beginnings {
public:
    explicit Beginnings(std::string_view line)
        : line_(line) {}

    bool mayBeAt(std::size_t at) {
        const std::string_view text = line_.substr(at);
        switch (text.front()) {
        case 'C':
            return text.starts_with("Coroutine");
        case 'D':
            return text.starts_with("DALVIK");
        case 'F':
            return text.starts_with("Full thread");
        case 'g':
            return text.starts_with("goroutine ");
        case '-':
            return text.starts_with("-----") && line_[at - 1] != '-';
        case '#':
            return text.size() > 1 && isDigit(text[1]);
        case '"':
            return threads() && line_[at - 1] != '"';
        default: // a moment, behind a line with a number
            return isDigit(text.front()) && !isDigit(line_[at - 1]) && text.ends_with('Z');
        }
    }

private:
    static bool isDigit(char c) { return c >= '0' && c <= '9'; }
    bool threads() {
        if (!threads_)
            threads_ = line_.find(" prio=") != std::string_view::npos ||
                       line_.find(" Id=") != std::string_view::npos ||
                       line_.find("- Thread t@") != std::string_view::npos;
        return *threads_;
    }

    std::string_view line_;
    std::optional<bool> threads_; ///< whether it may be about one; most lines need not be searched for that
};

/// What stands in front of a dump that begins within this line; empty where none does. `before`: the line
/// before it, as it stands there.
std::string_view prefixOf(std::string_view line, std::string_view before, ForeignDump& dump) {
    Beginnings beginnings(line);
    const std::size_t last = std::min(line.size(), LinePrefix::longest + 1);
    bool quoted = true;
    for (std::size_t at = 1; at < last; ++at) {
        quoted = quoted && quotation.find(line[at - 1]) != std::string_view::npos;
        const std::string_view prefix = line.substr(0, at);
        if ((quoted || beginnings.mayBeAt(at)) && mayBePrefix(prefix) &&
            sectionFrom({line.substr(at), 0, LinePrefix(prefix).behind(before)}, dump, prefix))
            return prefix;
    }
    return {};
}

/// A profile.proto: what its first values are comes near the beginning, and their name in its table of texts.
bool isBinaryGoProfile(std::string_view beginning) {
    return beginning.substr(0, 64).find("\x0a\x04\x08\x01\x10\x02") != std::string_view::npos &&
           beginning.find("goroutine") != std::string_view::npos;
}

/// Answers what was read where that is no ForeignDump: our own JSON, behind other text.
std::optional<Result<Dump>> readText(ByteSource& bytes, ForeignDump& dump) {
    Lines lines(bytes);
    Strays strays(dump);
    std::unique_ptr<Section> section;
    LinePrefix prefix;
    LineBefore before;
    bool cutOff = false; // within its last line
    for (std::string_view last; lines.next(); before.set(last)) {
        last = lines.text();
        TextLine line{prefix.behind(lines.text()), lines.number(), prefix.behind(before.text())};
        if (unindented(line.text).empty())
            line.text = {};
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
        std::unique_ptr<Section> next = sectionFrom(line, dump);
        if (!next) {
            if (const std::string_view found = prefixOf(lines.text(), before.text(), dump); !found.empty()) {
                prefix = LinePrefix(found);
                line = {prefix.behind(lines.text()), line.number, prefix.behind(before.text())};
                next = sectionFrom(line, dump, found);
            }
        }
        if (next) {
            if (section)
                section->finish();
            section = std::move(next);
            section->start(line);
            strays.between();
            cutOff = false;
        } else if (section && !line.text.empty()) {
            strays.add(line.number);
        }
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
    if (isBinaryGoProfile(all.beginning()))
        return Problem{
            "is a profile of Go in binary form, which does not say what each goroutine does. Take it as "
            "text: /debug/pprof/goroutine?debug=2, or runtime/pprof's WriteTo with 2."};
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
    findParked(dump);
    joinThreads(dump);
    return dump.finish();
}

} // namespace coroscope::observe
