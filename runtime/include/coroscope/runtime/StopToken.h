// SPDX-License-Identifier: Apache-2.0
// Between jobs and C++'s own way to ask for an end: std::stop_token.
#pragma once

#include <coroscope/runtime/CoroutineContext.h>
#include <coroscope/runtime/CoroutineScope.h>
#include <coroscope/runtime/Job.h>
#include <coroscope/runtime/ScopeFunctions.h>

#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace coroscope {

/// Cancels `job` with all below it when a stop is requested of `token`, at once if it was already. The
/// cancelling happens inside request_stop(), on its thread. Until then the bridge keeps nobody alive; it is
/// gone when the job has ended, or by dispose(). A stop may be requested from inside the job, and while it
/// ends: nobody waits for anybody.
///
///     std::jthread worker([](std::stop_token stop) {
///         runBlocking([stop](CoroutineScope scope) -> Task<> {
///             cancelOnStop(scope.job(), stop);
///             co_await serve();
///         });
///     });
DisposableHandle cancelOnStop(const Job& job, const std::stop_token& token,
                              std::string_view reason = "Stop requested");

/// A std::stop_token for code inside a job that wants one: a stop is requested of it when the job is
/// cancelled or fails, inside that call, and never when it ends normally. It has no effect on the job. The
/// bridge lasts as long as this object; a token kept longer is never stopped any more.
///
///     const StopOnCancel stop(scope.job());
///     std::jthread(compute, stop.token()).join();
class StopOnCancel {
public:
    explicit StopOnCancel(const Job& job);
    ~StopOnCancel() { handle_.dispose(); }
    StopOnCancel(const StopOnCancel&) = delete;
    StopOnCancel& operator=(const StopOnCancel&) = delete;

    std::stop_token token() const noexcept { return source_.get_token(); }

private:
    std::stop_source source_;
    DisposableHandle handle_;
};

/// co_await runInterruptible(context, block): withContext for code that blocks and can be told to stop.
/// `block` gets a std::stop_token of which a stop is requested when the coroutine is cancelled; the
/// cancellation is thrown when the block has returned, and its value is lost. What the block throws instead
/// counts as a failure (rule 38). Kotlin's function of this name interrupts the thread.
///
///     auto take = [&](std::stop_token stop) { return queue.pop(stop); }; // waits on a
///     condition_variable_any co_await runInterruptible(Dispatchers::IO(), take);
template <class F>
    requires std::is_invocable_v<F&, std::stop_token>
Task<std::invoke_result_t<F&, std::stop_token>> runInterruptible(CoroutineContext context, F block) {
    using T = std::invoke_result_t<F&, std::stop_token>;
    auto body = [&block](CoroutineScope scope) -> Task<T> {
        const StopOnCancel stop(scope.job());
        co_return block(stop.token());
    };
    co_return co_await withContext(std::move(context), body);
}

} // namespace coroscope
