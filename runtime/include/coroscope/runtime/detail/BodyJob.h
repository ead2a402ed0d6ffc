// SPDX-License-Identifier: Apache-2.0
// A job with code: control block, callable and result in one piece of memory.
#pragma once

#include <coroscope/runtime/CoroutineScope.h>
#include <coroscope/runtime/Task.h>
#include <coroscope/runtime/detail/JobNode.h>

#include <coroutine>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace coroscope::detail {

/// `F` is the callable, kept until the body has ended, or a reference to one that lives longer.
template <class T, class F>
class BodyJob : public ResultNode<T> {
public:
    template <class G>
    BodyJob(JobNode::Origin& origin, G&& body)
        : ResultNode<T>(origin) {
        if constexpr (std::is_reference_v<F>)
            place_.callable = &body;
        else
            ::new (static_cast<void*>(std::addressof(place_.callable))) Kept(std::forward<G>(body));
        this->keepsCallable_ = true;
    }

protected:
    ~BodyJob() override { BodyJob::dropBody(); }

private:
    using Kept =
        std::conditional_t<std::is_reference_v<F>, std::remove_reference_t<F>*, std::remove_const_t<F>>;
    /// Holds the callable while keepsCallable_ says so.
    union Place {
        Place() noexcept {}
        ~Place() {}
        Kept callable;
    };

    std::coroutine_handle<> createBody() override {
        Task<T> task = call();
        const auto handle = TaskAccess::take(task);
        handle.promise().job = this;
        return handle;
    }
    std::exception_ptr takeResult(std::coroutine_handle<> body) noexcept override {
        std::exception_ptr failure = FailureInFlight::take();
        if constexpr (!std::is_void_v<T>) {
            if (!failure) {
                try {
                    auto& promise =
                        std::coroutine_handle<TaskPromise<T>>::from_address(body.address()).promise();
                    this->setValue(promise.takeValue());
                } catch (...) {
                    failure = std::current_exception();
                }
            }
        }
        body.destroy();
        dropBody();
        return failure;
    }
    void dropBody() noexcept override {
        if (!this->keepsCallable_)
            return;
        this->keepsCallable_ = false;
        std::destroy_at(std::addressof(place_.callable));
    }
    Task<T> call() {
        auto& callable = [this]() -> auto& {
            if constexpr (std::is_reference_v<F>)
                return *place_.callable;
            else
                return place_.callable;
        }();
        if constexpr (std::is_invocable_v<decltype(callable), CoroutineScope>)
            return callable(ScopeAccess::ofBody(*this));
        else
            return callable();
    }

    Place place_;
};

/// That of a scope function.
template <class T, class F>
class ScopeJob final : public BodyJob<T, F> {
public:
    using BodyJob<T, F>::BodyJob;

private:
    ~ScopeJob() override = default;
    ScopeEnd* scopeEnd() noexcept override { return &end_; }
    ScopeEnd end_;
};

} // namespace coroscope::detail
