// SPDX-License-Identifier: Apache-2.0
// The seam to threads and time: who runs ready coroutines, and who wakes those that wait for a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace coroscope {

/// Something ready to run. Lives in the job that wants to run and is in at most one queue at a time, so that
/// a dispatcher need not allocate: it links them by `next`.
class Runnable {
public:
    Runnable* next = nullptr;
    /// Runs one stretch. Afterwards the Runnable may be gone.
    virtual void run() noexcept = 0;
    /// Called before run() when the dispatcher it was meant for takes no more work: the job is cancelled, and
    /// runs elsewhere to clean up (rule 70).
    virtual void rejected() noexcept = 0;
    /// A hint that run() will be called in a moment: what that needs may be fetched into the caches.
    virtual void approach() const noexcept {}

protected:
    Runnable() noexcept = default;
    Runnable(const Runnable&) = delete;
    Runnable& operator=(const Runnable&) = delete;
    ~Runnable() = default;
};

/// One entry in a TimerSource, owned by who waits.
class TimerNode {
public:
    std::int64_t due = 0;               ///< nanoseconds on the source's own clock
    std::uint32_t place = notScheduled; ///< kept by the source, as the next
    std::uint32_t part = 0;
    static constexpr std::uint32_t notScheduled = static_cast<std::uint32_t>(-1);

    /// Called by the source under its lock when the time has come. False: the node is not wanted any more and
    /// will not be touched again. True: the source calls fire(), without its lock.
    virtual bool claim() noexcept = 0;
    /// A hint that claim() will be called in a moment, under the same lock.
    virtual void comesUp() const noexcept {}
    /// A hint that a claimed node will be fired in a moment: what that needs may be fetched into the caches.
    virtual void approach() const noexcept {}
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
class Dispatcher : public std::enable_shared_from_this<Dispatcher> {
public:
    virtual ~Dispatcher();
    /// Runs `work` soon, in order of dispatching where the dispatcher has one thread. Threads: any. Must not
    /// throw and must not drop the work: what cannot be run here any more goes to reject().
    virtual void dispatch(Runnable& work) noexcept = 0;
    /// The same for what gives way to others that are ready (yield): a dispatcher that runs some work at
    /// once, or the latest first, does not do so here.
    virtual void dispatchYield(Runnable& work) noexcept { dispatch(work); }
    /// A view of this dispatcher that runs at most `parallelism` stretches at once. What two of its tasks do
    /// is in order when one ran after the other: with a parallelism of one nothing that only they touch needs
    /// a lock. A view starts no threads of its own, and lets other work of the dispatcher run every few tasks
    /// (rule 66). Throws std::invalid_argument for less than one, std::logic_error where there is no view
    /// (rule 67). `name`: for people; one that tells what it is a view of, if empty.
    virtual std::shared_ptr<Dispatcher> limitedParallelism(int parallelism, std::string name = {});
    /// For delay. By default the machine's clock.
    virtual TimerSource& timers() noexcept;
    /// For timeouts, which must come also while this dispatcher's threads compute or are blocked. By default
    /// timers().
    virtual TimerSource& alarms() noexcept { return timers(); }
    /// For people: shown in the window and in logs. Lives as long as the dispatcher.
    virtual std::string_view name() const noexcept = 0;

protected:
    /// For a dispatcher that is closed: cancels the job that `work` belongs to and runs it on
    /// Dispatchers::IO().
    static void reject(Runnable& work) noexcept;
};

/// Dispatchers are shared by all contexts that name them.
using DispatcherPtr = std::shared_ptr<Dispatcher>;

/// The machine's monotonic clock, with a thread of its own that starts when first needed.
TimerSource& systemTimers() noexcept;

} // namespace coroscope
