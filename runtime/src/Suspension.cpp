// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/detail/JobNode.h>
#include <coroscope/runtime/detail/Suspension.h>

namespace coroscope::detail {

Suspension::Claim Suspension::claim() noexcept {
    JobNode& job = *leaf_->job;
    std::uint64_t word = job.wait_.load(std::memory_order_relaxed);
    while (numberIn(word) == number_) {
        // release: publishes the result to the coroutine. acquire: the winner sees the suspended coroutine's
        // frame.
        if (job.wait_.compare_exchange_weak(word, decided(word), std::memory_order_acq_rel,
                                            std::memory_order_relaxed)) {
            if (!(word & waiting))
                return Claim::Early;
            job.goesOnAt(coroutine());
            return Claim::Won;
        }
    }
    return Claim::Lost;
}

void Suspension::comesUp() const noexcept {
    __builtin_prefetch(&job(), 1);
    __builtin_prefetch(&job().wait_, 1);
}

bool Suspension::isDecided() const noexcept {
    return numberIn(job().wait_.load(std::memory_order_acquire)) != number_;
}

bool Suspension::suspend(PromiseBase& leaf, WaitKind kind, std::uint64_t waitsFor) noexcept {
    JobNode& job = *leaf.job;
    std::uint64_t word = job.wait_.load(std::memory_order_acquire);
    if (numberIn(word) == number_ && !(word & cancelling)) {
        const std::uint64_t order = std::atomic_ref(job.list_.order).load(std::memory_order_relaxed);
        job.record_.suspends(JobNode::stackOf(leaf), kind, waitsFor);
        job.goesOnIn(*this);
        if (job.wait_.compare_exchange_strong(word, word | order << orderShift | waiting,
                                              std::memory_order_acq_rel, std::memory_order_acquire))
            return true;
        job.record_.runs();
    }
    if (word & cancelling) {
        job.judgeDelivery(leaf);
        if (claim() != Claim::Lost) {
            cancelled_ = true;
            unregister();
        }
    }
    return false;
}

void JobNode::cancelSuspension(std::uint32_t before) noexcept {
    std::uint64_t word = wait_.load(std::memory_order_relaxed);
    for (;;) {
        const bool now = (word & Suspension::waiting) && Suspension::orderIn(word) <= before;
        if (!now && (word & Suspension::cancelling))
            return;
        // release: who comes to suspend finds the cause. acquire: as in claim.
        if (wait_.compare_exchange_weak(word,
                                        (now ? Suspension::decided(word) : word) | Suspension::cancelling,
                                        std::memory_order_acq_rel, std::memory_order_relaxed)) {
            if (!now)
                return;
            break;
        }
    }
    Suspension& suspension = *static_cast<Suspension*>(goesOn_);
    goesOnAt(suspension.coroutine());
    suspension.cancelled_ = true;
    suspension.unregister();
    resumeLater();
}

} // namespace coroscope::detail
