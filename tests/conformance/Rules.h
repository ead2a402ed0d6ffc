// SPDX-License-Identifier: Apache-2.0
// What the programs of the rules are made of; kotlin/Rules.kt has the same. Where Kotlin has `finally`, C++
// catches, says its line and rethrows.
#pragma once

#include <coroscope/coroscope.h>

#include <chrono>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace coroscope::conformance {

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
inline std::exception_ptr boom(const char* message) {
    return std::make_exception_ptr(Boom(message));
}

inline std::string kind(const std::exception_ptr& cause) {
    if (!cause)
        return "normal";
    if (timeoutIn(cause))
        return "timeout";
    if (const auto* cancellation = cancellationIn(cause))
        return std::string("cancelled: ") + cancellation->what();
    return std::string("failed: ") + standardExceptionIn(cause)->what();
}
/// Only what happened, where Kotlin's message names a Kotlin class.
inline std::string briefly(const std::string& text) {
    return text.substr(0, text.find(':'));
}

inline std::string state(const Job& job) {
    return {job.isActive() ? 'T' : 'F', job.isCompleted() ? 'T' : 'F', job.isCancelled() ? 'T' : 'F'};
}

inline std::string suppressed(const std::exception_ptr& e) {
    std::string all;
    for (const auto& one : suppressedExceptions(e))
        all += (all.empty() ? "" : ",") + std::string(standardExceptionIn(one)->what());
    return all;
}

/// What awaiting `task` throws.
inline Task<std::string> thrown(Task<> task) {
    std::exception_ptr e;
    try {
        co_await std::move(task);
    } catch (...) {
        e = std::current_exception();
    }
    co_return e ? kind(e) : "no exception";
}

inline Task<> awaitCancellation() {
    co_await suspendCancellableCoroutine<void>([](CancellableContinuation<void>) {});
}

/// Waits to be cancelled and swallows it.
inline Task<> swallow() {
    try {
        co_await awaitCancellation();
    } catch (const CancellationException&) {
    }
}

/// Waits to be cancelled, then says `line` as `finally` would.
inline Task<> waitAndSay(Lines& o, std::string line) {
    try {
        co_await awaitCancellation();
    } catch (const CancellationException&) {
        o.say(line);
        throw;
    }
}

/// Waits to be cancelled, then fails as a `finally` that throws.
inline Task<> waitAndFail(std::exception_ptr e) {
    try {
        co_await awaitCancellation();
    } catch (const CancellationException&) {
        std::rethrow_exception(e);
    }
}

inline Task<> yieldAndFail(std::exception_ptr e) {
    co_await yield();
    std::rethrow_exception(e);
}

inline Task<> nonCancellableDelay(std::chrono::milliseconds time) {
    auto body = [time]() -> Task<> { co_await delay(time); };
    co_await withContext(NonCancellable(), body);
}

inline CoroutineExceptionHandler handlerOf(Lines& o) {
    return CoroutineExceptionHandler([&o](const CoroutineContext&, const std::exception_ptr& e) {
        o.say("handler " + std::string(standardExceptionIn(e)->what()) + " suppressed=[" + suppressed(e) +
              "]");
    });
}
inline CoroutineExceptionHandler sayingHandler(Lines& o, std::string who) {
    return CoroutineExceptionHandler([&o, who](const CoroutineContext&, const std::exception_ptr& e) {
        o.say(who + " " + standardExceptionIn(e)->what());
    });
}
inline CoroutineExceptionHandler deafHandler() {
    return CoroutineExceptionHandler([](const CoroutineContext&, const std::exception_ptr&) {});
}

inline auto saysKind(Lines& o, std::string prefix = {}) {
    return [&o, prefix](const std::exception_ptr& cause) { o.say(prefix + kind(cause)); };
}
inline auto says(Lines& o, std::string line) {
    return [&o, line](const std::exception_ptr&) { o.say(line); };
}

using Rule = Task<> (*)(CoroutineScope, Lines&);
inline std::map<std::string, Rule>& rules() {
    static std::map<std::string, Rule> all;
    return all;
}

#define RULE(name)                                                                                           \
    Task<> rule##name(CoroutineScope scope, Lines& o);                                                       \
    const bool added##name = rules().emplace(#name, &rule##name).second;                                     \
    Task<> rule##name([[maybe_unused]] CoroutineScope scope, Lines& o)

} // namespace coroscope::conformance
