// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/AwaitAll.h>

#include <mutex>

namespace coroscope::detail {

namespace {

class Latch {
public:
    Latch(std::size_t count, CancellableContinuation<void> continuation)
        : left_(count)
        , continuation_(std::move(continuation)) {}

    void failed(const std::exception_ptr& e) {
        if (!done_.exchange(true, std::memory_order_acq_rel)) {
            close();
            continuation_.resumeWithException(e);
        }
    }
    void ended() {
        if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1 &&
            !done_.exchange(true, std::memory_order_acq_rel)) {
            close();
            continuation_.resume();
        }
    }
    void keep(DisposableHandle handle) {
        {
            std::lock_guard lock(mutex_);
            if (!closed_) {
                handles_.push_back(std::move(handle));
                return;
            }
        }
        handle.dispose();
    }
    /// Nobody waits any more: takes the handlers back, and with them what they hold, this latch.
    void close() noexcept {
        std::vector<DisposableHandle> handles;
        {
            std::lock_guard lock(mutex_);
            closed_ = true;
            handles.swap(handles_);
        }
        for (DisposableHandle& h : handles)
            h.dispose();
    }

private:
    std::atomic<std::size_t> left_;
    std::atomic<bool> done_{false};
    CancellableContinuation<void> continuation_;
    std::mutex mutex_;
    bool closed_ = false;
    std::vector<DisposableHandle> handles_;
};

} // namespace

void awaitAllJobs(const std::vector<Job>& jobs, const CancellableContinuation<void>& continuation,
                  bool failEarly) {
    if (jobs.empty()) {
        continuation.resume();
        return;
    }
    for (const Job& job : jobs)
        HandleAccess::node(job)->checkJoinable();
    auto latch = std::make_shared<Latch>(jobs.size(), continuation);
    for (const Job& job : jobs) {
        HandleAccess::node(job)->noteObserver();
        job.start();
    }
    for (const Job& job : jobs) {
        latch->keep(job.invokeOnCompletion([latch, failEarly](const std::exception_ptr& e) {
            if (e && failEarly)
                latch->failed(e);
            else
                latch->ended();
        }));
    }
    continuation.invokeOnCancellation([latch](const std::exception_ptr&) { latch->close(); });
}

} // namespace coroscope::detail
