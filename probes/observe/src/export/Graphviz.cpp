// SPDX-License-Identifier: Apache-2.0
// The tree as a graph in the language of `dot`: states as words and colours, broken links and waits as edges
// of their own.
#include "export/Exported.h"

#include <coroscope/observe/Groups.h>
#include <coroscope/observe/Labels.h>

#include <algorithm>

namespace coroscope::observe {

namespace {

/// In quotes. A backslash would begin an escape, and angle brackets outside of quotes HTML.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out + '"';
}

struct Look {
    const char* fill;
    const char* more; ///< besides the colour: states are told apart without it, too
};

Look lookOf(const JobRow& row) {
    if (row.state == JobState::Cancelling)
        return {"#f6c1b8", "filled,bold"};
    switch (row.execution) {
    case Execution::Running:
        return {"#bfe3c0", "filled"};
    case Execution::Queued:
        return {"#fbe6a6", "filled"};
    case Execution::Suspended:
        return {"#c9dcf5", "filled"};
    case Execution::WaitsForChildren:
        return {"#e0d7f0", "filled"};
    case Execution::Unstarted:
        return {"#ffffff", "filled,dotted"};
    case Execution::None:
        return {"#ececec", "filled,rounded"};
    }
    return {"#ececec", "filled"};
}

std::string nodeName(JobId job) {
    return 'j' + std::to_string(job.value);
}

} // namespace

void writeGraphviz(const Exported& what, TextOutput& out) {
    const SourceInfo& info = what.dump.info;
    const auto findingsOf = what.findingsByJob();
    Fragments stands;
    const auto wanted = [&](JobId job) {
        const Node node = what.tree.find(job);
        if (node == noNode || !what.wants(node))
            return false;
        if (what.top == noNode)
            return true;
        for (Node above = node; above != noNode; above = what.tree.parent(above))
            if (above == what.top)
                return true;
        return false;
    };
    std::string title = info.format.empty() ? info.program : info.format;
    if (info.pid != 0)
        title += " (pid " + std::to_string(info.pid) + ')';
    out.text() +=
        "digraph jobs {\n"
        "  graph [rankdir=LR, ranksep=0.4, nodesep=0.15, labelloc=t, fontname=\"sans-serif\", label=" +
        quoted(title) +
        "];\n"
        "  node [shape=box, style=filled, fontname=\"sans-serif\", fontsize=10, margin=\"0.1,0.05\"];\n"
        "  edge [fontname=\"sans-serif\", fontsize=8, arrowsize=0.6, color=\"#808080\"];\n";
    what.walk([&](Node node, std::size_t) {
        const JobRow& row = what.row(node);
        const Look look = lookOf(row);
        std::string label = jobLabel(row, what.words()) + '\n' + stateText(row.state, row.execution);
        if (const auto time = row.timeInState(what.now()))
            label += ' ' + durationText(*time);
        if (row.execution == Execution::Suspended)
            label += stands.get(row.suspendedAt, [&] {
                const StackText stack = what.words().stack(row.suspendedAt);
                return stack.frames.empty() ? std::string()
                                            : "\nat " + stack.frames[ownFrame(stack)].shortText();
            });
        const bool orphan = what.tree.isOrphanRoot(node);
        if (orphan)
            label +=
                what.tree.rootKind(node) == RootKind::Global ? "\norphan: GlobalScope" : "\norphan: cut off";
        bool found = false;
        const auto [from, to] = findingsOf.equal_range(row.id);
        for (auto it = from; it != to; ++it) {
            label.append("\n! ").append(what.findings[it->second].rule);
            found = true;
        }
        std::string& text = out.text();
        text += "  " + nodeName(row.id) + " [label=" + quoted(label) + ", fillcolor=\"" + look.fill +
                "\", style=\"" + look.more + '"';
        if (found || orphan)
            text += ", color=\"#b3261e\", penwidth=2";
        text += "];\n";
        if (node != what.top && what.tree.parent(node) != noNode)
            text += "  " + nodeName(what.row(what.tree.parent(node)).id) + " -> " + nodeName(row.id) + ";\n";
        else if (orphan && row.launcher && row.launcher != row.parent && wanted(row.launcher))
            text += "  " + nodeName(row.launcher) + " -> " + nodeName(row.id) +
                    " [style=dashed, color=\"#b3261e\", label=\"launched, not its child\"];\n";
        if (const JobId other = what.tree.waitsForJob(row);
            other && row.waitKind != WaitKind::Scope && wanted(other))
            text += "  " + nodeName(row.id) + " -> " + nodeName(other) +
                    " [style=dotted, constraint=false, color=\"#1f5fa8\", label=\"waits for" +
                    (row.waitKind == WaitKind::Mutex ? " its mutex" : "") + "\"];\n";
        return out.step();
    });
    out.text() += "}\n";
}

} // namespace coroscope::observe
