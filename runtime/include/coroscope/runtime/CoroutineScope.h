// SPDX-License-Identifier: Apache-2.0
// Where coroutines are launched.
#pragma once

#include <coroscope/runtime/CoroutineContext.h>
#include <coroscope/runtime/CoroutineStart.h>
#include <coroscope/runtime/Deferred.h>
#include <coroscope/runtime/Job.h>
#include <coroscope/runtime/Task.h>

#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>

namespace coroscope {

class CoroutineScope;

namespace detail {

template <class F>
struct BodyOf {};
template <class F>
    requires std::is_invocable_v<F&, CoroutineScope>
struct BodyOf<F> {
    using Result = std::invoke_result_t<F&, CoroutineScope>;
};
template <class F>
    requires(!std::is_invocable_v<F&, CoroutineScope> && std::is_invocable_v<F&>)
struct BodyOf<F> {
    using Result = std::invoke_result_t<F&>;
};
template <class F>
struct BodyOf<Moved<F>> : BodyOf<F> {};

/// A callable that gives a Task, with or without a CoroutineScope as its parameter.
template <class F>
concept Body = isTask<typename BodyOf<std::remove_cvref_t<F>>::Result>;

template <class F>
using BodyResult = typename BodyOf<std::remove_cvref_t<F>>::Result::ValueType;

struct ScopeAccess;
struct GlobalTag {};

} // namespace detail

/// A context in which coroutines are launched: what is launched here becomes a child of its job (rule 23). A
/// value; copies mean the same scope. The scope that a body gets as its parameter is that body's own job:
/// moving it on costs nothing, a copy of it counts as a handle that somebody holds. Threads: any.
class CoroutineScope {
public:
    /// A scope of one's own: adds a fresh Job if the context names none, so that cancel always works. Whoever
    /// makes a scope owns it: dropping it does not cancel it.
    explicit CoroutineScope(CoroutineContext context,
                            std::source_location where = std::source_location::current());
    /// For the library: GlobalScope.
    constexpr explicit CoroutineScope(detail::GlobalTag) noexcept
        : global_(true) {}
    CoroutineScope(const CoroutineScope& o) noexcept;
    CoroutineScope(CoroutineScope&& o) noexcept
        : elements_(std::move(o.elements_))
        , job_(std::exchange(o.job_, nullptr))
        , hold_(o.hold_)
        , global_(o.global_) {}
    CoroutineScope& operator=(CoroutineScope o) noexcept {
        std::swap(elements_, o.elements_);
        std::swap(job_, o.job_);
        std::swap(hold_, o.hold_);
        std::swap(global_, o.global_);
        return *this;
    }
    ~CoroutineScope() {
        if (job_)
            letGo();
    }

    /// Launches a coroutine without a result. Its failure cancels the scope's job, or reaches the exception
    /// handler if it is a root. `body` is kept in the job, so its captures live as long as it runs.
    template <detail::Body F>
    Job launch(F&& body, std::source_location where = std::source_location::current()) const {
        return build<Job>(JobKind::Launch, nullptr, CoroutineStart::Default, std::forward<F>(body), where);
    }
    template <detail::Body F>
    Job launch(CoroutineStart start, F&& body,
               std::source_location where = std::source_location::current()) const {
        return build<Job>(JobKind::Launch, nullptr, start, std::forward<F>(body), where);
    }
    /// `context` is added to the scope's; a Job in it makes the new coroutine that job's child instead of
    /// this scope's.
    template <detail::Body F>
    Job launch(const CoroutineContext& context, F&& body,
               std::source_location where = std::source_location::current()) const {
        return build<Job>(JobKind::Launch, &context, CoroutineStart::Default, std::forward<F>(body), where);
    }
    template <detail::Body F>
    Job launch(const CoroutineContext& context, CoroutineStart start, F&& body,
               std::source_location where = std::source_location::current()) const {
        return build<Job>(JobKind::Launch, &context, start, std::forward<F>(body), where);
    }

