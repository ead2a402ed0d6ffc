// SPDX-License-Identifier: Apache-2.0
#include "foreign/ReadForeign.h"

#include "foreign/JdkThreadDump.h"
#include "foreign/JobsJson.h"
#include "foreign/JvmThreads.h"
#include "foreign/Lines.h"
#include "foreign/Section.h"

#include <algorithm>
#include <string>

namespace coroscope::observe {

namespace {

/// A moment that all times in such a dump are counted from: it does not say when its jobs began.
constexpr std::int64_t moment = 1'000'000'000'000'000'000;

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

void readText(ByteSource& bytes, ForeignDump& dump) {
    constexpr std::unique_ptr<Section> (*formats[])(const TextLine&, ForeignDump&) = {
        beginDebugProbes, beginIntelliJ, beginThreads, beginGoroutines, beginJobHierarchy};
    Lines lines(bytes);
    Strays strays(dump);
    std::unique_ptr<Section> section;
    std::string before, current;
    while (lines.next()) {
        before.swap(current);
        current = lines.text().substr(0, 40);
        const TextLine line{lines.text(), lines.number(), before};
        const std::uint64_t dumps = dump.dumps();
        if (section && section->take(line)) {
            if (dump.dumps() != dumps)
                strays.between();
            else if (!line.text.empty())
                strays.within();
            continue;
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
            break;
        }
        if (section && !begun && !line.text.empty())
            strays.add(line.number);
    }
    if (section)
        section->finish();
    if (lines.cut() > 0)
        dump.problem(0, std::to_string(lines.cut()) +
                            " lines are longer than a million characters and were cut.");
}

} // namespace

Result<Dump> readForeign(PeekedBytes& all) {
    if (beginsJobsJson(all.beginning()))
        return readJobsJson(all);
    ForeignDump dump;
    dump.info().takenAt = moment;
    if (beginsJdkThreadDump(all.beginning()))
        readJdkThreadDump(all, dump);
    else
        readText(all, dump);
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
