// SPDX-License-Identifier: Apache-2.0
// Channels: queues between coroutines, where who has to wait is suspended.
#pragma once

#include <coroscope/runtime/Exceptions.h>
#include <coroscope/runtime/Job.h>
#include <coroscope/runtime/Task.h>
#include <coroscope/runtime/detail/ChannelState.h>

#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace coroscope {

/// How many elements a channel keeps that nobody has received yet (rule 76): so many, or one of these.
namespace ChannelCapacity {
inline constexpr int Rendezvous = 0; ///< none: sender and receiver meet
inline constexpr int Conflated = -1; ///< the newest one
inline constexpr int Buffered = -2;  ///< 64
inline constexpr int Unlimited = std::numeric_limits<int>::max();
} // namespace ChannelCapacity

/// Sending to a channel that was closed without a cause.
class ClosedSendChannelException : public std::logic_error {
public:
    using std::logic_error::logic_error;
    ClosedSendChannelException(const ClosedSendChannelException&) = default;
    ClosedSendChannelException& operator=(const ClosedSendChannelException&) = default;
    ~ClosedSendChannelException() override;
};

/// Receiving from a channel that was closed without a cause and is empty.
class ClosedReceiveChannelException : public std::out_of_range {
public:
    using std::out_of_range::out_of_range;
    ClosedReceiveChannelException(const ClosedReceiveChannelException&) = default;
    ClosedReceiveChannelException& operator=(const ClosedReceiveChannelException&) = default;
    ~ClosedReceiveChannelException() override;
};

/// What came of an attempt: an element (or, of sending, nothing but success), a failure because the buffer
/// was full or empty, or a closed channel.
template <class T = void>
class [[nodiscard]] ChannelResult {
public:
    using Value = std::conditional_t<std::is_void_v<T>, bool, T>;

    static ChannelResult success(Value value = Value()) {
        ChannelResult result;
        result.value_.emplace(std::move(value));
        return result;
    }
    static ChannelResult failure() { return {}; }
    static ChannelResult closed(std::exception_ptr cause) {
        ChannelResult result;
        result.closed_ = true;
        result.cause_ = std::move(cause);
        return result;
    }

    bool isSuccess() const noexcept { return value_.has_value(); }
    bool isFailure() const noexcept { return !value_; }
    bool isClosed() const noexcept { return closed_; }
    /// Empty unless closed with a cause.
    const std::exception_ptr& exceptionOrNull() const noexcept { return cause_; }
    const std::optional<Value>& getOrNull() const& noexcept { return value_; }
    std::optional<Value> getOrNull() && { return std::move(value_); }
    /// Throws the cause, or std::logic_error where there is none.
    Value getOrThrow() && {
        if (!value_) {
            if (cause_)
                std::rethrow_exception(cause_);
            throw std::logic_error(closed_ ? "Channel was closed" : "There was no element to be had");
        }
        return std::move(*value_);
    }

private:
    std::optional<Value> value_;
    bool closed_ = false;
    std::exception_ptr cause_;
};

template <class T>
class SendChannel;
template <class T>
class ReceiveChannel;
template <class T>
class Channel;

