// SPDX-License-Identifier: Apache-2.0
// The seam to threads and time: who runs ready coroutines, and who wakes those that wait for a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace coroscope {

/// Something ready to run. Lives in the job that wants to run and is in at most one queue at a time, so that
/// a dispatcher need not allocate: it links them by `next`.
class Runnable {
public:
    Runnable* next = nullptr;
    /// Runs one stretch. Afterwards the Runnable may be gone.
    virtual void run() noexcept = 0;

protected:
    Runnable() noexcept = default;
    Runnable(const Runnable&) = delete;
    Runnable& operator=(const Runnable&) = delete;
    ~Runnable() = default;
};

/// One entry in a TimerSource, owned by who waits.
class TimerNode {
public:
    std::int64_t due = 0;             ///< nanoseconds on the source's own clock
    std::uint64_t sequence = 0;       ///< order among equal due times
    std::size_t place = notScheduled; ///< kept by the source
    static constexpr std::size_t notScheduled = static_cast<std::size_t>(-1);

    /// Called by the source under its lock when the time has come. False: the node is not wanted any more and
    /// will not be touched again. True: the source calls fire(), without its lock.
    virtual bool claim() noexcept = 0;
    /// `inPlace`: the source's thread is the one on which the dispatcher runs what is ready, so go on here.
    virtual void fire(bool inPlace) noexcept = 0;

protected:
    TimerNode() noexcept = default;
    TimerNode(const TimerNode&) = delete;
    TimerNode& operator=(const TimerNode&) = delete;
    ~TimerNode() = default;
};

/// Wakes after a time: the machine's clock, or the virtual one of a test. Threads: any.
class TimerSource {
public:
    virtual ~TimerSource();
    /// `after` below zero counts as zero. The node may be claimed before this returns.
    virtual void schedule(TimerNode& node, std::chrono::nanoseconds after) = 0;
    /// Takes the node out. When this returns the source does not touch the node any more, unless it had
    /// claimed it with success before. O(log n).
    virtual void dispose(TimerNode& node) noexcept = 0;
    /// Nanoseconds on this source's clock.
    virtual std::int64_t now() const noexcept = 0;
};

/// Runs what is ready. Derive from it to run coroutines on threads of your own, a user interface's for
/// example.
class Dispatcher {
public:
    virtual ~Dispatcher();
    /// Runs `work` soon, in order of dispatching where the dispatcher has one thread. Threads: any. Must not
    /// throw and must not drop the work.
    virtual void dispatch(Runnable& work) noexcept = 0;
    /// For delay and timeouts. By default the machine's clock.
    virtual TimerSource& timers() noexcept;
    /// For people: shown in the window and in logs. Lives as long as the dispatcher.
    virtual std::string_view name() const noexcept = 0;
};

/// Dispatchers are shared by all contexts that name them.
using DispatcherPtr = std::shared_ptr<Dispatcher>;

/// The machine's monotonic clock, with a thread of its own that starts when first needed.
TimerSource& systemTimers() noexcept;

} // namespace coroscope
