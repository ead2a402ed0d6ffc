// SPDX-License-Identifier: Apache-2.0
// orphan-global and orphan-detached: jobs that nobody will cancel.
#include "Rules.h"

#include <utility>

namespace coroscope::observe {

namespace {

/// Proven once nobody holds a handle, else somebody may yet cancel it.
void addOrphan(Rules& rules, Finding finding, bool held) {
    finding.severity = held ? Severity::Hint : Severity::Warning;
    finding.confidence = held ? Confidence::Suspected : Confidence::Proven;
    rules.add(std::move(finding));
}

} // namespace

void orphanGlobal(Rules& rules, Node root) {
    if (rules.tree.rootKind(root) != RootKind::Global || isFinal(rules.tree.state(root)))
        return;
    const JobRow& row = rules.tree.row(root);
    Finding finding = rules.about(row, "orphan-global", "global");
    finding.title = row.held ? "Only a handle can cancel this job" : "No owner will ever cancel this job";
    finding.evidence = rules.origin(row) + ", in GlobalScope. ";
    finding.evidence += row.held ? "A handle to it is still held, so somebody may yet cancel it."
                                 : "Nobody holds a handle to it.";
    finding.advice = "Launch it in a scope that ends with the work it belongs to.";
    addOrphan(rules, std::move(finding), row.held);
}

void orphanDetached(Rules& rules, Node root) {
    const JobTree& tree = rules.tree;
    if (tree.rootKind(root) != RootKind::Island)
        return;
    const JobRow& island = tree.row(root);
    for (Node node = tree.firstChild(root); node != noNode && !rules.full(); node = tree.nextSibling(node)) {
        const JobRow& row = tree.row(node);
        if ((row.flags & JobFlags::parentFromContext) == 0 || isFinal(row.state))
            continue;
        if (island.held && row.launcher != island.launcher)
            continue; // the Job of a component, which has its owner
        Finding finding = rules.about(row, "orphan-detached", "island");
        finding.title = "This job was cut off from the job that launched it";
        finding.evidence = rules.origin(row) + ", below " + rules.label(island) +
                           ", which came with the launch and has no parent. ";
        finding.evidence += island.held ? "A handle to that Job is still held, so somebody may yet cancel it."
                                        : "Nobody holds a handle to that Job.";
        finding.advice = "Leave the Job out of the launch's context; where a failure must stay here, use "
                         "supervisorScope.";
        addOrphan(rules, std::move(finding), island.held);
    }
}

} // namespace coroscope::observe
