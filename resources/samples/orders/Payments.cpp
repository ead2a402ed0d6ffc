// SPDX-License-Identifier: Apache-2.0
#include "Payments.h"
#include "Chance.h"
#include "Log.h"

namespace orders {

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

Task<> askGateway(OrderPtr order) {
    co_await delay(between(300ms, 800ms));   // authorise
    co_await delay(between(2000ms, 7000ms)); // wait for the bank
    if (oneIn100(1))
        throw CardDeclined(order->name + ": card declined");
    if (oneIn100(4))
        throw GatewayError(order->name + ": gateway answered 502");
}

Task<> tryOnce(OrderPtr order) {
    auto ask = [&order] { return askGateway(order); };
    co_await withTimeout(12s, ask);
}

Task<> chargeWithRetries(OrderPtr order) {
    for (int attempt = 1;; ++attempt) {
        std::string problem;
        try {
            co_await tryOnce(order);
            co_return;
        } catch (const GatewayError& e) {
            if (attempt == 3)
                throw;
            problem = e.what();
        }
        log(order->name + " charge", "try " + std::to_string(attempt) + " failed, " + problem);
        co_await delay(attempt * 500ms);
    }
}

Task<> releaseAuthorisation(OrderPtr order) {
    co_await delay(20ms);
    log(order->name + " charge", "cleanup done");
}

} // namespace

Task<> charge(OrderPtr order) {
    co_await withCleanup(chargeWithRetries(order), releaseAuthorisation(order));
}

} // namespace orders
