// SPDX-License-Identifier: Apache-2.0
#include "Rules.h"

#include <coroscope/observe/Source.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace coroscope::observe {

std::vector<Finding> findings(const JobTree& tree, const EndedJobs& ended, const Dictionary& dictionary,
                              std::int64_t now, const FindingSettings& settings) {
    Rules rules{tree, ended, dictionary, now, settings};
    for (Node root = tree.firstRoot(); root != noNode && !rules.full(); root = tree.nextSibling(root)) {
        orphanGlobal(rules, root);
        orphanDetached(rules, root);
        orphanRoot(rules, root);
    }
    tree.forEachNotable([&rules](Node node) {
        if (rules.full())
            return;
        scopeDropped(rules, node);
        blockingInCoroutine(rules, node);
        slowCancellation(rules, node);
        lazyNeverStarted(rules, node);
    });
    swallowedCancellation(rules);
    silentSupervisorFailure(rules);
    deadlock(rules);
    if (settings.snapshot) {
        circularReference(rules);
        blockedWorkers(rules);
        growthByStacks(rules);
        for (Finding& finding : rules.found)
            finding.evidence += " Judged by one snapshot: what came before and after is not in it.";
    }
    std::sort(rules.found.begin(), rules.found.end(), [](const Finding& a, const Finding& b) {
        return std::tie(a.severity, a.rule, a.job) < std::tie(b.severity, b.rule, b.job);
    });
    return std::move(rules.found);
}

FindingSettings settingsFor(const SourceInfo& info) {
    FindingSettings settings;
    settings.once = !info.live;
    settings.snapshot = !info.format.empty();
    settings.rootsTold = info.rootsTold;
    return settings;
}

std::vector<Finding> FindingWatch::confirmed(std::vector<Finding> found, std::int64_t now) {
    std::unordered_map<JobId, Held> still;
    waiting_ = false;
    std::erase_if(found, [&](const Finding& finding) {
        if (!finding.mayPass)
            return false;
        const auto before = held_.find(finding.job);
        const bool same = before != held_.end() && before->second.since == finding.since;
        const Held held = same ? before->second : Held{finding.since, now};
        still.emplace(finding.job, held);
        const bool early = now - held.found < confirmAfter;
        waiting_ = waiting_ || early;
        return early;
    });
    held_ = std::move(still);
    return found;
}

std::string_view name(Severity severity) noexcept {
    switch (severity) {
    case Severity::Error:
        return "error";
    case Severity::Warning:
        return "warning";
    case Severity::Hint:
        return "hint";
    }
    return "hint";
}

std::string_view name(Confidence confidence) noexcept {
    return confidence == Confidence::Proven ? "proven" : "suspected";
}

} // namespace coroscope::observe
