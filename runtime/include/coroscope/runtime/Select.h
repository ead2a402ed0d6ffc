// SPDX-License-Identifier: Apache-2.0
// Waiting for several things at once: the first that is ready is done, the others are not.
#pragma once

#include <coroscope/runtime/Channel.h>
#include <coroscope/runtime/Deferred.h>
#include <coroscope/runtime/Dispatcher.h>
#include <coroscope/runtime/Mutex.h>
#include <coroscope/runtime/detail/Duration.h>
#include <coroscope/runtime/detail/ScopeAwaitable.h>
#include <coroscope/runtime/detail/WaitQueue.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace coroscope {

namespace detail {

/// One of the things that a select waits for. Made by onReceive and its like, moved into the select, and used
/// there only.
class SelectClause {
public:
    /// If it is ready, it is done now. Nothing is registered anywhere at that time.
    virtual bool poll(JobNode& job) = 0;
    /// Registers; whoever makes it ready then decides the suspension. False: it is ready by now, and nothing
    /// was registered.
    virtual bool enroll(Suspension& select) = 0;
    /// Takes the registration back, if there is one. After this nobody touches it, and `chosen` is final.
    virtual void withdraw() noexcept = 0;
    virtual bool chosen() const noexcept = 0;
    /// It was chosen, and the job was cancelled before it went on: what it got is given back.
    virtual void undo(JobNode&) noexcept {}
    /// It was polled, or registered, and is not chosen.
    virtual void passOver(JobNode&) noexcept {}

protected:
    SelectClause() noexcept = default;
    SelectClause(SelectClause&&) noexcept = default;
    ~SelectClause() = default;
};

/// What a clause does when it is chosen; kept as launch keeps its body.
template <class F>
class ClauseHandler {
public:
    template <class G>
    explicit ClauseHandler(G&& f)
        : f_(Kept<F>::pass(std::forward<G>(f))) {
        static_assert(
            keepsCallableSafely<F>,
            "g++ before 13 destroys this temporary lambda twice, because it captures something with a "
            "destructor: name it and pass it by name, or capture by reference. See docs/COMPILERS.md");
    }
    template <class... A>
    decltype(auto) operator()(A&&... a) {
        return std::invoke(f_, std::forward<A>(a)...);
    }

private:
    typename Kept<F>::Type f_;
};

template <class T, class F>
class SendClause final : public SelectClause, public SendWaiter<T> {
public:
    template <class G>
    SendClause(ChannelRef<T> channel, T&& e, G&& handler)
        : SendWaiter<T>(std::move(e))
        , channel_(std::move(channel))
        , handler_(std::forward<G>(handler)) {}
    SendClause(SendClause&& o) noexcept
        : SendWaiter<T>(std::move(o.element))
        , channel_(std::move(o.channel_))
        , handler_(std::move(o.handler_)) {}

    bool poll(JobNode&) override {
        passed_ = channel_->trySend(this->element, true);
        return passed_ != Passed::No;
    }
    bool enroll(Suspension& select) override {
        this->suspension = &select;
        return channel_->enqueueSender(*this);
    }
    void withdraw() noexcept override { channel_->withdraw(*this, true); }
    bool chosen() const noexcept override { return Waiter::chosen; }
    void passOver(JobNode& job) noexcept override { channel_->tellUndelivered(this->element, job); }
    auto complete(JobNode& job) {
        if (passed_ == Passed::Closed)
            channel_->tellUndelivered(this->element);
        if (passed_ == Passed::Closed || this->cancelled)
            job.throwOutcome(channel_->sendException());
        return handler_();
    }

private:
    ChannelRef<T> channel_;
    ClauseHandler<F> handler_;
    Passed passed_ = Passed::No;
};

template <class T, class F, bool catching>
class ReceiveClause final : public SelectClause, public ReceiveWaiter<T> {
public:
    template <class G>
    ReceiveClause(ChannelRef<T> channel, G&& handler)
        : channel_(std::move(channel))
        , handler_(std::forward<G>(handler)) {}
    ReceiveClause(ReceiveClause&& o) noexcept
        : channel_(std::move(o.channel_))
        , handler_(std::move(o.handler_)) {}

