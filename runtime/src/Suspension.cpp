// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/detail/JobNode.h>
#include <coroscope/runtime/detail/Suspension.h>

namespace coroscope::detail {

Suspension::Claim Suspension::claim(State outcome) noexcept {
    State s = state_.load(std::memory_order_relaxed);
    while (s == State::Undecided || s == State::Waiting) {
        // release: publishes the result to the coroutine. acquire: the winner sees the suspended coroutine's
        // frame.
        if (state_.compare_exchange_weak(s, outcome, std::memory_order_acq_rel, std::memory_order_relaxed))
            return s == State::Waiting ? Claim::Won : Claim::Early;
    }
    return Claim::Lost;
}

void Suspension::begin(PromiseBase& leaf, std::coroutine_handle<> handle) noexcept {
    leaf_ = &leaf;
    leaf.job->resumeAt = handle;
}

bool Suspension::suspend(PromiseBase& leaf, WaitKind kind, std::uint64_t waitsFor) noexcept {
    JobNode& job = *leaf.job;
    order_ = std::atomic_ref(job.list_.order).load(std::memory_order_relaxed);
    // seq_cst on both: see src/JobNode.cpp. Until the exchange below nobody dispatches the job, whatever they
    // claim.
    job.suspension_.store(reinterpret_cast<std::uintptr_t>(this), std::memory_order_seq_cst);
    if (job.phase_.load(std::memory_order_seq_cst) & JobNode::cancellingPhase) {
        job.judgeDelivery(leaf);
        claim(State::Cancelled);
    }
    if (state() == State::Undecided) {
        job.record_.suspends(JobNode::stackOf(leaf), kind, waitsFor);
        State expected = State::Undecided;
        if (state_.compare_exchange_strong(expected, State::Waiting, std::memory_order_acq_rel,
                                           std::memory_order_acquire))
            return true;
        job.record_.runs();
    }
    job.clearSuspension();
    if (state() == State::Cancelled)
        unregister();
    return false;
}

void Suspension::finish() noexcept {
    job().clearSuspension();
}

} // namespace coroscope::detail
