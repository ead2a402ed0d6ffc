// SPDX-License-Identifier: Apache-2.0
// What coroutineScope and its relatives are for the coroutine that awaits them: a job that runs while that
// one waits.
#pragma once

#include <coroscope/runtime/CoroutineScope.h>
#include <coroscope/runtime/detail/BodyJob.h>
#include <coroscope/runtime/detail/Compilers.h>

#include <chrono>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace coroscope::detail {

/// What the scope functions differ in.
struct ScopePlan {
    JobKind kind = JobKind::CoroutineScope;
    std::uint16_t traits = 0;                          ///< besides scoped
    std::optional<CoroutineContext> context{};         ///< withContext
    std::optional<std::chrono::nanoseconds> timeout{}; ///< withTimeout
    std::source_location where{};
};

/// The origin of the scope's job, as the child of the awaiting one.
JobNode::Origin scopeOrigin(const ScopePlan& plan, JobNode& outer);
/// withContext looks at the job of the new context first: in NonCancellable it runs whatever became of
/// the caller.
void checkActive(const ScopePlan& plan, const PromiseBase& leaf);
/// Cancels `scope` with a TimeoutCancellationException after `after`, unless it has ended.
void armTimeout(JobNode& scope, std::chrono::nanoseconds after);
[[noreturn]] void throwTimeout(std::chrono::nanoseconds after, const void* owner);

template <class F>
inline constexpr bool keepsCallableSafely = !doubleFreesTemporaries || std::is_lvalue_reference_v<F> ||
                                            std::is_trivially_destructible_v<std::remove_cvref_t<F>>;

/// `orNull`: withTimeoutOrNull.
template <class F, bool orNull = false>
class [[nodiscard("a scope that is not awaited never runs")]] ScopeAwaitable {
public:
    using T = BodyResult<F>;
    using Callable = typename Kept<F>::Type;
    using Job = ScopeJob<T, Callable>;
    using Result =
        std::conditional_t<!orNull, T, std::conditional_t<std::is_void_v<T>, bool, std::optional<T>>>;

    template <class G>
    ScopeAwaitable(ScopePlan plan, G&& body)
        : plan_(std::move(plan))
        , body_(keep(std::forward<G>(body))) {
        static_assert(
            keepsCallableSafely<F>,
            "g++ before 13 destroys this temporary lambda twice, because it captures something with a "
            "destructor: name it and pass moved(name), or capture by reference. See docs/COMPILERS.md");
    }

    void attach(PromiseBase& leaf) noexcept { leaf_ = &leaf; }
    bool await_ready() {
        if (plan_.context)
            checkActive(plan_, *leaf_);
        if (plan_.timeout && plan_.timeout->count() <= 0) {
            if constexpr (orNull)
                return true;
            else
                throwTimeout(*plan_.timeout, nullptr);
        }
        return false;
    }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> handle) {
        JobNode& outer = *leaf_->job;
        const PromiseBase& leaf = *leaf_;
        JobNode::Origin origin = scopeOrigin(plan_, outer);
        Job* node;
        if constexpr (std::is_lvalue_reference_v<Callable>)
            node = new Job(origin, *body_);
        else
            node = new Job(origin, std::move(*body_));
        scope_ = Ref<Job>::adopt(node);
        outer.goesOnAt(handle);
        node->attach(origin);
        if (plan_.timeout)
            armTimeout(*node, *plan_.timeout);
        return node->startScope(outer, leaf);
    }
    Result await_resume() {
        if constexpr (orNull) {
            if (!scope_)
                return Result();
        }
        if (auto failure = scope_->finalException()) {
            // Rule 54: a block that never was suspended, nor its children, has no time limit.
            const TimeoutCancellationException* timeout = timeoutIn(failure);
            const bool own = timeout && timeout->owner() == scope_.get();
            if (own && !scope_->everSuspended() && !scope_->cameBackDispatched() &&
                scope_->bodyReturnedValue())
                return value();
            if constexpr (orNull) {
                if (own)
                    return Result();
            }
            if (own)
                std::rethrow_exception(std::move(failure));
            leaf_->job->throwOutcome(std::move(failure));
        }
        if (scope_->cameBackDispatched())
            leaf_->job->throwIfCancelled(*leaf_);
        return value();
    }

private:
    using Stored =
        std::conditional_t<std::is_lvalue_reference_v<Callable>, std::remove_reference_t<Callable>*,
                           std::optional<std::remove_reference_t<Callable>>>;
    template <class G>
    static Stored keep(G&& body) {
        if constexpr (std::is_lvalue_reference_v<Callable>)
            return &body;
        else
            return Stored(Kept<F>::pass(std::forward<G>(body)));
    }
    Result value() {
        if constexpr (std::is_void_v<Result>)
            return;
        else if constexpr (std::is_void_v<T>)
            return true;
        else
            return Result(std::move(scope_->value()));
    }

    ScopePlan plan_;
    Stored body_;
    PromiseBase* leaf_ = nullptr;
    Ref<Job> scope_;
};

} // namespace coroscope::detail
