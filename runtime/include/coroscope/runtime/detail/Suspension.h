// SPDX-License-Identifier: Apache-2.0
// One suspended co_await of a job: decides between resuming and cancelling, exactly once.
#pragma once

#include <coroscope/model/States.h>
#include <coroscope/runtime/detail/PromiseBase.h>

#include <atomic>
#include <coroutine>
#include <cstdint>

namespace coroscope::detail {

class JobNode;

/// Life of a suspension. Whoever moves it out of Undecided or Waiting has decided it; nobody else may touch
/// it then.
///
///     Undecided --(await_suspend is through)--> Waiting --+--> Resumed    the source dispatches the job
///         |                                               +--> Cancelled  the canceller dispatches the job
///         +--> Resumed / Cancelled: decided before the coroutine was really suspended; it just goes on
///
/// How await_suspend uses it: begin(), hand itself to the source (which may decide at once), then return
/// suspend().
class Suspension {
public:
    enum class State : std::uint8_t { Undecided, Waiting, Resumed, Cancelled };
    enum class Claim : std::uint8_t {
        Lost,  ///< decided by somebody else, or before: do not touch it again
        Early, ///< decided by this call, and the coroutine goes on by itself
        Won    ///< decided by this call, and this caller must dispatch the job
    };

    /// Decides. Release: what the winner wrote before (a result) is seen by the coroutine when it goes on.
    Claim claim(State outcome) noexcept;
    /// Only as long as the coroutine is suspended here: it is asked.
    JobNode& job() const noexcept { return *leaf_->job; }
    /// Its place among what is registered with the job.
    std::uint32_t order() const noexcept { return order_; }
    State state() const noexcept { return state_.load(std::memory_order_acquire); }

    /// Takes it out of its source. When this returns, the source does not touch it any more.
    virtual void unregister() noexcept = 0;

protected:
    Suspension() noexcept = default;
    Suspension(const Suspension&) = delete;
    Suspension& operator=(const Suspension&) = delete;
    ~Suspension() = default;

    /// First step of await_suspend. `leaf` is the coroutine that waits.
    void begin(PromiseBase& leaf, std::coroutine_handle<> handle) noexcept;
    /// Last step of await_suspend. True: the coroutine is suspended, and nothing of it may be touched any
    /// more.
    bool suspend(PromiseBase& leaf, WaitKind kind, std::uint64_t waitsFor) noexcept;
    /// First step of await_resume, for suspensions that can be cancelled. Does not look at the job's
    /// cancellation.
    void finish() noexcept;

    PromiseBase* leaf_ = nullptr; ///< the coroutine that waits

private:
    std::uint32_t order_ = 0; ///< how many were registered with the job when it suspended
    std::atomic<State> state_{State::Undecided};
};

} // namespace coroscope::detail
