// SPDX-License-Identifier: Apache-2.0
// The same programs as kotlin/Context.kt, in C++: elements of the context that are bound to a thread.
#include "Rules.h"

#include <coroscope/coroscope.h>

#include <memory>
#include <string>
#include <utility>

namespace coroscope::conformance {
namespace {

std::string& first() {
    thread_local std::string value = "-";
    return value;
}
std::string& second() {
    thread_local std::string value = "-";
    return value;
}

std::string bound() {
    return first() + " " + second();
}
std::string bound(std::string_view prefix) {
    return std::string(prefix) + " " + bound();
}

/// Tells whenever it is set and restored.
class Telling final : public ThreadContextElement<std::string> {
public:
    Telling(Lines& o, std::string what, std::string& (*here)())
        : o_(o)
        , what_(std::move(what))
        , here_(here) {}
    const void* key() const noexcept override { return reinterpret_cast<const void*>(here_); }
    std::string updateThreadContext(const CoroutineContext& context) noexcept override {
        std::string before = std::exchange(here_(), what_);
        o_.say("+" + what_ + " for " + context.name().value_or("nobody"));
        return before;
    }
    void restoreThreadContext(const CoroutineContext&, std::string oldState) noexcept override {
        here_() = std::move(oldState);
        o_.say("-" + what_);
    }

private:
    Lines& o_;
    const std::string what_;
    std::string& (*const here_)();
};

CoroutineContext a(Lines& o, const char* what) {
    return std::make_shared<Telling>(o, what, first);
}
CoroutineContext b(Lines& o, const char* what) {
    return std::make_shared<Telling>(o, what, second);
}

/// Copied for children, who see in its name whose copy it is.
class Copied final : public CopyableThreadContextElement<std::string> {
public:
    explicit Copied(std::string n)
        : name(std::move(n)) {}
    std::string updateThreadContext(const CoroutineContext&) noexcept override {
        return std::exchange(first(), name);
    }
    void restoreThreadContext(const CoroutineContext&, std::string oldState) noexcept override {
        first() = std::move(oldState);
    }
    std::shared_ptr<ThreadElement> copyForChild() override { return std::make_shared<Copied>(name + "'"); }
    std::shared_ptr<ThreadElement> mergeForChild(const std::shared_ptr<ThreadElement>& overwriting) override {
        return std::make_shared<Copied>(name + "+" + std::dynamic_pointer_cast<Copied>(overwriting)->name);
    }

