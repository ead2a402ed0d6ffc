// SPDX-License-Identifier: Apache-2.0
#include <coroscope/record/AsymmetricFence.h>

#include <chrono>
#include <thread>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace coroscope::record {

namespace {

bool membarrier(int command) noexcept {
    return ::syscall(SYS_membarrier, command, 0, 0) == 0;
}

} // namespace

constinit std::atomic<bool> AsymmetricFence::fullFences_{true};

void AsymmetricFence::prepare() noexcept {
    static const bool once = [] {
        if (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))
            fullFences_.store(false, std::memory_order_relaxed);
        return true;
    }();
    static_cast<void>(once);
}

void AsymmetricFence::heavy() noexcept {
    // The stores before this are seen by all before the loads behind it, whatever the system does.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (fullFences_.load(std::memory_order_relaxed) || membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
        return;
    // A forked child has to register anew.
    if (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
        return;
    // Taken away meanwhile, by a filter of system calls: full fences from now on. What was stored before some
    // thread came to know of that leaves its processor in far less than this.
    fullFences_.store(true, std::memory_order_seq_cst);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

} // namespace coroscope::record
