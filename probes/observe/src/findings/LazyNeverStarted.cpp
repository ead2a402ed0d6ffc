// SPDX-License-Identifier: Apache-2.0
// lazy-never-started: its parent waits for its end, and nobody has begun it.
#include "Rules.h"

#include <string>
#include <utility>

namespace coroscope::observe {

namespace {

bool waitsForChildren(const JobRow& row) {
    return row.execution == Execution::WaitsForChildren || row.state == JobState::Completing;
}

/// How many children there are, all of which were never started; 0 when one was: it may start the others.
std::size_t neverStarted(const JobTree& tree, Node parent) {
    std::size_t count = 0;
    for (Node child = tree.firstChild(parent); child != noNode; child = tree.nextSibling(child), ++count)
        if (tree.row(child).state != JobState::New)
            return 0;
    return count;
}

} // namespace

// Told of the first of several beside each other. A snapshot does not say since when a job is New: there it
// counts that nobody is left below the parent who could start it.
void lazyNeverStarted(Rules& rules, Node node) {
    const JobTree& tree = rules.tree;
    const JobRow& row = tree.row(node);
    const Node parent = tree.parent(node), before = tree.previousSibling(node);
    if (row.state != JobState::New || parent == noNode || !waitsForChildren(tree.row(parent)) ||
        (before != noNode && tree.row(before).state == JobState::New))
        return;
    std::size_t all = 1;
    if (row.stateSince == 0) {
        all = rules.settings.snapshot && before == noNode ? neverStarted(tree, parent) : 0;
        if (all == 0)
            return;
    } else if (rules.now - row.stateSince < rules.settings.lazyNeverStarted) {
        return;
    }
    Finding finding = rules.about(row, "lazy-never-started", "never started");
    finding.title = "It was never started, and its parent waits for it";
    finding.severity = row.stateSince == 0 ? Severity::Hint : Severity::Warning;
    finding.confidence = Confidence::Suspected;
    finding.evidence = rules.label(tree.row(parent)) + " has done its own work and waits for its children. ";
    if (row.stateSince != 0)
        finding.evidence +=
            "This one was made " + rules.since(row.stateSince) + " ago and not started since.";
    else if (all == 1)
        finding.evidence += "This one is the only one, and was not started.";
    else
        finding.evidence += "There are " + std::to_string(all) + ", and none was started.";
    finding.advice =
        "Start, join or await what is made lazily, or cancel it; a scope ends after all its children.";
    rules.add(std::move(finding));
}

} // namespace coroscope::observe
