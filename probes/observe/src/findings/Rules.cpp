// SPDX-License-Identifier: Apache-2.0
#include "Rules.h"

#include <coroscope/observe/Groups.h>
#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <utility>

namespace coroscope::observe {

std::string Rules::label(const JobRow& row) const {
    return jobLabel(row, dictionary);
}

std::string Rules::launcherText(const JobRow& row) {
    if (!row.launcher)
        return "code outside all jobs";
    if (const Node launcher = tree.find(row.launcher); launcher != noNode)
        return label(tree.row(launcher));
    if (!endedById) {
        endedById.emplace();
        for (const EndedJob* const job : ended.newestFirst())
            if (job->row.id)
                endedById->emplace(job->id, job);
    }
    const auto known = endedById->find(row.launcher);
    return known == endedById->end() ? "a job that has ended since"
                                     : label(known->second->row) + ", which has ended since";
}

/// No age: it would be old a moment later, and the job's row has it.
std::string Rules::origin(const JobRow& row) {
    return "Launched at " + dictionary.site(row.site).shortText() + " by " + launcherText(row);
}

std::string Rules::since(std::int64_t time) const {
    return durationText(now - time);
}

std::string Rules::suspensionSite(const JobRow& row) const {
    const StackText stack = dictionary.stack(row.suspendedAt);
    if (stack.frames.empty())
        return {};
    const SiteText& frame = stack.frames[ownFrame(stack)];
    return frame.known() ? frame.shortText() : std::string();
}

std::string Rules::doing(const JobRow& row) const {
    std::string text;
    switch (row.execution) {
    case Execution::Suspended:
        text = "waits for " + std::string(name(row.waitKind));
        if (const std::string site = suspensionSite(row); !site.empty())
            text += " at " + site;
        break;
    case Execution::Running:
        text = row.executionSince == 0 ? "runs" : "runs for " + since(row.executionSince);
        break;
    case Execution::Queued:
        text = row.executionSince == 0 ? "queued" : "queued for " + since(row.executionSince);
        break;
    case Execution::Unstarted:
        text = "has not begun";
        break;
    case Execution::WaitsForChildren:
        text = "waits for children";
        break;
    case Execution::None:
        text = "has no code";
        break;
    }
    if ((row.flags & JobFlags::shielded) != 0)
        text += ", in NonCancellable";
    if ((row.flags & JobFlags::swallowedCancellation) != 0)
        text += ", has swallowed its cancellation";
    return text;
}

Finding Rules::about(const JobRow& row, std::string_view rule, std::string_view chip) const {
    Finding finding;
    finding.rule = rule;
    finding.chip = chip;
    finding.job = row.id;
    finding.jobName = label(row);
    finding.where = dictionary.site(row.site);
    return finding;
}

std::vector<Rules::Similar> Rules::endedBySite(IncidentKind what) const {
    std::vector<Similar> all;
    std::unordered_map<SiteId, std::size_t> bySite;
    for (auto incident = ended.incidents().rbegin(); incident != ended.incidents().rend(); ++incident) {
        if (incident->what != what || now - incident->at > settings.tellEnded ||
            tree.find(incident->job.id) != noNode)
            continue;
        const auto [at, added] = bySite.try_emplace(incident->job.site, all.size());
        if (added)
            all.push_back({&*incident, 0, 0});
        ++all[at->second].count;
        all[at->second].first = incident->at;
    }
    return all;
}

std::string Rules::more(const Similar& similar) const {
    if (similar.count < 2)
        return {};
    return " So did " + std::to_string(similar.count - 1) + " more of this place, the first " +
           since(similar.first) + " ago.";
}

} // namespace coroscope::observe
