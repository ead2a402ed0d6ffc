// SPDX-License-Identifier: Apache-2.0
// Takes out of a dump what is wanted, and hands it to its format.
#include "DumpWriter.h"
#include "NewFile.h"
#include "RedactedDump.h"
#include "export/Exported.h"

#include <coroscope/observe/Export.h>

#include <algorithm>
#include <cstring>
#include <ostream>
#include <unordered_set>
#include <utility>

namespace coroscope::observe {

namespace {

bool isSelection(const ExportOptions& options) {
    return options.job || (options.filter && !options.filter->empty());
}

/// Puts the jobs into the tree; those that have ended and the rest stay where they are.
void plant(Exported& what) {
    Batch batch;
    batch.reset = true;
    batch.rows = std::exchange(what.dump.jobs, {});
    batch.resources = what.dump.resources;
    TreeChanges changes;
    what.tree.apply(std::move(batch), changes);
}

std::vector<Finding> findingsIn(const Exported& what, const std::optional<std::vector<Finding>>& confirmed) {
    Batch batch;
    batch.reset = true;
    batch.ended = what.dump.ended;
    batch.incidents = what.dump.incidents;
    EndedJobs ended;
    ended.apply(batch, what.tree);
    std::vector<Finding> found =
        observe::findings(what.tree, ended, what.words(), what.now(), settingsFor(what.dump.info));
    if (confirmed)
        std::erase_if(found, [&](const Finding& each) {
            return std::none_of(confirmed->begin(), confirmed->end(), [&](const Finding& known) {
                return known.job == each.job && known.rule == each.rule;
            });
        });
    return found;
}

/// Which nodes; of the others, too, the sizes and findings count for the filter. The problem is a sentence.
std::string select(Exported& what, const ExportOptions& options) {
    if (options.job) {
        what.top = what.tree.find(options.job);
        if (what.top == noNode)
            return "The job that was to be exported has ended.";
    }
    std::optional<QueryMatcher> matcher;
    std::vector<std::uint32_t> sizes;
    if (options.filter && !options.filter->empty()) {
        sizes = subtreeSizes(what.tree);
        matcher.emplace(*options.filter, what.tree, what.dump.dictionary,
                        [&](Node node) { return sizes[node]; });
        matcher->refresh(what.now(), findingsIn(what, options.confirmed));
        what.selected = shownBy(*matcher, what.tree);
        if (what.top != noNode && !what.wants(what.top)) // or roots and their siblings would follow
            return "The filter matches none of these jobs.";
    }
    std::unordered_set<JobId> within; // of `job`, also those that have ended
    what.walk([&](Node node, std::size_t) {
        ++what.jobs;
        if (options.job)
            within.insert(what.row(node).id);
        return true;
    });
    const auto wants = [&](const JobRow& row) {
        return (!options.job || within.contains(row.id) || within.contains(row.parent)) &&
               (!matcher || (row.id && matcher->matches(row)));
    };
    // Children end before their parents, so from the end on each one's parent is known.
    std::vector<EndedJob> ended;
    for (auto job = what.dump.ended.rbegin(); job != what.dump.ended.rend(); ++job)
        if (wants(job->row)) {
            within.insert(job->id);
            ended.push_back(*job);
        }
    std::reverse(ended.begin(), ended.end());
    what.dump.ended = std::move(ended);
    std::erase_if(what.dump.incidents, [&](const Incident& incident) { return !wants(incident.job); });
    if (what.jobs == 0 && what.dump.ended.empty() && !options.onlyTree)
        return "The filter matches no job.";
    return {};
}

/// Rows have words of their own, addresses: the jobs are planted anew.
void redactPlanted(Exported& what, JobId top) {
    std::vector<JobId> wanted;
    for (Node node = 0; node < what.tree.endNode(); ++node) {
        if (!what.tree.isLive(node))
            continue;
        what.dump.jobs.push_back(what.row(node));
        if (!what.selected.empty() && what.selected[node])
            wanted.push_back(what.row(node).id);
    }
    redact(what.dump);
    plant(what);
    what.top = top ? what.tree.find(top) : noNode;
    if (what.selected.empty())
        return;
    what.selected.assign(what.tree.endNode(), false);
    for (const JobId job : wanted)
        what.selected[what.tree.find(job)] = true;
}

Result<Exported> exported(Dump dump, const ExportOptions& options) {
    Exported what;
    dump.info.host = hostOf(dump.info);
    what.dump = std::move(dump);
    what.onlyTree = options.onlyTree;
    // A filter is written in the program's own words.
    const bool early = options.redact && !isSelection(options);
    if (early)
        redact(what.dump);
    plant(what);
    if (isSelection(options)) {
        if (std::string problem = select(what, options); !problem.empty())
            return Problem{std::move(problem)};
    } else {
        what.jobs = what.tree.size();
    }
    if (options.redact && !early)
        redactPlanted(what, options.job);
    what.findings = findingsIn(what, options.confirmed);
    if (what.top != noNode || !what.selected.empty()) {
        std::unordered_set<JobId> told;
        what.walk([&](Node node, std::size_t) {
            told.insert(what.row(node).id);
            return true;
        });
        for (const EndedJob& job : what.dump.ended)
            told.insert(job.id);
        std::erase_if(what.findings, [&](const Finding& each) { return !told.contains(each.job); });
    }
    return what;
}

/// The wanted jobs as a dump of their own.
Dump selectedDump(Exported what) {
    what.dump.jobs.reserve(what.jobs);
    what.walk([&](Node node, std::size_t) {
        what.dump.jobs.push_back(what.row(node));
        return true;
    });
    return std::move(what.dump);
}

void write(const Exported& what, ExportFormat format, TextOutput& out) {
    switch (format) {
    case ExportFormat::Dump:
        break;
    case ExportFormat::Json:
        writeJson(what, out);
        break;
    case ExportFormat::KotlinText:
        writeKotlinText(what, out);
        break;
    case ExportFormat::JobHierarchy:
        writeJobHierarchy(what, out);
        break;
    case ExportFormat::Markdown:
        writeMarkdown(what, out);
        break;
    case ExportFormat::Graphviz:
        writeGraphviz(what, out);
        break;
    case ExportFormat::TraceEvents:
        writeTraceEvents(what, out);
        break;
    }
}

using Sink = std::function<bool(const void*, std::size_t)>;

/// False in the answer's place: given up, or the sink has failed.
Result<std::optional<SavedDump>> exportTo(Dump dump, const Sink& sink, const ExportOptions& options) {
    const auto goesOn = [&](double share) { return !options.progress || options.progress(share); };
    if (options.format == ExportFormat::Dump) {
        if (isSelection(options)) {
            Result<Exported> what = exported(std::move(dump), options);
            if (!what)
                return Problem{what.problem()};
            dump = selectedDump(*std::move(what));
        } else if (options.redact) {
            redact(dump);
        }
        std::uint64_t bytes = 0;
        bool sound = true;
        const bool whole = writeDump(
            dump,
            [&](const void* data, std::size_t size) {
                sound = sound && sink(data, size);
                bytes += size;
            },
            [&](double share) { return sound && goesOn(share); });
        if (!whole || !sound)
            return std::optional<SavedDump>();
        return std::optional(SavedDump{{}, dump.jobs.size(), dump.ended.size(), bytes});
    }
    Result<Exported> what = exported(std::move(dump), options);
    if (!what)
        return Problem{what.problem()};
    if (!goesOn(0))
        return std::optional<SavedDump>();
    TextOutput out([&](std::string_view text) { return sink(text.data(), text.size()); }, goesOn, what->jobs);
    write(*what, options.format, out);
    if (!out.finish())
        return std::optional<SavedDump>();
    const bool flat = options.onlyTree || options.format == ExportFormat::KotlinText ||
                      options.format == ExportFormat::JobHierarchy ||
                      options.format == ExportFormat::Graphviz;
    return std::optional(SavedDump{{}, what->jobs, flat ? 0 : what->dump.ended.size(), out.bytes()});
}

} // namespace

const std::vector<ExportFormatInfo>& exportFormats() {
    static const std::vector<ExportFormatInfo> all{
        {ExportFormat::Dump, "dump", ".coroscope", "Coroscope's dump"},
        {ExportFormat::Json, "json", ".json", "JSON"},
        {ExportFormat::KotlinText, "kotlin", ".txt", "Kotlin's coroutine dump"},
        {ExportFormat::JobHierarchy, "hierarchy", ".jobs.txt", "Kotlin's job hierarchy"},
        {ExportFormat::Markdown, "markdown", ".md", "Markdown"},
        {ExportFormat::Graphviz, "dot", ".dot", "Graphviz"},
        {ExportFormat::TraceEvents, "trace", ".trace.json", "Trace events for Perfetto"},
    };
    return all;
}

const ExportFormatInfo& exportFormatInfo(ExportFormat format) {
    return exportFormats()[static_cast<std::size_t>(format)];
}

std::optional<ExportFormat> exportFormatNamed(std::string_view name) {
    for (const ExportFormatInfo& each : exportFormats())
        if (each.name == name)
            return each.format;
    return {};
}

std::optional<ExportFormat> exportFormatOf(std::string_view path) {
    std::optional<ExportFormat> found;
    std::size_t longest = 0;
    for (const ExportFormatInfo& each : exportFormats())
        if (each.ending.size() > longest && path.ends_with(each.ending)) {
            found = each.format;
            longest = each.ending.size();
        }
    if (!found && path.ends_with(".gv"))
        found = ExportFormat::Graphviz;
    return found;
}

Result<SavedDump> exportToFile(Dump dump, const std::string& path, const ExportOptions& options) {
    NewFile file(path);
    if (!file.problem().empty())
        return Problem{file.problem()};
    auto saved = exportTo(
        std::move(dump),
        [&file](const void* data, std::size_t size) {
            file.write(data, size);
            return file.problem().empty();
        },
        options);
    if (!saved)
        return Problem{saved.problem()};
    if (!*saved && file.problem().empty())
        return Problem{path + " was not saved."};
    if (!file.finish())
        return Problem{file.problem()};
    (*saved)->path = path;
    return **std::move(saved);
}

Result<SavedDump> exportToStream(Dump dump, std::ostream& out, const ExportOptions& options) {
    auto saved = exportTo(
        std::move(dump),
        [&out](const void* data, std::size_t size) {
            return static_cast<bool>(
                out.write(static_cast<const char*>(data), static_cast<std::streamsize>(size)));
        },
        options);
    if (!saved)
        return Problem{saved.problem()};
    if (!*saved)
        return Problem{out ? "It was not exported." : "The export could not be written."};
    return **std::move(saved);
}

std::string suggestedFileName(const SourceInfo& info, ExportFormat format, bool redact) {
    std::string name = suggestedFileName(info, redact);
    const std::string_view ours = exportFormatInfo(ExportFormat::Dump).ending;
    name.resize(name.size() - ours.size());
    return name.append(exportFormatInfo(format).ending);
}

} // namespace coroscope::observe
