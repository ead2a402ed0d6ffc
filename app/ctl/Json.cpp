// SPDX-License-Identifier: Apache-2.0
#include "Json.h"
#include "Commands.h"

#include <coroscope/observe/Labels.h>

#include <algorithm>

namespace coroscope::ctl {

using observe::Node;
using observe::noNode;

double seconds(std::int64_t nanoseconds) {
    return static_cast<double>(nanoseconds < 0 ? 0 : nanoseconds) / 1e9;
}

Json toJson(const observe::SiteText& site) {
    if (!site.known())
        return nullptr;
    return {{"file", site.file}, {"function", site.shortFunction()}, {"line", site.line}};
}

Json dumpFacts(const observe::SourceInfo& info) {
    if (info.live)
        return nullptr;
    return {{"file", info.file},
            {"takenAt", info.takenWallClock},
            {"host", info.host},
            {"redacted", info.redacted},
            {"problems", info.problems}};
}

namespace {

Json seconds(std::optional<std::int64_t> nanoseconds) {
    return nanoseconds ? Json(seconds(*nanoseconds)) : Json(nullptr);
}

Json callStack(const observe::CallStackText& stack) {
    Json frames = Json::array();
    for (const observe::SiteText& frame : stack.frames)
        frames.push_back({{"file", frame.file}, {"function", frame.shortFunction()}, {"line", frame.line}});
    return {{"frames", std::move(frames)},
            {"cut", stack.cut},
            {"note", stack.note.empty() ? Json(nullptr) : Json(stack.note)}};
}

Json flagNames(std::uint16_t flags) {
    Json names = Json::array();
    const std::pair<std::uint16_t, const char*> all[] = {
        {JobFlags::launchedInGlobalScope, "launchedInGlobalScope"},
        {JobFlags::parentFromContext, "parentFromContext"},
        {JobFlags::supervisor, "supervisor"},
        {JobFlags::shielded, "shielded"},
        {JobFlags::cancelledByObserver, "cancelledByObserver"},
        {JobFlags::cancellationDelivered, "cancellationDelivered"},
        {JobFlags::lazyStart, "lazyStart"},
        {JobFlags::swallowedCancellation, "swallowedCancellation"},
        {JobFlags::ownsScope, "ownsScope"},
        {JobFlags::held, "held"},
    };
    for (const auto& [flag, flagName] : all)
        if ((flags & flag) != 0)
            names.push_back(flagName);
    return names;
}

Json waitsFor(const observe::JobRow& row, const Snapshot& snapshot) {
    if (row.execution != Execution::Suspended)
        return nullptr;
    Json json{{"kind", name(row.waitKind)},
              {"text", observe::describeWait(snapshot.tree, row, *snapshot.dictionary, snapshot.now)
                           .plain(snapshot.tree, *snapshot.dictionary)}};
    if (const JobId job = snapshot.tree.waitsForJob(row)) {
        json["job"] = job.value;
        if (const Node other = snapshot.tree.find(job); other != noNode)
            json["number"] = snapshot.tree.row(other).number;
    }
    if (const observe::Resource* const resource = snapshot.tree.resource(row.resource())) {
        json["id"] = resource->id.value;
        json["name"] = resource->name ? Json(snapshot.dictionary->text(resource->name)) : Json(nullptr);
        json["createdAt"] = toJson(snapshot.dictionary->site(resource->site));
        json["waiting"] = resource->waiting;
        if (resource->kind != WaitKind::Mutex) {
            json["count"] = resource->count;
            json["capacity"] =
                resource->capacity == observe::Resource::unlimited ? Json(nullptr) : Json(resource->capacity);
        }
    }
    if (row.waitKind == WaitKind::Delay)
        json["dueInSeconds"] = seconds(static_cast<std::int64_t>(row.waitsFor) - snapshot.now);
    return json;
}

Json jobWithoutChildren(Node node, const Snapshot& snapshot) {
    const observe::JobRow& row = snapshot.tree.row(node);
    Json frames = Json::array();
    if (row.execution == Execution::Suspended)
        for (const observe::SiteText& frame : snapshot.dictionary->stack(row.suspendedAt).frames)
            frames.push_back(toJson(frame));
    Json orphan = nullptr;
    if (snapshot.tree.isOrphanRoot(node))
        orphan = snapshot.tree.rootKind(node) == observe::RootKind::Global ? "global" : "island";
    return {{"id", row.id.value},
            {"number", row.number},
            {"kind", name(row.kind)},
            {"name", row.name ? Json(snapshot.dictionary->text(row.name)) : Json(nullptr)},
            {"state", name(row.state)},
            {"execution", name(row.execution)},
            {"description", observe::stateText(row.state, row.execution)},
            {"flags", flagNames(row.flags)},
            {"ageSeconds", seconds(row.age(snapshot.now))},
            {"inStateSeconds", seconds(row.timeInState(snapshot.now))},
            {"dispatcher", snapshot.dictionary->context(row.context).dispatcher},
            {"createdAt", toJson(snapshot.dictionary->site(row.site))},
            {"suspendedAt", std::move(frames)},
            {"waitsFor", waitsFor(row, snapshot)},
            {"launcher", row.launcher ? Json(row.launcher.value) : Json(nullptr)},
            {"orphan", std::move(orphan)},
            {"findings", Json::array()},
            {"children", Json::array()}};
}

/// A tree may be a chain of a hundred thousand: built and moved from the leaves up, without recursion.
Json subtreeToJson(Node root, const Snapshot& snapshot,
                   const std::unordered_multimap<JobId, std::size_t>& findingsOf,
                   const std::vector<bool>& shown) {
    std::vector<Node> nodes = snapshot.tree.subtree(root);
    if (!shown.empty())
        std::erase_if(nodes, [&](Node node) { return !shown[node]; });
    std::unordered_map<Node, std::size_t> at;
    std::vector<Json> all;
    all.reserve(nodes.size());
    for (const Node node : nodes) {
        at.emplace(node, all.size());
        all.push_back(jobWithoutChildren(node, snapshot));
        const auto [from, to] = findingsOf.equal_range(snapshot.tree.row(node).id);
        for (auto it = from; it != to; ++it)
            all.back()["findings"].push_back(snapshot.findings[it->second].rule);
    }
    for (std::size_t i = nodes.size(); i-- > 0;) {
        Json& mine = all[i]["children"]; // complete, and last come first
        std::reverse(mine.begin(), mine.end());
        if (i > 0)
            all[at.at(snapshot.tree.parent(nodes[i]))]["children"].push_back(std::move(all[i]));
    }
    return std::move(all.front());
}

} // namespace

Json toJson(const observe::Target& target) {
    return {{"pid", target.pid},
            {"program", target.program},
            {"commandLine", target.commandLine},
            {"user", target.user},
            {"runsForSeconds", target.runsFor},
            {"jobs", target.jobs < 0 ? Json(nullptr) : Json(target.jobs)},
            {"attachable", target.attachable},
            {"problem", target.problem.empty() ? Json(nullptr) : Json(target.problem)}};
}

Json toJson(const observe::Finding& finding, const Snapshot& snapshot) {
    const Node node = snapshot.tree.find(finding.job);
    return {{"rule", finding.rule},
            {"severity", name(finding.severity)},
            {"confidence", name(finding.confidence)},
            {"job", finding.job.value},
            {"number", node == noNode ? Json(nullptr) : Json(snapshot.tree.row(node).number)},
            {"name", finding.jobName},
            {"ended", finding.ended},
            {"title", finding.title},
            {"evidence", finding.evidence},
            {"advice", finding.advice},
            {"where", toJson(finding.where)}};
}

Json treeToJson(const Snapshot& snapshot, const std::vector<bool>& shown) {
    Json roots = Json::array(), findings = Json::array();
    const auto findingsOf = snapshot.findingsByJob();
    for (Node root = snapshot.tree.firstRoot(); root != noNode; root = snapshot.tree.nextSibling(root))
        if (shown.empty() || shown[root])
            roots.push_back(subtreeToJson(root, snapshot, findingsOf, shown));
    for (const observe::Finding& finding : snapshot.findings)
        findings.push_back(toJson(finding, snapshot));
    return {{"pid", snapshot.source->info().pid},
            {"program", snapshot.source->info().program},
            {"jobs", snapshot.tree.size()},
            {"untracked", snapshot.source->untrackedJobs()},
            {"dump", dumpFacts(snapshot.source->info())},
            {"roots", std::move(roots)},
            {"findings", std::move(findings)}};
}

Json toJson(const observe::ThreadSample& sample) {
    return {{"thread", sample.tid},
            {"name", sample.threadName},
            {"pausedSeconds", seconds(sample.pausedFor)},
            {"takenAt", sample.wallClock},
            {"stack", callStack(sample.stack)}};
}

Json jobToJson(const Snapshot& snapshot, Node node) {
    Json json = jobWithoutChildren(node, snapshot);
    json.erase("children");
    const JobId id = snapshot.tree.row(node).id;
    Json path = Json::array(), waiters = Json::array();
    for (const Node above : snapshot.tree.path(node))
        if (above != node)
            path.push_back(snapshot.tree.row(above).number);
    const observe::WaiterSearch search = snapshot.waitersOf(id);
    for (const JobId waiter : search.waiters())
        waiters.push_back(snapshot.tree.row(snapshot.tree.find(waiter)).number);
    json["path"] = std::move(path);
    json["waitedForBy"] = std::move(waiters);
    json["waiters"] = search.count();
    const CallStackId creation = snapshot.tree.row(node).creationStack;
    json["creationStack"] =
        creation == 0 ? Json(nullptr) : callStack(snapshot.dictionary->callStack(creation));
    for (const observe::Finding& finding : snapshot.findings)
        if (finding.job == id)
            json["findings"].push_back(finding.rule);
    return json;
}

Json endedToJson(const Snapshot& snapshot, bool onlyFailures) {
    Json all = Json::array();
    for (const observe::EndedJob* job : snapshot.ended.newestFirst(onlyFailures)) {
        const observe::JobRow& row = job->row;
        const bool known = static_cast<bool>(row.id);
        const std::string exception =
            job->failure != 0 ? observe::exceptionText(snapshot.source->failureText(*job)) : std::string();
        all.push_back({{"id", job->id.value},
                       {"number", known ? Json(row.number) : Json(nullptr)},
                       {"kind", known ? Json(name(row.kind)) : Json(nullptr)},
                       {"name", row.name ? Json(snapshot.dictionary->text(row.name)) : Json(nullptr)},
                       {"finalState", name(job->finalState)},
                       {"endedSecondsAgo", seconds(snapshot.now - job->at)},
                       {"livedSeconds", known ? Json(seconds(job->at - row.createdAt)) : Json(nullptr)},
                       {"createdAt", toJson(snapshot.dictionary->site(row.site))},
                       {"launcher", row.launcher ? Json(row.launcher.value) : Json(nullptr)},
                       {"exception", exception.empty() ? Json(nullptr) : Json(exception)}});
    }
    const observe::SourceInfo& info = snapshot.source->info();
    return {{"pid", info.pid},
            {"program", info.program},
            {"failed", snapshot.ended.totalFailures()},
            {"endedOtherwise", snapshot.ended.total() - snapshot.ended.totalFailures()},
            {"dump", dumpFacts(info)},
            {"ended", std::move(all)}};
}

Json commandsToJson(const Snapshot& snapshot) {
    Json all = Json::array();
    for (const PastCommand& command : pastCommands(snapshot)) {
        const observe::JobRow& job = command.incident->job;
        all.push_back({{"secondsAgo", seconds(snapshot.now - command.incident->at)},
                       {"job", job.id.value},
                       {"number", job.number},
                       {"name", job.name ? Json(snapshot.dictionary->text(job.name)) : Json(nullptr)},
                       {"by", command.who},
                       {"reason", command.reason}});
    }
    const observe::SourceInfo& info = snapshot.source->info();
    return {{"pid", info.pid}, {"program", info.program}, {"commands", std::move(all)}};
}

std::string print(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

} // namespace coroscope::ctl
