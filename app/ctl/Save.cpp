// SPDX-License-Identifier: Apache-2.0
#include "Save.h"
#include "Json.h"

#include <coroscope/observe/Dump.h>
#include <coroscope/observe/Labels.h>

#include <ostream>

namespace coroscope::ctl {

Exit saveSnapshot(std::ostream& out, std::ostream& problems, const Snapshot& snapshot,
                  const SaveOptions& options) {
    const observe::SourceInfo& info = snapshot.source->info();
    observe::Dump dump =
        observe::takeDump(info, snapshot.dictionary, snapshot.tree, snapshot.ended,
                          [&](const observe::EndedJob& job) { return snapshot.source->failureText(job); });
    dump.info.takenAt = snapshot.now;
    dump.followedEvents = snapshot.source->contact().followsEvents;
    dump.untracked = snapshot.source->untrackedJobs();
    dump.events = snapshot.events;
    dump.lost = snapshot.lost;
    if (const auto end = snapshot.source->ended(); end && end->text != snapshot.source->contact().problem)
        dump.endText = end->text;
    const std::string file =
        options.file.empty() ? observe::suggestedFileName(info, options.redact) : options.file;
    auto saved = observe::saveDump(dump, file, {.redact = options.redact, .progress = {}});
    if (!saved) {
        problems << "coroscopectl: " << saved.problem() << '\n';
        return failure;
    }
    if (options.json)
        out << print({{"file", saved->path},
                      {"jobs", saved->jobs},
                      {"ended", saved->ended},
                      {"bytes", saved->bytes}})
            << '\n';
    else
        out << "saved " << observe::countText(saved->jobs) << (saved->jobs == 1 ? " job" : " jobs") << " and "
            << observe::countText(saved->ended) << " that had ended to " << saved->path << " ("
            << observe::sizeText(saved->bytes) << (options.redact ? ", redacted)" : ")") << '\n';
    return success;
}

} // namespace coroscope::ctl
