// SPDX-License-Identifier: Apache-2.0
// From callbacks to coroutines.
#pragma once

#include <coroscope/runtime/detail/Compilers.h>
#include <coroscope/runtime/detail/JobNode.h>

#include <atomic>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace coroscope {

namespace detail {

/// One suspension by callback: shared by the suspended coroutine and all copies of its continuation.
class CallbackState : public Suspension, public FromBlocks {
public:
    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }

    void open(PromiseBase& leaf) noexcept { begin(leaf); }
    bool close(PromiseBase& leaf, WaitKind kind, std::uint64_t waitsFor) noexcept {
        return suspend(leaf, kind, waitsFor);
    }
    /// The block threw: nobody waits.
    void abandon() noexcept { leave(); }
    /// First step of await_resume: throws the failure or the cancellation, if there is one.
    void check(PromiseBase& leaf);

    /// The right to store the outcome, given once. Throws std::logic_error the second time.
    void takeTurn();
    /// There is no outcome after all: making it threw.
    void giveTurnBack() noexcept { taken_.store(false, std::memory_order_release); }
    /// Publishes the stored outcome.
    void settle() noexcept;
    void fail(std::exception_ptr e);
    bool isActive() noexcept;

    void onCancellation(std::function<void(const std::exception_ptr&)> handler);
    void unregister() noexcept override { callHandler(); }

protected:
    CallbackState() noexcept = default;
    virtual ~CallbackState() = default;

private:
    void callHandler() noexcept;
    /// The coroutine leaves the co_await, and its job may go: from now on nobody claims. The handler and what
    /// it holds are not needed any more.
    void leave() noexcept;

    std::atomic<std::uint32_t> references_{1};
    std::atomic<bool> taken_{false};
    Lock lock_;
    bool cancelled_ = false;
    bool left_ = false;
    std::function<void(const std::exception_ptr&)> handler_;
    std::exception_ptr failure_;
    std::exception_ptr cause_; ///< of the cancellation, for handlers that come after it: the job may be gone
};

template <class T>
class CallbackStateOf final : public CallbackState {
public:
    std::optional<T> value;
};
template <>
class CallbackStateOf<void> final : public CallbackState {};

template <class T, class F>
class CallbackAwaitable;

} // namespace detail

/// The right to resume a suspended coroutine, once. Copies share it. Threads: any. Kept beyond the coroutine
/// it is harmless. If all copies go without resuming, the coroutine stays suspended until it is cancelled.
template <class T>
class CancellableContinuation {
public:
    /// The coroutine goes on with a value, on its dispatcher. If it is cancelled before it runs, the value is
    /// lost (rule 56), and so it is if it was cancelled before. Resuming a second time throws
    /// std::logic_error (rule 61). Where copying the value throws, nothing was resumed.
    template <class... V>
        requires(std::is_void_v<T> ? sizeof...(V) == 0 : sizeof...(V) == 1)
    void resume(V&&... value) const {
        state_->takeTurn();
        if constexpr (!std::is_void_v<T>) {
            try {
                state_->value.emplace(std::forward<V>(value)...);
            } catch (...) {
                state_->giveTurnBack();
                throw;
            }
        }
        state_->settle();
    }
    void resumeWithException(std::exception_ptr e) const { state_->fail(std::move(e)); }

    /// True until it is resumed or cancelled.
    bool isActive() const noexcept { return state_->isActive(); }
    /// Calls `handler` with the cause when the coroutine is cancelled while it waits (at once if it is
    /// already), on the cancelling thread: the place to abort the operation. At most one.
    void invokeOnCancellation(std::function<void(const std::exception_ptr&)> handler) const {
        state_->onCancellation(std::move(handler));
    }

private:
    template <class, class>
    friend class detail::CallbackAwaitable;
    explicit CancellableContinuation(detail::Ref<detail::CallbackStateOf<T>> state) noexcept
        : state_(std::move(state)) {}
    detail::Ref<detail::CallbackStateOf<T>> state_;
};

namespace detail {

template <class T, class F>
class CallbackAwaitable {
public:
    CallbackAwaitable(F block, WaitKind kind, std::uint64_t waitsFor)
        : block_(std::move(block))
        , kind_(kind)
        , waitsFor_(waitsFor)
        , state_(Ref<CallbackStateOf<T>>::adopt(new CallbackStateOf<T>)) {}

    void attach(PromiseBase& leaf) noexcept { leaf_ = &leaf; }
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<>) {
        // The block may have the coroutine resumed on another thread as soon as close() is through; from then
        // on only this local reference may be used.
        Ref<CallbackStateOf<T>> state = state_;
        state->open(*leaf_);
        try {
            block_(CancellableContinuation<T>(state));
        } catch (...) {
            state->abandon();
            throw;
        }
        return state->close(*leaf_, kind_, waitsFor_);
    }
    T await_resume() {
        state_->check(*leaf_);
        if constexpr (!std::is_void_v<T>)
            return std::move(*state_->value);
    }

private:
    F block_;
    WaitKind kind_;
    std::uint64_t waitsFor_;
    PromiseBase* leaf_ = nullptr;
    Ref<CallbackStateOf<T>> state_;
};

} // namespace detail

/// co_await suspendCancellableCoroutine<T>(block): calls `block` with a CancellableContinuation<T>, here and
/// now, and suspends until somebody resumes that. If the block resumes it itself, nothing is suspended. If
/// the block throws, so does the co_await.
template <class T = void, class F>
[[nodiscard]] detail::CallbackAwaitable<T, std::decay_t<F>> suspendCancellableCoroutine(F&& block) {
    static_assert(!detail::doubleFreesTemporaries || std::is_lvalue_reference_v<F> ||
                      std::is_trivially_destructible_v<std::decay_t<F>>,
                  "g++ before 13 destroys this temporary lambda twice, because it captures something with a "
                  "destructor: name it first, or capture by reference. See docs/COMPILERS.md");
    return {std::forward<F>(block), WaitKind::Callback, 0};
}

} // namespace coroscope
