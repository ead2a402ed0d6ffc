// SPDX-License-Identifier: Apache-2.0
// A channel: its buffer, who waits on either side, and whether it is closed. Everything is under one lock
// that is held for some nanoseconds; code of the user runs outside of it, but for the moving of elements.
//
// Receivers wait only while the buffer is empty, and senders only while it is full. An element that is handed
// to a waiting receiver is written into that one's place before its suspension is decided, and taken back
// when that is lost; likewise that of a waiting sender is taken before, and given back.
#pragma once

#include <coroscope/record/Resource.h>
#include <coroscope/runtime/Exceptions.h>
#include <coroscope/runtime/detail/Lock.h>
#include <coroscope/runtime/detail/Ref.h>
#include <coroscope/runtime/detail/RingBuffer.h>
#include <coroscope/runtime/detail/WaitQueue.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace coroscope {

/// What happens to an element for which there is no room.
enum class BufferOverflow : std::uint8_t {
    Suspend,    ///< its sender waits
    DropOldest, ///< the oldest one in the buffer goes
    DropLatest  ///< it is dropped itself
};

} // namespace coroscope

namespace coroscope::detail {

/// What came of an attempt to send or to receive.
enum class Passed : std::uint8_t {
    Yes,
    No, ///< the buffer is full, or empty
    Closed
};

class ChannelWaiter : public Waiter {
public:
    std::uint64_t resource; ///< the channel's, from when it is queued
    bool keeps = false; ///< the channel, for the coroutine, which has to leave() it; under the channel's lock

protected:
    ~ChannelWaiter() = default;
};

/// What a channel is besides its elements. It stays as long as there are handles, and those that keep it.
class ChannelBase {
public:
    struct Plan {
        std::size_t capacity = 0;
        BufferOverflow overflow = BufferOverflow::Suspend;
        std::string name;
        std::source_location where;
    };
    static constexpr std::size_t noLimit = static_cast<std::size_t>(-1);

    ChannelBase(const ChannelBase&) = delete;
    ChannelBase& operator=(const ChannelBase&) = delete;
    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            lastHandleGoes();
    }
    /// For a coroutine that waited and was not let go. The channel may go with it.
    void leave() noexcept;

    bool isClosedForSend() const noexcept { return closed_.load(std::memory_order_acquire); }
    bool isClosedForReceive() const;
    bool isEmpty() const;
    bool close(std::exception_ptr cause);
    /// Also ends the job that produces into it. `cause` empty: the usual one.
    void cancel(std::exception_ptr cause);
    void invokeOnClose(std::function<void(const std::exception_ptr&)> handler);
    /// Null if it was closed without one. Only when it is closed.
    std::exception_ptr closeCause() const noexcept { return closeCause_; }
    std::exception_ptr sendException() const;
    std::exception_ptr receiveException() const;

    /// The job that produces into it, until it has ended.
    void produces(Ref<JobNode> producer);
    void producerEnds(const std::exception_ptr& cause);

    /// Takes a waiter out of its queue, if it is still there.
    void withdraw(Waiter& waiter, bool sends) noexcept;
    std::uint64_t resourceId() const noexcept { return resource_.id().value; }

protected:
    explicit ChannelBase(Plan plan);
    virtual ~ChannelBase();

    /// With the lock held, as the next four.
    virtual std::size_t buffered() const noexcept = 0;
    /// Takes all elements out, of the buffer and of waiting senders, the newest first, and tells that they
    /// are lost. Appends the senders that are to be dispatched, in the order in which they came. With the
    /// lock held in the first half; answers the first exception that was thrown.
    virtual std::exception_ptr dropAll(std::unique_lock<Lock>& lock) = 0;
    void enqueue(Waiter& waiter, bool sends) noexcept {
        if (!resource_.id()) [[unlikely]]
            beginResource();
        (sends ? senders_ : receivers_).push(waiter);
        tellRecord(buffered());
    }
    /// The same for a coroutine, which keeps the channel from now on.
    void enqueueKeeping(ChannelWaiter& waiter, bool sends) noexcept {
        enqueue(waiter, sends);
        waiter.keeps = true;
        waiter.resource = resourceId();
        ++kept_;
    }
    /// Decides the suspension of one that got what it waited for. Unless it comes back to the channel it does
    /// not keep it any more: somebody else does, whose call this is.
    Chosen serve(ChannelWaiter& waiter, bool comesBack) noexcept {
        const bool letsGo = waiter.keeps && !comesBack;
        if (letsGo) {
            waiter.keeps = false;
            --kept_;
        }
        const Chosen chosen = choose(waiter);
        if (!chosen && letsGo) {
            waiter.keeps = true;
            ++kept_;
        }
        return chosen;
    }
    void tellRecord(std::size_t elements) noexcept {
        resource_.counts(elements, senders_.size() + receivers_.size());
    }

