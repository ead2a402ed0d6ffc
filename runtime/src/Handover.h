// SPDX-License-Identifier: Apache-2.0
// Many tasks for a pool at once: one lock, and at most one thread woken, instead of one for each.
#pragma once

#include "RunnableQueue.h"

#include <cstddef>
#include <memory>

namespace coroscope::detail {

class WorkerPool;

/// What this thread submits to a pool while it has one of these is kept back until the end of its life. For
/// threads that are no workers. Before code of a user runs on such a thread it must be handed over: that code
/// may wait for it.
class Handover {
public:
    Handover() noexcept { here = this; }
    ~Handover() { finish(); }
    Handover(const Handover&) = delete;
    Handover& operator=(const Handover&) = delete;

    /// False, and it has done nothing, if this thread has none.
    static bool keepBack(WorkerPool& pool, Runnable& work) noexcept {
        if (!here) [[likely]]
            return false;
        here->add(pool, work);
        return true;
    }
    /// Ends that of this thread, if it has one.
    static void finish() noexcept {
        if (here) [[unlikely]]
            here->end();
    }

private:
    void add(WorkerPool& pool, Runnable& work) noexcept;
    void end() noexcept;
    void handOver() noexcept;

    std::shared_ptr<WorkerPool> pool_;
    RunnableQueue work_;
    std::size_t count_ = 0;

    static constinit thread_local Handover* here;
};

} // namespace coroscope::detail
