// SPDX-License-Identifier: Apache-2.0
// Tests of coroutines, in virtual time.
#pragma once

#include <coroscope/runtime/CoroutineScope.h>
#include <coroscope/runtime/TestScheduler.h>

#include <chrono>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace coroscope {

/// The scope of a test: its own job, with virtual time.
class TestScope : public CoroutineScope {
public:
    TestScheduler& testScheduler() const noexcept { return *scheduler_; }
    std::chrono::nanoseconds currentTime() const noexcept { return scheduler_->currentTime(); }
    void advanceTimeBy(std::chrono::nanoseconds time) const { scheduler_->advanceTimeBy(time); }
    void advanceUntilIdle() const { scheduler_->advanceUntilIdle(); }
    void runCurrent() const { scheduler_->runCurrent(); }

    /// For the library.
    TestScope(CoroutineScope scope, TestScheduler& scheduler) noexcept
        : CoroutineScope(std::move(scope))
        , scheduler_(&scheduler) {}

private:
    TestScheduler* scheduler_;
};

/// The test did not end within its limit of real time. what() shows the jobs that were still there, as a
/// tree.
class TestTimeout : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~TestTimeout() override;
};

namespace detail {

/// Makes the origin of a test's job and runs it.
class TestLoop {
public:
    TestLoop(const CoroutineContext& context, std::source_location where);
    ~TestLoop();
    TestLoop(const TestLoop&) = delete;
    TestLoop& operator=(const TestLoop&) = delete;

    JobNode::Origin origin();
    /// Returns when the job has ended. Throws TestTimeout after `limit` of real time.
    void runUntilDone(JobNode& job, std::chrono::nanoseconds limit);
    const std::shared_ptr<TestScheduler>& scheduler() const noexcept { return scheduler_; }

private:
    CoroutineContext context_;
    std::shared_ptr<TestScheduler> scheduler_;
    std::source_location where_;
};

template <class F>
concept TestBody = std::is_invocable_v<F&, TestScope> || Body<F>;

} // namespace detail

/// How long a runTest may take in real time before it fails (rule 104).
inline constexpr std::chrono::seconds testTimeLimit{60};

/// Runs the body on this thread with virtual time: delays are skipped, in their order. The body is
/// Task<>(TestScope), or with a CoroutineScope, or without parameter. Returns when it and its children have
/// ended; throws its failure. When the real time `limit` is over it throws TestTimeout, which names the jobs
/// that are left.
template <detail::TestBody F>
void runTest(const CoroutineContext& context, F&& body, std::chrono::nanoseconds limit = testTimeLimit,
             std::source_location where = std::source_location::current()) {
    detail::TestLoop loop(context, where);
    auto run = [&body, scheduler = loop.scheduler()](CoroutineScope scope) -> Task<> {
        if constexpr (std::is_invocable_v<F&, TestScope>)
            return body(TestScope(std::move(scope), *scheduler));
        else if constexpr (std::is_invocable_v<F&, CoroutineScope>)
            return body(std::move(scope));
        else
            return body();
    };
    using Node = detail::BodyJob<void, decltype(run)>;
    detail::JobNode::Origin origin = loop.origin();
    auto job = detail::Ref<Node>::adopt(new Node(origin, std::move(run)));
    job->attach(origin);
    job->startBody(CoroutineStart::Default);
    loop.runUntilDone(*job, limit);
    if (auto e = job->finalException())
        std::rethrow_exception(std::move(e));
}

template <detail::TestBody F>
void runTest(F&& body, std::chrono::nanoseconds limit = testTimeLimit,
             std::source_location where = std::source_location::current()) {
    runTest(CoroutineContext(), std::forward<F>(body), limit, where);
}

} // namespace coroscope