    mutable Lock lock_;
    std::atomic<bool> closed_{false}; ///< changes under the lock, once
    const BufferOverflow overflow_;
    const std::size_t capacity_;
    WaitQueue senders_, receivers_;

private:
    void beginResource() noexcept;
    void lastHandleGoes() noexcept;
    /// With the lock held: every waiting receiver learns that there is nothing more to come.
    std::vector<JobNode*> dismissReceivers();

    std::atomic<std::uint32_t> references_{1};
    std::uint32_t kept_ = 0; ///< by so many coroutines; under the lock, as the next
    bool handlesGone_ = false;
    std::exception_ptr closeCause_; ///< constant once closed
    std::function<void(const std::exception_ptr&)> closeHandler_;
    bool closeHandlerGiven_ = false;
    Ref<JobNode> producer_;
    record::Resource resource_;
    const std::string name_;
    const std::source_location where_;
};

class ReceiveWaiterBase : public ChannelWaiter {
public:
    bool closed = false;

protected:
    ~ReceiveWaiterBase() = default;
};

template <class T>
class ReceiveWaiter : public ReceiveWaiterBase {
public:
    std::optional<T> slot;

protected:
    ~ReceiveWaiter() = default;
};

template <class T>
class SendWaiter : public ChannelWaiter {
public:
    explicit SendWaiter(T&& e)
        : element(std::move(e)) {}
    T element;
    bool cancelled = false; ///< with the channel, which has dealt with the element

protected:
    ~SendWaiter() = default;
};

template <class T>
class ChannelState final : public ChannelBase {
    static_assert(std::is_nothrow_move_constructible_v<T>,
                  "elements are moved while the channel is locked: their move constructor must be noexcept");

public:
    ChannelState(Plan plan, std::function<void(T&)> onUndeliveredElement)
        : ChannelBase(std::move(plan))
        , undelivered_(std::move(onUndeliveredElement)) {}

    /// Moves from the element only when the answer is Yes. `tellsDropped`: of an element that is dropped at
    /// once onUndeliveredElement hears (send), or not (trySend).
    Passed trySend(T& element, bool tellsDropped) {
        JobNode* receiver = nullptr;
        std::optional<T> dropped;
        Passed passed;
        {
            const std::lock_guard lock(lock_);
            passed = offer(element, dropped, receiver);
        }
        afterOffer(receiver, dropped, tellsDropped);
        return passed;
    }
    Passed tryReceive(std::optional<T>& into) {
        JobNode* sender = nullptr;
        Passed passed;
        {
            const std::lock_guard lock(lock_);
            passed = take(into, sender);
        }
        if (sender)
            sender->resumeLater();
        return passed;
    }
    /// The same, or queues the waiter, which keeps the channel: No.
    Passed sendOrEnqueue(SendWaiter<T>& waiter) {
        JobNode* receiver = nullptr;
        std::optional<T> dropped;
        Passed passed;
        {
            const std::lock_guard lock(lock_);
            passed = offer(waiter.element, dropped, receiver);
            if (passed == Passed::No)
                enqueueKeeping(waiter, true);
        }
        afterOffer(receiver, dropped, true);
        return passed;
    }
    Passed receiveOrEnqueue(ReceiveWaiter<T>& waiter) {
        JobNode* sender = nullptr;
        Passed passed;
        {
            const std::lock_guard lock(lock_);
            passed = take(waiter.slot, sender);
            if (passed == Passed::No)
                enqueueKeeping(waiter, false);
        }
        if (sender)
            sender->resumeLater();
        return passed;
    }
    /// For a clause of select, which takes nothing yet: queues the waiter unless it could go on at once.
    bool enqueueSender(SendWaiter<T>& waiter) {
        const std::lock_guard lock(lock_);
        if (closed_ || receivers_.hasOther(*waiter.suspension) || buffer_.size() < capacity_ ||
            overflow_ != BufferOverflow::Suspend)
            return false;
        enqueue(waiter, true);
        return true;
    }
    bool enqueueReceiver(ReceiveWaiter<T>& waiter) {
        const std::lock_guard lock(lock_);
        if (!buffer_.empty() || senders_.hasOther(*waiter.suspension) || closed_)
            return false;
        enqueue(waiter, false);
        return true;
    }

    /// Of an element that nobody will get.
    void tellUndelivered(T& element) {
        if (undelivered_)
            undelivered_(element);
    }
    /// The same where nobody could catch what the handler throws.
    void tellUndelivered(T& element, JobNode& job) noexcept;

private:
    ~ChannelState() override = default;

    std::size_t buffered() const noexcept override { return buffer_.size(); }

