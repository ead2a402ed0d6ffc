// SPDX-License-Identifier: Apache-2.0
// The bridge from ordinary code to coroutines.
#pragma once

#include <coroscope/runtime/CoroutineScope.h>

#include <source_location>
#include <type_traits>
#include <utility>

namespace coroscope {

namespace detail {

/// Makes the origin of a runBlocking job and runs its loop.
class BlockingLoop {
public:
    BlockingLoop(const CoroutineContext& context, std::source_location where);
    ~BlockingLoop();
    BlockingLoop(const BlockingLoop&) = delete;
    BlockingLoop& operator=(const BlockingLoop&) = delete;

    JobNode::Origin origin();
    /// Returns when the job has ended.
    void runUntilDone(JobNode& job);

private:
    CoroutineContext context_;
    DispatcherPtr loop_;
    DispatcherPtr previous_;
    std::source_location where_;
};

} // namespace detail

/// Runs the body as a root job and blocks this thread until it and its children have ended; gives its result
/// or throws its failure. Without a dispatcher in `context` the body runs on this thread, in a loop that ends
/// with it; inside another such loop it shares that one. Not for use inside a coroutine: it blocks the
/// thread.
template <detail::Body F>
detail::BodyResult<F> runBlocking(const CoroutineContext& context, F&& body,
                                  std::source_location where = std::source_location::current()) {
    using T = detail::BodyResult<F>;
    detail::BlockingLoop loop(context, where);
    detail::JobNode::Origin origin = loop.origin();
    auto* node = new detail::BodyJob<T, typename detail::Kept<F>::Type>(
        origin, detail::Kept<F>::pass(std::forward<F>(body)));
    auto job = detail::Ref<std::remove_pointer_t<decltype(node)>>::adopt(node);
    job->attach(origin);
    job->startBody(CoroutineStart::Default);
    loop.runUntilDone(*job);
    if (auto e = job->finalException())
        std::rethrow_exception(std::move(e));
    if constexpr (!std::is_void_v<T>)
        return std::move(job->value());
}

template <detail::Body F>
detail::BodyResult<F> runBlocking(F&& body, std::source_location where = std::source_location::current()) {
    return runBlocking(CoroutineContext(), std::forward<F>(body), where);
}

} // namespace coroscope
