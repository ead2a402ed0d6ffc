// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Groups.h>
#include <coroscope/observe/JobLine.h>

#include <coroscope/observe/Labels.h>
#include <coroscope/observe/Waits.h>

namespace coroscope::observe {

namespace {

/// Where that says more than the state and the place do.
bool tellsWait(const JobRow& row) {
    return row.execution == Execution::Suspended && row.waitKind != WaitKind::Unknown &&
           row.waitKind != WaitKind::Callback &&
           row.waitKind != WaitKind::Scope; // the scope is the next line
}

} // namespace

std::string jobLine(const JobTree& tree, Node node, const Dictionary& dictionary, std::int64_t now) {
    const JobRow& row = tree.row(node);
    std::string line = jobLabel(row, dictionary) + "  " + stateText(row.state, row.execution);
    if (const auto time = row.timeInState(now))
        line += ' ' + durationText(*time);
    if (row.changing)
        line += " (changing)";
    if (row.execution == Execution::Suspended)
        if (const StackText stack = dictionary.stack(row.suspendedAt); !stack.frames.empty())
            line += "  at " + ownPlace(stack);
    if (tellsWait(row))
        line += "  waits for " + describeWait(tree, row, dictionary, now).plain(tree, dictionary);
    if (tree.isOrphanRoot(node) && row.launcher) {
        const Node launcher = tree.find(row.launcher);
        line += "  from " + (launcher == noNode ? std::string("a job that has ended")
                                                : jobLabel(tree.row(launcher), dictionary));
    }
    return line;
}

} // namespace coroscope::observe