    const std::string name;
};

CoroutineContext copied(const char* name) {
    return std::make_shared<Copied>(name);
}
Task<std::string> copied() {
    const CoroutineContext context = co_await currentContext();
    const auto element = context.element<Copied>();
    co_return (element ? element->name : "null") + " on the thread " + first();
}
Task<> sayCopied(Lines& o, std::string who) {
    const std::string what = co_await copied();
    o.say(who + " " + what);
}

RULE(S109) {
    const Job job = scope.launch(asContextElement(first, "one"), [&o](CoroutineScope inner) -> Task<> {
        o.say(bound("begins"));
        co_await yield();
        o.say(bound("after a yield"));
        first() = "changed";
        o.say(bound());
        co_await delay(1ms);
        o.say(bound("after a delay"));
        auto elsewhere = [&o]() -> Task<> {
            o.say(bound("elsewhere"));
            co_return;
        };
        co_await withContext(Dispatchers::Default(), elsewhere);
        o.say(bound("back"));
        auto inScope = [&o]() -> Task<> {
            co_await yield();
            o.say(bound("in a scope"));
        };
        co_await coroutineScope(inScope);
        const Job child = inner.launch([&o]() -> Task<> {
            o.say(bound("child"));
            co_return;
        });
        co_await child.join();
    });
    co_await job.join();
    o.say(bound("outside"));
}

RULE(S109_undispatched) {
    const Job job =
        scope.launch(asContextElement(first, "one"), CoroutineStart::Undispatched, [&o]() -> Task<> {
            o.say(bound("begins"));
            co_await yield();
            o.say(bound("goes on"));
        });
    o.say(bound("outside"));
    co_await job.join();
    o.say(bound("outside"));
}

RULE(S109_unconfined) {
    const auto gate = newCompletableDeferred<void>();
    const Job job = scope.launch(Dispatchers::Unconfined() + asContextElement(first, "one"),
                                 [&o, gate](CoroutineScope) -> Task<> {
                                     o.say(bound("begins"));
                                     co_await gate.await();
                                     o.say(bound("goes on"));
                                 });
    o.say(bound("outside"));
    auto resumes = [&o, gate](CoroutineScope) -> Task<> {
        gate.complete();
        o.say(bound("resumer"));
        co_return;
    };
    co_await withContext(asContextElement(first, "resumer"), resumes);
    co_await job.join();
    o.say(bound("outside"));
}

RULE(S109_withContext) {
    auto one = [&o]() -> Task<> {
        o.say(bound("in"));
        auto two = [&o]() -> Task<> {
            o.say(bound("nested"));
            co_await yield();
            o.say(bound("still nested"));
        };
        co_await withContext(asContextElement(first, "two"), two);
        o.say(bound("back"));
        auto both = [&o]() -> Task<> {
            o.say(bound("both"));
            co_return;
        };
        co_await withContext(asContextElement(second, "three"), both);
        o.say(bound("back"));
        co_await yield();
        o.say(bound("later"));
        auto fails = [&o]() -> Task<> {
            auto four = [&o]() -> Task<> {
                o.say(bound());
                throw Boom("inside");
                co_return;
            };
            co_await withContext(asContextElement(first, "four"), four);
        };
        const std::string what = co_await thrown(fails());
        o.say(bound(what));
        auto elsewhere = [&o]() -> Task<> {
            o.say(bound("elsewhere"));
            co_return;
        };
        const CoroutineContext five = Dispatchers::Default() + asContextElement(first, "five");
        co_await withContext(five, elsewhere);
        o.say(bound("back"));
    };
    co_await withContext(asContextElement(first, "one"), one);
    o.say(bound("outside"));
}

RULE(S109_runBlocking) {
    auto body = [&o]() -> Task<> {
        runBlocking([&o]() -> Task<> {
            o.say(bound("nested, nothing given"));
            co_await yield();
            o.say(bound("and later"));
        });
        runBlocking(asContextElement(first, "inner"), [&o]() -> Task<> {
            o.say(bound("nested"));
            co_await yield();
            o.say(bound("and later"));
        });
        o.say(bound("after both"));
        co_return;
    };
    const CoroutineContext outer = Dispatchers::IO() + asContextElement(first, "outer");
    co_await withContext(outer, body);
}

RULE(S109_cancelled) {
    const Job job = scope.launch(asContextElement(first, "one"), [&o]() -> Task<> {
        std::exception_ptr cancellation;
        try {
            co_await awaitCancellation();
        } catch (const CancellationException&) {
            cancellation = std::current_exception();
        }
        o.say(bound("cleanup"));
        auto cleanup = [&o]() -> Task<> {
            co_await yield();
            o.say(bound("suspends in cleanup"));
        };
        co_await withContext(NonCancellable(), cleanup);
        std::rethrow_exception(cancellation);
    });
    co_await yield();
    co_await job.cancelAndJoin();
    o.say(bound("outside"));
}

RULE(S110) {
    const Job ab = scope.launch(a(o, "a") + b(o, "b") + CoroutineName("job"), [&o]() -> Task<> {
        o.say(bound("begins"));
        co_await yield();
        o.say(bound("goes on"));
    });
    co_await ab.join();
    const Job ba = scope.launch(b(o, "b") + a(o, "a"), [&o]() -> Task<> {
        o.say(bound("begins"));
        co_return;
    });
    co_await ba.join();
    o.say(bound("outside"));
}

RULE(S110_nested) {
    const Job job = scope.launch(a(o, "a") + b(o, "b") + CoroutineName("job"), [&o]() -> Task<> {
        o.say("in");
        auto atOnce = [&o]() -> Task<> {
            o.say(bound("at once"));
            co_return;
        };
        co_await withContext(a(o, "a2"), atOnce);
        o.say(bound("back"));
        auto nested = [&o]() -> Task<> {
            o.say(bound("nested"));
            co_await yield();
            o.say(bound("resumed"));
        };
        const CoroutineContext other = b(o, "b2") + CoroutineName("inner");
        co_await withContext(other, nested);
        o.say(bound("back"));
        auto same = [&o]() -> Task<> {
            o.say(bound("the same ones"));
            co_return;
        };
        const CoroutineContext renamed = CoroutineName("renamed");
        co_await withContext(renamed, same);
        auto nothingNew = [&o]() -> Task<> {
            o.say(bound("nothing new"));
            co_await yield();
        };
        co_await coroutineScope(nothingNew);
        o.say("ends");
    });
    co_await job.join();
    o.say(bound("outside"));
}

RULE(S110_undispatched) {
    const Job job = scope.launch(a(o, "a") + CoroutineName("job"), [&o](CoroutineScope inner) -> Task<> {
        o.say("in");
        const Job child =
            inner.launch(b(o, "b") + CoroutineName("child"), CoroutineStart::Undispatched, [&o]() -> Task<> {
                o.say(bound("child"));
                co_await yield();
                o.say(bound("child goes on"));
            });
        o.say(bound("launched"));
        co_await child.join();
        o.say(bound("joined"));
    });
    co_await job.join();
}

RULE(S110_merged) {
    const CoroutineScope both = scope + (a(o, "a") + b(o, "b"));
    const auto body = [&o]() -> Task<> {
        o.say(bound("child"));
        co_return;
    };
    const Job overriding = both.launch(a(o, "a2"), body);
    co_await overriding.join();
    const Job plain = both.launch(body);
    co_await plain.join();
}

RULE(S111) {
    const Job job = scope.launch(copied("x"), [&o](CoroutineScope inner) -> Task<> {
        co_await sayCopied(o, "launched");
        const Job child = inner.launch([&o](CoroutineScope below) -> Task<> {
            co_await sayCopied(o, "child");
            below.launch([&o]() -> Task<> { co_await sayCopied(o, "grandchild"); });
        });
        co_await child.join();
        const auto asynchronous = inner.async([]() -> Task<std::string> { return copied(); });
        o.say("async " + co_await asynchronous.await());
        const Job overridden =
            inner.launch(copied("y"), [&o]() -> Task<> { co_await sayCopied(o, "overridden"); });
        co_await overridden.join();
        auto says = [&o](std::string who) { return [&o, who]() -> Task<> { return sayCopied(o, who); }; };
        auto inScope = says("scope");
        co_await coroutineScope(inScope);
        auto named = says("withContext");
        const CoroutineContext name = CoroutineName("named");
        co_await withContext(name, named);
        auto overrides = says("withContext overrides");
        co_await withContext(copied("z"), overrides);
        auto elsewhere = says("elsewhere");
        co_await withContext(Dispatchers::Default(), elsewhere);
        const Job beside = inner.launch(asContextElement(first, "other key"), says("beside another"));
        co_await beside.join();
        co_await sayCopied(o, "parent");
    });
    co_await job.join();
    runBlocking(Dispatchers::IO() + copied("r"), [&o]() -> Task<> { co_await sayCopied(o, "runBlocking"); });
    co_await sayCopied(o, "outside");
}

} // namespace
} // namespace coroscope::conformance
