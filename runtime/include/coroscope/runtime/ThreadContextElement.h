// SPDX-License-Identifier: Apache-2.0
// Context elements that are bound to a thread: a trace id, a security token, whatever code expects in a
// thread_local, there in every coroutine that has it in its context and nowhere else.
#pragma once

#include <coroscope/runtime/CoroutineContext.h>

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace coroscope {

/// Sets something on each thread that runs a coroutine with this element in its context, and restores what
/// was there when the coroutine leaves the thread: at each suspension, and at its end (rule 109). Several are
/// set in the order in which they stand in the context, and restored in the opposite order (rule 110). For a
/// thread_local, asContextElement is all that is needed.
///
/// `S` is what has to be known to restore; it must be movable without throwing. Children inherit the element
/// itself, so both functions may be called on several threads at once. What it is to be is given to
/// std::make_shared:
///
///     scope.launch(std::make_shared<LoggedRequest>(17), body);
template <class S>
class ThreadContextElement : public ThreadElement {
public:
    static_assert(alignof(S) <= alignof(std::max_align_t));
    /// Sets it on this thread, and gives what was there before. `context`: of the coroutine, without its job.
    virtual S updateThreadContext(const CoroutineContext& context) noexcept = 0;
    /// On the same thread as the update, once for each of them.
    virtual void restoreThreadContext(const CoroutineContext& context, S oldState) noexcept = 0;

    std::size_t stateSize() const noexcept final { return sizeof(S); }
    void update(void* state, const CoroutineContext& context) noexcept final {
        new (state) S(updateThreadContext(context));
    }
    void restore(void* state, const CoroutineContext& context) noexcept final {
        S* const old = std::launder(static_cast<S*>(state));
        restoreThreadContext(context, std::move(*old));
        old->~S();
    }
};

/// One that every child gets a copy of its own of, made when it is launched (rule 111): for data that the
/// coroutine changes. A scope inside the same coroutine (withContext, coroutineScope) goes on with the same.
template <class S>
class CopyableThreadContextElement : public ThreadContextElement<S> {
public:
    /// For a child, on the thread that launches it.
    virtual std::shared_ptr<ThreadElement> copyForChild() = 0;
    /// The same where the child (or withContext) was given one of its own with the same key.
    virtual std::shared_ptr<ThreadElement>
    mergeForChild(const std::shared_ptr<ThreadElement>& overwriting) = 0;

    bool isCopyable() const noexcept final { return true; }
    std::shared_ptr<ThreadElement> copied() final { return copyForChild(); }
    std::shared_ptr<ThreadElement> merged(const std::shared_ptr<ThreadElement>& overwriting) final {
        return mergeForChild(overwriting);
    }
};

namespace detail {

template <class T>
class ThreadLocalElement final : public ThreadContextElement<T> {
public:
    ThreadLocalElement(T& (*variable)(), T value)
        : variable_(variable)
        , value_(std::move(value)) {}
    const void* key() const noexcept override { return reinterpret_cast<const void*>(variable_); }
    T updateThreadContext(const CoroutineContext&) noexcept override {
        return std::exchange(variable_(), value_);
    }
    void restoreThreadContext(const CoroutineContext&, T oldState) noexcept override {
        variable_() = std::move(oldState);
    }

private:
    T& (*const variable_)();
    const T value_;
};

} // namespace detail

/// Keeps a thread_local at `value` wherever the coroutine runs. `variable` names it: a function that gives
/// the one of the calling thread.
///
///     std::string& traceId() {
///         thread_local std::string id;
///         return id;
///     }
///     scope.launch(asContextElement(traceId, "r-17"), body);
///
/// It is the context that counts: what the coroutine itself assigns to the variable holds until its next
/// suspension. T is copied for each stretch of running, and that must not throw: a std::shared_ptr is better
/// than a long text.
template <class T, class V>
    requires std::is_convertible_v<V&&, T>
CoroutineContext asContextElement(T& (*variable)(), V&& value) {
    return CoroutineContext(
        std::make_shared<detail::ThreadLocalElement<T>>(variable, std::forward<V>(value)));
}
/// The same with its present value on this thread.
template <class T>
CoroutineContext asContextElement(T& (*variable)()) {
    return asContextElement(variable, T(variable()));
}

} // namespace coroscope
