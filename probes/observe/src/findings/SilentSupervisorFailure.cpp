// SPDX-License-Identifier: Apache-2.0
// silent-supervisor-failure: a job failed where nobody is told, and nobody asked.
#include "Rules.h"

#include <string>
#include <utility>

namespace coroscope::observe {

void silentSupervisorFailure(Rules& rules) {
    for (const Rules::Similar& similar : rules.endedBySite(IncidentKind::UnseenFailure)) {
        if (rules.full())
            return;
        const Incident& incident = *similar.last;
        const std::size_t line = incident.text.find('\n');
        std::string what = incident.text.substr(0, line);
        if (line != std::string::npos && line + 1 < incident.text.size())
            what += ": " + incident.text.substr(line + 1, incident.text.find('\n', line + 1) - line - 1);
        const bool async = incident.job.kind == JobKind::Async;
        Finding finding = rules.about(incident.job, "silent-supervisor-failure", "unseen failure");
        finding.title = "It failed, and nobody saw it";
        finding.severity = Severity::Warning;
        finding.confidence = Confidence::Proven;
        finding.ended = true;
        finding.evidence = what + ", " + rules.since(incident.at) + " ago. ";
        finding.evidence += async ? "Nobody had awaited it when the last handle to it went, and no parent is "
                                    "told of its failure."
                                  : "Its parent is a supervisor, and there is no exception handler: only the "
                                    "standard error got a line.";
        finding.evidence += rules.more(similar);
        finding.advice = async ? "Await what async gives, or launch it with a CoroutineExceptionHandler."
                               : "Give the supervisor's scope a CoroutineExceptionHandler.";
        rules.add(std::move(finding));
    }
}

} // namespace coroscope::observe
