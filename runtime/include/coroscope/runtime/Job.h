// SPDX-License-Identifier: Apache-2.0
// The handle of a job: ask it, wait for it, cancel it.
#pragma once

#include <coroscope/model/States.h>
#include <coroscope/runtime/detail/Compilers.h>
#include <coroscope/runtime/detail/JobNode.h>

#include <chrono>
#include <exception>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace coroscope {

class Job;
class CompletableJob;
class DisposableHandle;
template <class T>
class Deferred;
class CoroutineScope;

namespace detail {

class JoinAwaitable;
class CancelAndJoinAwaitable;
template <class F>
class JoinClause;

struct HandleAccess {
    static JobNode* node(const Job& job) noexcept;
    template <class Handle>
    static Handle share(JobNode* node) noexcept;
    template <class Handle>
    static Handle adopt(JobNode* node) noexcept;
    static DisposableHandle registerHandler(const Job& job, HandlerNode* handler, bool onCancelling);
};

} // namespace detail

/// Takes a completion handler back. Copies name the same handler; dropping one does nothing.
class DisposableHandle {
public:
    DisposableHandle() noexcept = default;
    /// The handler is not called any more, unless the job has ended already or it is running just now.
    /// Threads: any, a handler too.
    void dispose() noexcept;

private:
    friend class Job;
    DisposableHandle(detail::Ref<detail::JobNode> job, detail::Ref<detail::HandlerNode> handler) noexcept
        : job_(std::move(job))
        , handler_(std::move(handler)) {}
    detail::Ref<detail::JobNode> job_;
    detail::Ref<detail::HandlerNode> handler_;
};

/// A job, as everybody may see it. Copies name the same job; dropping the last one neither cancels nor
/// detaches it, but from then on nobody outside can stop it, and the record says so. Threads: any.
///
/// States (rule 1), as (isActive, isCompleted, isCancelled): New FFF, Active TFF, Completing TFF, Cancelling
/// FFT, Cancelled FTT, Completed FTF. A default-constructed Job is none: only operator bool may be asked.
class Job {
public:
    Job() noexcept = default;
    Job(const Job& o) noexcept
        : node_(o.node_) {
        if (node_)
            node_->addHandle();
    }
    Job(Job&& o) noexcept
        : node_(std::exchange(o.node_, nullptr)) {}
    Job& operator=(Job o) noexcept {
        std::swap(node_, o.node_);
        return *this;
    }
    ~Job() {
        if (node_)
            node_->dropHandle();
    }

    explicit operator bool() const noexcept { return node_ != nullptr; }
    friend bool operator==(const Job& a, const Job& b) noexcept { return a.node_ == b.node_; }

    bool isActive() const noexcept { return node_->isActive(); }
    bool isCompleted() const noexcept { return node_->isCompleted(); }
    bool isCancelled() const noexcept { return node_->isCancelled(); }
    JobState state() const noexcept { return node_->state(); }

    /// Starts a lazy job. True exactly once, and only from New.
    bool start() const { return node_->start(); }

    /// Cancels it with all below it, inside the call. The first cause stays. Does not wait: see
    /// cancelAndJoin.
    void cancel(std::string_view reason = {}) const;
    void cancel(const CancellationException& cause) const;

    /// co_await job.join(): waits until the job and all below it have ended, however. Starts a lazy job.
    /// Throws only if the caller itself is cancelled, also when the job has ended long ago (rule 57).
    [[nodiscard]] detail::JoinAwaitable join() const&;
    template <class Handle = Job>
    [[nodiscard]] detail::JoinAwaitable join() &&;
    /// cancel, then join.
    [[nodiscard]] detail::CancelAndJoinAwaitable cancelAndJoin(std::string_view reason = {}) const&;
    template <class Handle = Job>
    [[nodiscard]] detail::CancelAndJoinAwaitable cancelAndJoin(std::string_view reason = {}) &&;

    /// A clause of select (Select.h): it has ended, however. Starts a lazy job. `handler` takes nothing.
    template <class F>
    detail::JoinClause<F> onJoin(F&& handler) const;

    /// The present children, in the order in which they were attached.
    std::vector<Job> children() const;
    /// Cancels the present children; the job itself stays usable.
    void cancelChildren(std::string_view reason = {}) const;
    /// None for a root, and from the final state on.
    Job parent() const;

    /// Calls `handler` once when the job has ended: with an empty exception_ptr if normally, with a
    /// cancellation if cancelled, else with the failure. Synchronously on the thread that ends it, at once if
    /// it has ended. A handler may take `const std::exception_ptr&` or nothing, should be short, and should
    /// not throw: what it throws goes to the exception handler of the job's context, also where Kotlin would
    /// let it out of complete() (rule 16).
    template <class F>
    DisposableHandle invokeOnCompletion(F handler) const {
        return registerHandler(new detail::HandlerOf<F>(std::move(handler)), false);
    }
    /// The same, called already when the job is cancelled (or ends without having been).
    template <class F>
    DisposableHandle invokeOnCancelling(F handler) const {
        return registerHandler(new detail::HandlerOf<F>(std::move(handler)), true);
    }

    /// Why it was cancelled: a failure is wrapped as a cancellation that has it as its cause, and so is the
    /// normal end (rule 8). Throws std::logic_error while the job is New or Active.
    std::exception_ptr getCancellationException() const {
        node_->noteObserver();
        return node_->getCancellationException();
    }

