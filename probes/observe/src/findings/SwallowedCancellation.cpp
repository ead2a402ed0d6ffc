// SPDX-License-Identifier: Apache-2.0
// swallowed-cancellation: a body caught its cancellation and did not pass it on.
#include "Rules.h"

#include <coroscope/observe/Labels.h>

#include <string>
#include <unordered_map>
#include <utility>

namespace coroscope::observe {

namespace {

constexpr std::string_view advice =
    "Catch CancellationException first and rethrow it, or ask ensureActive in the broad handler.";

std::string caughtAfter(const Incident& incident) {
    return "Caught it " + durationText(incident.at - incident.job.stateSince) + " after it was cancelled";
}

/// " (closing down)": the reason, from type, newline, message.
std::string reason(const Incident& incident) {
    const std::size_t line = incident.text.find('\n');
    const std::string text = line == std::string::npos ? std::string() : incident.text.substr(line + 1);
    return text.empty() ? text : " (" + text.substr(0, text.find('\n')) + ")";
}

void add(Rules& rules, const JobRow& row, bool ended, bool proven, std::string title, std::string evidence) {
    Finding finding = rules.about(row, "swallowed-cancellation", "swallowed");
    finding.title = std::move(title);
    finding.severity = proven ? Severity::Warning : Severity::Hint;
    finding.confidence = Confidence::Proven;
    finding.ended = ended;
    finding.evidence = std::move(evidence);
    finding.advice = advice;
    rules.add(std::move(finding));
}

void ofLiveJobs(Rules& rules) {
    std::unordered_map<JobId, const Incident*> told;
    for (const Incident& incident : rules.ended.incidents())
        if (incident.what == IncidentKind::SwallowedCancellation)
            told[incident.job.id] = &incident;
    rules.tree.forEachNotable([&](Node node) {
        const JobRow& row = rules.tree.row(node);
        if ((row.flags & JobFlags::swallowedCancellation) == 0 || rules.full())
            return;
        std::string evidence = "Cancelled " + rules.since(row.stateSince) + " ago";
        if (const auto known = told.find(row.id); known != told.end()) {
            const Incident& incident = *known->second;
            evidence += reason(incident) + "; let go of that, and went on";
            if (const std::string site = rules.suspensionSite(incident.job); !site.empty())
                evidence += " to " + site;
            if (row.resumes > incident.job.resumes)
                evidence +=
                    row.resumes - incident.job.resumes == 1
                        ? "; resumed once since"
                        : "; resumed " + std::to_string(row.resumes - incident.job.resumes) + " times since";
        }
        evidence += ". Now: " + rules.doing(row) + '.';
        add(rules, row, false, true, "It caught its cancellation and goes on", std::move(evidence));
    });
}

void ofEndedJobs(Rules& rules, IncidentKind what, const std::string& title, const std::string& then) {
    for (const Rules::Similar& similar : rules.endedBySite(what)) {
        if (rules.full())
            return;
        const Incident& incident = *similar.last;
        std::string evidence = caughtAfter(incident) + reason(incident) + then;
        if (what == IncidentKind::SwallowedCancellation)
            if (const std::string site = rules.suspensionSite(incident.job); !site.empty())
                evidence += " to " + site;
        evidence += "; that was " + rules.since(incident.at) + " ago." + rules.more(similar);
        add(rules, incident.job, true, what == IncidentKind::SwallowedCancellation, title,
            std::move(evidence));
    }
}

} // namespace

void swallowedCancellation(Rules& rules) {
    ofLiveJobs(rules);
    ofEndedJobs(rules, IncidentKind::SwallowedCancellation, "It caught its cancellation and went on",
                ", and went on");
    ofEndedJobs(rules, IncidentKind::CancellationBecameValue, "It caught its cancellation and returned",
                ", and returned as if nothing had been");
    ofEndedJobs(rules, IncidentKind::CancellationBecameFailure, "Its cancellation was turned into a failure",
                ", and threw something else");
}

} // namespace coroscope::observe
