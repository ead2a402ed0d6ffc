// SPDX-License-Identifier: Apache-2.0
// The rules. Each is one function that is shown one root, so that all together cost what the roots cost.
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <tuple>

namespace coroscope::observe {

namespace {

struct Rules {
    const JobTree& tree;
    const Dictionary& dictionary;
    std::int64_t now;
    std::size_t atMost;
    std::vector<Finding> found;

    bool full() const noexcept { return found.size() >= atMost; }

    std::string launcherText(const JobRow& row) const {
        if (!row.launcher)
            return "code outside all jobs";
        if (const Node launcher = tree.find(row.launcher); launcher != noNode)
            return jobLabel(tree.row(launcher), dictionary);
        return "a job that has ended since";
    }

    /// Evidence common to both rules. No age: it would be old a moment later, and the job's row has it.
    std::string origin(const JobRow& row) const {
        return "Launched at " + dictionary.site(row.site).shortText() + " by " + launcherText(row);
    }

    void add(const JobRow& row, std::string_view rule, std::string_view chip, std::string title, bool proven,
             std::string evidence, std::string advice) {
        Finding finding;
        finding.rule = rule;
        finding.chip = chip;
        finding.title = std::move(title);
        finding.severity = proven ? Severity::Warning : Severity::Hint;
        finding.confidence = proven ? Confidence::Proven : Confidence::Suspected;
        finding.job = row.id;
        finding.evidence = std::move(evidence);
        finding.advice = std::move(advice);
        finding.where = dictionary.site(row.site);
        found.push_back(std::move(finding));
    }

    void orphanGlobal(Node root) {
        const JobRow& row = tree.row(root);
        if (tree.rootKind(root) != RootKind::Global || isFinal(row.state))
            return;
        std::string evidence = origin(row) + ", in GlobalScope. ";
        evidence += row.held ? "A handle to it is still held, so somebody may yet cancel it."
                             : "Nobody holds a handle to it.";
        add(row, "orphan-global", "global",
            row.held ? "Only a handle can cancel this job" : "No owner will ever cancel this job", !row.held,
            std::move(evidence), "Launch it in a scope that ends with the work it belongs to.");
    }

    void orphanDetached(Node root) {
        if (tree.rootKind(root) != RootKind::Island)
            return;
        const JobRow& island = tree.row(root);
        for (Node node = tree.firstChild(root); node != noNode && !full(); node = tree.nextSibling(node)) {
            const JobRow& row = tree.row(node);
            if ((row.flags & JobFlags::parentFromContext) == 0 || isFinal(row.state))
                continue;
            if (island.held && row.launcher != island.launcher)
                continue; // the Job of a component, which has its owner
            std::string evidence = origin(row) + ", below " + jobLabel(island, dictionary) +
                                   ", which came with the launch and has no parent. ";
            evidence += island.held ? "A handle to that Job is still held, so somebody may yet cancel it."
                                    : "Nobody holds a handle to that Job.";
            add(row, "orphan-detached", "island", "This job was cut off from the job that launched it",
                !island.held, std::move(evidence),
                "Leave the Job out of the launch's context; where a failure must stay here, use "
                "supervisorScope.");
        }
    }
};

} // namespace

std::vector<Finding> findings(const JobTree& tree, const Dictionary& dictionary, std::int64_t now,
                              std::size_t atMost) {
    Rules rules{tree, dictionary, now, atMost, {}};
    for (Node root = tree.firstRoot(); root != noNode && !rules.full(); root = tree.nextSibling(root)) {
        rules.orphanGlobal(root);
        rules.orphanDetached(root);
    }
    std::sort(rules.found.begin(), rules.found.end(), [](const Finding& a, const Finding& b) {
        return std::tie(a.severity, a.rule, a.job) < std::tie(b.severity, b.rule, b.job);
    });
    return std::move(rules.found);
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
