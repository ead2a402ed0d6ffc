// SPDX-License-Identifier: Apache-2.0
// slow-cancellation: told to stop some time ago, and still here.
#include "Rules.h"

#include <string>
#include <utility>
#include <vector>

namespace coroscope::observe {

namespace {

/// Of a larger subtree only so many jobs are looked at.
constexpr std::size_t mostVisited = 2'000;
constexpr std::size_t mostNamed = 3;

/// Waits only for others in the subtree.
bool waitsForOthers(const JobTree& tree, Node node) {
    const JobRow& row = tree.row(node);
    if (tree.firstChild(node) == noNode)
        return false;
    return row.execution == Execution::WaitsForChildren || row.execution == Execution::None ||
           (row.execution == Execution::Suspended && row.waitKind == WaitKind::Scope);
}

} // namespace

void slowCancellation(Rules& rules, Node top) {
    const JobTree& tree = rules.tree;
    const JobRow& row = tree.row(top);
    if (row.state != JobState::Cancelling || row.stateSince == 0 ||
        rules.now - row.stateSince < rules.settings.slowCancellation)
        return;
    if (const Node parent = tree.parent(top);
        parent != noNode && tree.row(parent).state == JobState::Cancelling)
        return; // told of the topmost one

    std::vector<Node> open{top};
    std::string names;
    std::size_t jobs = 0, holding = 0;
    while (!open.empty() && jobs < mostVisited) {
        const Node node = open.back();
        open.pop_back();
        ++jobs;
        for (Node child = tree.lastChild(node); child != noNode && open.size() < mostVisited;
             child = tree.previousSibling(child))
            open.push_back(child);
        if (waitsForOthers(tree, node) || ++holding > mostNamed)
            continue;
        names += (names.empty() ? "" : "; ") +
                 (node == top ? std::string("it") : rules.label(tree.row(node))) + ' ' +
                 rules.doing(tree.row(node));
    }
    const bool all = open.empty();
    Finding finding = rules.about(row, "slow-cancellation", "slow to stop");
    finding.title = "Told to stop, and still here";
    finding.severity = Severity::Warning;
    finding.confidence = Confidence::Suspected;
    finding.evidence = "Cancelled " + rules.since(row.stateSince) + " ago. ";
    if (jobs == 1)
        finding.evidence += "Held up by its own code: " + names;
    else
        finding.evidence += "Held up by " + std::to_string(holding) + " of " + (all ? "" : "more than ") +
                            std::to_string(jobs) + " jobs: " + names;
    finding.evidence += holding > mostNamed ? "; and others." : ".";
    finding.advice = "Let what takes long look at isActive or suspend now and then, and keep cleanup in "
                     "NonCancellable short.";
    rules.add(std::move(finding));
}

} // namespace coroscope::observe