    /// The same with a result, to be awaited. A failure is kept for whoever awaits it, and cancels the
    /// scope's job all the same (rule 41).
    template <detail::Body F>
    Deferred<detail::BodyResult<F>>
    async(F&& body, std::source_location where = std::source_location::current()) const {
        return build<Deferred<detail::BodyResult<F>>>(JobKind::Async, nullptr, CoroutineStart::Default,
                                                      std::forward<F>(body), where);
    }
    template <detail::Body F>
    Deferred<detail::BodyResult<F>>
    async(CoroutineStart start, F&& body,
          std::source_location where = std::source_location::current()) const {
        return build<Deferred<detail::BodyResult<F>>>(JobKind::Async, nullptr, start, std::forward<F>(body),
                                                      where);
    }
    template <detail::Body F>
    Deferred<detail::BodyResult<F>>
    async(const CoroutineContext& context, F&& body,
          std::source_location where = std::source_location::current()) const {
        return build<Deferred<detail::BodyResult<F>>>(JobKind::Async, &context, CoroutineStart::Default,
                                                      std::forward<F>(body), where);
    }
    template <detail::Body F>
    Deferred<detail::BodyResult<F>>
    async(const CoroutineContext& context, CoroutineStart start, F&& body,
          std::source_location where = std::source_location::current()) const {
        return build<Deferred<detail::BodyResult<F>>>(JobKind::Async, &context, start, std::forward<F>(body),
                                                      where);
    }

    CoroutineContext context() const;
    /// None only for GlobalScope.
    Job job() const;
    /// Cancels the scope's job and so all that was launched here. Throws std::logic_error without a job.
    void cancel(std::string_view reason = {}) const;
    /// True without a job (rule 62).
    bool isActive() const noexcept { return !job_ || job_->isActive(); }
    /// Throws the cancellation if the scope's job is cancelled or has ended.
    void ensureActive() const;

    /// The same scope with other elements.
    friend CoroutineScope operator+(const CoroutineScope& scope, const CoroutineContext& context);

private:
    friend struct detail::ScopeAccess;
    /// What it is to its job.
    enum class Hold : std::uint8_t {
        Handle,
        Reference, ///< somebody inside the job has it
        Body       ///< the body's parameter: neither counted, nor has it elements of its own
    };
    CoroutineScope(Hold hold, detail::JobNode& job) noexcept;
    void letGo() noexcept;

    detail::JobNode::Origin originOf(JobKind kind, const CoroutineContext* context, CoroutineStart start,
                                     std::source_location where) const;
    template <class Handle, class F>
    Handle build(JobKind kind, const CoroutineContext* context, CoroutineStart start, F&& body,
                 std::source_location where) const;

    const detail::ContextElements* elements() const noexcept {
        return hold_ == Hold::Body && job_ ? job_->elements() : elements_.get();
    }

    detail::ElementsRef elements_;
    detail::JobNode* job_ = nullptr;
    Hold hold_ = Hold::Handle;
    bool global_ = false;
};

CoroutineScope operator+(const CoroutineScope& scope, const CoroutineContext& context);

namespace detail {

struct ScopeAccess {
    /// The body's parameter; once for each job.
    static CoroutineScope ofBody(JobNode& job) noexcept {
        return CoroutineScope(CoroutineScope::Hold::Body, job);
    }
    /// For code of the job, as often as it likes.
    static CoroutineScope insideOf(JobNode& job) noexcept {
        return CoroutineScope(CoroutineScope::Hold::Reference, job);
    }
    static JobNode* job(const CoroutineScope& scope) noexcept { return scope.job_; }
    template <class F>
    static Job build(const CoroutineScope& scope, JobKind kind, const CoroutineContext& context, F&& body,
                     std::source_location where) {
        return scope.build<Job>(kind, &context, CoroutineStart::Default, std::forward<F>(body), where);
    }
};

} // namespace detail

/// The scope without a job: what is launched here has no parent, and nobody will cancel it (rule 35).
inline constinit const CoroutineScope GlobalScope{detail::GlobalTag{}};

} // namespace coroscope

#include <coroscope/runtime/detail/BodyJob.h>

namespace coroscope {

template <class Handle, class F>
Handle CoroutineScope::build(JobKind kind, const CoroutineContext* context, CoroutineStart start, F&& body,
                             std::source_location where) const {
    using T = detail::BodyResult<F>;
    using Callable = std::remove_cvref_t<typename detail::Kept<F>::Type>;
    detail::JobNode::Origin origin = originOf(kind, context, start, where);
    auto* node = new detail::BodyJob<T, Callable>(origin, detail::Kept<F>::pass(std::forward<F>(body)));
    Handle handle = detail::HandleAccess::adopt<Handle>(node);
    node->attach(origin);
    node->startBody(start);
    return handle;
}

} // namespace coroscope
