// SPDX-License-Identifier: Apache-2.0
// The type that coroutines return.
#pragma once

#include <coroscope/runtime/detail/Compilers.h>
#include <coroscope/runtime/detail/FailureInFlight.h>
#include <coroscope/runtime/detail/JobNode.h>
#include <coroscope/runtime/detail/PromiseBase.h>

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace coroscope {

template <class T = void>
class Task;
class CoroutineScope;

namespace detail {

template <class T>
class TaskPromise;

template <class T>
inline constexpr bool isTask = false;
template <class T>
inline constexpr bool isTask<Task<T>> = true;

/// What this library can await besides tasks: things that want to know who awaits them.
template <class A>
concept LibraryAwaitable = requires(std::remove_reference_t<A>& a, PromiseBase& p) { a.attach(p); };

struct TaskAccess {
    template <class T>
    static std::coroutine_handle<TaskPromise<T>> take(Task<T>& task) noexcept {
        return std::exchange(task.handle_, nullptr);
    }
    template <class T>
    static std::coroutine_handle<TaskPromise<T>> handle(const Task<T>& task) noexcept {
        return task.handle_;
    }
};

/// Awaits a task: owns it, runs it in the caller's job, destroys it at the end of the full expression.
template <class T>
class TaskAwaiter {
public:
    explicit TaskAwaiter(std::coroutine_handle<TaskPromise<T>> task) noexcept
        : task_(task) {}
    TaskAwaiter(const TaskAwaiter&) = delete;
    TaskAwaiter& operator=(const TaskAwaiter&) = delete;
    ~TaskAwaiter() {
        if (task_)
            task_.destroy();
    }
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> caller) noexcept {
        static_assert(alignof(P) <= 2 * sizeof(void*) && alignof(TaskPromise<T>) <= 2 * sizeof(void*),
                      "PromiseBase::callerPromise relies on it");
        TaskPromise<T>& promise = task_.promise();
        promise.caller = caller;
        promise.job = caller.promise().job;
        return task_;
    }
    T await_resume() { return task_.promise().takeResult(); }

private:
    std::coroutine_handle<TaskPromise<T>> task_;
};

/// Stands for an awaitable that lives elsewhere in the full expression: g++ 12 would copy a reference to it.
/// Others take the reference itself, which costs the frame nothing.
template <class A>
class Awaiting {
public:
    explicit Awaiting(A& a) noexcept
        : a_(&a) {}
    bool await_ready() const noexcept(noexcept(std::declval<A&>().await_ready())) {
        return a_->await_ready();
    }
    decltype(auto) await_suspend(std::coroutine_handle<> handle) const { return a_->await_suspend(handle); }
    decltype(auto) await_resume() const { return a_->await_resume(); }

private:
    A* a_;
};

struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
        PromiseBase& promise = self.promise();
        return promise.caller ? promise.caller : promise.job->bodyEnds(self);
    }
    void await_resume() const noexcept {}
};

template <class T>
class PromiseCommon : public PromiseBase {
public:
    std::suspend_always initial_suspend() const noexcept { return {}; }
    FinalAwaiter final_suspend() const noexcept { return {}; }

    template <class A>
    decltype(auto) await_transform(A&& a, std::source_location where = std::source_location::current()) {
        using Bare = std::remove_cvref_t<A>;
        site = where;
        if constexpr (isTask<Bare>) {
            static_assert(
                !std::is_lvalue_reference_v<A>,
                "a task is awaited once: co_await std::move(task), or co_await the call that makes it");
            return awaitTask(a);
        } else {
            static_assert(LibraryAwaitable<A>, "a coroscope::Task awaits tasks and what coroscope offers; "
                                               "wrap other callbacks and awaitables "
                                               "with suspendCancellableCoroutine");
            static_assert(!std::is_lvalue_reference_v<A>,
                          "what coroscope offers is awaited once: co_await the call that makes it, or "
                          "std::move(name)");
            a.attach(*this);
            if constexpr (doubleFreesTemporaries)
                return Awaiting<std::remove_reference_t<A>>(a);
            else
                return static_cast<std::remove_reference_t<A>&>(a);
        }
    }

private:
    template <class U>
    TaskAwaiter<U> awaitTask(Task<U>& task) noexcept {
        return TaskAwaiter<U>(TaskAccess::take(task));
    }
};

template <class T>
class TaskPromise : public PromiseCommon<T> {
public:
    Task<T> get_return_object() noexcept;
    void unhandled_exception() noexcept { FailureInFlight::put(); }
    template <class V = T>
        requires std::is_constructible_v<T, V&&>
    void return_value(V&& value) {
        if constexpr (fitsHere)
            value_.emplace(std::forward<V>(value));
        else
            value_ = std::make_unique<T>(std::forward<V>(value));
    }
    T takeResult() {
        if (FailureInFlight::any()) [[unlikely]]
            std::rethrow_exception(FailureInFlight::take());
        return std::move(*value_);
    }
    /// There is one if there is no failure.
    T&& takeValue() noexcept { return std::move(*value_); }

private:
    /// See PromiseBase::callerPromise.
    static constexpr bool fitsHere = alignof(T) <= 2 * sizeof(void*);
    std::conditional_t<fitsHere, std::optional<T>, std::unique_ptr<T>> value_;
};

template <>
class TaskPromise<void> : public PromiseCommon<void> {
public:
    Task<void> get_return_object() noexcept;
    void unhandled_exception() const noexcept { FailureInFlight::put(); }
    void return_void() const noexcept {}
    void takeResult() const {
        if (FailureInFlight::any()) [[unlikely]]
            std::rethrow_exception(FailureInFlight::take());
    }
};

} // namespace detail

/// A piece of a job's code that may suspend: the return type of every coroutine. Lazy: it runs when it is
/// awaited, in the job of whoever awaits it, and ends before that one goes on; so it never leaks and needs no
/// handle. To run something at the same time, launch it.
///
/// Because it is lazy, take parameters by value: references to temporaries are dangling when it starts, and
/// so is the closure of a lambda that was a temporary (launch and the scope functions keep theirs). A task is
/// moved, never copied, and awaited once.
template <class T>
class [[nodiscard("a task that is not awaited never runs")]] Task {
public:
    static_assert(!std::is_reference_v<T>, "a task gives a value; give a pointer to refer to something");
    using ValueType = T;
    using promise_type = detail::TaskPromise<T>;

    Task(Task&& o) noexcept
        : handle_(std::exchange(o.handle_, nullptr)) {}
    Task& operator=(Task&& o) noexcept {
        if (this != &o) {
            if (handle_)
                handle_.destroy();
            handle_ = std::exchange(o.handle_, nullptr);
        }
        return *this;
    }
    ~Task() {
        if (handle_)
            handle_.destroy();
    }

private:
    friend promise_type;
    friend struct detail::TaskAccess;
    explicit Task(std::coroutine_handle<promise_type> handle) noexcept
        : handle_(handle) {}
    std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
    return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
    return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

} // namespace detail

} // namespace coroscope

#if COROSCOPE_DOUBLE_FREES_TEMPORARIES
#include <coroscope/runtime/detail/CheckedPromise.h>

template <class T, class... Parameters>
struct std::coroutine_traits<coroscope::Task<T>, Parameters...> {
    using promise_type = coroscope::detail::CheckedPromise<T, Parameters...>;
};
#endif
