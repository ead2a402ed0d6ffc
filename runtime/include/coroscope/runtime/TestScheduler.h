// SPDX-License-Identifier: Apache-2.0
// Time for tests: it stands still while there is something to do and jumps to the next due time when there is
// not.
#pragma once

#include <coroscope/runtime/Dispatcher.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <variant>

namespace coroscope {

/// The virtual clock and the queue of what is due on it, ordered by virtual time, then by the order of
/// arrival (rule 101). Threads: any may dispatch; one at a time may advance it.
class TestScheduler final : public TimerSource, public std::enable_shared_from_this<TestScheduler> {
public:
    TestScheduler();
    ~TestScheduler() override;

    /// Virtual time since the start.
    std::chrono::nanoseconds currentTime() const noexcept { return std::chrono::nanoseconds(now()); }
    /// Runs what is due up to, but not at, the new time (rule 102), which is then the current one. Throws
    /// std::invalid_argument for a negative time.
    void advanceTimeBy(std::chrono::nanoseconds time);
    /// Runs everything, jumping from due time to due time, until nothing is left.
    void advanceUntilIdle();
    /// Runs what is due now.
    void runCurrent();

    /// A dispatcher on this scheduler, which it keeps. The scheduler must be held by a std::shared_ptr.
    DispatcherPtr dispatcher();

    // For dispatchers and timers.
    void enqueue(Runnable& work) noexcept;
    void schedule(TimerNode& node, std::chrono::nanoseconds after) override;
    void dispose(TimerNode& node) noexcept override;
    std::int64_t now() const noexcept override;
    /// Runs one entry due at or before `limit`, moving the time to it. False if there is none.
    bool runOne(std::int64_t limit);
    /// Waits in real time until something is dispatched from another thread, or `until`. False if it was
    /// `until`.
    bool waitForWork(std::chrono::steady_clock::time_point until);
    /// Wakes waitForWork.
    void wake() noexcept;

private:
    using Key = std::pair<std::int64_t, std::uint64_t>;
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::map<Key, std::variant<Runnable*, TimerNode*>> queue_;
    std::int64_t now_ = 0;
    std::uint64_t sequence_ = 0;
    bool woken_ = false;
};

} // namespace coroscope