    bool poll(JobNode&) override { return channel_->tryReceive(this->slot) != Passed::No; }
    bool enroll(Suspension& select) override {
        this->suspension = &select;
        return channel_->enqueueReceiver(*this);
    }
    void withdraw() noexcept override { channel_->withdraw(*this, false); }
    bool chosen() const noexcept override { return Waiter::chosen; }
    void undo(JobNode& job) noexcept override {
        if (this->slot)
            channel_->tellUndelivered(*this->slot, job);
    }
    auto complete(JobNode& job) {
        if constexpr (catching) {
            return handler_(this->slot ? ChannelResult<T>::success(std::move(*this->slot))
                                       : ChannelResult<T>::closed(channel_->closeCause()));
        } else {
            if (!this->slot)
                job.throwOutcome(channel_->receiveException());
            return handler_(std::move(*this->slot));
        }
    }

private:
    ChannelRef<T> channel_;
    ClauseHandler<F> handler_;
};

template <class F>
class LockClause final : public SelectClause, public LockWaiter {
public:
    template <class G>
    LockClause(Mutex& mutex, const void* who, G&& handler)
        : LockWaiter(who)
        , mutex_(mutex)
        , handler_(std::forward<G>(handler)) {}
    LockClause(LockClause&& o) noexcept
        : LockWaiter(o.owner)
        , mutex_(o.mutex_)
        , handler_(std::move(o.handler_)) {}

    bool poll(JobNode& job) override { return mutex_.tryLockFor(job.id(), owner); }
    bool enroll(Suspension& select) override {
        suspension = &select;
        return !mutex_.enqueue(*this, false);
    }
    void withdraw() noexcept override { mutex_.withdraw(*this); }
    bool chosen() const noexcept override { return Waiter::chosen; }
    void undo(JobNode&) noexcept override { mutex_.unlock(owner); }
    auto complete(JobNode&) { return handler_(); }

private:
    Mutex& mutex_;
    ClauseHandler<F> handler_;
};

/// The end of a job. Base of join and await.
class CompletionClause : public SelectClause, public WaiterNode {
public:
    explicit CompletionClause(Ref<JobNode> target) noexcept
        : target_(std::move(target)) {}
    CompletionClause(CompletionClause&& o) noexcept
        : target_(std::move(o.target_)) {}

    bool poll(JobNode&) override {
        target_->checkJoinable();
        target_->noteObserver();
        target_->start();
        return target_->isCompleted();
    }
    bool enroll(Suspension& select) override {
        suspension = &select;
        return target_->addWaiter(*this);
    }
    void withdraw() noexcept override { target_->removeWaiter(*this); }
    bool chosen() const noexcept override { return WaiterNode::chosen; }

protected:
    ~CompletionClause() = default;
    Ref<JobNode> target_;
};

template <class F>
class JoinClause final : public CompletionClause {
public:
    template <class G>
    JoinClause(Ref<JobNode> target, G&& handler)
        : CompletionClause(std::move(target))
        , handler_(std::forward<G>(handler)) {}
    auto complete(JobNode&) { return handler_(); }

private:
    ClauseHandler<F> handler_;
};

template <class T, class F>
class AwaitClause final : public CompletionClause {
public:
    template <class G>
    AwaitClause(Ref<JobNode> target, G&& handler)
        : CompletionClause(std::move(target))
        , handler_(std::forward<G>(handler)) {}
    auto complete(JobNode& job) {
        if (auto failure = target_->finalException())
            job.throwOutcome(std::move(failure));
        if constexpr (std::is_void_v<T>)
            return handler_();
        else
            return handler_(static_cast<const ResultNode<T>&>(*target_).value());
    }

private:
    ClauseHandler<F> handler_;
};

/// Time, on the clock of the job's dispatcher.
class TimerClause : public SelectClause, public TimerNode {
public:
    explicit TimerClause(std::chrono::nanoseconds time) noexcept
        : time_(time) {}
    TimerClause(TimerClause&& o) noexcept
        : time_(o.time_) {}

    bool poll(JobNode&) override { return time_.count() <= 0; }
    bool enroll(Suspension& select) override;
    void withdraw() noexcept override;
    bool chosen() const noexcept override { return chosen_; }
    bool claim() noexcept override;
    void fire(bool inPlace) noexcept override;

protected:
    ~TimerClause() = default;

private:
    std::chrono::nanoseconds time_;
    Suspension* suspension_ = nullptr;
    TimerSource* source_ = nullptr;
    bool chosen_ = false;
};

template <class F>
class TimeoutClause final : public TimerClause {
public:
    template <class G>
    TimeoutClause(std::chrono::nanoseconds time, G&& handler)
        : TimerClause(time)
        , handler_(std::forward<G>(handler)) {}
    auto complete(JobNode&) { return handler_(); }

private:
    ClauseHandler<F> handler_;
};

/// What a select is besides its clauses.
///
/// It first asks the clauses one after the other; the first that is ready is done, and nothing was
/// registered. Else it registers with all of them. A clause that has become ready meanwhile is not done at
/// once, because one that is registered may be chosen at any time: all are withdrawn, and if none was chosen
/// it begins anew. So whoever meets a registered select needs to decide nothing but its suspension, also when
/// it is itself a select.
class SelectBase : public Suspension {
public:
    void attach(PromiseBase& leaf) noexcept { leaf_ = &leaf; }
    void unregister() noexcept override;

protected:
    SelectBase() noexcept = default;
    ~SelectBase() = default;
    bool ready(SelectClause* const* clauses, std::size_t count);
    bool wait();
    /// The clause to be completed. Throws the cancellation.
    SelectClause& selected();

private:
    bool poll();
    void withdraw(std::size_t count) noexcept;

