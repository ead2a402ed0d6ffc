// SPDX-License-Identifier: Apache-2.0
// scope-dropped: the last handle to a scope went, which does not cancel it, and its work goes on.
#include "Rules.h"

#include <string>
#include <utility>

namespace coroscope::observe {

// A scope with a parent is cancelled with that. One that was cancelled or completed before it was dropped
// says so in the same word as `held`, so the order of these two is certain. The ends of its children come as
// news of their own: for a moment a child may still be here that has ended before the scope was dropped.
// Hence mayPass.
void scopeDropped(Rules& rules, Node node) {
    const JobTree& tree = rules.tree;
    const JobRow& row = tree.row(node);
    if ((row.flags & JobFlags::ownsScope) == 0 || row.held || row.parent || row.state != JobState::Active ||
        tree.childCount(node) == 0 || tree.rootKind(node) == RootKind::Island)
        return;
    const std::uint32_t children = tree.childCount(node);
    const Node first = tree.firstChild(node);
    Finding finding = rules.about(row, "scope-dropped", "dropped");
    finding.title = "The owner of this scope is gone, its work goes on";
    finding.severity = Severity::Warning;
    finding.confidence = Confidence::Proven;
    finding.mayPass = true;
    finding.evidence = "Made at " + finding.where.shortText() + " by " + rules.launcherText(row) +
                       ". Nobody holds a handle to it, and it was not cancelled. Still running in it: " +
                       rules.label(tree.row(first)) + " (" + rules.doing(tree.row(first)) + ")";
    finding.evidence += children > 1 ? " and " + std::to_string(children - 1) + " more." : ".";
    finding.advice =
        "Keep the scope as long as its work, and cancel it when its owner goes: dropping it cancels "
        "nothing.";
    rules.add(std::move(finding));
}

} // namespace coroscope::observe
