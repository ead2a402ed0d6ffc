// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/RunTest.h>

#include "JobText.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <vector>

namespace coroscope {

TestTimeout::~TestTimeout() = default;

namespace detail {

TestLoop::TestLoop(const CoroutineContext& context, std::source_location where)
    : context_(context)
    , scheduler_(std::make_shared<TestScheduler>())
    , where_(where) {
    context_ = context_.withoutJob() + CoroutineContext(scheduler_->dispatcher());
}

TestLoop::~TestLoop() = default;

JobNode::Origin TestLoop::origin() {
    return {.kind = JobKind::RunTest,
            .traits = Traits::scoped | Traits::handlesException,
            .where = where_,
            .elements = context_.elements().get()};
}

void TestLoop::runUntilDone(JobNode& job, std::chrono::nanoseconds limit) {
    using Clock = std::chrono::steady_clock;
    const auto ended = std::make_shared<std::atomic<bool>>(false); // the job may outlive this
    auto runUntil = [&](Clock::time_point deadline) {
        while (!*ended && Clock::now() < deadline) {
            if (!scheduler_->runOne(std::numeric_limits<std::int64_t>::max()) && !*ended)
                scheduler_->waitForWork(deadline);
        }
        return ended->load();
    };
    auto wake = [scheduler = scheduler_, ended] {
        *ended = true;
        scheduler->wake();
    };
    auto* const handler = new HandlerOf<decltype(wake)>(wake);
    handler->last = true;
    job.addHandler(*handler, false);
    if (runUntil(Clock::now() + std::min<std::chrono::nanoseconds>(limit, std::chrono::hours(24 * 365))))
        return;
    const TestTimeout failure(
        "The test did not end within " +
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()) +
        " ms of real time; these jobs are left:\n" + treeOf(job));
    // Lets the body stop where it can, because it refers to what the caller owns.
    job.cancel(std::make_exception_ptr(CancellationException("The test took too long")));
    runUntil(Clock::now() + std::chrono::seconds(1));
    throw failure;
}

} // namespace detail

} // namespace coroscope