    /// `"name#id":Kind{State}@address`, the shape that dumps of Kotlin use.
    std::string toString() const { return node_->toString(); }
    /// Its name in the record; 0 where there is none, and after the end.
    JobId id() const noexcept { return node_->id(); }

protected:
    friend struct detail::HandleAccess;
    struct AdoptTag {};
    /// Takes over one handle.
    Job(AdoptTag, detail::JobNode* node) noexcept
        : node_(node) {}
    DisposableHandle registerHandler(detail::HandlerNode* handler, bool onCancelling) const;

    detail::JobNode* node_ = nullptr;
};

/// A job without code: somebody completes it. It waits for its children all the same.
class [[nodiscard]] CompletableJob : public Job {
public:
    CompletableJob() noexcept = default;
    /// No more work of its own; ends when its children have. False if that was said before.
    bool complete() const { return node_->complete({}); }
    /// Ends it by a failure, which reaches its children and its parent. False if it was completed before.
    bool completeExceptionally(std::exception_ptr failure) const {
        return node_->complete(std::move(failure));
    }

private:
    friend struct detail::HandleAccess;
    using Job::Job;
};

/// Kotlin's Job(): active at once, ends by complete or cancel. In a context it is the parent of what is
/// launched there; without `parent` it makes an island that nobody but its owner will cancel. A class and a
/// function cannot share a name in C++, hence "new".
CompletableJob newJob(const Job& parent = {}, std::source_location where = std::source_location::current());

/// The same, but the failure of a child is left to that child (rule 30).
CompletableJob SupervisorJob(const Job& parent = {},
                             std::source_location where = std::source_location::current());

/// Always active, without children: `withContext(NonCancellable(), f)` lets cleanup suspend in a cancelled
/// job. What is launched into it has no parent. It never ends, so joining it throws std::logic_error.
const Job& NonCancellable();

// Implementation

namespace detail {

inline JobNode* HandleAccess::node(const Job& job) noexcept {
    return job.node_;
}

inline DisposableHandle HandleAccess::registerHandler(const Job& job, HandlerNode* handler,
                                                      bool onCancelling) {
    return job.registerHandler(handler, onCancelling);
}

template <class Handle>
Handle HandleAccess::share(JobNode* node) noexcept {
    if (node)
        node->addHandle();
    return adopt<Handle>(node);
}

template <class Handle>
Handle HandleAccess::adopt(JobNode* node) noexcept {
    return Handle(Job::AdoptTag{}, node);
}

/// Waits for the end of a job. Base of join and await. Until other code may run, the handle that it was made
/// from keeps the job.
class CompletionAwaiter : public WaiterNode, public Suspension {
public:
    explicit CompletionAwaiter(JobNode* job) noexcept
        : target_(job) {}
    void attach(PromiseBase& leaf) noexcept { leaf_ = &leaf; }
    bool await_ready() {
        target_->checkJoinable();
        target_->noteObserver();
        if (target_->isNew()) {
            keep();
            target_->start();
        }
        return target_->isCompleted();
    }
    bool await_suspend(std::coroutine_handle<>) noexcept {
        keep();
        suspended_ = true;
        PromiseBase& leaf = *leaf_;
        begin(leaf);
        suspension = this;
        if (!target_->addWaiter(*this))
            claim();
        return suspend(leaf, WaitKind::Job, target_->id().value);
    }
    void unregister() noexcept override { target_->removeWaiter(*this); }

protected:
    ~CompletionAwaiter() = default;
    void keep() noexcept {
        if (!kept_)
            kept_ = Ref<JobNode>::share(target_);
    }
    bool suspended_ = false;
    JobNode* const target_;

private:
    Ref<JobNode> kept_;
};

class JoinAwaitable final : public CompletionAwaiter {
public:
    using CompletionAwaiter::CompletionAwaiter;
    void await_resume() { leaf_->job->throwIfCancelled(*leaf_); }
};

class CancelAndJoinAwaitable final : public CompletionAwaiter {
public:
    CancelAndJoinAwaitable(JobNode* job, std::string_view reason)
        : CompletionAwaiter(job)
        , reason_(reason) {
        keep();
    }
    bool await_ready();
    void await_resume() { leaf_->job->throwIfCancelled(*leaf_); }

private:
    std::string reason_;
};

} // namespace detail

inline detail::JoinAwaitable Job::join() const& {
    return detail::JoinAwaitable(node_);
}
template <class Handle>
detail::JoinAwaitable Job::join() && {
    static_assert(
        !detail::doubleFreesTemporaries || !std::is_same_v<Handle, Job>,
        "g++ before 13 may destroy what a launch in the same expression captures twice: name the job, then "
        "join it. See docs/COMPILERS.md");
    return detail::JoinAwaitable(node_);
}
template <class Handle>
detail::CancelAndJoinAwaitable Job::cancelAndJoin(std::string_view reason) && {
    static_assert(
        !detail::doubleFreesTemporaries || !std::is_same_v<Handle, Job>,
        "g++ before 13 may destroy what a launch in the same expression captures twice: name the job, then "
        "join it. See docs/COMPILERS.md");
    return detail::CancelAndJoinAwaitable(node_, reason);
}
inline detail::CancelAndJoinAwaitable Job::cancelAndJoin(std::string_view reason) const& {
    return detail::CancelAndJoinAwaitable(node_, reason);
}

} // namespace coroscope
