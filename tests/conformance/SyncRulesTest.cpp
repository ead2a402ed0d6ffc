// SPDX-License-Identifier: Apache-2.0
// The same programs as kotlin/Sync.kt, in C++: mutexes, semaphores, channels, select.
#include "Rules.h"

#include <coroscope/coroscope.h>

#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace coroscope::conformance {
namespace {

/// What awaiting `task` throws, or its value.
Task<std::string> outcome(Task<std::string> task) {
    std::exception_ptr e;
    std::string value;
    try {
        value = co_await std::move(task);
    } catch (...) {
        e = std::current_exception();
    }
    co_return e ? kind(e) : value;
}

/// Says what came of it, if `brief` without messages that name Kotlin's classes.
Task<> sayOutcome(Lines& o, std::string who, Task<std::string> task, bool brief = false) {
    const std::string what = co_await outcome(std::move(task));
    o.say(who + (brief ? briefly(what) : what));
}

/// "refused" for misuse, else what `attempt` gives.
template <class F>
std::string refused(F&& attempt) {
    try {
        return attempt();
    } catch (const std::logic_error&) {
        return "refused";
    }
}

Task<std::string> refusedLater(Task<std::string> task) {
    std::string what;
    try {
        what = co_await std::move(task);
    } catch (const std::logic_error&) {
        what = "refused";
    }
    co_return what;
}

std::string text(int n) {
    return std::to_string(n);
}
std::string text(bool yes) {
    return yes ? "true" : "false";
}

template <class T>
std::string told(const ChannelResult<T>& result) {
    if (result.isSuccess()) {
        if constexpr (std::is_void_v<T>)
            return "success";
        else
            return "success " + text(*result.getOrNull());
    }
    return result.isClosed() ? "closed " + kind(result.exceptionOrNull()) : "failure";
}

template <class F>
Job now(const CoroutineScope& scope, F body) {
    return scope.launch(CoroutineStart::Undispatched, std::move(body));
}

Task<std::string> receives(ReceiveChannel<int> channel) {
    const int n = co_await channel.receive();
    co_return text(n);
}
Task<std::string> sends(SendChannel<int> channel, int n, std::string done = "sent") {
    co_await channel.send(n);
    co_return done;
}
Task<std::string> locks(Mutex& mutex, const void* owner = nullptr) {
    co_await mutex.lock(owner);
    co_return "locked";
}
Task<std::string> acquires(Semaphore& semaphore, int times = 1) {
    for (int i = 0; i < times; ++i)
        co_await semaphore.acquire();
    co_return "acquired";
}
/// Says each element, then how it ended.
Task<std::string> loops(Lines& o, ReceiveChannel<int> channel, std::string who = "") {
    for (;;) {
        const std::optional<int> n = co_await channel.next();
        if (!n)
            break;
        o.say(who + text(*n));
    }
    co_return "ended";
}

/// Waits to be cancelled, then goes on with `body`, which still runs.
template <class F>
Job cancelledAndThen(const CoroutineScope& scope, F& body) {
    return now(scope, [&body](CoroutineScope) -> Task<> {
        std::exception_ptr e;
        try {
            co_await awaitCancellation();
        } catch (...) {
            e = std::current_exception();
        }
        co_await body();
        std::rethrow_exception(e);
    });
}

RULE(S072) {
    Mutex mutex;
    o.say("locked " + text(mutex.isLocked()));
    co_await mutex.lock();
    for (int i = 1; i <= 3; ++i)
        now(scope, [&, i](CoroutineScope) -> Task<> {
            co_await mutex.lock();
            o.say(text(i) + " has it");
            co_await yield();
            o.say(text(i) + " gives it back");
            mutex.unlock();
        });
    o.say("tryLock " + text(mutex.tryLock()));
    mutex.unlock();
    o.say("handed over, locked " + text(mutex.isLocked()) + ", tryLock " + text(mutex.tryLock()));
    const Job late = now(scope, [&](CoroutineScope) -> Task<> {
        co_await mutex.lock();
        o.say("late one has it");
        mutex.unlock();
    });
    for (int i = 0; i < 6; ++i)
        co_await yield();
    o.say("locked " + text(mutex.isLocked()));
    co_await late.join();
}

RULE(S072_semaphore) {
    Semaphore semaphore(2);
    for (int i = 1; i <= 5; ++i)
        now(scope, [&, i](CoroutineScope) -> Task<> {
            co_await semaphore.acquire();
            o.say(text(i) + " in, " + std::to_string(semaphore.availablePermits()) + " left");
            co_await yield();
            o.say(text(i) + " out");
            semaphore.release();
        });
    o.say("tryAcquire " + text(semaphore.tryAcquire()));
    for (int i = 0; i < 8; ++i)
        co_await yield();
    std::string line = "left " + std::to_string(semaphore.availablePermits());
    line += ", tryAcquire " + text(semaphore.tryAcquire());
    o.say(line + ", left " + std::to_string(semaphore.availablePermits()));
}

RULE(S072_notReentrant) {
    Mutex mutex;
    const Job job = now(scope, [&](CoroutineScope) -> Task<> {
        co_await mutex.lock();
        co_await mutex.lock();
        o.say("never");
    });
    co_await yield();
    o.say("active " + text(job.isActive()));
    job.cancel();
    co_await job.join();
    o.say("locked " + text(mutex.isLocked()));
}

RULE(S073) {
    Mutex mutex;
    auto unlock = [](Mutex& m, const void* owner = nullptr) {
        return refused([&] {
            m.unlock(owner);
            return std::string("unlocked");
        });
    };
    o.say("unlock " + unlock(mutex));
    const int a = 0, b = 0;
    co_await mutex.lock(&a);
    o.say("holds " + text(mutex.holdsLock(&a)) + " " + text(mutex.holdsLock(&b)));
    const std::string again = co_await refusedLater(locks(mutex, &a));
    o.say("lock " + again);
    std::string line = "tryLock " + refused([&] { return text(mutex.tryLock(&a)); });
    o.say(line + " " + text(mutex.tryLock(&b)));
    o.say("unlock " + unlock(mutex, &b));
    mutex.unlock(&a);
    o.say("locked " + text(mutex.isLocked()));
    co_await mutex.lock(&a);
    mutex.unlock();
    o.say("locked " + text(mutex.isLocked()));
    co_await mutex.lock();
    o.say("unlock " + unlock(mutex, &a));
    mutex.unlock();
    Mutex locked(true);
    const Job holder = now(scope, [&](CoroutineScope) -> Task<> {
        co_await locked.lock(&b);
        o.say("b holds " + text(locked.holdsLock(&b)));
    });
    locked.unlock();
    o.say("handed over " + text(locked.holdsLock(&b)));
    co_await yield();
    auto inside = [&](bool fails) -> Task<std::string> {
        const auto held = co_await mutex.withLock();
        if (fails)
            throw Boom("inside");
        co_return "inside " + text(mutex.isLocked());
    };
    for (const bool fails : {false, true}) {
        const std::string what = co_await outcome(inside(fails));
        o.say(what + ", after " + text(mutex.isLocked()));
    }
    co_await holder.join();
}

RULE(S074) {
    Mutex mutex;
    auto body = [&]() -> Task<> {
        co_await mutex.lock();
        o.say("cancelled and locked");
        co_await sayOutcome(o, "", locks(mutex), true);
    };
    const Job job = cancelledAndThen(scope, body);
    job.cancel();
    co_await job.join();
    const Job first =
        now(scope, [&](CoroutineScope) -> Task<> { co_await sayOutcome(o, "first ", locks(mutex), true); });
    const Job second = now(scope, [&](CoroutineScope) -> Task<> {
        co_await mutex.lock();
        o.say("second has it");
        mutex.unlock();
    });
    mutex.unlock();
    first.cancel();
    co_await first.join();
    co_await second.join();
    o.say("locked " + text(mutex.isLocked()));
    co_await mutex.lock();
    const Job third =
        now(scope, [&](CoroutineScope) -> Task<> { co_await sayOutcome(o, "third ", locks(mutex), true); });
    const Job fourth = now(scope, [&](CoroutineScope) -> Task<> {
        co_await mutex.lock();
        o.say("fourth has it");
        mutex.unlock();
    });
    third.cancel();
    co_await third.join();
    mutex.unlock();
    co_await fourth.join();
    o.say("locked " + text(mutex.isLocked()));
}

RULE(S075) {
    Semaphore semaphore(1);
    auto left = [](const Semaphore& s) { return std::to_string(s.availablePermits()); };
    auto release = [&] {
        return "release " + refused([&] {
                   semaphore.release();
                   return std::string("released");
               });
    };
    o.say(release());
    co_await semaphore.acquire();
    const Job first = now(scope, [&](CoroutineScope) -> Task<> {
        co_await sayOutcome(o, "first ", acquires(semaphore), true);
    });
    const Job second = now(scope, [&](CoroutineScope) -> Task<> {
        co_await semaphore.acquire();
        o.say("second in");
        semaphore.release();
    });
    semaphore.release();
    first.cancel();
    co_await first.join();
    co_await second.join();
    o.say("left " + left(semaphore));
    o.say(release());
    auto make = [](std::uint32_t permits, std::uint32_t taken) {
        return refused([&] { return std::to_string(Semaphore(permits, taken).availablePermits()); });
    };
    o.say("none " + make(0, 0) + ", too many taken " + make(2, 3));
    o.say("left " + make(3, 1));
    auto inside = [&]() -> Task<std::string> {
        const auto permit = co_await semaphore.withPermit();
        co_return "inside " + left(semaphore);
    };
    const std::string what = co_await outcome(inside());
    o.say(what + ", after " + left(semaphore));
    const Job waiting = now(scope, [&](CoroutineScope) -> Task<> {
        co_await sayOutcome(o, "waiting ", acquires(semaphore, 2), true);
    });
    waiting.cancel();
    co_await waiting.join();
    o.say("left " + left(semaphore));
}

RULE(S076) {
    auto listed = [](const std::vector<std::string>& all) {
        std::string line;
        for (const std::string& one : all)
            line += (line.empty() ? "" : ", ") + one;
        return "[" + line + "]";
    };
    auto fill = [&](std::string what, Channel<int> channel) {
        std::vector<std::string> results, got;
        for (int i = 1; i <= 4; ++i)
            results.push_back(told(channel.trySend(i)));
        o.say(what + " " + listed(results));
        while (const auto n = channel.tryReceive().getOrNull())
            got.push_back(text(*n));
        o.say(what + " " + listed(got));
    };
    using enum BufferOverflow;
    fill("rendezvous", Channel<int>());
    fill("buffered", Channel<int>(2));
    fill("conflated", Channel<int>(ChannelCapacity::Conflated));
    fill("unlimited", Channel<int>(ChannelCapacity::Unlimited));
    fill("drop oldest", Channel<int>(2, DropOldest));
    fill("drop latest", Channel<int>(2, DropLatest));
    fill("rendezvous drop oldest", Channel<int>(ChannelCapacity::Rendezvous, DropOldest));
    fill("default drop latest", Channel<int>(ChannelCapacity::Buffered, DropLatest));
    const Channel<int> byDefault(ChannelCapacity::Buffered);
    int n = 0;
    while (byDefault.trySend(n).isSuccess())
        ++n;
    o.say("default " + text(n));
    auto make = [](int capacity, BufferOverflow overflow) {
        return refused([&] {
            const Channel<int> channel(capacity, overflow);
            return std::string("made");
        });
    };
    o.say("negative " + make(-5, Suspend) + ", conflated and dropping " +
          make(ChannelCapacity::Conflated, DropLatest));
    co_return;
}

Job sendsSome(const CoroutineScope& scope, Lines& o, SendChannel<int> channel, int some, CoroutineStart how) {
    return scope.launch(how, [&o, channel, some](CoroutineScope) -> Task<> {
        for (int i = 1; i <= some; ++i) {
            o.say("sending " + text(i));
            co_await channel.send(i);
            o.say("sent " + text(i));
        }
    });
}

Task<> receivesSome(Lines& o, ReceiveChannel<int> channel, int some) {
    for (int i = 0; i < some; ++i) {
        const int n = co_await channel.receive();
        o.say("received " + text(n));
    }
}

RULE(S076_rendezvous) {
    const Channel<int> channel;
    const Job sender = sendsSome(scope, o, channel, 3, CoroutineStart::Undispatched);
    co_await receivesSome(o, channel, 3);
    co_await sender.join();
}

RULE(S076_buffered) {
    const Channel<int> channel(2);
    const Job sender = sendsSome(scope, o, channel, 5, CoroutineStart::Default);
    co_await yield();
    co_await receivesSome(o, channel, 5);
    co_await sender.join();
}

RULE(S076_conflated) {
    const Channel<int> channel(ChannelCapacity::Conflated);
    const Job receiver =
        now(scope, [&](CoroutineScope) -> Task<> { (void)co_await loops(o, channel, "received "); });
    for (int i = 1; i <= 3; ++i)
        co_await channel.send(i);
    co_await yield();
    co_await channel.send(4);
    channel.close();
    co_await receiver.join();
}

RULE(S077) {
    const Channel<int> channel(3);
    co_await channel.send(1);
    co_await channel.send(2);
    std::string line = "close " + text(channel.close());
    line += " " + text(channel.close());
    o.say(line + " " + text(channel.close(boom("late"))));
    o.say("for send " + text(channel.isClosedForSend()) + ", for receive " +
          text(channel.isClosedForReceive()) + ", empty " + text(channel.isEmpty()));
    const int one = co_await channel.receive();
    const int two = co_await channel.receive();
    o.say("received " + text(one) + " " + text(two));
    o.say("for receive " + text(channel.isClosedForReceive()));
    co_await sayOutcome(o, "receive ", receives(channel));
    const ChannelResult<int> result = co_await channel.receiveCatching();
    o.say("receiveCatching " + told(result));
    const Channel<int> cancelled(3);
    co_await cancelled.send(1);
    cancelled.cancel();
    o.say("cancelled: close " + text(cancelled.close()) + ", for receive " +
          text(cancelled.isClosedForReceive()) + ", empty " + text(cancelled.isEmpty()));
    co_await sayOutcome(o, "receive ", receives(cancelled));
    co_await sayOutcome(o, "send ", sends(cancelled, 1));
    const Channel<int> both(3);
    co_await both.send(1);
    both.close(boom("closed first"));
    both.cancel();
    co_await sayOutcome(o, "receive ", receives(both));
}

RULE(S077_waiting) {
    const Channel<int> channel;
    std::vector<Job> senders;
    for (int i = 1; i <= 2; ++i)
        senders.push_back(now(scope, [&, i](CoroutineScope) -> Task<> {
            co_await sayOutcome(o, "sender " + text(i) + ": ", sends(channel, i));
        }));
    channel.close();
    co_await sayOutcome(o, "late ", sends(channel, 3));
    o.say("for receive " + text(channel.isClosedForReceive()));
    const int one = co_await channel.receive();
    const int two = co_await channel.receive();
    o.say("received " + text(one) + " " + text(two));
    co_await joinAll(senders);
    o.say("for receive " + text(channel.isClosedForReceive()));
    const Channel<int> other;
    std::vector<Job> receivers;
    for (int i = 1; i <= 3; ++i)
        receivers.push_back(now(scope, [&, i](CoroutineScope) -> Task<> {
            co_await sayOutcome(o, "receiver " + text(i) + ": ", receives(other));
        }));
    other.close(boom("over"));
    co_await joinAll(receivers);
    const Channel<int> third(1);
    std::vector<Job> blocked;
    for (int i = 1; i <= 3; ++i)
        blocked.push_back(now(scope, [&, i](CoroutineScope) -> Task<> {
            co_await sayOutcome(o, "sender " + text(i) + ": ", sends(third, i));
        }));
    third.cancel("enough");
    co_await joinAll(blocked);
}

RULE(S077_onClose) {
    const Channel<int> channel;
    channel.invokeOnClose([&](const std::exception_ptr& cause) { o.say("closed " + kind(cause)); });
    o.say("twice " + refused([&] {
              channel.invokeOnClose([](const std::exception_ptr&) {});
              return std::string("registered");
          }));
    const Job receiver =
        now(scope, [&](CoroutineScope) -> Task<> { co_await sayOutcome(o, "receiver ", receives(channel)); });
    channel.close(boom("why"));
    channel.close();
    co_await receiver.join();
    const Channel<int> done;
    done.close();
    done.invokeOnClose([&](const std::exception_ptr& cause) { o.say("at once " + kind(cause)); });
}

RULE(S078) {
    const Channel<int> channel;
    channel.close(boom("why"));
    co_await sayOutcome(o, "send ", sends(channel, 1));
    co_await sayOutcome(o, "receive ", receives(channel));
    o.say("trySend " + told(channel.trySend(1)));
    o.say("tryReceive " + told(channel.tryReceive()));
    const ChannelResult<int> result = co_await channel.receiveCatching();
    o.say("receiveCatching " + told(result));
    co_await sayOutcome(o, "loop ", loops(o, channel));
    const Channel<int> plain;
    plain.close();
    co_await sayOutcome(o, "send ", sends(plain, 1));
    co_await sayOutcome(o, "receive ", receives(plain));
    o.say("trySend " + told(plain.trySend(1)));
    co_await sayOutcome(o, "loop ", loops(o, plain));
    const CoroutineScope own(scope.context() + SupervisorJob() + deafHandler());
    const Job job = own.launch([&](CoroutineScope) -> Task<> { (void)co_await plain.receive(); });
    o.say("cancels nobody " + text(job.isCancelled()));
    const Channel<int> cancelled;
    cancelled.cancel("stop");
    const Job silent = scope.launch([&](CoroutineScope) -> Task<> { (void)co_await cancelled.receive(); });
    co_await silent.join();
    o.say(state(silent));
    co_await job.join();
}

RULE(S079) {
    auto channel = [&o](int capacity, BufferOverflow overflow = BufferOverflow::Suspend) {
        return Channel<int>(capacity, overflow, [&o](int& n) { o.say("undelivered " + text(n)); });
    };
    o.say("cancelled:");
    const Channel<int> buffered = channel(3);
    for (int i = 1; i <= 3; ++i)
        co_await buffered.send(i);
    const Job waiting = now(scope, [&](CoroutineScope) -> Task<> {
        co_await sayOutcome(o, "sender ", sends(buffered, 4), true);
    });
    buffered.cancel();
    co_await waiting.join();
    o.say("closed:");
    const Channel<int> closed = channel(3);
    co_await closed.send(1);
    closed.close();
    co_await sayOutcome(o, "send ", sends(closed, 2));
    o.say("trySend " + told(closed.trySend(3)));
    const int kept = co_await closed.receive();
    o.say("received " + text(kept));
    o.say("a cancelled sender:");
    const Channel<int> rendezvous = channel(0);
    const Job sender = now(scope, [&](CoroutineScope) -> Task<> {
        co_await sayOutcome(o, "sender ", sends(rendezvous, 1), true);
    });
    sender.cancel();
    co_await sender.join();
    o.say("a receiver cancelled after it was resumed:");
    const Job receiver = now(scope, [&](CoroutineScope) -> Task<> {
        co_await sayOutcome(o, "receiver ", receives(rendezvous), true);
    });
    o.say("trySend " + told(rendezvous.trySend(7)));
    receiver.cancel();
    co_await receiver.join();
    o.say("a sender cancelled after it was resumed:");
    const Job resumed = now(scope, [&](CoroutineScope) -> Task<> {
        co_await sayOutcome(o, "sender ", sends(rendezvous, 8), true);
    });
    const int taken = co_await rendezvous.receive();
    o.say("received " + text(taken));
    resumed.cancel();
    co_await resumed.join();
    o.say("conflated:");
    const Channel<int> conflated = channel(ChannelCapacity::Conflated);
    for (int i = 1; i <= 3; ++i)
        co_await conflated.send(i);
    const int newest = co_await conflated.receive();
    o.say("received " + text(newest));
    o.say("drop latest:");
    const Channel<int> latest = channel(1, BufferOverflow::DropLatest);
    co_await latest.send(1);
    co_await latest.send(2);
    o.say("trySend " + told(latest.trySend(3)));
    o.say("failed trySend " + told(rendezvous.trySend(9)));
}

RULE(S079_throwing) {
    // Kotlin wraps what the handler throws; here nothing is wrapped.
    auto throws = [](int& n) { throw Boom("undelivered " + text(n)); };
    const Channel<int> channel(3, BufferOverflow::Suspend, throws);
    co_await channel.send(1);
    co_await channel.send(2);
    std::string what = "returned";
    try {
        channel.cancel();
    } catch (const Boom& e) {
        what = std::string("threw ") + e.what();
    }
    o.say("cancel " + what);
    const Channel<int> closed(0, BufferOverflow::Suspend, throws);
    closed.close();
    try {
        co_await closed.send(1);
        what = "returned";
    } catch (const Boom& e) {
        what =
            std::string("threw ") + e.what() + " suppressed=[" + suppressed(std::current_exception()) + "]";
    }
    o.say("send " + what);
}

RULE(S080) {
    const Channel<int> channel;
    o.say("trySend " + told(channel.trySend(1)));
    o.say("tryReceive " + told(channel.tryReceive()));
    const Job receiver = now(scope, [&](CoroutineScope) -> Task<> { co_await receivesSome(o, channel, 1); });
    std::string line = "trySend " + told(channel.trySend(2));
    o.say(line + " " + told(channel.trySend(3)));
    co_await receiver.join();
    const Job sender = now(scope, [&](CoroutineScope) -> Task<> {
        co_await channel.send(4);
        o.say("sent");
    });
    line = "tryReceive " + told(channel.tryReceive());
    o.say(line + " " + told(channel.tryReceive()));
    co_await sender.join();
    auto body = [&o]() -> Task<> {
        o.say("cancelled: " + told(Channel<int>(1).trySend(1)));
        const Channel<int> ready(1);
        co_await ready.send(5);
        const int n = co_await ready.receive();
        o.say("cancelled: received " + text(n));
        co_await sayOutcome(o, "cancelled: ", receives(ready), true);
    };
    const Job job = cancelledAndThen(scope, body);
    co_await job.cancelAndJoin();
}

RULE(S081) {
    const Channel<int> channel;
    std::vector<Job> receivers;
    for (int i = 1; i <= 3; ++i)
        receivers.push_back(now(scope, [&, i](CoroutineScope) -> Task<> {
            const int n = co_await channel.receive();
            o.say("receiver " + text(i) + " got " + text(n));
        }));
    for (int i = 1; i <= 3; ++i)
        o.say(told(channel.trySend(i)));
    co_await joinAll(receivers);
    auto sender = [&](const Channel<int>& to, int i) {
        return now(scope, [&o, to, i](CoroutineScope) -> Task<> {
            co_await to.send(i);
            o.say("sender " + text(i) + " is through");
        });
    };
    std::vector<Job> senders;
    for (int i = 1; i <= 4; ++i)
        senders.push_back(sender(channel, i));
    senders[1].cancel();
    co_await receivesSome(o, channel, 3);
    co_await joinAll(senders);
    const Channel<int> buffered(2);
    std::vector<Job> more;
    for (int i = 1; i <= 5; ++i)
        more.push_back(sender(buffered, i));
    co_await receivesSome(o, buffered, 2);
    co_await yield();
    co_await receivesSome(o, buffered, 3);
    co_await joinAll(more);
}

RULE(S082) {
    const auto numbers = produce<int>(scope, [&o](ProducerScope<int> out) -> Task<> {
        for (int i = 1; i <= 3; ++i) {
            co_await out.send(i);
            o.say("sent " + text(i));
        }
    });
    (void)co_await loops(o, numbers, "received ");
    o.say("closed " + text(numbers.isClosedForReceive()));
    auto supervised = [&o](CoroutineScope inner) -> Task<> {
        const auto failing = produce<int>(inner, [](ProducerScope<int> out) -> Task<> {
            co_await out.send(1);
            throw Boom("source");
        });
        const int n = co_await failing.receive();
        o.say("received " + text(n));
        co_await sayOutcome(o, "receive ", receives(failing));
    };
    co_await supervisorScope(supervised);
    const auto endless = produce<int>(scope, [&o](ProducerScope<int> out) -> Task<> {
        try {
            for (int i = 0;; ++i)
                co_await out.send(i);
        } catch (const CancellationException&) {
            o.say("producer " + kind(std::current_exception()));
            throw;
        }
    });
    const int n = co_await endless.receive();
    o.say("received " + text(n));
    endless.cancel("had enough");
    co_await yield();
    co_await sayOutcome(o, "receive ", receives(endless));
    const CompletableJob job = newJob();
    const auto cancelled =
        produce<int>(scope, job, [](ProducerScope<int>) -> Task<> { co_await awaitCancellation(); });
    const Job receiver = now(
        scope, [&](CoroutineScope) -> Task<> { co_await sayOutcome(o, "receiver ", receives(cancelled)); });
    co_await yield();
    job.cancel("from above");
    co_await receiver.join();
    const auto buffered = produce<int>(
        scope,
        [&o](ProducerScope<int> out) -> Task<> {
            for (int i = 1; i <= 3; ++i)
                co_await out.send(i);
            o.say("all sent");
        },
        3);
    std::string list;
    auto append = [&list](int each) { list += (list.empty() ? "" : ", ") + text(each); };
    co_await consumeEach(buffered, append);
    o.say("buffered [" + list + "]");
}

RULE(S082_children) {
    const auto numbers = produce<int>(scope, [&o](ProducerScope<int> out) -> Task<> {
        (void)out.launch([to = out.channel()](CoroutineScope) -> Task<> {
            co_await delay(10ms);
            co_await to.send(2);
        });
        co_await out.send(1);
        o.say("body is done");
    });
    (void)co_await loops(o, numbers, "received ");
}

auto named(std::string who) {
    return [who](auto element) {
        if constexpr (std::is_same_v<decltype(element), int>)
            return who + " " + text(element);
        else
            return who + " " + element;
    };
}
auto gives(std::string what) {
    return [what] { return what; };
}

RULE(S083) {
    const Channel<int> a(1);
    const Channel<std::string> b(1);
    co_await a.send(1);
    co_await b.send("one");
    auto fromA = named("a"), fromB = named("b");
    auto choose = [&]() -> Task<std::string> {
        std::string what = co_await select(a.onReceive(fromA), b.onReceive(fromB));
        co_return what;
    };
    for (int i = 0; i < 2; ++i)
        co_await sayOutcome(o, "", choose());
    co_await a.send(2);
    co_await b.send("two");
    const std::string other = co_await select(b.onReceive(fromB), a.onReceive(fromA));
    o.say(other);
    co_await sayOutcome(o, "", choose());
    std::set<std::string> first;
    auto onlyA = [](int) { return std::string("a"); };
    auto onlyB = [](const std::string&) { return std::string("b"); };
    for (int i = 0; i < 200; ++i) {
        co_await a.send(i);
        co_await b.send(text(i));
        const std::string what = co_await selectUnbiased(a.onReceive(onlyA), b.onReceive(onlyB));
        first.insert(what);
        (void)a.tryReceive();
        (void)b.tryReceive();
    }
    std::string all;
    for (const std::string& each : first)
        all += (all.empty() ? "" : ", ") + each;
    o.say("unbiased [" + all + "]");
    const Job waiting =
        now(scope, [&](CoroutineScope) -> Task<> { co_await sayOutcome(o, "selected ", choose()); });
    co_await b.send("three");
    co_await waiting.join();
}

RULE(S084) {
    const Channel<int> a, b;
    auto fromA = named("a"), fromB = named("b"), got = named("got");
    auto inHandler = [&](int n) {
        const std::string atB = told(b.trySend(1));
        o.say("handler: b " + atB + ", a " + told(a.trySend(1)));
        return "a " + text(n);
    };
    const Job chooser = now(scope, [&](CoroutineScope) -> Task<> {
        const std::string what = co_await select(a.onReceive(inHandler), b.onReceive(fromB));
        o.say("chose " + what);
    });
    const std::string toA = told(a.trySend(5));
    o.say("a " + toA + ", b " + told(b.trySend(6)));
    co_await chooser.join();
    auto isA = gives("a"), isB = gives("b"), sent = gives("sent");
    const Job senders = now(scope, [&](CoroutineScope) -> Task<> {
        const std::string what = co_await select(a.onSend(1, isA), b.onSend(2, isB));
        o.say("sent to " + what);
    });
    const int received = co_await b.receive();
    o.say("received " + text(received) + ", a " + told(a.tryReceive()));
    co_await senders.join();
    const Job one = now(scope, [&](CoroutineScope) -> Task<> {
        const std::string what = co_await select(a.onSend(7, sent), b.onReceive(got));
        o.say("one " + what);
    });
    const Job other = now(scope, [&](CoroutineScope) -> Task<> {
        const std::string what = co_await select(b.onSend(8, sent), a.onReceive(got));
        o.say("other " + what);
    });
    co_await one.join();
    co_await other.join();
    const std::string left = told(a.tryReceive());
    o.say("a " + left + ", b " + told(b.tryReceive()));
    Mutex mutex(true);
    auto locked = gives("locked"), atOnce = gives("locked at once");
    const Job locker = now(scope, [&](CoroutineScope) -> Task<> {
        const std::string what = co_await select(mutex.onLock(locked), a.onReceive(fromA));
        o.say(what);
    });
    co_await a.send(9);
    co_await locker.join();
    mutex.unlock();
    o.say("locked " + text(mutex.isLocked()));
    const std::string what = co_await select(mutex.onLock(atOnce));
    o.say(what + " " + text(mutex.isLocked()));
}

RULE(S084_cancelled) {
    const Channel<int> a(0, BufferOverflow::Suspend, [&o](int& n) { o.say("undelivered " + text(n)); });
    const Channel<int> b;
    auto sent = gives("sent"), locked = gives("locked");
    auto got = named("got");
    auto choose = [&](int n) -> Task<std::string> {
        std::string what = co_await select(a.onSend(n, sent), b.onReceive(got));
        co_return what;
    };
    const Job waiting =
        now(scope, [&](CoroutineScope) -> Task<> { co_await sayOutcome(o, "waiting ", choose(1), true); });
    waiting.cancel();
    co_await waiting.join();
    const Job other =
        now(scope, [&](CoroutineScope) -> Task<> { co_await sayOutcome(o, "other ", choose(2)); });
    co_await b.send(3);
    co_await other.join();
    auto receive = [&](const Channel<int>& from) -> Task<std::string> {
        std::string what = co_await select(from.onReceive(got));
        co_return what;
    };
    const Job resumed =
        now(scope, [&](CoroutineScope) -> Task<> { co_await sayOutcome(o, "resumed ", receive(a), true); });
    o.say(told(a.trySend(4)));
    resumed.cancel();
    co_await resumed.join();
    Mutex mutex(true);
    auto lock = [&]() -> Task<std::string> {
        std::string what = co_await select(mutex.onLock(locked));
        co_return what;
    };
    const Job locker =
        now(scope, [&](CoroutineScope) -> Task<> { co_await sayOutcome(o, "locker ", lock(), true); });
    mutex.unlock();
    locker.cancel();
    co_await locker.join();
    o.say("locked " + text(mutex.isLocked()));
    auto body = [&]() -> Task<> {
        const Channel<int> ready(1);
        (void)ready.trySend(1);
        co_await sayOutcome(o, "cancelled, ready: ", receive(ready));
        co_await sayOutcome(o, "cancelled, not ready: ", receive(ready), true);
    };
    const Job job = cancelledAndThen(scope, body);
    co_await job.cancelAndJoin();
}

RULE(S085) {
    const Channel<int> channel(1);
    auto timeout = gives("timeout"), thirty = gives("30"), ten = gives("10");
    auto got = named("got");
    auto choose = [&](int time) -> Task<std::string> {
        std::string what =
            co_await select(onTimeout(std::chrono::milliseconds(time), timeout), channel.onReceive(got));
        co_return what;
    };
    for (const int time : {0, -1, 10})
        co_await sayOutcome(o, "", choose(time));
    co_await channel.send(1);
    for (const int time : {0, 10})
        co_await sayOutcome(o, "", choose(time));
    co_await channel.send(2);
    const std::string ready = co_await select(channel.onReceive(got), onTimeout(0ms, timeout));
    o.say(ready);
    const Job late = scope.launch([&](CoroutineScope) -> Task<> {
        co_await delay(20ms);
        co_await channel.send(3);
    });
    co_await sayOutcome(o, "", choose(50));
    co_await late.join();
    const std::string quicker = co_await select(onTimeout(30ms, thirty), onTimeout(10ms, ten));
    o.say(quicker);
}

RULE(S086) {
    auto joined = gives("joined"), again = gives("joined again"), first = gives("first"),
         second = gives("second");
    const Job lazyJob = scope.launch(CoroutineStart::Lazy, [&o](CoroutineScope) -> Task<> {
        o.say("job runs");
        co_return;
    });
    std::string what = co_await select(lazyJob.onJoin(joined));
    o.say(what);
    const Deferred<int> lazy = scope.async(CoroutineStart::Lazy, [&o](CoroutineScope) -> Task<int> {
        o.say("async runs");
        co_return 7;
    });
    auto awaited = named("awaited");
    what = co_await select(lazy.onAwait(awaited));
    o.say(what);
    what = co_await select(lazyJob.onJoin(again), lazy.onAwait(awaited));
    o.say(what);
    const Job unstarted = scope.launch(CoroutineStart::Lazy, [&o](CoroutineScope) -> Task<> {
        o.say("never runs");
        co_return;
    });
    what = co_await select(lazyJob.onJoin(first), unstarted.onJoin(second));
    o.say(what + " " + state(unstarted));
    unstarted.cancel();
    auto supervised = [&](CoroutineScope inner) -> Task<> {
        const Deferred<int> failing = inner.async([](CoroutineScope) -> Task<int> {
            throw Boom("async");
            co_return 1;
        });
        auto awaits = [&]() -> Task<std::string> {
            std::string result = co_await select(failing.onAwait(awaited));
            co_return result;
        };
        co_await sayOutcome(o, "failing ", awaits());
        const Job failed = inner.launch(handlerOf(o), [](CoroutineScope) -> Task<> {
            throw Boom("launch");
            co_return;
        });
        auto joins = [&]() -> Task<std::string> {
            std::string result = co_await select(failed.onJoin(joined));
            co_return result;
        };
        co_await sayOutcome(o, "failed ", joins());
    };
    co_await supervisorScope(supervised);
    auto later = [&scope](std::chrono::milliseconds time, std::string value) {
        return scope.async([time, value](CoroutineScope) -> Task<std::string> {
            co_await delay(time);
            co_return value;
        });
    };
    const Deferred<std::string> slow = later(20ms, "slow"), quick = later(10ms, "quick");
    auto itself = [](const std::string& value) { return value; };
    what = co_await select(slow.onAwait(itself), quick.onAwait(itself));
    o.say(what);
    what = co_await slow.await();
    o.say(what);
}

RULE(S087) {
    const Channel<int> closed, plain;
    closed.close(boom("why"));
    plain.close();
    auto got = named("got"), fromOther = named("other");
    auto sent = gives("sent");
    auto tells = [](const ChannelResult<int>& result) { return told(result); };
    auto throws = [](const ChannelResult<int>&) -> std::string { throw Boom("handler"); };
    auto receive = [&](const Channel<int>& from) -> Task<std::string> {
        std::string what = co_await select(from.onReceive(got));
        co_return what;
    };
    auto receiveCatching = [](const Channel<int>& from, auto& handler) -> Task<std::string> {
        std::string what = co_await select(from.onReceiveCatching(handler));
        co_return what;
    };
    auto send = [&](const Channel<int>& to) -> Task<std::string> {
        std::string what = co_await select(to.onSend(1, sent));
        co_return what;
    };
    co_await sayOutcome(o, "", receive(closed));
    co_await sayOutcome(o, "", receiveCatching(closed, tells));
    co_await sayOutcome(o, "", receive(plain));
    co_await sayOutcome(o, "", receiveCatching(plain, tells));
    co_await sayOutcome(o, "", send(closed));
    const Channel<int> later, other;
    auto waits = [&](bool catching) -> Task<std::string> {
        std::string what;
        if (catching)
            what = co_await select(later.onReceiveCatching(tells), other.onReceive(fromOther));
        else
            what = co_await select(later.onReceive(got), other.onReceive(fromOther));
        co_return what;
    };
    std::vector<Job> waiting;
    for (const bool catching : {false, true})
        waiting.push_back(now(scope, [&, catching](CoroutineScope) -> Task<> {
            co_await sayOutcome(o, "waiting ", waits(catching));
        }));
    later.close();
    co_await joinAll(waiting);
    const Job sender =
        now(scope, [&](CoroutineScope) -> Task<> { co_await sayOutcome(o, "sender ", send(other)); });
    other.cancel();
    co_await sender.join();
    co_await sayOutcome(o, "", receiveCatching(plain, throws));
}

} // namespace
} // namespace coroscope::conformance
