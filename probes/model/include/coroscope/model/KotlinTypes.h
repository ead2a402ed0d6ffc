// SPDX-License-Identifier: Apache-2.0
// What Kotlin calls the classes of jobs: so dumps, logs and messages name them, and so dumps are read again.
#pragma once

#include <coroscope/model/States.h>

#include <string_view>

namespace coroscope {

struct KotlinType {
    std::string_view type;
    JobKind kind;
    bool lazy = false;
};

/// kotlinx.coroutines' classes, and those of IntelliJ's platform, by what made them. Of a kind with several
/// classes the usual one comes first. The last three are no classes of Kotlin's: dumps of other programs have
/// such jobs.
inline constexpr KotlinType kotlinTypes[] = {
    {"StandaloneCoroutine", JobKind::Launch},
    {"LazyStandaloneCoroutine", JobKind::Launch, true},
    {"DeferredCoroutine", JobKind::Async},
    {"LazyDeferredCoroutine", JobKind::Async, true},
    {"BlockingCoroutine", JobKind::RunBlocking},
    {"ScopeCoroutine", JobKind::CoroutineScope},
    {"SupervisorCoroutine", JobKind::SupervisorScope},
    {"DispatchedCoroutine", JobKind::WithContext},
    {"UndispatchedCoroutine", JobKind::WithContext},
    {"TimeoutCoroutine", JobKind::WithTimeout},
    {"JobImpl", JobKind::Job},
    {"SupervisorJobImpl", JobKind::SupervisorJob},
    {"CompletableDeferredImpl", JobKind::CompletableDeferred},
    {"ProducerCoroutine", JobKind::Produce},
    {"TestScopeImpl", JobKind::RunTest},
    {"Goroutine", JobKind::Goroutine},
    {"Thread", JobKind::Thread},
    {"ThreadScope", JobKind::ThreadScope},
};

/// The class of a job of this kind; "Job" where there is none.
constexpr std::string_view kotlinType(JobKind kind, bool lazy) noexcept {
    std::string_view usual = "Job";
    for (const KotlinType& each : kotlinTypes) {
        if (each.kind != kind)
            continue;
        if (each.lazy == lazy)
            return each.type;
        if (usual == "Job")
            usual = each.type;
    }
    return usual;
}

/// False for jobs without code: Job(), SupervisorJob(), CompletableDeferred, and what only holds threads.
constexpr bool hasBody(JobKind kind) noexcept {
    return kind != JobKind::Job && kind != JobKind::SupervisorJob && kind != JobKind::CompletableDeferred &&
           kind != JobKind::ThreadScope;
}

} // namespace coroscope
