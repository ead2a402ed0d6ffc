// SPDX-License-Identifier: Apache-2.0
// The same programs as kotlin/Rules.kt, in C++: each must print what Kotlin printed (expected/NAME.txt).
// Where Kotlin has `finally`, C++ catches, says its line and rethrows.
#include "Rules.h"

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

namespace coroscope::conformance {
namespace {

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

/// A job's text without what differs from run to run.
std::string shown(const Job& job) {
    std::string text = job.toString();
    if (const std::size_t at = text.find('@'); at != std::string::npos)
        text.replace(at, std::string::npos, "@address");
    if (const std::size_t number = text.find('#'); number != std::string::npos)
        text.replace(number, text.find('"', number) - number, "#id");
    return text;
}

/// The process-wide handler until the end of the block.
class ProcessHandler {
public:
    explicit ProcessHandler(CoroutineExceptionHandler handler)
        : before_(setUncaughtExceptionHandler(std::move(handler))) {}
    ~ProcessHandler() { setUncaughtExceptionHandler(std::move(before_)); }
    ProcessHandler(const ProcessHandler&) = delete;
    ProcessHandler& operator=(const ProcessHandler&) = delete;

private:
    CoroutineExceptionHandler before_;
};

auto throwing(Lines& o, std::string line, const char* what) {
    return [&o, line, what](const std::exception_ptr&) {
        if (!line.empty())
            o.say(line);
        throw Boom(what);
    };
}

Task<> showOwn(Lines& o) {
    const Job own = co_await currentJob();
    o.say(shown(own));
}

RULE(S011) {
    auto one = []() -> Task<int> { co_return 1; };
    auto nothing = []() -> Task<> { co_return; };
    const Job named = scope.launch(CoroutineName("worker"), &awaitCancellation);
    const Job unnamed = scope.async(one);
    const Job lazy = scope.launch(CoroutineStart::Lazy, nothing);
    const Job lazyAsync = scope.async(CoroutineStart::Lazy, one);
    for (const Job& job : {named, unnamed, lazy, lazyAsync})
        o.say(shown(job));
    co_await yield();
    named.cancel();
    o.say(shown(named));
    co_await named.join();
    o.say(shown(named));
    o.say(shown(unnamed));
    lazy.cancel();
    lazyAsync.cancel();
    const CompletableJob parent = newJob();
    const Job child = scope.launch(parent, []() -> Task<> { co_await delay(10ms); });
    o.say(shown(parent));
    parent.complete();
    o.say(shown(parent));
    co_await child.join();
    o.say(shown(parent));
    o.say(shown(SupervisorJob()));
    o.say(shown(newCompletableDeferred<int>()));
    o.say(shown(NonCancellable()));
    auto own = [&o] { return showOwn(o); };
    co_await coroutineScope(own);
    co_await supervisorScope(own);
    co_await withTimeout(1000ms, own);
    co_await withContext(CoroutineName("inner"), own);
    co_await withContext(Dispatchers::Unconfined(), own);
}

RULE(S016) {
    const CoroutineExceptionHandler reported([&o](const CoroutineContext&, const std::exception_ptr& e) {
        o.say(std::string("reported ") + standardExceptionIn(e)->what() + " suppressed=[" + suppressed(e) +
              "]");
    });
    auto body = [&](CoroutineScope inner) -> Task<> {
        const Job job = inner.launch(reported, []() -> Task<> { co_return; });
        job.invokeOnCompletion(throwing(o, "first", "1"));
        job.invokeOnCompletion(says(o, "second"));
        job.invokeOnCompletion(throwing(o, "third", "3"));
        co_await job.join();
        o.say("joined " + state(job));
        const Job cancelled = inner.launch(reported, &awaitCancellation);
        cancelled.invokeOnCancelling(throwing(o, "", "on cancelling"));
        cancelled.invokeOnCancelling(says(o, "the next one hears of it"));
        co_await yield();
        co_await cancelled.cancelAndJoin();
        o.say("joined " + state(cancelled));
    };
    co_await supervisorScope(body);
}

Task<> waitThenCleanUp(Lines& o) {
    std::exception_ptr e;
    try {
        co_await awaitCancellation();
    } catch (...) {
        e = std::current_exception();
    }
    co_await nonCancellableDelay(10ms);
    o.say("cleaned up");
    std::rethrow_exception(e);
}

RULE(S033) {
    const Job job = scope.launch([&o] { return waitThenCleanUp(o); });
    co_await yield();
    co_await job.cancelAndJoin();
    o.say("joined " + state(job));
    co_await job.cancelAndJoin();
    o.say("again " + state(job));
    const Job other = scope.launch(&awaitCancellation);
    const Job caller = scope.launch(CoroutineStart::Undispatched, [&]() -> Task<> {
        co_await swallow();
        auto both = [&other]() -> Task<> { co_await other.cancelAndJoin(); };
        const std::string what = co_await thrown(both());
        o.say(briefly(what));
    });
    co_await caller.cancelAndJoin();
    o.say("other " + state(other));
}

RULE(S035) {
    std::vector<Job> orphans;
    const Job outer = scope.launch([&](CoroutineScope inner) -> Task<> {
        orphans.push_back(GlobalScope.launch(inner.context().withoutJob(), [&o]() -> Task<> {
            co_await delay(10ms);
            o.say("global goes on");
        }));
        orphans.push_back(inner.launch(newJob(), [&o]() -> Task<> {
            co_await delay(20ms);
            o.say("detached goes on");
        }));
        o.say("children " + std::to_string(inner.job().children().size()));
        co_await awaitCancellation();
    });
    co_await yield();
    co_await outer.cancelAndJoin();
    o.say("outer " + state(outer));
    std::string text;
    for (const Job& job : orphans)
        text += (text.empty() ? "" : " ") + state(job) + " root=" + (job.parent() ? "false" : "true");
    o.say(text);
    co_await joinAll(orphans);
}

RULE(S043) {
    const ProcessHandler process(
        CoroutineExceptionHandler([&o](const CoroutineContext&, const std::exception_ptr& e) {
            o.say(std::string("process ") + standardExceptionIn(e)->what() + " suppressed=[" + suppressed(e) +
                  "]");
        }));
    const CoroutineExceptionHandler failing([&o](const CoroutineContext&, const std::exception_ptr& e) {
        o.say(std::string("handler ") + standardExceptionIn(e)->what());
        throw Boom("from the handler");
    });
    auto body = [&](CoroutineScope inner) -> Task<> {
        const Job job = inner.launch(failing, []() -> Task<> {
            throw Boom("x");
            co_return;
        });
        co_await job.join();
    };
    co_await supervisorScope(body);
    o.say("alive");
}

RULE(S044) {
    const ProcessHandler process(sayingHandler(o, "process"));
    auto body = [&](CoroutineScope inner) -> Task<> {
        const Job failed = inner.launch([]() -> Task<> {
            throw Boom("x");
            co_return;
        });
        co_await failed.join();
        const Job cancelled = inner.launch([]() -> Task<> {
            throw CancellationException("never");
            co_return;
        });
        co_await cancelled.join();
        const Job kept = inner.async([]() -> Task<int> {
            throw Boom("kept");
            co_return 1;
        });
        co_await kept.join();
    };
    co_await supervisorScope(body);
    const Job global = GlobalScope.launch(scope.context().withoutJob(), [](CoroutineScope inner) -> Task<> {
        inner.launch([]() -> Task<> {
            throw Boom("y");
            co_return;
        });
        co_return;
    });
    co_await global.join();
    o.say("alive");
}

RULE(S049) {
    const auto d = newCompletableDeferred<std::string>();
    const Job job = scope.launch(CoroutineStart::Undispatched, [&]() -> Task<> {
        auto block = [&]() -> Task<std::string> {
            std::string value = co_await d.await();
            o.say("block has " + value);
            co_return value;
        };
        auto there = [&]() -> Task<> {
            const std::string value = co_await withContext(Dispatchers::Unconfined(), block);
            o.say(value);
        };
        const std::string what = co_await thrown(there());
        o.say(briefly(what));
    });
    d.complete("value");
    job.cancel();
    co_await job.join();
}

RULE(S049_same) {
    const auto d = newCompletableDeferred<std::string>();
    const Job job = scope.launch(CoroutineStart::Undispatched, [&]() -> Task<> {
        auto block = [&](CoroutineScope inner) -> Task<std::string> {
            std::string value = co_await d.await();
            o.say("block has " + value);
            inner.job().parent().cancel();
            co_return value;
        };
        auto there = [&]() -> Task<> {
            const std::string value = co_await withContext(CoroutineName("same dispatcher"), block);
            o.say(value);
        };
        const std::string what = co_await thrown(there());
        o.say(briefly(what));
    });
    d.complete("value");
    co_await job.join();
}

RULE(S049_atOnce) {
    const Job other = scope.launch([&o]() -> Task<> {
        o.say("other");
        co_return;
    });
    auto block = [&o]() -> Task<std::string> {
        o.say("inside");
        co_return "back";
    };
    const std::string value = co_await withContext(Dispatchers::Unconfined(), block);
    o.say(value);
    co_await other.join();
}

/// Runs on another dispatcher and says what is asked of its clock.
class Clock final : public Dispatcher, public TimerSource {
public:
    Clock(DispatcherPtr own, Lines& o)
        : own_(std::move(own))
        , o_(o) {}
    void dispatch(Runnable& work) noexcept override { own_->dispatch(work); }
    TimerSource& timers() noexcept override { return *this; }
    std::string_view name() const noexcept override { return "Clock"; }
    void schedule(TimerNode&, std::chrono::nanoseconds after) override {
        o_.say("timer " + std::to_string(after.count() / 1'000'000) + " set");
    }
    void dispose(TimerNode&) noexcept override { o_.say("timer disposed"); }
    std::int64_t now() const noexcept override { return 0; }

private:
    DispatcherPtr own_;
    Lines& o_;
};

RULE(S055) {
    auto block = [&o]() -> Task<> {
        o.say("block");
        co_await yield();
    };
    auto failing = [] { return yieldAndFail(boom("x")); };
    auto limited = [&]() -> Task<> { co_await withTimeout(500ms, failing); };
    auto body = [&]() -> Task<> {
        co_await withTimeout(1000ms, block);
        o.say("after");
        const std::string what = co_await thrown(limited());
        o.say(what);
    };
    const auto clock = std::make_shared<Clock>(scope.context().dispatcher(), o);
    co_await withContext(clock, body);
}

RULE(S058) {
    const auto d = newCompletableDeferred<std::string>();
    auto awaits = [](Deferred<std::string> deferred) -> Task<> { (void)co_await deferred.await(); };
    const Job job = scope.launch(CoroutineStart::Undispatched, [&]() -> Task<> {
        const std::string what = co_await thrown(awaits(d));
        o.say(what);
    });
    d.completeExceptionally(boom("own"));
    job.cancel();
    co_await job.join();
    const Job waiting = scope.launch(CoroutineStart::Undispatched, [&]() -> Task<> {
        const std::string what = co_await thrown(awaits(newCompletableDeferred<std::string>()));
        o.say(briefly(what));
    });
    waiting.cancel();
    co_await waiting.join();
    const auto gone = newCompletableDeferred<std::string>();
    gone.cancel("the deferred's");
    const std::string what = co_await thrown(awaits(gone));
    o.say(what);
    o.say(std::string("caller active ") + (scope.isActive() ? "true" : "false"));
}

// Corners of the rules of order.

RULE(S009_body) {
    const Job job = scope.launch([&o](CoroutineScope inner) -> Task<> {
        inner.launch([&o] { return waitAndSay(o, "child before"); });
        co_await yield();
        inner.launch([&o] { return waitAndSay(o, "child before, too"); });
        co_await yield();
        co_await waitAndSay(o, "body");
    });
    co_await yield();
    co_await yield();
    co_await yield();
    scope.launch(job, [&o] { return waitAndSay(o, "child after"); });
    co_await yield();
    co_await job.cancelAndJoin();
}

RULE(S009_failure) {
    auto watch = [&o](const char* name, const Job& job) {
        job.invokeOnCancelling(saysKind(o, std::string(name) + " "));
    };
    const CompletableJob grandparent = newJob();
    const CompletableJob parent = newJob(grandparent);
    watch("grandparent", grandparent);
    watch("parent", parent);
    const auto elder = newCompletableDeferred<int>(parent);
    watch("elder", elder);
    const auto failing = newCompletableDeferred<int>(parent);
    watch("failing", failing);
    const CompletableJob nephew = newJob(elder);
    watch("nephew", nephew);
    const auto younger = newCompletableDeferred<int>(parent);
    watch("younger", younger);
    const CompletableJob uncle = newJob(grandparent);
    watch("uncle", uncle);
    failing.completeExceptionally(boom("x"));
    std::string states;
    for (const Job& job : std::vector<Job>{grandparent, parent, elder, failing, nephew, younger, uncle})
        states += (states.empty() ? "" : " ") + state(job);
    o.say(states);
    co_return;
}

RULE(S010_failingChild) {
    auto body = [&o](CoroutineScope supervisor) -> Task<> {
        const Job parent =
            supervisor.launch(sayingHandler(o, "exception handler"), [&o](CoroutineScope inner) -> Task<> {
                const Job own = inner.job();
                const Job child = inner.launch([]() -> Task<> {
                    throw Boom("x");
                    co_return;
                });
                child.invokeOnCompletion([&o, own](const std::exception_ptr&) {
                    o.say("child completed, parent has " + std::to_string(own.children().size()) +
                          " children and is " + state(own));
                });
                own.invokeOnCancelling([&o, child](const std::exception_ptr&) {
                    o.say("parent cancelling, child " + state(child));
                });
                own.invokeOnCompletion(saysKind(o, "parent completed "));
                co_return;
            });
        co_await parent.join();
        o.say("joined");
    };
    co_await supervisorScope(body);
}

RULE(S010_detached) {
    const CompletableJob parent = newJob();
    const Job job = scope.launch(parent, []() -> Task<> { co_return; });
    job.invokeOnCompletion([&](const std::exception_ptr&) {
        o.say("handler: " + state(job) + " parent=" + (job.parent() ? "true" : "false") +
              " children=" + std::to_string(parent.children().size()));
    });
    co_await job.join();
    parent.cancel();
}

RULE(S010_waiters) {
    const CompletableJob job = newJob();
    job.invokeOnCompletion(says(o, "handler 1"));
    auto waits = [&](const char* who) {
        return [&o, &job, who]() -> Task<> {
            co_await job.join();
            o.say(who);
        };
    };
    scope.launch(Dispatchers::Unconfined(), waits("unconfined waiter"));
    scope.launch(CoroutineStart::Undispatched, waits("dispatched waiter"));
    job.invokeOnCompletion(says(o, "handler 2"));
    job.complete();
    o.say("complete returns");
    co_await yield();
}

RULE(S012_both) {
    const Job job = scope.launch(&awaitCancellation);
    job.invokeOnCompletion(says(o, "completion 1"));
    job.invokeOnCancelling(says(o, "cancelling 1"));
    job.invokeOnCompletion(says(o, "completion 2"));
    job.invokeOnCancelling(says(o, "cancelling 2"));
    co_await yield();
    job.cancel();
    o.say("cancel returns");
    co_await job.join();
}

Task<> waitThenDelay() {
    std::exception_ptr e;
    try {
        co_await awaitCancellation();
    } catch (...) {
        e = std::current_exception();
    }
    co_await nonCancellableDelay(10ms);
    std::rethrow_exception(e);
}

RULE(S014_late) {
    const Job job = scope.launch(&waitThenDelay);
    co_await yield();
    job.cancel("stop");
    job.invokeOnCancelling(saysKind(o, "late "));
    o.say("registered");
    co_await job.join();
    job.invokeOnCancelling(saysKind(o, "very late "));
    o.say("registered");
}

RULE(S014_failure) {
    auto body = [&o](CoroutineScope supervisor) -> Task<> {
        const Job parent = supervisor.launch(deafHandler(), [&o](CoroutineScope inner) -> Task<> {
            inner.launch([] { return yieldAndFail(boom("x")); });
            const Job sibling = inner.launch(&awaitCancellation);
            sibling.invokeOnCancelling(saysKind(o, "sibling "));
            co_await awaitCancellation();
        });
        parent.invokeOnCancelling(saysKind(o, "parent "));
        co_await parent.join();
    };
    co_await supervisorScope(body);
}

RULE(S015_itself) {
    const CompletableJob job = newJob();
    DisposableHandle first;
    first = job.invokeOnCompletion([&](const std::exception_ptr&) {
        o.say("disposes of itself");
        first.dispose();
    });
    DisposableHandle second = job.invokeOnCompletion(says(o, "never"));
    job.invokeOnCompletion([&](const std::exception_ptr&) {
        o.say("last");
        first.dispose();
    });
    second.dispose();
    second.dispose();
    job.complete();
    first.dispose();
    co_return;
}

RULE(S015_cancelling) {
    const Job job = scope.launch(&awaitCancellation);
    DisposableHandle second;
    job.invokeOnCancelling([&](const std::exception_ptr&) {
        o.say("first disposes of second");
        second.dispose();
    });
    second = job.invokeOnCancelling(says(o, "second"));
    job.invokeOnCancelling([&](const std::exception_ptr&) {
        o.say("third registers");
        job.invokeOnCancelling(says(o, "nested"));
    });
    job.invokeOnCancelling(says(o, "fourth"));
    co_await yield();
    job.cancel();
    co_await job.join();
}

RULE(S022_chain) {
    auto saying = [&o](const char* line) {
        return [&o, line]() -> Task<> {
            o.say(line);
            co_return;
        };
    };
    const Job top = scope.launch(CoroutineStart::Lazy, saying("top body"));
    const Job middle = scope.launch(top, CoroutineStart::Lazy, saying("middle body"));
    o.say(state(top) + " " + state(middle));
    const Job bottom = scope.launch(middle, saying("bottom body"));
    o.say(state(top) + " " + state(middle) + " " + state(bottom));
    co_await top.join();
    const Job cancelled = scope.launch(CoroutineStart::Lazy, saying("never"));
    cancelled.cancel();
    const Job late = scope.launch(cancelled, saying("never"));
    o.say(state(cancelled) + " " + state(late));
    co_await late.join();
}

RULE(S031_more) {
    auto text = [](bool yes) { return std::string(yes ? "true" : "false"); };
    const auto d = newCompletableDeferred<int>();
    d.cancel("no");
    const bool late = d.complete(1);
    o.say(text(late) + " " + state(d) + " " + kind(d.getCompletionExceptionOrNull()));
    const auto e = newCompletableDeferred<int>();
    const Job child = scope.launch(e, [&o] { return waitAndSay(o, "child stops"); });
    co_await yield();
    e.completeExceptionally(boom("x"));
    o.say("waits " + state(e));
    co_await child.join();
    o.say(state(e) + " " + kind(e.getCompletionExceptionOrNull()));
    const auto f = newCompletableDeferred<int>();
    const Job worker = scope.launch(f, []() -> Task<> { co_await delay(10ms); });
    const bool first = f.complete(5);
    const std::string between = state(f);
    o.say(text(first) + " " + between + " " + text(f.complete(6)));
    const int value = co_await f.await();
    o.say(std::to_string(value));
    co_await worker.join();
}

RULE(S034_itself) {
    NonCancellable().cancel();
    o.say(state(NonCancellable()));
    o.say(std::string("start ") + (NonCancellable().start() ? "true" : "false"));
    NonCancellable().invokeOnCompletion(says(o, "never")).dispose();
    o.say(std::string("parent ") + (NonCancellable().parent() ? "true" : "false"));
    try {
        (void)NonCancellable().getCancellationException();
        o.say("none");
    } catch (const std::logic_error&) {
        o.say("error");
    }
    try {
        co_await NonCancellable().join();
        o.say("joined");
    } catch (const std::logic_error&) {
        o.say("error");
    }
    const CompletableJob job = newJob(NonCancellable());
    o.say(std::string("child's parent ") + (job.parent() ? "true" : "false"));
    job.cancel();
    o.say(state(NonCancellable()));
}

Task<std::exception_ptr> timeoutOf(std::chrono::milliseconds limit) {
    std::exception_ptr e;
    try {
        co_await withTimeout(limit, &awaitCancellation);
    } catch (...) {
        e = std::current_exception();
    }
    co_return e;
}

RULE(S036_cancellations) {
    const std::exception_ptr t1 = co_await timeoutOf(1ms);
    const std::exception_ptr t2 = co_await timeoutOf(2ms);
    auto cancellation = [](const char* reason) {
        return std::make_exception_ptr(CancellationException(reason));
    };
    auto ends = [&](std::exception_ptr first, std::exception_ptr then) -> Task<> {
        const CoroutineScope own(scope.context() + SupervisorJob());
        const Deferred<int> job = own.async([then](CoroutineScope) -> Task<int> {
            co_await waitAndFail(then);
            co_return 1;
        });
        co_await yield();
        if (const auto* timeout = timeoutIn(first))
            job.cancel(*timeout);
        else
            job.cancel(*cancellationIn(first));
        co_await job.join();
        const std::exception_ptr e = job.getCompletionExceptionOrNull();
        o.say(std::string(standardExceptionIn(e)->what()) + " suppressed=[" + suppressed(e) + "]");
    };
    co_await ends(cancellation("a"), cancellation("b"));
    co_await ends(cancellation("a"), t1);
    co_await ends(t1, cancellation("b"));
    co_await ends(t1, t2);
    co_await ends(cancellation("a"), boom("x"));
    co_await ends(t1, boom("x"));
}

RULE(S036_root) {
    auto body = [&o](CoroutineScope supervisor) -> Task<> {
        const Job job = supervisor.launch(handlerOf(o), [](CoroutineScope inner) -> Task<> {
            inner.launch([] { return waitAndFail(std::make_exception_ptr(CancellationException("quiet"))); });
            inner.launch([] { return waitAndFail(boom("child, later")); });
            co_await waitAndFail(boom("body, later"));
        });
        co_await yield();
        co_await yield();
        job.cancel("asked to");
        co_await job.join();
    };
    co_await supervisorScope(body);
}

RULE(S037_levels) {
    auto deep = [&o](CoroutineScope supervisor) -> Task<> {
        const Job job = supervisor.launch(handlerOf(o), [](CoroutineScope inner) -> Task<> {
            inner.launch([](CoroutineScope child) -> Task<> {
                child.launch([] { return waitAndFail(boom("grandchild 1")); });
                child.launch([] { return waitAndFail(boom("grandchild 2")); });
                co_await awaitCancellation();
            });
            inner.launch([]() -> Task<> {
                co_await yield();
                co_await yieldAndFail(boom("root cause"));
            });
            co_return;
        });
        co_await job.join();
    };
    co_await supervisorScope(deep);
    const std::exception_ptr shared = boom("shared");
    auto flat = [&o, &shared](CoroutineScope supervisor) -> Task<> {
        const Job job = supervisor.launch(handlerOf(o), [&shared](CoroutineScope inner) -> Task<> {
            inner.launch([&shared] { return waitAndFail(shared); });
            inner.launch([&shared] { return waitAndFail(shared); });
            inner.launch([] { return yieldAndFail(boom("winner")); });
            co_return;
        });
        co_await job.join();
    };
    co_await supervisorScope(flat);
}

RULE(S050_bodyFirst) {
    auto body = [](CoroutineScope inner) -> Task<> {
        inner.launch([] { return waitAndFail(boom("child")); });
        co_await yieldAndFail(boom("body"));
    };
    try {
        co_await coroutineScope(body);
        o.say("nothing");
    } catch (const Boom& e) {
        o.say(std::string(e.what()) + " suppressed=[" + suppressed(std::current_exception()) + "]");
    }
    const Job job = scope.launch([&o](CoroutineScope own) -> Task<> {
        auto inScope = []() -> Task<> {
            auto waiting = [](CoroutineScope inner) -> Task<> {
                inner.launch([] { return waitAndFail(boom("child")); });
                co_await awaitCancellation();
            };
            co_await coroutineScope(waiting);
        };
        const std::string what = co_await thrown(inScope());
        o.say(what);
        o.say("the job itself " + state(own.job()));
    });
    co_await yield();
    co_await yield();
    co_await job.cancelAndJoin();
}

RULE(S053_nested) {
    auto outer = [&o]() -> Task<int> {
        (void)co_await withTimeoutOrNull(1000ms, &awaitCancellation);
        o.say("never");
        co_return 1;
    };
    const auto first = co_await withTimeoutOrNull(10ms, outer);
    o.say(first ? "value" : "null");
    auto inner = [&o]() -> Task<int> {
        const bool value = co_await withTimeoutOrNull(10ms, &awaitCancellation);
        o.say(std::string("inner ") + (value ? "value" : "null"));
        co_return 2;
    };
    const auto second = co_await withTimeoutOrNull(1000ms, inner);
    o.say(second ? std::to_string(*second) : "null");
    auto failing = []() -> Task<> {
        throw Boom("own");
        co_return;
    };
    auto ownFailure = [&failing]() -> Task<> { (void)co_await withTimeoutOrNull(1000ms, failing); };
    const std::string what = co_await thrown(ownFailure());
    o.say(what);
    const Job job = scope.launch([&o]() -> Task<> {
        auto waits = []() -> Task<> { (void)co_await withTimeoutOrNull(1000ms, &awaitCancellation); };
        const std::string how = co_await thrown(waits());
        o.say(briefly(how));
    });
    co_await yield();
    co_await job.cancelAndJoin();
}

RULE(S054_more) {
    auto swallowing = [&o]() -> Task<std::string> {
        co_await swallow();
        o.say("swallowed");
        co_return "value";
    };
    const auto nothing = co_await withTimeoutOrNull(10ms, swallowing);
    o.say(nothing ? *nothing : "null");
    auto childTooLate = []() -> Task<> {
        auto block = [](CoroutineScope inner) -> Task<std::string> {
            inner.launch([]() -> Task<> { co_await delay(50ms); });
            co_return "body is done at once";
        };
        (void)co_await withTimeout(10ms, block);
    };
    std::string what = co_await thrown(childTooLate());
    o.say(what);
    auto childFails = []() -> Task<> {
        auto block = [](CoroutineScope inner) -> Task<> {
            inner.launch([] { return waitAndFail(boom("child")); });
            co_await awaitCancellation();
        };
        co_await withTimeout(10ms, block);
    };
    what = co_await thrown(childFails());
    o.say(what);
    auto quick = []() -> Task<std::string> {
        co_await delay(10ms);
        co_return "in time";
    };
    const std::string value = co_await withTimeout(100ms, quick);
    o.say(value);
}

RULE(S056_callback) {
    std::optional<CancellableContinuation<std::string>> kept;
    auto suspends = [&]() -> Task<> {
        auto block = [&](CancellableContinuation<std::string> c) {
            kept = c;
            c.invokeOnCancellation([&o](const std::exception_ptr&) { o.say("on cancellation"); });
        };
        const std::string value = co_await suspendCancellableCoroutine<std::string>(block);
        o.say(value);
    };
    const Job job = scope.launch(CoroutineStart::Undispatched, [&]() -> Task<> {
        const std::string what = co_await thrown(suspends());
        o.say(briefly(what));
    });
    o.say(std::string("active ") + (kept->isActive() ? "true" : "false"));
    kept->resume("value");
    o.say(std::string("resumed, active ") + (kept->isActive() ? "true" : "false"));
    job.cancel();
    co_await job.join();
    auto fails = [&]() -> Task<> {
        auto block = [&](CancellableContinuation<std::string> c) { kept = c; };
        (void)co_await suspendCancellableCoroutine<std::string>(block);
    };
    const Job failing = scope.launch(CoroutineStart::Undispatched, [&]() -> Task<> {
        const std::string what = co_await thrown(fails());
        o.say(what);
    });
    kept->resumeWithException(boom("own"));
    failing.cancel();
    co_await failing.join();
}

RULE(S056_join) {
    const CompletableJob done = newJob();
    auto joins = [&]() -> Task<> {
        co_await done.join();
        o.say("never");
    };
    const Job job = scope.launch(CoroutineStart::Undispatched, [&]() -> Task<> {
        const std::string what = co_await thrown(joins());
        o.say(briefly(what));
    });
    done.complete();
    job.cancel();
    co_await job.join();
    const auto deferred = newCompletableDeferred<int>();
    auto awaitsAll = [&]() -> Task<> {
        const std::vector<Deferred<int>> deferreds{deferred};
        const std::vector<int> values = co_await awaitAll(deferreds);
        o.say(std::to_string(values.size()));
    };
    const Job all = scope.launch(CoroutineStart::Undispatched, [&]() -> Task<> {
        const std::string what = co_await thrown(awaitsAll());
        o.say(briefly(what));
    });
    deferred.complete(1);
    all.cancel();
    co_await all.join();
}

RULE(S061_afterCancel) {
    std::optional<CancellableContinuation<int>> kept;
    auto attempt = [&o](const char* what, auto block) {
        try {
            block();
            o.say(std::string(what) + " accepted");
        } catch (const std::logic_error&) {
            o.say(std::string(what) + " error");
        }
    };
    auto keep = [&kept](CancellableContinuation<int> c) { kept = c; };
    auto suspends = [&keep]() -> Task<> { (void)co_await suspendCancellableCoroutine<int>(keep); };
    const Job job = scope.launch(CoroutineStart::Undispatched, suspends);
    job.cancel();
    attempt("first", [&] { kept->resume(1); });
    attempt("second", [&] { kept->resume(2); });
    co_await job.join();
    const Job failed = scope.launch(CoroutineStart::Undispatched, [&]() -> Task<> {
        const std::string what = co_await thrown(suspends());
        o.say(what);
    });
    attempt("exception", [&] { kept->resumeWithException(boom("x")); });
    attempt("value", [&] { kept->resume(2); });
    co_await failed.join();
    auto inside = [&](CancellableContinuation<int> c) {
        kept = c;
        c.resume(7);
        attempt("inside", [&] { c.resume(8); });
    };
    const int value = co_await suspendCancellableCoroutine<int>(inside);
    o.say(std::to_string(value));
    attempt("after the end", [&] { kept->resume(9); });
}

RULE(S065) {
    o.say(Dispatchers::Default()->limitedParallelism(1000) == Dispatchers::Default());
    o.say(Dispatchers::IO()->limitedParallelism(1000) == Dispatchers::IO());
    co_return;
}

RULE(S066) {
    const auto one = newSingleThreadContext("one");
    const DispatcherPtr view = one->limitedParallelism(1);
    auto body = [&](CoroutineScope inner) -> Task<> {
        for (int i = 0; i < 60; ++i)
            inner.launch(view, [&o, i]() -> Task<> {
                if (i % 10 == 9)
                    o.say("view " + std::to_string(i));
                co_return;
            });
        inner.launch([&o]() -> Task<> {
            o.say("another");
            co_return;
        });
        inner.launch([&o]() -> Task<> {
            co_await yield();
            o.say("another after yield");
        });
        co_return;
    };
    co_await withContext(one, body);
    one->close();
}

RULE(S067) {
    for (const int n : {0, -1}) {
        for (const DispatcherPtr& dispatcher :
             {Dispatchers::Default(), Dispatchers::IO(), Dispatchers::IO()->limitedParallelism(3)}) {
            try {
                (void)dispatcher->limitedParallelism(n);
                o.say("a view");
            } catch (const std::invalid_argument& e) {
                o.say(e.what());
            }
        }
    }
    try {
        (void)Dispatchers::Unconfined()->limitedParallelism(2);
        o.say("a view");
    } catch (const std::logic_error& e) {
        o.say(e.what());
    }
    co_return;
}

RULE(S068) {
    const Job outer = scope.launch(Dispatchers::Unconfined(), [&o](CoroutineScope inner) -> Task<> {
        o.say("outer");
        inner.launch([&o](CoroutineScope first) -> Task<> {
            o.say("first nested");
            first.launch([&o]() -> Task<> {
                o.say("nested in it");
                co_return;
            });
            o.say("first nested ends");
            co_return;
        });
        inner.launch([&o]() -> Task<> {
            o.say("second nested");
            co_return;
        });
        o.say("outer goes on");
        co_await yield();
        o.say("outer after yield");
    });
    o.say("caller " + state(outer));
    const auto gate = newCompletableDeferred<int>();
    scope.launch(Dispatchers::Unconfined(), [&o, gate](CoroutineScope) -> Task<> {
        const int value = co_await gate.await();
        o.say("got " + std::to_string(value));
    });
    o.say("waits");
    gate.complete(1);
    o.say("completed");
    co_return;
}

RULE(S070) {
    const auto one = newSingleThreadContext("one");
    const auto gate = newCompletableDeferred<int>();
    const Job job = scope.launch(one, CoroutineStart::Undispatched, [&o, gate](CoroutineScope) -> Task<> {
        try {
            co_await gate.await();
            o.say("never");
        } catch (const CancellationException&) {
            o.say(kind(std::current_exception()));
            o.say("cleanup");
            throw;
        }
    });
    one->close();
    o.say("closed " + state(job));
    gate.complete(1);
    co_await job.join();
    o.say(state(job));
    job.invokeOnCompletion([&o](const std::exception_ptr& cause) { o.say(kind(cause)); });
    auto never = [&o]() -> Task<> {
        o.say("never");
        co_return;
    };
    const Job late = scope.launch(one, never);
    co_await late.join();
    o.say("late " + state(late));
    const Job view = scope.launch(one->limitedParallelism(1), never);
    co_await view.join();
    o.say("view " + state(view));
    const Job there = scope.async([&]() -> Task<> {
        auto goes = [&]() -> Task<> { co_await withContext(one, never); };
        const std::string what = co_await thrown(goes());
        o.say(what);
    });
    co_await there.join();
    o.say("caller " + state(there));
}

RULE(S071) {
    auto there = [&o]() -> Task<> {
        runBlocking([&o](CoroutineScope outside) -> Task<> {
            outside.launch([&o]() -> Task<> {
                o.say("launched outside");
                co_return;
            });
            runBlocking([&o](CoroutineScope inside) -> Task<> {
                inside.launch([&o]() -> Task<> {
                    o.say("launched inside");
                    co_return;
                });
                o.say("inner");
                co_await yield();
                o.say("inner ends");
            });
            o.say("outer");
            outside.launch([&o]() -> Task<> {
                o.say("launched last");
                co_return;
            });
            co_return;
        });
        o.say("after both");
        co_return;
    };
    co_await withContext(Dispatchers::IO(), there);
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
} // namespace coroscope::conformance
