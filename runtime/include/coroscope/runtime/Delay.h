// SPDX-License-Identifier: Apache-2.0
// Waiting for time, and giving way.
#pragma once

#include <coroscope/runtime/Dispatcher.h>
#include <coroscope/runtime/detail/Duration.h>
#include <coroscope/runtime/detail/JobNode.h>

#include <chrono>
#include <coroutine>

namespace coroscope {

namespace detail {

/// Its `due` is the time to wait until the source has set it.
class DelayAwaitable final : public Suspension, public TimerNode {
public:
    explicit DelayAwaitable(std::chrono::nanoseconds time) noexcept { due = time.count(); }
    void attach(PromiseBase& leaf) noexcept { leaf_ = &leaf; }
    bool await_ready() const noexcept { return due <= 0; }
    bool await_suspend(std::coroutine_handle<>);
    void await_resume() {
        if (due <= 0)
            return;
        leaf_->job->throwIfCancelled(*leaf_);
    }
    void unregister() noexcept override;
    bool claim() noexcept override;
    void comesUp() const noexcept override;
    void approach() const noexcept override;
    void fire(bool inPlace) noexcept override;
};

class YieldAwaitable final {
public:
    void attach(PromiseBase& leaf) noexcept { leaf_ = &leaf; }
    bool await_ready() {
        leaf_->job->throwIfCancelled(*leaf_);
        return false;
    }
    void await_suspend(std::coroutine_handle<> handle) noexcept;
    void await_resume() { leaf_->job->throwIfCancelled(*leaf_); }

private:
    PromiseBase* leaf_ = nullptr;
};

} // namespace detail

/// co_await delay(time): goes on after `time`, on the clock of the dispatcher: virtual in runTest. Never
/// earlier; on the machine's clock up to a sixty-fourth of `time` or one millisecond later, whatever is less,
/// so that what expires at about the same time expires together. Zero or less returns at once and does not
/// look at cancellation (rule 60). The longest, nanoseconds::max() or more, is until the job is cancelled.
template <class Rep, class Period>
[[nodiscard]] detail::DelayAwaitable delay(std::chrono::duration<Rep, Period> time) noexcept {
    return detail::DelayAwaitable(detail::nanosecondsOf(time));
}

/// co_await yield(): lets others run that are ready. Throws in a cancelled job (rule 59).
[[nodiscard]] inline detail::YieldAwaitable yield() noexcept {
    return {};
}

} // namespace coroscope
