// SPDX-License-Identifier: Apache-2.0
// blocking-in-coroutine: runBlocking entered by the code of a coroutine, whose thread stands still meanwhile.
#include "Rules.h"

#include <string>
#include <utility>

namespace coroscope::observe {

namespace {

/// Where a blocked thread keeps nobody waiting: IO's are there to be blocked, and a runBlocking on the thread
/// of another one runs that one's work, too.
bool sparesOthers(const std::string& dispatcher) {
    return dispatcher == "runBlocking" || dispatcher == "IO" ||
           dispatcher.starts_with("IO.limitedParallelism");
}

} // namespace

// The launcher of a job is the one that was running on the launching thread: code outside of coroutines has
// none, not even on a thread that a coroutine has started. Where this lasts, it matters: hence mayPass.
void blockingInCoroutine(Rules& rules, Node node) {
    const JobRow& row = rules.tree.row(node);
    if (row.kind != JobKind::RunBlocking || !row.launcher || isFinal(row.state))
        return;
    std::string dispatcher;
    if (const Node launcher = rules.tree.find(row.launcher); launcher != noNode)
        dispatcher = rules.dictionary.context(rules.tree.row(launcher).context).dispatcher;
    const bool spares = sparesOthers(dispatcher);
    Finding finding = rules.about(row, "blocking-in-coroutine", "blocks");
    finding.title = "runBlocking inside a coroutine blocks its thread";
    finding.severity = spares ? Severity::Hint : Severity::Warning;
    finding.confidence = Confidence::Proven;
    finding.mayPass = true;
    finding.evidence = "Called at " + finding.where.shortText() + " by " + rules.launcherText(row) + ", " +
                       rules.since(row.createdAt) +
                       " ago; until it ends that coroutine cannot suspend, and its thread";
    finding.evidence += dispatcher.empty() ? "" : " of " + dispatcher;
    finding.evidence += spares ? " is held, which keeps few others waiting." : " runs nothing else.";
    finding.evidence += " It " + rules.doing(row) + '.';
    finding.advice = "Await the work instead of blocking for it; runBlocking belongs where coroutines begin.";
    rules.add(std::move(finding));
}

} // namespace coroscope::observe
