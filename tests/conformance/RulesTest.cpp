// SPDX-License-Identifier: Apache-2.0
// The same programs as kotlin/Rules.kt, in C++: each must print what Kotlin printed (expected/NAME.txt).
// Where Kotlin has `finally`, C++ catches, says its line and rethrows.
#include <coroscope/coroscope.h>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace coroscope {
namespace {

using namespace std::chrono_literals;

class Lines {
public:
    void say(std::string_view text) { text_.append(text).append("\n"); }
    void say(const char* text) { say(std::string_view(text)); }
    void say(bool yes) { say(std::string_view(yes ? "true" : "false")); }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

class Boom : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};
std::exception_ptr boom(const char* message) {
    return std::make_exception_ptr(Boom(message));
}

std::string kind(const std::exception_ptr& cause) {
    if (!cause)
        return "normal";
    if (timeoutIn(cause))
        return "timeout";
    if (const auto* cancellation = cancellationIn(cause))
        return std::string("cancelled: ") + cancellation->what();
    return std::string("failed: ") + standardExceptionIn(cause)->what();
}
/// Only what happened, where Kotlin's message names a Kotlin class.
std::string briefly(const std::string& text) {
    return text.substr(0, text.find(':'));
}

std::string state(const Job& job) {
    return {job.isActive() ? 'T' : 'F', job.isCompleted() ? 'T' : 'F', job.isCancelled() ? 'T' : 'F'};
}

std::string suppressed(const std::exception_ptr& e) {
    std::string all;
    for (const auto& one : suppressedExceptions(e))
        all += (all.empty() ? "" : ",") + std::string(standardExceptionIn(one)->what());
    return all;
}

/// What awaiting `task` throws.
Task<std::string> thrown(Task<> task) {
    std::exception_ptr e;
    try {
        co_await std::move(task);
    } catch (...) {
        e = std::current_exception();
    }
    co_return e ? kind(e) : "no exception";
}

Task<> awaitCancellation() {
    co_await suspendCancellableCoroutine<void>([](CancellableContinuation<void>) {});
}

/// Waits to be cancelled and swallows it.
Task<> swallow() {
    try {
        co_await awaitCancellation();
    } catch (const CancellationException&) {
    }
}

/// Waits to be cancelled, then says `line` as `finally` would.
Task<> waitAndSay(Lines& o, std::string line) {
    try {
        co_await awaitCancellation();
    } catch (const CancellationException&) {
        o.say(line);
        throw;
    }
}

/// Waits to be cancelled, then fails as a `finally` that throws.
Task<> waitAndFail(std::exception_ptr e) {
    try {
        co_await awaitCancellation();
    } catch (const CancellationException&) {
        std::rethrow_exception(e);
    }
}

Task<> yieldAndFail(std::exception_ptr e) {
    co_await yield();
    std::rethrow_exception(e);
}

Task<> nonCancellableDelay(std::chrono::milliseconds time) {
    auto body = [time]() -> Task<> { co_await delay(time); };
    co_await withContext(NonCancellable(), body);
}

CoroutineExceptionHandler handlerOf(Lines& o) {
    return CoroutineExceptionHandler([&o](const CoroutineContext&, const std::exception_ptr& e) {
        o.say("handler " + std::string(standardExceptionIn(e)->what()) + " suppressed=[" + suppressed(e) +
              "]");
    });
}
CoroutineExceptionHandler sayingHandler(Lines& o, std::string who) {
    return CoroutineExceptionHandler([&o, who](const CoroutineContext&, const std::exception_ptr& e) {
        o.say(who + " " + standardExceptionIn(e)->what());
    });
}
CoroutineExceptionHandler deafHandler() {
    return CoroutineExceptionHandler([](const CoroutineContext&, const std::exception_ptr&) {});
}

auto saysKind(Lines& o, std::string prefix = {}) {
    return [&o, prefix](const std::exception_ptr& cause) { o.say(prefix + kind(cause)); };
}
auto says(Lines& o, std::string line) {
    return [&o, line](const std::exception_ptr&) { o.say(line); };
}

using Rule = Task<> (*)(CoroutineScope, Lines&);
std::map<std::string, Rule>& rules() {
    static std::map<std::string, Rule> all;
    return all;
}

#define RULE(name)                                                                                           \
    Task<> rule##name(CoroutineScope scope, Lines& o);                                                       \
    const bool added##name = rules().emplace(#name, &rule##name).second;                                     \
    Task<> rule##name([[maybe_unused]] CoroutineScope scope, Lines& o)

RULE(S001) {
    const Job lazy = scope.launch(CoroutineStart::Lazy, []() -> Task<> { co_await delay(10ms); });
    o.say("new " + state(lazy));
    lazy.start();
    o.say("active " + state(lazy));
    co_await lazy.join();
    o.say("completed " + state(lazy));
    const Job parent = scope.launch([](CoroutineScope inner) -> Task<> {
        (void)inner.launch([]() -> Task<> { co_await delay(20ms); });
        co_return;
    });
    co_await yield();
    co_await yield();
    o.say("completing " + state(parent));
    const Job stubborn = scope.launch([]() -> Task<> { co_await nonCancellableDelay(20ms); });
    co_await yield();
    stubborn.cancel();
    o.say("cancelling " + state(stubborn));
    co_await stubborn.join();
    o.say("cancelled " + state(stubborn));
}

RULE(S002) {
    auto nothing = []() -> Task<> { co_return; };
    const Job job = scope.launch(CoroutineStart::Lazy, nothing);
    o.say(job.start());
    o.say(job.start());
    co_await job.join();
    o.say(job.start());
    const Job active = scope.launch(nothing);
    o.say(active.start());
}

RULE(S003) {
    const Job job = scope.launch(CoroutineStart::Lazy, [&o]() -> Task<> {
        o.say("body");
        co_return;
    });
    job.invokeOnCompletion(saysKind(o, "completion "));
    job.cancel("never mind");
    o.say(state(job));
    co_return;
}

RULE(S004) {
    const Job job = scope.launch([&o]() -> Task<> {
        try {
            co_await awaitCancellation();
        } catch (const CancellationException& e) {
            o.say(e.what());
            throw;
        }
    });
    co_await yield();
    job.cancel("first");
    job.cancel("second");
    co_await job.join();
    job.invokeOnCompletion(saysKind(o));
}

RULE(S005) {
    const Job parent = scope.launch([&o](CoroutineScope inner) -> Task<> {
        (void)inner.launch([&o]() -> Task<> {
            co_await delay(20ms);
            o.say("first child");
        });
        co_return;
    });
    co_await yield();
    co_await yield();
    o.say("completing " + state(parent));
    (void)scope.launch(parent, [&o]() -> Task<> {
        co_await delay(40ms);
        o.say("late child");
    });
    co_await parent.join();
    o.say("joined " + state(parent));
}

RULE(S006) {
    const Job parent = scope.launch([]() -> Task<> { co_await nonCancellableDelay(20ms); });
    co_await yield();
    // Kotlin's message names the Kotlin class of the parent's coroutine.
    parent.cancel("StandaloneCoroutine was cancelled");
    const Job child = scope.launch(parent, [&o]() -> Task<> {
        o.say("body");
        co_return;
    });
    child.invokeOnCompletion(saysKind(o, "child "));
    o.say("child " + state(child));
    co_await parent.join();
}

RULE(S007) {
    const CompletableJob job = newJob();
    const Job child = scope.launch(job, []() -> Task<> { co_return; });
    o.say("children " + std::to_string(job.children().size()));
    co_await child.join();
    o.say("children " + std::to_string(job.children().size()));
    job.complete();
}

RULE(S008) {
    const CompletableJob job = newJob();
    try {
        (void)job.getCancellationException();
        o.say("no exception");
    } catch (const std::logic_error&) {
        o.say("failed");
    }
    job.complete();
    o.say(briefly(kind(job.getCancellationException())));
    const auto failed = newCompletableDeferred<int>();
    failed.completeExceptionally(boom("broken"));
    const std::exception_ptr e = failed.getCancellationException();
    o.say(briefly(kind(e)) + " cause " + standardExceptionIn(cancellationIn(e)->cause())->what());
    co_return;
}

RULE(S009) {
    const CompletableJob parent = newJob();
    const CompletableJob job = newJob(parent);
    parent.invokeOnCancelling(saysKind(o, "parent told "));
    job.invokeOnCancelling(says(o, "handler 1"));
    const Job a = scope.launch(job, CoroutineStart::Undispatched, &awaitCancellation);
    a.invokeOnCancelling(says(o, "child a"));
    job.invokeOnCancelling(says(o, "handler 2"));
    const Job b = scope.launch(job, CoroutineStart::Undispatched, &awaitCancellation);
    b.invokeOnCancelling(says(o, "child b"));
    job.invokeOnCancelling(says(o, "handler 3"));
    job.completeExceptionally(boom("x"));
    co_await job.join();
    parent.cancel();
}

RULE(S010) {
    const CoroutineScope own(
        scope.context() + SupervisorJob() +
        CoroutineExceptionHandler([&o](const CoroutineContext& c, const std::exception_ptr& e) {
            o.say("exception handler " + std::string(standardExceptionIn(e)->what()) +
                  ", completed=" + (c.job().isCompleted() ? "true" : "false"));
        }));
    const Job job = own.launch([]() -> Task<> {
        throw Boom("x");
        co_return;
    });
    job.invokeOnCompletion(says(o, "completion 1"));
    job.invokeOnCompletion(says(o, "completion 2"));
    const Job waiter = scope.launch([&o, &job]() -> Task<> {
        co_await job.join();
        o.say("joined");
    });
    co_await waiter.join();
    o.say("children " + std::to_string(own.job().children().size()));
    own.cancel();
}

RULE(S012) {
    const Job job = scope.launch([&o]() -> Task<> {
        co_await delay(10ms);
        o.say("body");
    });
    job.invokeOnCompletion(says(o, "1"));
    job.invokeOnCompletion(says(o, "2"));
    job.invokeOnCompletion(says(o, "3"));
    co_await job.join();
    o.say("joined");
    job.invokeOnCompletion(says(o, "at once"));
    o.say("after");
}

RULE(S013) {
    const Job normal = scope.launch([]() -> Task<> { co_return; });
    normal.invokeOnCompletion(saysKind(o));
    co_await normal.join();
    const Job cancelled = scope.launch(&awaitCancellation);
    cancelled.invokeOnCompletion(saysKind(o));
    co_await yield();
    cancelled.cancel("enough");
    co_await cancelled.join();
    auto body = [&o](CoroutineScope inner) -> Task<> {
        const Job failed = inner.launch(deafHandler(), []() -> Task<> {
            throw Boom("x");
            co_return;
        });
        failed.invokeOnCompletion(saysKind(o));
        co_await failed.join();
    };
    co_await supervisorScope(body);
}

RULE(S014) {
    const Job a = scope.launch(&awaitCancellation);
    a.invokeOnCancelling(saysKind(o, "cancelling a "));
    co_await yield();
    a.cancel("stop");
    o.say("after cancel");
    co_await a.join();
    const Job b = scope.launch([]() -> Task<> { co_return; });
    b.invokeOnCancelling(saysKind(o, "normal b "));
    co_await b.join();
}

RULE(S015) {
    const CompletableJob job = newJob();
    DisposableHandle second;
    job.invokeOnCompletion([&](const std::exception_ptr&) {
        o.say("first disposes of second");
        second.dispose();
    });
    second = job.invokeOnCompletion(says(o, "second"));
    job.invokeOnCompletion(says(o, "third"));
    job.complete();
    co_return;
}

RULE(S017) {
    const Job job = scope.launch([&o]() -> Task<> {
        o.say("body");
        co_return;
    });
    job.invokeOnCompletion(saysKind(o, "completion "));
    o.say("launched");
    job.cancel("no");
    o.say(state(job));
    co_await job.join();
    o.say(state(job));
}

RULE(S018) {
    auto saying = [&o](std::string line) {
        return [&o, line](CoroutineScope) -> Task<> {
            o.say(line);
            co_return;
        };
    };
    const Job a = scope.launch(CoroutineStart::Lazy, saying("a by start"));
    const Job b = scope.launch(CoroutineStart::Lazy, saying("b by join"));
    const auto c = scope.async(CoroutineStart::Lazy, [&o]() -> Task<int> {
        o.say("c by await");
        co_return 1;
    });
    co_await yield();
    o.say("nothing yet");
    a.start();
    co_await yield();
    co_await b.join();
    (void)co_await c.await();
    const Job parent = scope.launch([&o](CoroutineScope inner) -> Task<> {
        (void)inner.launch(CoroutineStart::Lazy, [&o]() -> Task<> {
            o.say("lazy child");
            co_return;
        });
        co_return;
    });
    co_await delay(20ms);
    o.say("parent " + state(parent));
    parent.children().front().start();
    co_await parent.join();
    o.say("parent " + state(parent));
}

RULE(S019) {
    const Job job = scope.launch(CoroutineStart::Atomic, [&o]() -> Task<> {
        o.say("before suspension");
        try {
            co_await yield();
            o.say("never");
        } catch (const CancellationException&) {
            o.say("cancelled at suspension");
            throw;
        }
    });
    job.cancel();
    co_await job.join();
    o.say(state(job));
}

RULE(S020) {
    o.say("1");
    const Job job = scope.launch(CoroutineStart::Undispatched, [&o]() -> Task<> {
        o.say("2");
        co_await yield();
        o.say("4");
    });
    o.say("3");
    co_await job.join();
    o.say("5");
}

RULE(S021) {
    const CompletableJob parent = newJob();
    parent.cancel("dead");
    const Job job = scope.launch(parent, [&o]() -> Task<> {
        o.say("body");
        co_return;
    });
    job.invokeOnCompletion(saysKind(o, "completion "));
    o.say(state(job));
    co_await yield();
}

RULE(S022) {
    const Job parent = scope.launch(CoroutineStart::Lazy, [&o]() -> Task<> {
        o.say("parent body");
        co_return;
    });
    const Job child = scope.launch(parent, [&o]() -> Task<> {
        o.say("child body");
        co_return;
    });
    o.say("parent " + state(parent));
    co_await parent.join();
    o.say(state(parent) + " " + state(child));
}

RULE(S023) {
    const Job job = scope.launch([&o](CoroutineScope first) -> Task<> {
        (void)first.launch([&o](CoroutineScope second) -> Task<> {
            (void)second.launch([&o]() -> Task<> {
                co_await delay(20ms);
                o.say("grandchild");
            });
            o.say("child body");
            co_return;
        });
        o.say("body");
        co_return;
    });
    co_await job.join();
    o.say("joined");
}

RULE(S024) {
    std::vector<Job> all;
    const Job top = scope.launch([&all](CoroutineScope first) -> Task<> {
        all.push_back(first.launch([&all](CoroutineScope second) -> Task<> {
            all.push_back(second.launch(&awaitCancellation));
            co_await awaitCancellation();
        }));
        co_await awaitCancellation();
    });
    co_await delay(10ms);
    top.cancel();
    std::string states = state(top);
    for (const Job& job : all)
        states += " " + state(job);
    o.say(states);
    co_await top.join();
}

RULE(S025) {
    const Job parent = scope.launch([&o](CoroutineScope inner) -> Task<> {
        const Job child = inner.launch(&awaitCancellation);
        co_await yield();
        co_await child.cancelAndJoin();
        o.say("parent goes on " + state(inner.job()));
    });
    co_await parent.join();
    o.say(state(parent));
}

RULE(S026) {
    auto body = [&o](CoroutineScope supervisor) -> Task<> {
        const Job parent =
            supervisor.launch(sayingHandler(o, "handler"), [&o](CoroutineScope inner) -> Task<> {
                (void)inner.launch([&o]() -> Task<> { co_await waitAndSay(o, "sibling stops"); });
                const Job other = inner.launch(&awaitCancellation);
                const Job bad = inner.launch([]() -> Task<> { co_await yieldAndFail(boom("x")); });
                const Job self = inner.job();
                bad.invokeOnCompletion([&o, self](const std::exception_ptr&) {
                    o.say("failing child done, parent " + state(self));
                });
                other.invokeOnCompletion([&o](const std::exception_ptr& cause) {
                    o.say("other sibling " + briefly(kind(cause)));
                });
                co_await waitAndSay(o, "parent body stops");
            });
        co_await parent.join();
    };
    co_await supervisorScope(body);
}

RULE(S027) {
    const auto job = scope.async([]() -> Task<int> {
        co_await swallow();
        co_return 42;
    });
    co_await yield();
    job.cancel("told to stop");
    co_await job.join();
    o.say(state(job));
    auto await = [&job]() -> Task<> { (void)co_await job.await(); };
    o.say(co_await thrown(await()));
}

RULE(S028) {
    const CompletableJob a = newJob();
    a.cancel();
    o.say("cancelled " + state(a));
    const CompletableJob b = newJob();
    const Job child = scope.launch(b, [&o]() -> Task<> {
        co_await delay(20ms);
        o.say("child");
    });
    o.say(b.complete());
    o.say(b.complete());
    o.say("completing " + state(b));
    co_await b.join();
    o.say("completed " + state(b));
    const CompletableJob parent = newJob();
    const CompletableJob c = newJob(parent);
    o.say(c.completeExceptionally(boom("x")));
    o.say("parent " + state(parent));
    co_await child.join();
}

RULE(S029) {
    const CompletableJob job = newJob();
    const CoroutineScope own(scope.context() + job + handlerOf(o));
    const Job child = own.launch([]() -> Task<> {
        throw Boom("x");
        co_return;
    });
    co_await child.join();
    o.say("job " + state(job));
}

RULE(S030) {
    const CompletableJob job = SupervisorJob();
    const CoroutineScope own(scope.context() + job + handlerOf(o));
    const Job good = own.launch([&o]() -> Task<> { co_await waitAndSay(o, "good stops"); });
    const Job bad = own.launch([]() -> Task<> {
        throw Boom("x");
        co_return;
    });
    co_await bad.join();
    o.say("supervisor " + state(job) + " good " + state(good));
    job.cancel();
    co_await good.join();
    o.say("supervisor " + state(job));
}

RULE(S031) {
    const auto d = newCompletableDeferred<int>();
    o.say(d.complete(1));
    o.say(d.complete(2));
    o.say(d.completeExceptionally(boom("x")));
    const int value = co_await d.await();
    o.say(std::to_string(value));
    const CompletableJob parent = newJob();
    const auto e = newCompletableDeferred<int>(parent);
    e.completeExceptionally(boom("x"));
    o.say("parent " + state(parent));
}

RULE(S032) {
    const CompletableJob job = newJob();
    const Job a = scope.launch(job, &awaitCancellation);
    co_await yield();
    job.cancelChildren("children only");
    co_await a.join();
    o.say("job " + state(job) + " child " + state(a));
    const Job b = scope.launch(job, [&o]() -> Task<> {
        o.say("usable");
        co_return;
    });
    co_await b.join();
    job.cancel();
}

RULE(S034) {
    const Job outer = scope.launch([&o]() -> Task<> {
        auto body = [&o](CoroutineScope inner) -> Task<> {
            o.say(std::string("active ") + (inner.isActive() ? "true" : "false"));
            co_await delay(10ms);
            o.say(std::string("still here, active ") + (inner.isActive() ? "true" : "false"));
        };
        co_await withContext(NonCancellable(), body);
    });
    co_await yield();
    co_await outer.cancelAndJoin();
    const Job cut = scope.launch(NonCancellable(), [&o]() -> Task<> {
        co_await delay(10ms);
        o.say("cut loose");
    });
    o.say("children " + std::to_string(NonCancellable().children().size()));
    co_await cut.join();
}

RULE(S036) {
    auto body = [&o](CoroutineScope supervisor) -> Task<> {
        const Job job = supervisor.launch(handlerOf(o), [](CoroutineScope inner) -> Task<> {
            (void)inner.launch([]() -> Task<> { co_await waitAndFail(boom("second")); });
            (void)inner.launch([]() -> Task<> { co_await waitAndFail(boom("third")); });
            (void)inner.launch([]() -> Task<> { co_await yieldAndFail(boom("first")); });
            co_return;
        });
        co_await job.join();
    };
    co_await supervisorScope(body);
}

RULE(S037) {
    auto body = [&o](CoroutineScope supervisor) -> Task<> {
        const std::exception_ptr same = boom("same");
        const Job job = supervisor.launch(handlerOf(o), [same](CoroutineScope inner) -> Task<> {
            (void)inner.launch([same](CoroutineScope) -> Task<> { co_await waitAndFail(same); });
            (void)inner.launch([]() -> Task<> {
                co_await waitAndFail(std::make_exception_ptr(CancellationException("not listed")));
            });
            (void)inner.launch([same](CoroutineScope) -> Task<> { co_await yieldAndFail(same); });
            co_return;
        });
        co_await job.join();
    };
    co_await supervisorScope(body);
}

RULE(S038) {
    auto body = [&o](CoroutineScope supervisor) -> Task<> {
        const Job job =
            supervisor.launch(handlerOf(o), []() -> Task<> { co_await waitAndFail(boom("cleanup")); });
        co_await yield();
        job.cancel();
        job.invokeOnCompletion(saysKind(o));
        co_await job.join();
    };
    co_await supervisorScope(body);
}

RULE(S039) {
    const CoroutineScope own(scope.context() + SupervisorJob() + handlerOf(o));
    const Job root = own.launch(CoroutineName("root"), [&o](CoroutineScope inner) -> Task<> {
        (void)inner.launch([&o]() -> Task<> {
            std::exception_ptr e;
            try {
                co_await awaitCancellation();
            } catch (...) {
                e = std::current_exception();
            }
            co_await nonCancellableDelay(10ms);
            o.say("slow child done");
            std::rethrow_exception(e);
        });
        (void)inner.launch([]() -> Task<> { co_await yieldAndFail(boom("x")); });
        co_return;
    });
    co_await root.join();
    o.say("joined");
}

RULE(S040) {
    auto body = [&o](CoroutineScope supervisor) -> Task<> {
        const Job outer = supervisor.launch(sayingHandler(o, "outer"), [&o](CoroutineScope inner) -> Task<> {
            (void)inner.launch(sayingHandler(o, "nested"), []() -> Task<> {
                throw Boom("x");
                co_return;
            });
            co_return;
        });
        co_await outer.join();
        const Job direct = supervisor.launch(sayingHandler(o, "under supervisor"), []() -> Task<> {
            throw Boom("y");
            co_return;
        });
        co_await direct.join();
    };
    co_await supervisorScope(body);
}

RULE(S041) {
    auto body = [&o](CoroutineScope supervisor) -> Task<> {
        const auto d = supervisor.async(handlerOf(o), []() -> Task<int> {
            throw Boom("x");
            co_return 1;
        });
        co_await d.join();
        auto await = [&d]() -> Task<> { (void)co_await d.await(); };
        o.say(co_await thrown(await()));
        const Job parent = supervisor.launch(handlerOf(o), [](CoroutineScope inner) -> Task<> {
            (void)inner.async([]() -> Task<int> {
                throw Boom("y");
                co_return 1;
            });
            co_await awaitCancellation();
        });
        co_await parent.join();
        o.say("parent " + state(parent));
    };
    co_await supervisorScope(body);
}

RULE(S042) {
    auto body = [&o](CoroutineScope supervisor) -> Task<> {
        const Job job = supervisor.launch(handlerOf(o), []() -> Task<> {
            throw CancellationException("quiet");
            co_return;
        });
        co_await job.join();
        o.say("no handler");
    };
    co_await supervisorScope(body);
}

RULE(S045) {
    auto failing = [&o]() -> Task<> {
        auto body = [&o](CoroutineScope inner) -> Task<> {
            (void)inner.launch([&o]() -> Task<> { co_await waitAndSay(o, "sibling stops"); });
            (void)inner.launch([]() -> Task<> { co_await yieldAndFail(boom("x")); });
            o.say("body done");
            co_return;
        };
        co_await coroutineScope(body);
    };
    o.say(co_await thrown(failing()));
    o.say(std::string("outer active ") + (scope.isActive() ? "true" : "false"));
    auto good = [&o](CoroutineScope inner) -> Task<> {
        (void)inner.launch([&o]() -> Task<> {
            co_await delay(10ms);
            o.say("child");
        });
        o.say("body");
        co_return;
    };
    co_await coroutineScope(good);
    o.say("scope done");
}

RULE(S046) {
    auto goesOn = [&o](CoroutineScope inner) -> Task<> {
        (void)inner.launch(handlerOf(o), []() -> Task<> {
            throw Boom("child");
            co_return;
        });
        co_await yield();
        co_await yield();
        o.say("body goes on");
    };
    co_await supervisorScope(goesOn);
    auto failing = [&o]() -> Task<> {
        auto body = [&o](CoroutineScope inner) -> Task<> {
            (void)inner.launch([&o]() -> Task<> { co_await waitAndSay(o, "child stops"); });
            co_await yieldAndFail(boom("body"));
        };
        co_await supervisorScope(body);
    };
    o.say(co_await thrown(failing()));
}

RULE(S047) {
    const Job job = scope.launch(CoroutineStart::Undispatched, [&o]() -> Task<> {
        co_await swallow();
        auto saying = [&o](const char* line) {
            return [&o, line](CoroutineScope) -> Task<> {
                o.say(line);
                co_await yield();
            };
        };
        auto inCoroutineScope = [&]() -> Task<> {
            auto body = saying("coroutineScope body");
            co_await coroutineScope(body);
        };
        auto inSupervisorScope = [&]() -> Task<> {
            auto body = saying("supervisorScope body");
            co_await supervisorScope(body);
        };
        auto inTimeout = [&]() -> Task<> {
            auto body = saying("withTimeout body");
            co_await withTimeout(1000ms, body);
        };
        auto inContext = [&]() -> Task<> {
            auto body = saying("withContext body");
            co_await withContext(Dispatchers::Default(), body);
        };
        std::string what = co_await thrown(inCoroutineScope());
        o.say(briefly(what));
        what = co_await thrown(inSupervisorScope());
        o.say(briefly(what));
        what = co_await thrown(inTimeout());
        o.say(briefly(what));
        what = co_await thrown(inContext());
        o.say(briefly(what));
    });
    job.cancel();
    co_await job.join();
}

RULE(S048) {
    const Job job = scope.launch([&o]() -> Task<> {
        o.say("other");
        co_return;
    });
    auto body = [&o]() -> Task<> {
        o.say("inside");
        co_return;
    };
    co_await withContext(CoroutineName("same dispatcher"), body);
    o.say("back");
    co_await job.join();
}

RULE(S050) {
    const Job job = scope.launch([&o]() -> Task<> {
        auto inScope = []() -> Task<> {
            auto body = [](CoroutineScope inner) -> Task<> {
                (void)inner.launch([]() -> Task<> { co_await waitAndFail(boom("child")); });
                co_await yield();
                inner.cancel("scope");
            };
            co_await coroutineScope(body);
        };
        o.say(co_await thrown(inScope()));
    });
    co_await job.join();
}

RULE(S051) {
    auto body = [&o](CoroutineScope supervisor) -> Task<> {
        const Job job = supervisor.launch(handlerOf(o),
                                          []() -> Task<> { co_await withTimeout(10ms, &awaitCancellation); });
        job.invokeOnCompletion(saysKind(o));
        co_await job.join();
        o.say(state(job));
    };
    co_await supervisorScope(body);
}

RULE(S052) {
    auto saysBody = [&o]() -> Task<int> {
        o.say("body");
        co_return 1;
    };
    auto timed = [&]() -> Task<> { (void)co_await withTimeout(0ms, saysBody); };
    o.say(co_await thrown(timed()));
    const auto nothing = co_await withTimeoutOrNull(-1ms, saysBody);
    o.say(nothing ? "value" : "null");
}

RULE(S053) {
    auto never = []() -> Task<int> {
        co_await awaitCancellation();
        co_return 1;
    };
    const auto first = co_await withTimeoutOrNull(10ms, never);
    o.say(first ? "value" : "null");
    auto nested = [&]() -> Task<> {
        auto inner = [&]() -> Task<int> { co_return co_await withTimeout(10ms, never); };
        (void)co_await withTimeoutOrNull(1000ms, inner);
    };
    o.say(co_await thrown(nested()));
    auto value = []() -> Task<std::string> { co_return "value"; };
    const auto last = co_await withTimeoutOrNull(1000ms, value);
    o.say(last ? *last : "null");
}

RULE(S054) {
    auto swallowing = [&o]() -> Task<> {
        auto body = [&o]() -> Task<> {
            co_await swallow();
            o.say("swallowed");
        };
        co_await withTimeout(10ms, body);
    };
    o.say(co_await thrown(swallowing()));
    auto throwingItsOwn = []() -> Task<> {
        auto body = []() -> Task<> { co_await waitAndFail(boom("own")); };
        co_await withTimeout(10ms, body);
    };
    o.say(co_await thrown(throwingItsOwn()));
    auto quick = []() -> Task<std::string> { co_return "never suspended"; };
    const std::string value = co_await withTimeout(10ms, quick);
    o.say(value);
}

RULE(S056) {
    const auto d = newCompletableDeferred<std::string>();
    const Job job = scope.launch(CoroutineStart::Undispatched, [&o, &d]() -> Task<> {
        auto await = [&o, &d]() -> Task<> {
            const std::string value = co_await d.await();
            o.say(value);
        };
        const std::string what = co_await thrown(await());
        o.say(briefly(what));
    });
    d.complete("value");
    job.cancel();
    co_await job.join();
}

RULE(S057) {
    const Job done = scope.launch([]() -> Task<> { co_return; });
    co_await done.join();
    const auto value = newCompletableDeferred<int>();
    value.complete(7);
    const Job job = scope.launch(CoroutineStart::Undispatched, [&]() -> Task<> {
        co_await swallow();
        const int n = co_await value.await();
        o.say("await " + std::to_string(n));
        auto join = [&done]() -> Task<> { co_await done.join(); };
        const std::string what = co_await thrown(join());
        o.say(briefly(what));
    });
    job.cancel();
    co_await job.join();
}

RULE(S059) {
    const Job job = scope.launch(CoroutineStart::Undispatched, [&o]() -> Task<> {
        o.say("1");
        co_await yield();
        o.say("3");
        co_await swallow();
        auto yields = []() -> Task<> { co_await yield(); };
        const std::string what = co_await thrown(yields());
        o.say(briefly(what));
    });
    (void)scope.launch([&o]() -> Task<> {
        o.say("4");
        co_return;
    });
    o.say("2");
    co_await yield();
    co_await job.cancelAndJoin();
}

RULE(S060) {
    const Job job = scope.launch(CoroutineStart::Undispatched, [&o]() -> Task<> {
        co_await swallow();
        co_await delay(0ms);
        o.say("delay(0) returns");
        co_await delay(-5ms);
        o.say("delay(-5) returns");
        auto delays = []() -> Task<> { co_await delay(1ms); };
        const std::string what = co_await thrown(delays());
        o.say(briefly(what));
    });
    co_await job.cancelAndJoin();
}

RULE(S061) {
    std::optional<CancellableContinuation<int>> kept;
    auto suspends = [&kept]() -> Task<int> {
        co_return co_await suspendCancellableCoroutine<int>(
            [&kept](CancellableContinuation<int> c) { kept = c; });
    };
    const Job job = scope.launch(CoroutineStart::Undispatched, [&o, &suspends]() -> Task<> {
        const int n = co_await suspends();
        o.say(std::to_string(n));
    });
    auto resumes = [&kept](int value, const char* accepted) -> std::string {
        try {
            kept->resume(value);
            return accepted;
        } catch (const std::logic_error&) {
            return "error";
        }
    };
    kept->resume(1);
    o.say(resumes(2, "accepted"));
    co_await job.join();
    const Job cancelled =
        scope.launch(CoroutineStart::Undispatched, [&suspends]() -> Task<> { (void)co_await suspends(); });
    cancelled.cancel();
    o.say(resumes(3, "ignored"));
    co_await cancelled.join();
}

RULE(S062) {
    o.say(CoroutineScope(GlobalScope).isActive());
    o.say(GlobalScope.isActive());
    co_return;
}

class Conformance : public testing::TestWithParam<std::string> {};

TEST_P(Conformance, PrintsWhatKotlinPrints) {
    const std::string path = std::string(EXPECTED_DIRECTORY) + "/" + GetParam() + ".txt";
    std::ifstream file(path);
    ASSERT_TRUE(file) << path;
    std::stringstream expected;
    expected << file.rdbuf();
    Lines o;
    const Rule rule = rules().at(GetParam());
    runTest([&](CoroutineScope scope) -> Task<> {
        auto body = [&](CoroutineScope inner) -> Task<> { co_await rule(inner, o); };
        (void)scope;
        co_await supervisorScope(body);
    });
    EXPECT_EQ(o.text(), expected.str());
}

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& [name, rule] : rules())
        all.push_back(name);
    return all;
}

INSTANTIATE_TEST_SUITE_P(Rules, Conformance, testing::ValuesIn(names()),
                         [](const testing::TestParamInfo<std::string>& rule) { return rule.param; });

} // namespace
} // namespace coroscope
