// SPDX-License-Identifier: Apache-2.0
#include "Show.h"

#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <ostream>
#include <string>

namespace coroscope::ctl {

using observe::Node;

namespace {

void line(std::ostream& out, const char* what, const std::string& text) {
    if (!text.empty())
        out << "  " << what << text << '\n';
}

void place(std::ostream& out, const observe::SiteText& site) {
    out << "    " << site.shortFunction() << "  " << site.file;
    if (site.line != 0)
        out << ':' << site.line;
    out << '\n';
}

void printCallStack(std::ostream& out, const observe::CallStackText& stack) {
    for (const observe::SiteText& frame : stack.frames)
        place(out, frame);
    if (stack.cut > 0)
        out << "    and more callers\n";
    if (!stack.note.empty())
        out << "    (" << stack.note << ")\n";
}

void printPath(std::ostream& out, const Snapshot& snapshot, Node node) {
    std::string text;
    for (const Node above : snapshot.tree.path(node))
        if (above != node)
            text += (text.empty() ? "" : " > ") + snapshot.label(snapshot.tree.row(above));
    line(out, "in:              ", text);
}

void printWaits(std::ostream& out, const Snapshot& snapshot, const observe::JobRow& row) {
    line(out, "waits for:       ",
         observe::describeWait(snapshot.tree, row, *snapshot.dictionary, snapshot.now)
             .plain(snapshot.tree, *snapshot.dictionary));
    const observe::WaiterSearch waiters = snapshot.waitersOf(row.id);
    for (const JobId waiter : waiters.waiters())
        line(out, "waited for by:   ", snapshot.label(snapshot.tree.row(snapshot.tree.find(waiter))));
    if (waiters.count() > waiters.waiters().size())
        line(out, "waited for by:   ",
             "and " + observe::countText(waiters.count() - waiters.waiters().size()) + " more");
}

} // namespace

void printJob(std::ostream& out, const Snapshot& snapshot, Node node) {
    const observe::JobRow& row = snapshot.tree.row(node);
    const observe::Dictionary& dictionary = *snapshot.dictionary;
    out << snapshot.label(row) << '\n';
    printPath(out, snapshot, node);
    const auto inState = row.timeInState(snapshot.now), age = row.age(snapshot.now);
    const bool told =
        snapshot.source->info().format.empty(); // others do not count how often a job was resumed
    line(out, "state:           ",
         observe::stateText(row.state, row.execution) +
             (inState ? ' ' + observe::durationText(*inState) : "") +
             (age ? ", age " + observe::durationText(*age) : "") +
             (told ? ", resumed " + observe::countText(row.resumes) + (row.resumes == 1 ? " time" : " times")
                   : ""));
    const observe::ContextText context = dictionary.context(row.context);
    line(out, "dispatcher:      ", context.dispatcher);
    line(out, "context:         ", context.elements);
    if (row.launcher != row.parent)
        if (const Node launcher = snapshot.tree.find(row.launcher); launcher != observe::noNode)
            line(out, "launched by:     ", snapshot.label(snapshot.tree.row(launcher)));
    printWaits(out, snapshot, row);
    // Another program's dump may know where a running job is, too.
    if (row.execution == Execution::Suspended || !told) {
        const observe::StackText stack = dictionary.stack(row.suspendedAt);
        if (!stack.frames.empty())
            out << (row.execution == Execution::Suspended ? "  suspended at, innermost first:\n"
                                                          : "  stands at, innermost first:\n");
        for (const observe::SiteText& frame : stack.frames)
            place(out, frame);
        if (stack.cut > 0)
            out << "    and " << stack.cut << " more callers\n";
    }
    if (const observe::SiteText site = dictionary.site(row.site); site.known()) {
        out << "  created at:\n";
        place(out, site);
    }
    if (row.creationStack != 0) {
        out << "  created by, innermost first:\n";
        printCallStack(out, dictionary.callStack(row.creationStack));
    }
    for (const observe::Finding& finding : snapshot.findings)
        if (finding.job == row.id)
            line(out, "finding:         ",
                 std::string(finding.rule) + " (" + std::string(name(finding.confidence)) +
                     "): " + finding.title);
}

void printSample(std::ostream& out, const observe::ThreadSample& sample) {
    out << "thread " << sample.threadName << " (" << sample.tid << "), paused "
        << observe::durationText(sample.pausedFor) << '\n';
    printCallStack(out, sample.stack);
}

} // namespace coroscope::ctl
