// SPDX-License-Identifier: Apache-2.0
// One suspended co_await of a job: decides between resuming and cancelling, exactly once.
#pragma once

#include <coroscope/model/States.h>
#include <coroscope/runtime/detail/PromiseBase.h>

#include <coroutine>
#include <cstdint>

namespace coroscope::detail {

class JobNode;

/// A job's code is sequential: it waits at one co_await at most. JobNode::wait_ is one word about that one:
///
///     number (30) | order (32) | waiting | cancelling
///
///   number      of the suspension that is next or under way; whoever makes it one more has decided that one
///   order       how many were registered with the job when it suspended
///   waiting     the coroutine is suspended; until then it goes on by itself, whoever has decided
///   cancelling  the job is; for ever
///
///     begin     reads the number
///     suspend   number, waiting = 0, cancelling = 0  ->  number, order, waiting = 1
///               already decided: goes on. Already cancelling: decides it itself
///     source    number, waiting = w                  ->  number + 1, waiting = 0
///               where w was 1 it dispatches the job
///     canceller sets cancelling, and where the coroutine waits, and it is its turn, does as a source
///
/// The frame, in which a suspension lives, stays until the coroutine leaves the co_await: who has decided
/// while it waited keeps it there until the job is dispatched, and sources are told to forget it (unregister,
/// or their own lock) before it leaves. So a source that may still decide finds the frame, the job, and one
/// of two numbers; that they come back after 2^30 harms nobody. The canceller reads nothing but the word
/// until it has decided. No suspension waits once cancelling is set, so what it expects cannot come back
/// either.
///
/// How await_suspend uses it: begin(), hand itself to the source (which may decide at once), then return
/// suspend().
class Suspension {
public:
    enum class Claim : std::uint8_t {
        Lost,  ///< decided by somebody else, or before: do not touch it again
        Early, ///< decided by this call, and the coroutine goes on by itself
        Won    ///< decided by this call, and this caller must dispatch the job
    };

    /// Decides that it is resumed. Release: what the winner wrote before (a result) is seen by the coroutine
    /// when it goes on. Only by who knows that the coroutine has not left the co_await.
    Claim claim() noexcept;
    /// Only as long as the coroutine is suspended here: it is asked.
    JobNode& job() const noexcept { return *leaf_->job; }

    /// Takes it out of its source. When this returns, the source does not touch it any more.
    virtual void unregister() noexcept = 0;

protected:
    Suspension() noexcept = default;
    Suspension(const Suspension&) = delete;
    Suspension& operator=(const Suspension&) = delete;
    ~Suspension() = default;

    /// First step of await_suspend, or of await_ready where that already hands it to the source. `leaf` is
    /// the coroutine that waits.
    void begin(PromiseBase& leaf) noexcept;
    /// Last step of await_suspend. True: the coroutine is suspended, and nothing of it may be touched any
    /// more.
    bool suspend(PromiseBase& leaf, WaitKind kind, std::uint64_t waitsFor) noexcept;
    /// For who may claim, as the next: a hint that it will in a moment.
    void comesUp() const noexcept;
    bool isDecided() const noexcept;
    /// For the coroutine, when it goes on: it is not resumed but cancelled.
    bool wasCancelled() const noexcept { return cancelled_; }

    PromiseBase* leaf_ = nullptr; ///< the coroutine that waits

private:
    friend class JobNode;

    static constexpr std::uint64_t cancelling = 1;
    static constexpr std::uint64_t waiting = 2;
    static constexpr unsigned orderShift = 2;
    static constexpr unsigned numberShift = 34;

    static std::uint32_t numberIn(std::uint64_t word) noexcept {
        return static_cast<std::uint32_t>(word >> numberShift);
    }
    static std::uint32_t orderIn(std::uint64_t word) noexcept {
        return static_cast<std::uint32_t>(word >> orderShift);
    }
    static std::uint64_t decided(std::uint64_t word) noexcept {
        return ((word >> numberShift) + 1) << numberShift | (word & cancelling);
    }
    std::coroutine_handle<> coroutine() const noexcept {
        return std::coroutine_handle<PromiseBase>::from_promise(*leaf_);
    }
    void cancelEarly() noexcept;

    std::uint32_t number_ = 0;
    bool cancelled_ = false;
};

} // namespace coroscope::detail