    Passed offer(T& element, std::optional<T>& dropped, JobNode*& receiver) {
        if (closed_.load(std::memory_order_relaxed))
            return Passed::Closed;
        while (Waiter* const first = receivers_.pop()) {
            auto& waiter = static_cast<ReceiveWaiter<T>&>(*first);
            waiter.slot.emplace(std::move(element));
            tellRecord(buffer_.size());
            if (const Chosen chosen = serve(waiter, undelivered_ != nullptr)) {
                receiver = chosen.job;
                return Passed::Yes;
            }
            std::destroy_at(&element);
            std::construct_at(&element, std::move(*waiter.slot));
            waiter.slot.reset();
        }
        if (buffer_.size() >= capacity_) {
            switch (overflow_) {
            case BufferOverflow::Suspend:
                return Passed::No;
            case BufferOverflow::DropLatest:
                dropped.emplace(std::move(element));
                return Passed::Yes;
            case BufferOverflow::DropOldest:
                dropped.emplace(buffer_.popFront());
                break;
            }
        }
        buffer_.pushBack(std::move(element));
        tellRecord(buffer_.size());
        return Passed::Yes;
    }

    void afterOffer(JobNode* receiver, std::optional<T>& dropped, bool tellsDropped) {
        if (receiver)
            receiver->resumeLater();
        if (dropped && (tellsDropped || overflow_ == BufferOverflow::DropOldest))
            tellUndelivered(*dropped);
    }

    Passed take(std::optional<T>& into, JobNode*& sender) {
        if (!buffer_.empty()) {
            into.emplace(buffer_.popFront());
            // There is room now for that of the first sender.
            while (Waiter* const first = senders_.pop()) {
                auto& waiter = static_cast<SendWaiter<T>&>(*first);
                buffer_.pushBack(std::move(waiter.element)); // into the room that has just become free
                tellRecord(buffer_.size());
                if (const Chosen chosen = serve(waiter, false)) {
                    sender = chosen.job;
                    break;
                }
                giveBack(waiter, buffer_.popBack());
            }
            tellRecord(buffer_.size());
            return Passed::Yes;
        }
        while (Waiter* const first = senders_.pop()) {
            auto& waiter = static_cast<SendWaiter<T>&>(*first);
            into.emplace(std::move(waiter.element));
            tellRecord(buffer_.size());
            if (const Chosen chosen = serve(waiter, false)) {
                sender = chosen.job;
                return Passed::Yes;
            }
            giveBack(waiter, std::move(*into));
            into.reset();
        }
        return closed_.load(std::memory_order_relaxed) ? Passed::Closed : Passed::No;
    }

    static void giveBack(SendWaiter<T>& waiter, T&& element) noexcept {
        std::destroy_at(&waiter.element);
        std::construct_at(&waiter.element, std::move(element));
    }

    std::exception_ptr dropAll(std::unique_lock<Lock>& lock) override {
        std::deque<T> lost;
        std::vector<JobNode*> dismissed;
        dismissed.reserve(senders_.size());
        while (!buffer_.empty())
            lost.push_back(buffer_.popFront());
        while (Waiter* const first = senders_.pop()) {
            auto& waiter = static_cast<SendWaiter<T>&>(*first);
            lost.push_back(std::move(waiter.element));
            waiter.cancelled = true;
            if (const Chosen chosen = choose(waiter)) {
                if (chosen.job)
                    dismissed.push_back(chosen.job);
            } else {
                waiter.cancelled = false;
                giveBack(waiter, std::move(lost.back()));
                lost.pop_back();
            }
        }
        tellRecord(buffer_.size());
        lock.unlock();
        std::exception_ptr failure;
        for (; !lost.empty(); lost.pop_back()) {
            try {
                tellUndelivered(lost.back());
            } catch (...) {
                if (failure)
                    addSuppressed(failure, std::current_exception());
                else
                    failure = std::current_exception();
            }
        }
        for (JobNode* const job : dismissed)
            job->resumeLater();
        return failure;
    }

    RingBuffer<T> buffer_;
    const std::function<void(T&)> undelivered_;
};

/// At the end of a coroutine's wait.
class ChannelLeave {
public:
    ChannelLeave(ChannelBase& channel, const ChannelWaiter& waiter) noexcept
        : left_(waiter.keeps ? &channel : nullptr) {}
    ChannelLeave(const ChannelLeave&) = delete;
    ChannelLeave& operator=(const ChannelLeave&) = delete;
    ~ChannelLeave() {
        if (left_)
            left_->leave();
    }

private:
    ChannelBase* const left_;
};

/// Reports to the exception handler of the process.
void reportUndelivered(JobNode& job, const std::exception_ptr& failure) noexcept;

template <class T>
void ChannelState<T>::tellUndelivered(T& element, JobNode& job) noexcept {
    try {
        tellUndelivered(element);
    } catch (...) {
        reportUndelivered(job, std::current_exception());
    }
}

} // namespace coroscope::detail
