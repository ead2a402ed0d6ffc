// SPDX-License-Identifier: Apache-2.0
#include "Rules.h"

#include <coroscope/observe/Source.h>

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

namespace coroscope::observe {

struct FindingSearch::Progress {
    enum class Stage { Roots, Notables, Others, Jobs, Done };

    Rules rules;
    Stage stage = Stage::Roots;
    Node node; ///< the next one
    std::size_t notable = 0;
    std::vector<std::unique_ptr<JobRule>> ofJobs{};

    void someRoots(std::size_t most);
    void someNotables(std::size_t most);
    void others();
    void someJobs(std::size_t most);
};

FindingSearch::FindingSearch(const JobTree& tree, const EndedJobs& ended, const Dictionary& dictionary,
                             std::int64_t now, const FindingSettings& settings)
    : settings_(settings)
    , progress_(new Progress{.rules = {tree, ended, dictionary, now, settings_}, .node = tree.firstRoot()}) {}

FindingSearch::~FindingSearch() = default;

void FindingSearch::Progress::someRoots(std::size_t most) {
    for (; most > 0 && node != noNode && !rules.full(); node = rules.tree.nextSibling(node), --most) {
        orphanGlobal(rules, node);
        orphanDetached(rules, node);
        orphanRoot(rules, node);
    }
    if (node == noNode || rules.full())
        stage = Stage::Notables;
}

void FindingSearch::Progress::someNotables(std::size_t most) {
    notable = rules.tree.forEachNotable(
        [this](Node each) {
            if (rules.full())
                return;
            scopeDropped(rules, each);
            blockingInCoroutine(rules, each);
            slowCancellation(rules, each);
            lazyNeverStarted(rules, each);
        },
        notable, most);
    if (notable == JobTree::allNotables || rules.full())
        stage = Stage::Others;
}

void FindingSearch::Progress::others() {
    swallowedCancellation(rules);
    silentSupervisorFailure(rules);
    deadlock(rules);
    stage = Stage::Done;
    if (!rules.settings.snapshot)
        return;
    circularReference(rules);
    ofJobs.push_back(blockedWorkers(rules));
    ofJobs.push_back(growthByStacks(rules));
    node = 0;
    stage = Stage::Jobs;
}

void FindingSearch::Progress::someJobs(std::size_t most) {
    const Node end = rules.tree.endNode();
    for (; most > 0 && node < end && !rules.full(); ++node, --most) {
        if (!rules.tree.isLive(node))
            continue;
        const JobRow row = rules.tree.row(node);
        for (const auto& rule : ofJobs)
            rule->look(node, row);
    }
    if (node < end && !rules.full())
        return;
    for (const auto& rule : ofJobs)
        rule->end();
    stage = Stage::Done;
}

bool FindingSearch::step(std::chrono::nanoseconds time) {
    using Clock = std::chrono::steady_clock;
    constexpr std::size_t few = 256; // a finding may take some microseconds
    const auto from = Clock::now();
    do {
        switch (progress_->stage) {
        case Progress::Stage::Roots:
            progress_->someRoots(few);
            break;
        case Progress::Stage::Notables:
            progress_->someNotables(few);
            break;
        case Progress::Stage::Others:
            progress_->others();
            break;
        case Progress::Stage::Jobs:
            progress_->someJobs(few);
            break;
        case Progress::Stage::Done:
            return true;
        }
    } while (Clock::now() - from < time);
    return progress_->stage == Progress::Stage::Done;
}

std::vector<Finding> FindingSearch::take() {
    std::vector<Finding>& found = progress_->rules.found;
    if (settings_.snapshot)
        for (Finding& finding : found)
            finding.evidence += " Judged by one snapshot: what came before and after is not in it.";
    std::sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) {
        return std::tie(a.severity, a.rule, a.job) < std::tie(b.severity, b.rule, b.job);
    });
    return std::move(found);
}

std::vector<Finding> findings(const JobTree& tree, const EndedJobs& ended, const Dictionary& dictionary,
                              std::int64_t now, const FindingSettings& settings) {
    FindingSearch search(tree, ended, dictionary, now, settings);
    while (!search.step(std::chrono::hours(1))) {
    }
    return search.take();
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
