// SPDX-License-Identifier: Apache-2.0
#include "Handover.h"

#include "WorkerPool.h"

namespace coroscope::detail {

constinit thread_local Handover* Handover::here = nullptr;

void Handover::add(WorkerPool& pool, Runnable& work) noexcept {
    if (pool_.get() != &pool) {
        handOver();
        pool_ = pool.shared_from_this();
    }
    work_.push(work);
    ++count_;
}

void Handover::end() noexcept {
    here = nullptr;
    handOver();
}

void Handover::handOver() noexcept {
    if (count_ != 0)
        pool_->submitAll(work_, count_);
    count_ = 0;
}

} // namespace coroscope::detail
