// SPDX-License-Identifier: Apache-2.0
// Waiting for several at once.
#pragma once

#include <coroscope/runtime/CancellableContinuation.h>
#include <coroscope/runtime/Deferred.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace coroscope {

namespace detail {

/// Resumes the continuation at the first failure, or when all have ended.
void awaitAllJobs(const std::vector<Job>& jobs, const CancellableContinuation<void>& continuation,
                  bool failEarly);

struct AwaitAllBlock {
    std::vector<Job> jobs;
    bool failEarly;
    void operator()(const CancellableContinuation<void>& continuation) const {
        awaitAllJobs(jobs, continuation, failEarly);
    }
};

inline std::uint64_t firstOf(const std::vector<Job>& jobs) {
    return jobs.empty() ? 0 : jobs.front().id().value;
}

class JoinAllAwaitable : public CallbackAwaitable<void, AwaitAllBlock> {
public:
    JoinAllAwaitable(std::vector<Job> jobs, bool failEarly)
        : JoinAllAwaitable(firstOf(jobs), std::move(jobs), failEarly) {}

private:
    JoinAllAwaitable(std::uint64_t first, std::vector<Job>&& jobs, bool failEarly)
        : CallbackAwaitable(AwaitAllBlock{std::move(jobs), failEarly}, WaitKind::Job, first) {}
};

template <class T>
class AwaitAllAwaitable : public JoinAllAwaitable {
public:
    explicit AwaitAllAwaitable(std::vector<Deferred<T>> deferreds)
        : JoinAllAwaitable(std::vector<Job>(deferreds.begin(), deferreds.end()), true)
        , deferreds_(std::move(deferreds)) {}
    auto await_resume() {
        JoinAllAwaitable::await_resume();
        if constexpr (!std::is_void_v<T>) {
            std::vector<T> results;
            results.reserve(deferreds_.size());
            for (const Deferred<T>& d : deferreds_)
                results.push_back(d.getCompleted());
            return results;
        }
    }

private:
    std::vector<Deferred<T>> deferreds_;
};

} // namespace detail

/// co_await awaitAll(deferreds): all results in their order, or the first failure as soon as one fails.
template <class T>
[[nodiscard]] detail::AwaitAllAwaitable<T> awaitAll(std::vector<Deferred<T>> deferreds) {
    return detail::AwaitAllAwaitable<T>(std::move(deferreds));
}

/// co_await joinAll(jobs): waits until all have ended, however.
[[nodiscard]] inline detail::JoinAllAwaitable joinAll(std::vector<Job> jobs) {
    return detail::JoinAllAwaitable(std::move(jobs), false);
}

} // namespace coroscope
