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
    // Won: until resumeLater the coroutine, and so its job, cannot go.
    if (claim(State::Resumed) == Claim::Won)
        job().resumeLater();
}

void CallbackState::fail(std::exception_ptr e) {
    takeTurn();
    failure_ = std::move(e);
    settle();
}

void CallbackState::check(PromiseBase& leaf) {
    JobNode& job = *leaf.job;
    finish();
    if (state() == State::Cancelled)
        job.throwCancellation(leaf);
    if (!failure_ && job.isCancelled()) {
        callHandler();
        job.throwCancellation(leaf);
    }
    dropHandler();
    if (failure_)
        job.throwOutcome(failure_);
}

void CallbackState::dropHandler() noexcept {
    std::function<void(const std::exception_ptr&)> handler;
    std::lock_guard lock(lock_);
    handler = std::move(handler_);
    handler_ = nullptr;
    closed_ = true;
}

void CallbackState::onCancellation(std::function<void(const std::exception_ptr&)> handler) {
    {
        std::lock_guard lock(lock_);
        if (closed_)
            return;
        if (!cancelled_) {
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
