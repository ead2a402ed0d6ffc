// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/CancellableContinuation.h>

#include "Uncaught.h"

#include <coroscope/runtime/CoroutineContext.h>

#include <mutex>

namespace coroscope::detail {

void CallbackState::takeTurn() {
    if (taken_.exchange(true, std::memory_order_acq_rel))
        throw std::logic_error("Already resumed");
}

void CallbackState::settle() noexcept {
    Claim what = Claim::Lost;
    {
        const std::lock_guard lock(lock_);
        if (!left_)
            what = claim();
    }
    // Won: until resumeLater the coroutine, and so its job, cannot go.
    if (what == Claim::Won)
        job().resumeLater();
}

bool CallbackState::isActive() noexcept {
    const std::lock_guard lock(lock_);
    return !taken_.load(std::memory_order_acquire) && !left_ && !isDecided();
}

void CallbackState::fail(std::exception_ptr e) {
    takeTurn();
    failure_ = std::move(e);
    settle();
}

void CallbackState::check(PromiseBase& leaf) {
    JobNode& job = *leaf.job;
    const bool lost = !wasCancelled() && !failure_ && job.isCancelled();
    if (lost)
        callHandler();
    leave();
    if (lost || wasCancelled())
        job.throwCancellation(leaf);
    if (failure_)
        job.throwOutcome(failure_);
}

void CallbackState::leave() noexcept {
    std::function<void(const std::exception_ptr&)> handler;
    std::lock_guard lock(lock_);
    handler = std::move(handler_);
    handler_ = nullptr;
    left_ = true;
}

void CallbackState::onCancellation(std::function<void(const std::exception_ptr&)> handler) {
    {
        std::lock_guard lock(lock_);
        if (!cancelled_) {
            if (!left_)
                handler_ = std::move(handler);
            return;
        }
    }
    handler(cause_);
}

void CallbackState::callHandler() noexcept {
    std::function<void(const std::exception_ptr&)> handler;
    const std::exception_ptr cause = job().cancellation();
    {
        std::lock_guard lock(lock_);
        cause_ = cause;
        cancelled_ = true;
        handler = std::move(handler_);
        handler_ = nullptr;
    }
    if (!handler)
        return;
    try {
        handler(cause);
    } catch (...) {
        reportUncaught(CoroutineContext(job().keptElements(), HandleAccess::share<Job>(&job())),
                       std::current_exception());
    }
}

} // namespace coroscope::detail
