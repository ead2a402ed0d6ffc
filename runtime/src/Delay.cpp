// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/Delay.h>

namespace coroscope::detail {

bool DelayAwaitable::await_suspend(std::coroutine_handle<>) {
    PromiseBase& leaf = *leaf_;
    begin(leaf);
    // As in Kotlin the longest delay is none for a clock: a virtual one would jump to the end of time.
    if (due != std::chrono::nanoseconds::max().count())
        leaf.job->dispatcher().timers().schedule(*this, std::chrono::nanoseconds(due));
    return suspend(leaf, WaitKind::Delay, static_cast<std::uint64_t>(due));
}

void DelayAwaitable::unregister() noexcept {
    job().dispatcher().timers().dispose(*this);
}

bool DelayAwaitable::claim() noexcept {
    return Suspension::claim() == Claim::Won;
}

void DelayAwaitable::comesUp() const noexcept {
    Suspension::comesUp();
}

void DelayAwaitable::approach() const noexcept {
    job().approach();
}

void DelayAwaitable::fire(bool inPlace) noexcept {
    if (inPlace)
        job().resumeNow();
    else
        job().resumeLater();
}

void YieldAwaitable::await_suspend(std::coroutine_handle<> handle) noexcept {
    JobNode& job = *leaf_->job;
    job.goesOnAt(handle);
    job.givesWay();
}

} // namespace coroscope::detail
