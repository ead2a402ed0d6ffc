// SPDX-License-Identifier: Apache-2.0
// blocked-worker and blocking-in-coroutine, where a snapshot has the stacks of threads: a blocking call holds
// a thread that others wait for.
//
// Which thread belongs to a dispatcher is known by its name. Kotlin's workers serve Dispatchers.Default and
// Dispatchers.IO alike; IO's work, which may block, runs inside a worker of a limited view, and is not
// judged.
#include "BlockingCalls.h"
#include "Rules.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace coroscope::observe {

namespace {

/// Others wait for this thread. A user interface's thread is judged only while it runs a coroutine.
bool servesOthers(std::string_view name, bool runsCoroutine) {
    if (name.starts_with("DefaultDispatcher-worker-"))
        return true;
    for (const std::string_view prefix : {"AWT-EventQueue-", "JavaFX Application Thread"})
        if (runsCoroutine && name.starts_with(prefix))
            return true;
    return false;
}

class BlockedWorkers final : public JobRule {
public:
    explicit BlockedWorkers(Rules& rules)
        : rules_(rules) {}

    void look(Node node, const JobRow& row) override {
        if (row.kind == JobKind::Thread)
            judgeThread(node, row);
        else if (row.execution == Execution::Running && row.suspendedAt != 0 && !isJoined(node))
            judgeCoroutine(row);
    }

private:
    bool isJoined(Node node) const {
        const Node child = rules_.tree.firstChild(node);
        return child != noNode && rules_.tree.row(child).kind == JobKind::Thread;
    }

    const std::optional<BlockingCall>& callOf(StackId stack) {
        const auto known = calls_.find(stack);
        return known != calls_.end()
                   ? known->second
                   : calls_.emplace(stack, blockingCall(rules_.dictionary.stack(stack))).first->second;
    }

    void judgeThread(Node node, const JobRow& thread) {
        const auto& call = callOf(thread.suspendedAt);
        if (!call && thread.waitKind != WaitKind::Mutex)
            return;
        const std::string name = rules_.dictionary.text(thread.name);
        const Node parent = rules_.tree.parent(node);
        const bool joined = parent != noNode && rules_.tree.row(parent).kind != JobKind::ThreadScope;
        const JobRow& row = joined ? rules_.tree.row(parent) : thread;
        if (call && call->runBlocking && call->insideCoroutine)
            add(row, *call, "Its thread " + name, call->limited);
        else if (servesOthers(name, joined) && joined && !call && thread.waitKind == WaitKind::Mutex)
            add(row, {"synchronized", 0, 0}, "Its thread " + name, false);
        else if (servesOthers(name, joined) && call && !call->runBlocking && !call->limited)
            add(row, *call, joined ? "Its thread " + name : "It", false);
    }

    /// Its stack is its own: a runBlocking in it was entered by this coroutine.
    void judgeCoroutine(const JobRow& row) {
        if (const auto& call = callOf(row.suspendedAt); call && call->runBlocking)
            add(row, *call, "Its thread", true);
    }

    std::string frame(const StackText& stack, std::size_t at) const {
        return stack.frames[at].shortFunction() + " (" + stack.frames[at].shortText() + ')';
    }

    /// `spares`: perhaps it keeps nobody else waiting.
    void add(const JobRow& row, const BlockingCall& call, const std::string& who, bool spares) {
        if (rules_.full())
            return;
        const StackText stack = rules_.dictionary.stack(row.suspendedAt);
        Finding finding = rules_.about(row, call.runBlocking ? "blocking-in-coroutine" : "blocked-worker",
                                       call.runBlocking ? "blocks" : "blocked worker");
        finding.title = call.runBlocking ? "runBlocking inside a coroutine blocks its thread"
                                         : "A blocking call holds a dispatcher's thread";
        finding.severity = spares ? Severity::Hint : Severity::Warning;
        finding.confidence = call.runBlocking ? Confidence::Proven : Confidence::Suspected;
        finding.evidence = who + " stands in " + call.what;
        if (call.call < stack.frames.size())
            finding.evidence += ": " + frame(stack, call.call);
        if (call.caller != call.call && call.caller < stack.frames.size())
            finding.evidence += ", called by " + frame(stack, call.caller);
        finding.evidence += '.';
        if (spares)
            finding.evidence += " It may be a thread that is there to be blocked.";
        finding.advice =
            call.runBlocking
                ? "Await the work instead of blocking for it; runBlocking belongs where coroutines begin."
                : "Suspend instead of blocking, or move the call to a dispatcher that is made for it "
                  "(Dispatchers.IO).";
        rules_.add(std::move(finding));
    }

    Rules& rules_;
    std::unordered_map<StackId, std::optional<BlockingCall>> calls_;
};

} // namespace

std::unique_ptr<JobRule> blockedWorkers(Rules& rules) {
    return std::make_unique<BlockedWorkers>(rules);
}

} // namespace coroscope::observe
