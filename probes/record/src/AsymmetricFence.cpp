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

constinit std::atomic<AsymmetricFence::Use> AsymmetricFence::use_{Use::TwoFences};

void AsymmetricFence::prepare() noexcept {
    static const bool once = [] {
        if (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))
            use_.store(Use::OneFence, std::memory_order_relaxed);
        return true;
    }();
    static_cast<void>(once);
}

void AsymmetricFence::heavy() noexcept {
    // The stores before this are seen by all before the loads behind it, whatever the system does.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const Use use = use_.load(std::memory_order_relaxed);
    if (use == Use::TwoFences || (use == Use::OneFence && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)))
        return;
    // A forked child has to register anew.
    if (use == Use::OneFence && membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) &&
        membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
        return;
    use_.store(Use::Changing, std::memory_order_seq_cst);
    waitForAllStores();
    use_.store(Use::TwoFences, std::memory_order_seq_cst);
}

void AsymmetricFence::waitForAllStores() noexcept {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

} // namespace coroscope::record