    SelectClause* const* clauses_ = nullptr;
    std::size_t count_ = 0;
    SelectClause* selected_ = nullptr;
    bool registered_ = false;
};

/// Puts them in an order that nobody can know.
void shuffle(SelectClause** clauses, std::size_t count) noexcept;

template <bool unbiased, class... Clauses>
class [[nodiscard]] SelectAwaitable final : public SelectBase {
    using First = std::tuple_element_t<0, std::tuple<Clauses...>>;

public:
    using Result = decltype(std::declval<First&>().complete(std::declval<JobNode&>()));
    static_assert(
        (std::is_same_v<Result, decltype(std::declval<Clauses&>().complete(std::declval<JobNode&>()))> &&
         ...),
        "the handlers of a select must all give the same type");

    explicit SelectAwaitable(Clauses&&... clauses)
        : all_(std::move(clauses)...) {}
    bool await_ready() {
        std::apply([this](Clauses&... c) { order_ = {&c...}; }, all_);
        if constexpr (unbiased)
            shuffle(order_.data(), order_.size());
        return ready(order_.data(), order_.size());
    }
    bool await_suspend(std::coroutine_handle<>) { return wait(); }
    Result await_resume() { return complete<0>(selected()); }

private:
    template <std::size_t i>
    Result complete(SelectClause& selected) {
        auto& clause = std::get<i>(all_);
        if constexpr (i + 1 < sizeof...(Clauses)) {
            if (&selected != &clause)
                return complete<i + 1>(selected);
        }
        return clause.complete(*leaf_->job);
    }

    std::tuple<Clauses...> all_;
    std::array<SelectClause*, sizeof...(Clauses)> order_{};
};

} // namespace detail

/// co_await select(clauses...): waits until one of them can go on, does that one alone (rules 83 and 84), and
/// gives what its handler gives. If several are ready, the first one is taken.
///
///     const std::string what = co_await select(
///         orders.onReceive([](Order o) { return o.name(); }),
///         stopped.onJoin([] { return std::string("stopped"); }),
///         onTimeout(50ms, [] { return std::string("nothing came"); }));
///
/// A handler is called once all other clauses have been withdrawn. It does not suspend itself; one that is a
/// coroutine gives its task as the result: co_await co_await select(...).
template <class... Clauses>
    requires(std::is_base_of_v<detail::SelectClause, Clauses> && ...)
detail::SelectAwaitable<false, Clauses...> select(Clauses&&... clauses) {
    return detail::SelectAwaitable<false, Clauses...>(std::move(clauses)...);
}

/// The same, but of several that are ready any may be taken: none can starve the others.
template <class... Clauses>
    requires(std::is_base_of_v<detail::SelectClause, Clauses> && ...)
detail::SelectAwaitable<true, Clauses...> selectUnbiased(Clauses&&... clauses) {
    return detail::SelectAwaitable<true, Clauses...>(std::move(clauses)...);
}

/// A clause of select: so much time has gone by, on the clock of the dispatcher. Zero or less is ready at
/// once (rule 85). `handler` takes nothing.
template <class Rep, class Period, class F>
detail::TimeoutClause<F> onTimeout(std::chrono::duration<Rep, Period> time, F&& handler) {
    return {detail::nanosecondsOf(time), std::forward<F>(handler)};
}

// Implementation of the clauses declared elsewhere

template <class F>
detail::JoinClause<F> Job::onJoin(F&& handler) const {
    return {detail::Ref<detail::JobNode>::share(node_), std::forward<F>(handler)};
}

template <class T>
template <class F>
detail::AwaitClause<T, F> Deferred<T>::onAwait(F&& handler) const {
    return {detail::Ref<detail::JobNode>::share(node_), std::forward<F>(handler)};
}

template <class F>
detail::LockClause<F> Mutex::onLock(F&& handler, const void* owner) {
    return {*this, owner, std::forward<F>(handler)};
}

namespace detail {

template <class T, class Self>
template <class F>
SendClause<T, F> SendSide<T, Self>::onSend(T element, F&& handler) const {
    return {ChannelRef<T>::share(&state()), std::move(element), std::forward<F>(handler)};
}

template <class T, class Self>
template <class F>
ReceiveClause<T, F, false> ReceiveSide<T, Self>::onReceive(F&& handler) const {
    return {ChannelRef<T>::share(&state()), std::forward<F>(handler)};
}

template <class T, class Self>
template <class F>
ReceiveClause<T, F, true> ReceiveSide<T, Self>::onReceiveCatching(F&& handler) const {
    return {ChannelRef<T>::share(&state()), std::forward<F>(handler)};
}

} // namespace detail

} // namespace coroscope
