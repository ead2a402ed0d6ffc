// SPDX-License-Identifier: Apache-2.0
#include "Json.h"
#include "Commands.h"

#include <coroscope/observe/JobJson.h>

#include <string_view>

namespace coroscope::ctl {

using observe::Node;

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

Json callStack(const observe::CallStackText& stack) {
    return Json::parse(observe::callStackJson(stack));
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
    return Json::parse(observe::findingJson(finding, snapshot.tree));
}

Json toJson(const observe::ThreadSample& sample) {
    return {{"thread", sample.tid},
            {"name", sample.threadName},
            {"pausedSeconds", seconds(sample.pausedFor)},
            {"takenAt", sample.wallClock},
            {"stack", callStack(sample.stack)}};
}

Json jobToJson(const Snapshot& snapshot, Node node) {
    const JobId id = snapshot.tree.row(node).id;
    std::vector<std::string_view> rules;
    for (const observe::Finding& finding : snapshot.findings)
        if (finding.job == id)
            rules.push_back(finding.rule);
    Json json = Json::parse(observe::jobJson(snapshot.tree, node, *snapshot.dictionary, snapshot.now, rules));
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
    return json;
}

Json endedToJson(const Snapshot& snapshot, bool onlyFailures) {
    Json all = Json::array();
    for (const observe::EndedJob* job : snapshot.ended.newestFirst(onlyFailures)) {
        const std::string failure = job->failure != 0 ? snapshot.source->failureText(*job) : std::string();
        all.push_back(Json::parse(
            observe::endedJson(*job, failure, snapshot.tree, *snapshot.dictionary, snapshot.now)));
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
