// SPDX-License-Identifier: Apache-2.0
#include "Sessions.h"
#include "Chance.h"
#include "Log.h"

namespace orders {

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

Task<> keepAlive() {
    for (;;)
        co_await delay(between(20s, 40s));
}

Task<> expireBasket() {
    co_await delay(std::chrono::hours(1));
}

Task<> browse() {
    for (;;)
        co_await delay(between(10s, 60s));
}

} // namespace

Sessions::Sessions(const Job& shop)
    : part_(shop, "sessions") {}

void Sessions::start(int sessions) {
    part_.scope().launch(CoroutineName("customers"), [this, sessions](CoroutineScope scope) {
        return customers(std::move(scope), sessions);
    });
}

/// As many customers as there should be: for each one that leaves another comes.
Task<> Sessions::customers(CoroutineScope scope, int sessions) {
    for (int next = 1;; ++next) {
        const std::string name = "session-" + std::to_string(next);
        scope.launch(CoroutineName(name), [this](CoroutineScope own) { return session(std::move(own)); });
        if (next >= sessions)
            co_await delay(std::chrono::milliseconds(600'000 / sessions));
    }
}

Task<> Sessions::session(CoroutineScope scope) {
    const Job alive = scope.launch(CoroutineName("keep-alive"), [] { return keepAlive(); });
    const Job basket = scope.launch(CoroutineName("basket"), [] { return expireBasket(); });
    auto visit = [] { return browse(); };
    (void)co_await withTimeoutOrNull(between(9min, 11min), visit);
    alive.cancel("the customer has left");
    basket.cancel("the customer has left");
}

} // namespace orders
