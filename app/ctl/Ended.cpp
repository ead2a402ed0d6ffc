// SPDX-License-Identifier: Apache-2.0
#include "Ended.h"
#include "Tree.h"

#include <coroscope/observe/Labels.h>

#include <ostream>
#include <sstream>

namespace coroscope::ctl {

namespace {

void print(std::ostream& out, const Snapshot& snapshot, const observe::EndedJob& job) {
    out << name(job.finalState) << ' ' << observe::durationText(snapshot.now - job.at) << " ago";
    if (job.row.id) {
        out << " after " << observe::durationText(job.at - job.row.createdAt) << "  "
            << snapshot.label(job.row);
        if (const observe::SiteText site = snapshot.dictionary->site(job.row.site); site.known())
            out << "  created at " << site.shortText();
    } else {
        out << "  a job that nothing more is known of";
    }
    out << '\n';
    std::istringstream lines(job.failure != 0 ? observe::exceptionText(snapshot.source->failureText(job))
                                              : std::string());
    for (std::string line; std::getline(lines, line);)
        out << "    " << (line.starts_with('\t') ? line.substr(1) : line) << '\n';
}

} // namespace

void printEnded(std::ostream& out, const Snapshot& snapshot, bool onlyFailures) {
    const observe::EndedJobs& ended = snapshot.ended;
    const observe::SourceInfo& info = snapshot.source->info();
    out << info.program << "  pid " << info.pid << "  " << takenText(info) << ended.failures() << " failed";
    if (!onlyFailures)
        out << ", " << ended.size() - ended.failures() << " ended otherwise";
    out << '\n';
    for (const observe::EndedJob* job : ended.newestFirst(onlyFailures))
        print(out, snapshot, *job);
}

} // namespace coroscope::ctl
