// SPDX-License-Identifier: Apache-2.0
#include "JobText.h"

#include <coroscope/runtime/detail/JobNode.h>

#include <utility>
#include <vector>

namespace coroscope::detail {

bool hasBody(JobKind kind) noexcept {
    return kind != JobKind::Job && kind != JobKind::SupervisorJob && kind != JobKind::CompletableDeferred;
}

std::string_view kindName(JobKind kind, bool lazy, bool dispatched) noexcept {
    switch (kind) {
    case JobKind::Launch:
        return lazy ? "LazyStandaloneCoroutine" : "StandaloneCoroutine";
    case JobKind::Async:
        return lazy ? "LazyDeferredCoroutine" : "DeferredCoroutine";
    case JobKind::RunBlocking:
        return "BlockingCoroutine";
    case JobKind::CoroutineScope:
        return "ScopeCoroutine";
    case JobKind::SupervisorScope:
        return "SupervisorCoroutine";
    case JobKind::WithContext:
        return dispatched ? "DispatchedCoroutine" : "UndispatchedCoroutine";
    case JobKind::WithTimeout:
        return "TimeoutCoroutine";
    case JobKind::Job:
        return "JobImpl";
    case JobKind::SupervisorJob:
        return "SupervisorJobImpl";
    case JobKind::CompletableDeferred:
        return "CompletableDeferredImpl";
    case JobKind::RunTest:
        return "TestScopeImpl";
    case JobKind::Produce:
        return "ProducerCoroutine";
    case JobKind::Foreign:
    case JobKind::Goroutine:
    case JobKind::Thread:
    case JobKind::ThreadScope:
        break;
    }
    return "Job";
}

std::string jobHead(JobKind kind, std::string_view name, std::uint64_t number, bool lazy, bool dispatched) {
    std::string text;
    if (hasBody(kind)) {
        text += '"';
        text += name.empty() ? "coroutine" : name;
        text += '#' + std::to_string(number) + "\":";
    }
    return text.append(kindName(kind, lazy, dispatched));
}

std::string treeOf(JobNode& root) {
    std::string text;
    std::vector<std::pair<Ref<JobNode>, std::size_t>> open;
    open.emplace_back(Ref<JobNode>::share(&root), 0);
    while (!open.empty()) {
        auto [job, depth] = std::move(open.back());
        open.pop_back();
        text += std::string(depth, '\t') + job->toString() + '\n';
        auto children = job->children();
        for (auto child = children.rbegin(); child != children.rend(); ++child)
            open.emplace_back(*child, depth + 1);
    }
    return text;
}

} // namespace coroscope::detail
