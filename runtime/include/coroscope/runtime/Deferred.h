// SPDX-License-Identifier: Apache-2.0
// A job with a result.
#pragma once

#include <coroscope/runtime/Job.h>

#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

namespace coroscope {

namespace detail {

template <class T, bool moveOut>
class AwaitAwaitable;
template <class T, class F>
class AwaitClause;

} // namespace detail

/// The handle of an async, or of a CompletableDeferred. The result lives as long as a handle or the job does.
template <class T>
class [[nodiscard]] Deferred : public Job {
public:
    using ValueType = T;
    Deferred() noexcept = default;

    /// co_await deferred.await(): the result (a copy, so that several may wait), or the deferred's own
    /// exception, thrown. Starts a lazy one. A result that cannot be copied is had by `co_await
    /// std::move(deferred).await()`, once. A finished deferred does not check the caller's cancellation (rule
    /// 57).
    [[nodiscard]] detail::AwaitAwaitable<T, false> await() const&;
    [[nodiscard]] detail::AwaitAwaitable<T, !std::is_copy_constructible_v<T> && !std::is_void_v<T>>
    await() &&;

    /// A clause of select (Select.h): `handler` takes the result. The deferred's exception is thrown by the
    /// select. Starts a lazy one.
    template <class F>
    detail::AwaitClause<T, F> onAwait(F&& handler) const;

    /// The result, without waiting. Throws the deferred's exception, or std::logic_error while it has not
    /// ended.
    std::conditional_t<std::is_void_v<T>, void, std::add_lvalue_reference_t<const T>> getCompleted() const& {
        if (!isCompleted())
            throw std::logic_error("This deferred has not completed yet");
        node_->noteObserver();
        if (auto e = node_->finalException())
            std::rethrow_exception(e);
        if constexpr (!std::is_void_v<T>)
            return resultNode().value();
    }
    /// The result lives no longer than the last handle: keep one.
    void getCompleted() && requires(!std::is_void_v<T>) = delete;
    /// Empty if it ended with a value. Throws std::logic_error while it has not ended.
    std::exception_ptr getCompletionExceptionOrNull() const {
        if (!isCompleted())
            throw std::logic_error("This deferred has not completed yet");
        node_->noteObserver();
        return node_->finalException();
    }

protected:
    friend struct detail::HandleAccess;
    using Job::Job;
    detail::ResultNode<T>& resultNode() const noexcept { return static_cast<detail::ResultNode<T>&>(*node_); }
};

namespace detail {

/// A deferred without code.
template <class T>
class CompletableNode final : public ResultNode<T> {
public:
    explicit CompletableNode(JobNode::Origin& origin)
        : ResultNode<T>(origin) {}
    template <class... V>
    bool completeWith(V&&... value) {
        if (taken_.exchange(true, std::memory_order_acq_rel))
            return false;
        if constexpr (!std::is_void_v<T>) {
            try {
                this->setValue(std::forward<V>(value)...);
            } catch (...) {
                taken_.store(false, std::memory_order_release); // it is not completed
                throw;
            }
        }
        return this->complete({});
    }
    bool fail(std::exception_ptr e) {
        if (taken_.exchange(true, std::memory_order_acq_rel))
            return false;
        return this->complete(std::move(e));
    }

private:
    std::coroutine_handle<> createBody() override { return std::noop_coroutine(); }
    std::exception_ptr takeResult(std::coroutine_handle<>) noexcept override { return {}; }
    void dropBody() noexcept override {}
    std::atomic<bool> taken_{false};
};

} // namespace detail

/// A deferred that somebody completes: the first completion wins, a failure reaches the parent (rule 31).
template <class T>
class [[nodiscard]] CompletableDeferred : public Deferred<T> {
public:
    CompletableDeferred() noexcept = default;
    template <class... V>
    bool complete(V&&... value) const {
        return node().completeWith(std::forward<V>(value)...);
    }
    bool completeExceptionally(std::exception_ptr failure) const { return node().fail(std::move(failure)); }

private:
    friend struct detail::HandleAccess;
    using Deferred<T>::Deferred;
    detail::CompletableNode<T>& node() const noexcept {
        return static_cast<detail::CompletableNode<T>&>(*this->node_);
    }
};

/// Kotlin's CompletableDeferred<T>().
template <class T>
CompletableDeferred<T> newCompletableDeferred(const Job& parent = {},
                                              std::source_location where = std::source_location::current()) {
    detail::JobNode* const above = detail::HandleAccess::node(parent);
    const bool island = above && (above->traits() & detail::Traits::nonCancellable);
    detail::JobNode::Origin origin{.kind = JobKind::CompletableDeferred,
                                   .traits = detail::Traits::endsOnCancel | detail::Traits::handlesException,
                                   .execution = Execution::None,
                                   .where = where,
                                   .parent = island ? nullptr : above,
                                   .held = true};
    auto* node = new detail::CompletableNode<T>(origin);
    node->attach(origin);
    return detail::HandleAccess::adopt<CompletableDeferred<T>>(node);
}

namespace detail {

template <class T, bool moveOut>
class AwaitAwaitable final : public CompletionAwaiter {
public:
    using CompletionAwaiter::CompletionAwaiter;
    T await_resume() {
        if (wasCancelled()) {
            // Rule 58: what it fails by goes before the cancellation that this failure has led to.
            if (auto e = target_->failureSoFar())
                std::rethrow_exception(std::move(e));
            leaf_->job->throwCancellation(*leaf_);
        }
        if (auto e = target_->finalException())
            leaf_->job->throwOutcome(std::move(e));
        if (suspended_)
            leaf_->job->throwIfCancelled(*leaf_);
        if constexpr (!std::is_void_v<T>) {
            auto& node = static_cast<ResultNode<T>&>(*target_);
            if constexpr (moveOut)
                return std::move(node.value());
            else
                return node.value();
        }
    }
};

} // namespace detail

template <class T>
detail::AwaitAwaitable<T, false> Deferred<T>::await() const& {
    static_assert(std::is_void_v<T> || std::is_copy_constructible_v<T>,
                  "this result cannot be copied: co_await std::move(deferred).await()");
    return detail::AwaitAwaitable<T, false>(node_);
}

template <class T>
detail::AwaitAwaitable<T, !std::is_copy_constructible_v<T> && !std::is_void_v<T>> Deferred<T>::await() && {
    static_assert(!detail::doubleFreesTemporaries || (!std::is_copy_constructible_v<T> && !std::is_void_v<T>),
                  "g++ before 13 may destroy what an async in the same expression captures twice: name the "
                  "deferred, then "
                  "await it. See docs/COMPILERS.md");
    return detail::AwaitAwaitable < T, !std::is_copy_constructible_v<T> && !std::is_void_v < T >> (node_);
}

} // namespace coroscope
