// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/DebugProbes.h>

#include "JobText.h"

#include <coroscope/model/FunctionName.h>
#include <coroscope/record/OwnJobs.h>
#include <coroscope/record/Record.h>
#include <coroscope/runtime/CoroutineScope.h>
#include <coroscope/runtime/Job.h>

#include <array>
#include <ctime>
#include <ostream>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace coroscope {

namespace {

using record::OwnJob;
using record::Place;

std::string placeText(const Place& place) {
    const std::size_t slash = place.file.find_last_of('/');
    return shortFunctionName(place.function) + "(" +
           std::string(slash == std::string_view::npos ? place.file : place.file.substr(slash + 1)) + ":" +
           std::to_string(place.line) + ")";
}

std::string headOf(const OwnJob& job) {
    return detail::jobHead(job.kind, job.name, job.number, (job.flags & JobFlags::lazyStart) != 0) + "{" +
           std::string(name(job.state == JobState::Failed ? JobState::Cancelled : job.state)) + "}";
}

/// What Kotlin calls the state of a coroutine.
std::string_view coroutineState(const OwnJob& job) {
    if (job.execution == Execution::Running)
        return "RUNNING";
    const bool begun = job.execution == Execution::Suspended ||
                       job.execution == Execution::WaitsForChildren || !job.suspendedAt.empty();
    return begun ? "SUSPENDED" : "CREATED";
}

std::string hierarchyOf(const std::vector<OwnJob>& jobs, const std::vector<std::size_t>& tops,
                        const std::unordered_map<JobId, std::vector<std::size_t>>& children) {
    std::string text;
    std::vector<std::pair<std::size_t, std::size_t>> open;
    for (auto top = tops.rbegin(); top != tops.rend(); ++top)
        open.emplace_back(*top, 0);
    while (!open.empty()) {
        const auto [at, depth] = open.back();
        open.pop_back();
        const OwnJob& job = jobs[at];
        text += std::string(depth, '\t') + headOf(job);
        if (hasBody(job.kind) && job.execution != Execution::WaitsForChildren) {
            text += ", continuation is " + std::string(coroutineState(job));
            if (!job.suspendedAt.empty())
                text += " at line " + placeText(job.suspendedAt.front());
            else if (job.createdAt.line != 0)
                text += " at line " + placeText(job.createdAt);
        }
        text += '\n';
        if (const auto below = children.find(job.id); below != children.end())
            for (auto child = below->second.rbegin(); child != below->second.rend(); ++child)
                open.emplace_back(*child, depth + 1);
    }
    return text;
}

std::unordered_map<JobId, std::vector<std::size_t>> childrenIn(const std::vector<OwnJob>& jobs) {
    std::unordered_map<JobId, std::vector<std::size_t>> children;
    for (std::size_t i = 0; i < jobs.size(); ++i)
        if (jobs[i].parent)
            children[jobs[i].parent].push_back(i);
    return children;
}

} // namespace

void DebugProbes::dumpCoroutines(std::ostream& stream) {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    std::array<char, 32> time{};
    std::strftime(time.data(), time.size(), "%Y/%m/%d %H:%M:%S", &local);
    stream << "Coroutines dump " << time.data() << '\n';
    if (!record::isOn())
        stream << "(the record is off: " << record::stoppedBecause() << ")\n";
    for (const OwnJob& job : record::ownJobs()) {
        if (!hasBody(job.kind))
            continue;
        const std::string_view state = coroutineState(job);
        stream << "\nCoroutine " << headOf(job) << '@' << std::hex << job.id.value << std::dec
               << ", state: " << state;
        if (state == "RUNNING" && !job.suspendedAt.empty())
            stream << " (Last suspension stacktrace, not an actual stacktrace)";
        stream << '\n';
        for (const Place& place : job.suspendedAt)
            stream << "\tat " << placeText(place) << '\n';
        stream << "\tat _COROUTINE._CREATION._(CoroutineDebugging.kt)\n";
        if (job.createdAt.line != 0)
            stream << "\tat " << placeText(job.createdAt) << '\n';
    }
}

std::string DebugProbes::jobToString(const Job& job) {
    const std::vector<OwnJob> jobs = record::ownJobs();
    const JobId id = job.id();
    for (std::size_t i = 0; i < jobs.size(); ++i)
        if (jobs[i].id == id)
            return hierarchyOf(jobs, {i}, childrenIn(jobs));
    return detail::treeOf(*detail::HandleAccess::node(job)); // not recorded, or ended
}

void DebugProbes::printJob(const Job& job, std::ostream& stream) {
    stream << jobToString(job);
}

void DebugProbes::printScope(const CoroutineScope& scope, std::ostream& stream) {
    const Job job = scope.job();
    if (!job)
        throw std::logic_error("GlobalScope has no job to print");
    printJob(job, stream);
}

std::string DebugProbes::jobsToString(const std::vector<JobId>& ids) {
    const std::unordered_set<JobId> wanted(ids.begin(), ids.end());
    std::vector<OwnJob> jobs = record::ownJobs();
    std::erase_if(jobs, [&](const OwnJob& job) { return !wanted.contains(job.id); });
    std::vector<std::size_t> tops;
    for (std::size_t i = 0; i < jobs.size(); ++i)
        if (!wanted.contains(jobs[i].parent))
            tops.push_back(i);
    return hierarchyOf(jobs, tops, childrenIn(jobs));
}

std::string DebugProbes::currentJobName() {
    detail::JobNode* const job = detail::JobNode::current();
    if (!job)
        return {};
    const detail::ElementsRef elements = job->keptElements();
    return (elements && elements->name ? *elements->name : std::string("coroutine")) + '#' +
           std::to_string(job->number());
}

} // namespace coroscope
