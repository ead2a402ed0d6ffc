// SPDX-License-Identifier: Apache-2.0
// Questions of a coroutine about itself. None of them suspends.
#pragma once

#include <coroscope/runtime/CoroutineContext.h>
#include <coroscope/runtime/CoroutineScope.h>

namespace coroscope {

namespace detail {

class ReadyAwaitable {
public:
    void attach(PromiseBase& leaf) noexcept { job_ = leaf.job; }
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}

protected:
    JobNode* job_ = nullptr;
};

class CurrentContextAwaitable : public ReadyAwaitable {
public:
    CoroutineContext await_resume() const {
        return CoroutineContext(ElementsRef::share(job_->elements()), HandleAccess::share<Job>(job_));
    }
};

class CurrentScopeAwaitable : public ReadyAwaitable {
public:
    CoroutineScope await_resume() const { return ScopeAccess::insideOf(*job_); }
};

class CurrentJobAwaitable : public ReadyAwaitable {
public:
    Job await_resume() const { return HandleAccess::share<Job>(job_); }
};

class IsActiveAwaitable : public ReadyAwaitable {
public:
    bool await_resume() const noexcept { return job_->isActive(); }
};

class EnsureActiveAwaitable : public ReadyAwaitable {
public:
    void await_resume() const {
        if (job_->isCancelled())
            job_->throwAskedFor();
    }
};

} // namespace detail

/// The context of the running coroutine, with a handle to its job.
[[nodiscard]] inline detail::CurrentContextAwaitable currentContext() noexcept {
    return {};
}
/// The scope of the running job, as its body got it: for tasks that launch.
[[nodiscard]] inline detail::CurrentScopeAwaitable currentScope() noexcept {
    return {};
}
/// A handle to the running job.
[[nodiscard]] inline detail::CurrentJobAwaitable currentJob() noexcept {
    return {};
}
/// False once the running job is cancelled: for loops that compute.
[[nodiscard]] inline detail::IsActiveAwaitable isActive() noexcept {
    return {};
}
/// Throws the cancellation if the running job is cancelled.
[[nodiscard]] inline detail::EnsureActiveAwaitable ensureActive() noexcept {
    return {};
}

} // namespace coroscope
