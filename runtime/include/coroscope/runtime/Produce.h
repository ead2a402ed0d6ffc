// SPDX-License-Identifier: Apache-2.0
// A coroutine that sends into a channel of its own.
#pragma once

#include <coroscope/runtime/Channel.h>
#include <coroscope/runtime/CoroutineContext.h>
#include <coroscope/runtime/CoroutineScope.h>

#include <source_location>
#include <type_traits>
#include <utility>

namespace coroscope {

/// What the body of produce gets: a scope to launch in, and the sending end of its channel.
template <class T>
class ProducerScope : public CoroutineScope, public detail::SendSide<T, ProducerScope<T>> {
public:
    ProducerScope(CoroutineScope scope, SendChannel<T> channel) noexcept
        : CoroutineScope(std::move(scope))
        , channel_(std::move(channel))
        , state_(detail::ChannelRef<T>::share(&detail::ChannelAccess::state(channel_))) {}

    const SendChannel<T>& channel() const noexcept { return channel_; }

private:
    friend struct detail::ChannelAccess;
    SendChannel<T> channel_;
    detail::ChannelRef<T> state_;
};

/// Launches `body(ProducerScope<T>)` and gives the receiving end of its channel. When the job has ended, with
/// all its children, the channel is closed with what ended it (rule 82); cancelling the channel cancels the
/// job. `capacity` as for Channel.
template <class T, class F>
    requires std::is_invocable_v<std::decay_t<F>&, ProducerScope<T>>
ReceiveChannel<T> produce(const CoroutineScope& scope, const CoroutineContext& context, F&& body,
                          int capacity = ChannelCapacity::Rendezvous,
                          std::source_location where = std::source_location::current()) {
    const Channel<T> channel(capacity, BufferOverflow::Suspend, {}, {}, where);
    const auto state = detail::ChannelRef<T>::share(&detail::ChannelAccess::state(channel));
    auto run = [channel, kept = std::decay_t<F>(std::forward<F>(body))](CoroutineScope inner) mutable {
        return kept(ProducerScope<T>(std::move(inner), channel));
    };
    const Job job = detail::ScopeAccess::build(scope, JobKind::Produce, context, std::move(run), where);
    state->produces(detail::Ref<detail::JobNode>::share(detail::HandleAccess::node(job)));
    job.invokeOnCompletion([state](const std::exception_ptr& cause) { state->producerEnds(cause); });
    return detail::ChannelAccess::receiving<T>(state);
}

template <class T, class F>
    requires std::is_invocable_v<std::decay_t<F>&, ProducerScope<T>>
ReceiveChannel<T> produce(const CoroutineScope& scope, F&& body, int capacity = ChannelCapacity::Rendezvous,
                          std::source_location where = std::source_location::current()) {
    return produce<T>(scope, CoroutineContext(), std::forward<F>(body), capacity, where);
}

} // namespace coroscope
