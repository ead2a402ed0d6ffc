// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/detail/ChannelState.h>

#include "Uncaught.h"

#include <coroscope/record/Record.h>
#include <coroscope/runtime/Channel.h>
#include <coroscope/runtime/CoroutineContext.h>

#include <stdexcept>

namespace coroscope {

ClosedSendChannelException::~ClosedSendChannelException() = default;
ClosedReceiveChannelException::~ClosedReceiveChannelException() = default;

namespace detail {

namespace {

constexpr const char* wasClosed = "Channel was closed";

} // namespace

ChannelBase::ChannelBase(Plan plan)
    : overflow_(plan.overflow)
    , capacity_(plan.capacity)
    , name_(std::move(plan.name))
    , where_(plan.where) {}

ChannelBase::~ChannelBase() {
    resource_.end();
}

void ChannelBase::leave() noexcept {
    bool last;
    {
        const std::lock_guard lock(lock_);
        last = --kept_ == 0 && handlesGone_;
    }
    if (last)
        delete this;
}

void ChannelBase::lastHandleGoes() noexcept {
    bool last;
    {
        const std::lock_guard lock(lock_);
        handlesGone_ = true;
        last = kept_ == 0;
    }
    if (last)
        delete this;
}

bool ChannelBase::isClosedForReceive() const {
    const std::lock_guard lock(lock_);
    return closed_ && buffered() == 0 && senders_.empty();
}

bool ChannelBase::isEmpty() const {
    const std::lock_guard lock(lock_);
    return !closed_ && buffered() == 0 && senders_.empty();
}

std::exception_ptr ChannelBase::sendException() const {
    return closeCause_ ? closeCause_ : std::make_exception_ptr(ClosedSendChannelException(wasClosed));
}

std::exception_ptr ChannelBase::receiveException() const {
    return closeCause_ ? closeCause_ : std::make_exception_ptr(ClosedReceiveChannelException(wasClosed));
}

std::vector<JobNode*> ChannelBase::dismissReceivers() {
    std::vector<JobNode*> dismissed;
    dismissed.reserve(receivers_.size());
    while (Waiter* const first = receivers_.pop()) {
        auto& waiter = static_cast<ReceiveWaiterBase&>(*first);
        waiter.closed = true;
        if (const Chosen chosen = choose(waiter)) {
            if (chosen.job)
                dismissed.push_back(chosen.job);
        } else {
            waiter.closed = false;
        }
    }
    tellRecord(buffered());
    return dismissed;
}

bool ChannelBase::close(std::exception_ptr cause) {
    std::vector<JobNode*> dismissed;
    std::function<void(const std::exception_ptr&)> handler;
    {
        const std::lock_guard lock(lock_);
        if (closed_)
            return false;
        closeCause_ = std::move(cause);
        closed_.store(true, std::memory_order_release);
        handler = std::exchange(closeHandler_, nullptr);
        dismissed = dismissReceivers();
    }
    for (JobNode* const job : dismissed)
        job->resumeLater();
    if (handler)
        handler(closeCause_);
    return true;
}

void ChannelBase::cancel(std::exception_ptr cause) {
    Ref<JobNode> producer;
    {
        const std::lock_guard lock(lock_);
        producer = producer_;
    }
    if (!cause)
        cause = std::make_exception_ptr(CancellationException(
            (producer ? std::string(producer->kindName()) : std::string("Channel")) + " was cancelled"));
    close(cause);
    std::unique_lock lock(lock_);
    const std::exception_ptr failure = dropAll(lock);
    if (producer)
        producer->cancel(cause);
    if (failure)
        std::rethrow_exception(failure);
}

void ChannelBase::invokeOnClose(std::function<void(const std::exception_ptr&)> handler) {
    {
        const std::lock_guard lock(lock_);
        if (std::exchange(closeHandlerGiven_, true))
            throw std::logic_error("Another handler is already registered");
        if (!closed_) {
            closeHandler_ = std::move(handler);
            return;
        }
    }
    handler(closeCause_);
}

void ChannelBase::produces(Ref<JobNode> producer) {
    const std::lock_guard lock(lock_);
    producer_ = std::move(producer);
}

void ChannelBase::producerEnds(const std::exception_ptr& cause) {
    Ref<JobNode> producer;
    {
        const std::lock_guard lock(lock_);
        producer = std::move(producer_);
    }
    close(cause);
}

void ChannelBase::beginResource() noexcept {
    resource_.begin({.kind = WaitKind::Channel,
                     .capacity = capacity_ == noLimit ? record::unlimited : capacity_,
                     .site = record::internSite(where_),
                     .name = record::internText(name_)});
}

void ChannelBase::withdraw(Waiter& waiter, bool sends) noexcept {
    const std::lock_guard lock(lock_);
    if (!waiter.linked)
        return;
    (sends ? senders_ : receivers_).remove(waiter);
    tellRecord(buffered());
}

void reportUndelivered(JobNode& job, const std::exception_ptr& failure) noexcept {
    reportUncaught(CoroutineContext(job.keptElements(), HandleAccess::share<Job>(&job)), failure);
}

ChannelBase::Plan planOf(int capacity, BufferOverflow overflow, std::string name,
                         std::source_location where) {
    ChannelBase::Plan plan{0, overflow, std::move(name), where};
    const bool suspends = overflow == BufferOverflow::Suspend;
    switch (capacity) {
    case ChannelCapacity::Rendezvous:
        plan.capacity = suspends ? 0 : 1;
        break;
    case ChannelCapacity::Conflated:
        if (!suspends)
            throw std::invalid_argument("A conflated channel has its own way to drop elements");
        plan.capacity = 1;
        plan.overflow = BufferOverflow::DropOldest;
        break;
    case ChannelCapacity::Unlimited:
        plan.capacity = ChannelBase::noLimit;
        break;
    case ChannelCapacity::Buffered:
        plan.capacity = suspends ? 64 : 1;
        break;
    default:
        if (capacity < 0)
            throw std::invalid_argument("The capacity of a channel cannot be negative");
        plan.capacity = static_cast<std::size_t>(capacity);
    }
    return plan;
}

} // namespace detail

} // namespace coroscope
