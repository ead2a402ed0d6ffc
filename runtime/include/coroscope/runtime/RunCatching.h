// SPDX-License-Identifier: Apache-2.0
// Failures as values, and cancellations not.
#pragma once

#include <coroscope/runtime/CancellationException.h>
#include <coroscope/runtime/CoroutineScope.h>
#include <coroscope/runtime/Task.h>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace coroscope {

/// What runCatching gives: a value or a failure.
template <class T>
class [[nodiscard]] Result {
public:
    static Result success(T value) {
        Result r;
        r.value_.emplace(std::move(value));
        return r;
    }
    static Result failure(std::exception_ptr e) {
        Result r;
        r.failure_ = std::move(e);
        return r;
    }

    bool isSuccess() const noexcept { return !failure_; }
    bool isFailure() const noexcept { return !isSuccess(); }
    /// Empty if it is a success.
    const std::exception_ptr& exceptionOrNull() const noexcept { return failure_; }
    /// The value; throws the failure.
    const T& getOrThrow() const& {
        check();
        return *value_;
    }
    T getOrThrow() && {
        check();
        return std::move(*value_);
    }
    T getOrDefault(T other) const& { return isSuccess() ? *value_ : std::move(other); }
    T getOrDefault(T other) && { return isSuccess() ? std::move(*value_) : std::move(other); }

private:
    Result() = default;
    void check() const {
        if (failure_)
            std::rethrow_exception(failure_);
    }
    std::optional<T> value_;
    std::exception_ptr failure_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    static Result success() noexcept { return {}; }
    static Result failure(std::exception_ptr e) noexcept {
        Result r;
        r.failure_ = std::move(e);
        return r;
    }
    bool isSuccess() const noexcept { return !failure_; }
    bool isFailure() const noexcept { return !isSuccess(); }
    const std::exception_ptr& exceptionOrNull() const noexcept { return failure_; }
    void getOrThrow() const {
        if (failure_)
            std::rethrow_exception(failure_);
    }

private:
    std::exception_ptr failure_;
};

/// co_await runCatching(task): what the task gives or throws, as a Result. A cancellation is thrown on and
/// never stored, whosever it is, that of a timeout too: a job that is told to stop does stop. Kotlin's
/// function of this name stores it, and so does `catch (const std::exception&)` here: the job then goes on
/// until its next suspension, which throws again, and what should have stopped in between was done.
template <class T>
Task<Result<T>> runCatching(Task<T> task) {
    std::exception_ptr failure;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(task);
            co_return Result<T>::success();
        } else {
            co_return Result<T>::success(co_await std::move(task));
        }
    } catch (const CancellationException&) {
        throw;
    } catch (...) {
        failure = std::current_exception();
    }
    co_return Result<T>::failure(std::move(failure));
}

/// The same for a body that is called here and awaited: `auto body = [&] { ... }; co_await
/// runCatching(body)`.
template <class F>
    requires detail::Body<F&> && std::is_invocable_v<F&>
Task<Result<detail::BodyResult<F>>> runCatching(F& body) {
    return runCatching(body());
}
/// A temporary body would be gone before the task begins: name it, or call it: `runCatching(body())`.
template <class F>
    requires(detail::Body<F> && std::is_invocable_v<F&> && !std::is_lvalue_reference_v<F>)
void runCatching(F&& body) = delete;

/// The same for code that does not suspend; runs it here and now.
template <class F>
    requires(std::is_invocable_v<F&> && !detail::isTask<std::remove_cvref_t<F>> &&
             !detail::isTask<std::remove_cvref_t<std::invoke_result_t<F&>>>)
Result<std::remove_cvref_t<std::invoke_result_t<F&>>> runCatching(F&& code) {
    using T = std::remove_cvref_t<std::invoke_result_t<F&>>;
    try {
        if constexpr (std::is_void_v<T>) {
            code();
            return Result<T>::success();
        } else {
            return Result<T>::success(code());
        }
    } catch (const CancellationException&) {
        throw;
    } catch (...) {
        return Result<T>::failure(std::current_exception());
    }
}

} // namespace coroscope
