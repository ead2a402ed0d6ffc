// SPDX-License-Identifier: Apache-2.0
#include "Save.h"
#include "Filter.h"
#include "Json.h"

#include <coroscope/observe/Dump.h>
#include <coroscope/observe/Labels.h>

#include <ostream>
#include <utility>

namespace coroscope::ctl {

namespace {

Exit fail(std::ostream& problems, const std::string& problem) {
    problems << "coroscopectl: " << problem << '\n';
    return failure;
}

observe::Dump dumpOf(const Snapshot& snapshot) {
    observe::Dump dump =
        observe::takeDump(snapshot.source->info(), snapshot.dictionary, snapshot.tree, snapshot.ended,
                          [&](const observe::EndedJob& job) { return snapshot.source->failureText(job); });
    dump.info.takenAt = snapshot.now;
    dump.followedEvents = snapshot.source->contact().followsEvents;
    dump.untracked = snapshot.source->untrackedJobs();
    dump.events = snapshot.events;
    dump.lost = snapshot.lost;
    if (const auto end = snapshot.source->ended(); end && end->text != snapshot.source->contact().problem)
        dump.endText = end->text;
    return dump;
}

void tell(std::ostream& out, const observe::SavedDump& saved, bool json, bool redacted, const char* verb) {
    if (json) {
        out << print({{"file", saved.path},
                      {"jobs", saved.jobs},
                      {"ended", saved.ended},
                      {"bytes", saved.bytes}})
            << '\n';
        return;
    }
    out << verb << ' ' << observe::countText(saved.jobs) << (saved.jobs == 1 ? " job" : " jobs") << " and "
        << observe::countText(saved.ended) << " that had ended to " << saved.path << " ("
        << observe::sizeText(saved.bytes) << (redacted ? ", redacted)" : ")") << '\n';
}

/// Nothing for an empty text; the problem of one that is no filter says where.
observe::Result<std::optional<observe::Query>> queryOf(const std::string& filter) {
    if (filter.empty())
        return std::optional<observe::Query>();
    auto query = parseFilter(filter);
    if (!query)
        return observe::Problem{query.problem()};
    return std::optional(*std::move(query));
}

} // namespace

Exit saveSnapshot(std::ostream& out, std::ostream& problems, const Snapshot& snapshot,
                  const SaveOptions& options) {
    const std::string file = options.file.empty()
                                 ? observe::suggestedFileName(snapshot.source->info(), options.redact)
                                 : options.file;
    auto saved = observe::saveDump(dumpOf(snapshot), file, {.redact = options.redact, .progress = {}});
    if (!saved)
        return fail(problems, saved.problem());
    tell(out, *saved, options.json, options.redact, "saved");
    return success;
}

Exit exportSnapshot(std::ostream& out, std::ostream& problems, const Snapshot& snapshot,
                    const ExportOptions& options) {
    observe::ExportOptions wanted;
    wanted.redact = options.redact;
    const auto format = options.format ? options.format : observe::exportFormatOf(options.file);
    if (!format) {
        std::string names;
        for (const observe::ExportFormatInfo& each : observe::exportFormats())
            names += (names.empty() ? "" : ", ") + std::string(each.name);
        return fail(problems, "say in which format, with --format or by how the file's name ends: " + names);
    }
    wanted.format = *format;
    auto query = queryOf(options.filter);
    if (!query)
        return fail(problems, query.problem());
    wanted.filter = *std::move(query);
    if (!options.job.empty()) {
        auto node = findJob(snapshot, options.job);
        if (!node)
            return fail(problems, node.problem());
        wanted.job = snapshot.tree.row(*node).id;
    }
    wanted.confirmed = snapshot.findings;
    if (options.file == "-") {
        auto written = observe::exportToStream(dumpOf(snapshot), out, wanted);
        return written ? success : fail(problems, written.problem());
    }
    const std::string file =
        options.file.empty() ? observe::suggestedFileName(snapshot.source->info(), *format, options.redact)
                             : options.file;
    auto saved = observe::exportToFile(dumpOf(snapshot), file, wanted);
    if (!saved)
        return fail(problems, saved.problem());
    tell(out, *saved, options.json, options.redact, "exported");
    return success;
}

Exit printTreeAsJson(std::ostream& out, std::ostream& problems, const Snapshot& snapshot,
                     const std::string& filter) {
    auto query = queryOf(filter);
    if (!query)
        return fail(problems, query.problem());
    observe::ExportOptions wanted;
    wanted.format = observe::ExportFormat::Json;
    wanted.filter = *std::move(query);
    wanted.onlyTree = true;
    wanted.confirmed = snapshot.findings;
    auto written = observe::exportToStream(dumpOf(snapshot), out, wanted);
    return written ? success : fail(problems, written.problem());
}

} // namespace coroscope::ctl