namespace detail {

template <class T>
using ChannelRef = Ref<ChannelState<T>>;

/// co_await channel.send(element).
template <class T>
class SendAwaitable final : public Suspension, public SendWaiter<T> {
public:
    SendAwaitable(ChannelState<T>& channel, T&& e)
        : SendWaiter<T>(std::move(e))
        , channel_(&channel) {}
    void attach(PromiseBase& leaf) noexcept { leaf_ = &leaf; }
    bool await_ready() {
        begin(*leaf_);
        this->suspension = this;
        passed_ = channel_->sendOrEnqueue(*this);
        return passed_ != Passed::No;
    }
    bool await_suspend(std::coroutine_handle<>) noexcept {
        return suspend(*leaf_, WaitKind::Channel, this->resource);
    }
    void await_resume() {
        if (passed_ == Passed::Yes)
            return;
        const ChannelLeave leave(*channel_, *this);
        JobNode& job = *leaf_->job;
        if (passed_ == Passed::No) {
            if (wasCancelled()) {
                channel_->tellUndelivered(this->element, job);
                job.throwCancellation(*leaf_);
            }
            if (!this->cancelled) {
                // It has been received, or will be: as in Kotlin a sender that is cancelled by now does not
                // get to know.
                job.throwIfCancelled(*leaf_);
                return;
            }
            job.throwOutcome(channel_->sendException());
        }
        const std::exception_ptr closed = channel_->sendException();
        try {
            channel_->tellUndelivered(this->element);
        } catch (...) {
            addSuppressed(std::current_exception(), closed);
            throw;
        }
        job.throwOutcome(closed);
    }
    void unregister() noexcept override { channel_->withdraw(*this, true); }

private:
    ChannelState<T>* channel_;
    Passed passed_ = Passed::No;
};

enum class ReceiveHow : std::uint8_t { Throwing, Catching, Next };

/// co_await channel.receive(), receiveCatching() or next().
template <class T, ReceiveHow how>
class ReceiveAwaitable final : public Suspension, public ReceiveWaiter<T> {
public:
    explicit ReceiveAwaitable(ChannelState<T>& channel) noexcept
        : channel_(&channel) {}
    void attach(PromiseBase& leaf) noexcept { leaf_ = &leaf; }
    bool await_ready() {
        begin(*leaf_);
        this->suspension = this;
        passed_ = channel_->receiveOrEnqueue(*this);
        return passed_ != Passed::No;
    }
    bool await_suspend(std::coroutine_handle<>) noexcept {
        return suspend(*leaf_, WaitKind::Channel, this->resource);
    }
    auto await_resume() {
        const ChannelLeave leave(*channel_, *this);
        if (passed_ == Passed::No)
            resumed();
        if constexpr (how == ReceiveHow::Catching) {
            return this->slot ? ChannelResult<T>::success(std::move(*this->slot))
                              : ChannelResult<T>::closed(channel_->closeCause());
        } else if constexpr (how == ReceiveHow::Next) {
            if (!this->slot && channel_->closeCause())
                leaf_->job->throwOutcome(channel_->closeCause());
            return std::move(this->slot);
        } else {
            if (!this->slot)
                leaf_->job->throwOutcome(channel_->receiveException());
            return T(std::move(*this->slot));
        }
    }
    void unregister() noexcept override { channel_->withdraw(*this, false); }

private:
    void resumed() {
        JobNode& job = *leaf_->job;
        if (wasCancelled())
            job.throwCancellation(*leaf_);
        // What is thrown anyway goes before the cancellation.
        const bool throws = this->closed && (how == ReceiveHow::Throwing ||
                                             (how == ReceiveHow::Next && channel_->closeCause()));
        if (!throws && job.isCancelled()) {
            if (this->slot && this->keeps) // else nobody wants to hear of it
                channel_->tellUndelivered(*this->slot, job);
            job.throwCancellation(*leaf_);
        }
    }

    ChannelState<T>* channel_;
    Passed passed_ = Passed::No;
};

template <class T, class F>
class SendClause;
template <class T, class F, bool catching>
class ReceiveClause;

struct ChannelAccess {
    template <class Handle>
    static auto& state(const Handle& handle) noexcept {
        return *handle.state_;
    }
    template <class T>
    static ReceiveChannel<T> receiving(ChannelRef<T> state) noexcept {
        return ReceiveChannel<T>(std::move(state));
    }
};

/// What can be done with the sending end; `Self` is the handle.
template <class T, class Self>
class SendSide {
public:
    /// co_await channel.send(element): suspends while there is no room. Throws the cause when the channel is
    /// closed (rule 78). A sender that is cancelled while it waits has not sent; one that is cancelled after
    /// the element was taken, and before it goes on, does not get to know that.
    [[nodiscard]] SendAwaitable<T> send(T element) const { return {state(), std::move(element)}; }
    /// Never suspends. An element that does not fit is the caller's business, not lost.
    ChannelResult<> trySend(T element) const {
        switch (state().trySend(element, false)) {
        case Passed::Yes:
            return ChannelResult<>::success();
        case Passed::No:
            return ChannelResult<>::failure();
        case Passed::Closed:
            break;
        }
        return ChannelResult<>::closed(state().sendException());
    }
    /// Nothing can be sent any more; what has been sent can still be received (rule 77). True for the first.
    bool close(std::exception_ptr cause = {}) const { return state().close(std::move(cause)); }
    bool isClosedForSend() const noexcept { return state().isClosedForSend(); }
    /// Calls `handler` with the cause when the channel is closed or cancelled, at once if it is. A second
    /// handler is a std::logic_error.
    void invokeOnClose(std::function<void(const std::exception_ptr&)> handler) const {
        state().invokeOnClose(std::move(handler));
    }
    /// A clause of select: sends the element. `handler` takes nothing. An element that is not sent, because
    /// another clause was chosen, goes to onUndeliveredElement.
    template <class F>
    SendClause<T, F> onSend(T element, F&& handler) const;

private:
    ChannelState<T>& state() const noexcept { return ChannelAccess::state(static_cast<const Self&>(*this)); }
};

/// What can be done with the receiving end.
template <class T, class Self>
class ReceiveSide {
public:
    /// co_await channel.receive(): an element, in the order in which they were sent. Throws the cause when
    /// the channel is closed and empty.
    [[nodiscard]] ReceiveAwaitable<T, ReceiveHow::Throwing> receive() const noexcept {
        return ReceiveAwaitable<T, ReceiveHow::Throwing>(state());
    }
    /// The same, with a closed channel as a value.
    [[nodiscard]] ReceiveAwaitable<T, ReceiveHow::Catching> receiveCatching() const noexcept {
        return ReceiveAwaitable<T, ReceiveHow::Catching>(state());
    }
    /// For loops: co_await channel.next() gives a std::optional<T>, empty once the channel was closed and is
    /// empty. Throws the cause if it was closed with one.
    ///
    ///     while (auto order = co_await orders.next()) ...      // g++ 12: see docs/COMPILERS.md
    [[nodiscard]] ReceiveAwaitable<T, ReceiveHow::Next> next() const noexcept {
        return ReceiveAwaitable<T, ReceiveHow::Next>(state());
    }
    ChannelResult<T> tryReceive() const {
        std::optional<T> element;
        switch (state().tryReceive(element)) {
        case Passed::Yes:
            return ChannelResult<T>::success(std::move(*element));
        case Passed::No:
            return ChannelResult<T>::failure();
        case Passed::Closed:
            break;
        }
        return ChannelResult<T>::closed(state().closeCause());
    }
    /// Closes the channel and drops what is in it; a job that produces into it is cancelled. The first
    /// exception that onUndeliveredElement throws comes out of it.
    void cancel() const { state().cancel({}); }
    void cancel(std::string_view reason) const {
        state().cancel(std::make_exception_ptr(CancellationException(std::string(reason))));
    }
    /// Closed, and nothing is left to be received.
    bool isClosedForReceive() const { return state().isClosedForReceive(); }
    /// Nothing is there to be received now; false when it is closed for receiving.
    bool isEmpty() const { return state().isEmpty(); }
    /// Clauses of select. `handler` takes the element, or a ChannelResult. On a closed channel the first one
    /// fails (rule 87).
    template <class F>
    ReceiveClause<T, F, false> onReceive(F&& handler) const;
    template <class F>
    ReceiveClause<T, F, true> onReceiveCatching(F&& handler) const;

private:
    ChannelState<T>& state() const noexcept { return ChannelAccess::state(static_cast<const Self&>(*this)); }
};

ChannelBase::Plan planOf(int capacity, BufferOverflow overflow, std::string name, std::source_location where);

} // namespace detail

