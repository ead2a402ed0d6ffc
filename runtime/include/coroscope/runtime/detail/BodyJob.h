// SPDX-License-Identifier: Apache-2.0
// A job with code: control block, callable and result in one piece of memory.
#pragma once

#include <coroscope/runtime/CoroutineScope.h>
#include <coroscope/runtime/Task.h>
#include <coroscope/runtime/detail/JobNode.h>

#include <optional>
#include <type_traits>
#include <utility>

namespace coroscope::detail {

/// `F` is the callable, kept until the body has ended, or a reference to one that lives longer.
template <class T, class F>
class BodyJob final : public ResultNode<T> {
public:
    template <class G>
    BodyJob(JobNode::Origin& origin, G&& body)
        : ResultNode<T>(origin) {
        if constexpr (std::is_reference_v<F>)
            body_ = &body;
        else
            body_.emplace(std::forward<G>(body));
    }

private:
    ~BodyJob() override = default;

    std::coroutine_handle<> createBody() override {
        task_.emplace(call());
        auto handle = TaskAccess::handle(*task_);
        handle.promise().job = this;
        return handle;
    }
    std::exception_ptr takeResult() noexcept override {
        std::exception_ptr failure;
        if (task_) {
            auto& promise = TaskAccess::handle(*task_).promise();
            failure = promise.takeFailure();
            if constexpr (!std::is_void_v<T>) {
                if (!failure) {
                    try {
                        this->value_ = std::move(promise.storedValue());
                    } catch (...) {
                        failure = std::current_exception();
                    }
                }
            }
        }
        dropBody();
        return failure;
    }
    void dropBody() noexcept override {
        task_.reset();
        if constexpr (!std::is_reference_v<F>)
            body_.reset();
    }
    Task<T> call() {
        if constexpr (std::is_invocable_v<std::remove_reference_t<F>&, CoroutineScope>)
            return (*body_)(ScopeAccess::ofBody(*this));
        else
            return (*body_)();
    }

    std::conditional_t<std::is_reference_v<F>, std::remove_reference_t<F>*, std::optional<F>> body_{};
    std::optional<Task<T>> task_;
};

} // namespace coroscope::detail