/// The sending end of a channel. A handle: copies mean the same channel. Threads: any.
template <class T>
class SendChannel : public detail::SendSide<T, SendChannel<T>> {
public:
    SendChannel(const Channel<T>& channel) noexcept; // NOLINT: a channel is both its ends

private:
    friend struct detail::ChannelAccess;
    detail::ChannelRef<T> state_;
};

/// The receiving end of a channel.
template <class T>
class ReceiveChannel : public detail::ReceiveSide<T, ReceiveChannel<T>> {
public:
    ReceiveChannel(const Channel<T>& channel) noexcept; // NOLINT: a channel is both its ends

private:
    friend struct detail::ChannelAccess;
    explicit ReceiveChannel(detail::ChannelRef<T> state) noexcept
        : state_(std::move(state)) {}
    detail::ChannelRef<T> state_;
};

/// A queue between coroutines: each element goes to one receiver, and whoever has to wait is served in the
/// order in which they came (rules 76 to 81). A handle: copies mean the same channel. Threads: any.
template <class T>
class Channel : public detail::SendSide<T, Channel<T>>, public detail::ReceiveSide<T, Channel<T>> {
public:
    using OnUndeliveredElement = std::function<void(T&)>;

    /// `capacity`: a number, or one of ChannelCapacity. `onUndeliveredElement` is called for every element
    /// that was sent and will not be received (rule 79): to close what it stands for. `name`: for people.
    /// Throws std::invalid_argument for a capacity that makes no sense.
    explicit Channel(int capacity = ChannelCapacity::Rendezvous,
                     BufferOverflow overflow = BufferOverflow::Suspend,
                     OnUndeliveredElement onUndeliveredElement = {}, std::string name = {},
                     std::source_location where = std::source_location::current())
        : state_(detail::ChannelRef<T>::adopt(new detail::ChannelState<T>(
              detail::planOf(capacity, overflow, std::move(name), where), std::move(onUndeliveredElement)))) {
    }
    Channel(int capacity, std::string name, std::source_location where = std::source_location::current())
        : Channel(capacity, BufferOverflow::Suspend, {}, std::move(name), where) {}

private:
    friend struct detail::ChannelAccess;
    friend class SendChannel<T>;
    friend class ReceiveChannel<T>;
    detail::ChannelRef<T> state_;
};

template <class T>
SendChannel<T>::SendChannel(const Channel<T>& channel) noexcept
    : state_(channel.state_) {}
template <class T>
ReceiveChannel<T>::ReceiveChannel(const Channel<T>& channel) noexcept
    : state_(channel.state_) {}

/// co_await consumeEach(channel, f): calls `f` for each element until the channel is closed; if `f` throws,
/// the channel is cancelled. `f` is a callable that lives until this is through and gives void or a Task.
template <class T, class F>
Task<> consumeEach(ReceiveChannel<T> channel, F& f) {
    std::exception_ptr failure;
    try {
        for (;;) {
            std::optional<T> element = co_await channel.next();
            if (!element)
                break;
            if constexpr (std::is_void_v<std::invoke_result_t<F&, T>>)
                f(std::move(*element));
            else
                co_await f(std::move(*element));
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure)
        co_return;
    channel.cancel("Channel was consumed, consumer had failed");
    std::rethrow_exception(failure);
}

} // namespace coroscope
