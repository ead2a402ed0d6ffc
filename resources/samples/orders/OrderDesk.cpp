// SPDX-License-Identifier: Apache-2.0
#include "OrderDesk.h"
#include "Chance.h"
#include "Log.h"
#include "Payments.h"

namespace orders {

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

Task<> validate(OrderPtr order) {
    co_await delay(between(50ms, 200ms));
    if (order->items.empty())
        throw std::invalid_argument(order->name + " has no lines");
}

Task<long> askPrice(std::string item) {
    co_await delay(between(200ms, 800ms));
    co_return static_cast<long>(item.size()) * 100;
}

Task<long> askTax(OrderPtr order) {
    co_await delay(between(100ms, 500ms));
    co_return order->cents / 5;
}

/// All prices at once; if one fails the others are not needed.
Task<> price(OrderPtr order) {
    auto body = [&order](CoroutineScope scope) -> Task<> {
        std::vector<Deferred<long>> parts;
        for (const std::string& item : order->items)
            parts.push_back(scope.async(CoroutineName("price-" + item), [item] { return askPrice(item); }));
        parts.push_back(scope.async(CoroutineName("tax"), [order] { return askTax(order); }));
        (void)co_await awaitAll(std::move(parts));
    };
    co_await coroutineScope(body);
}

Task<> holdStock() {
    co_await delay(between(1000ms, 6000ms));
}

Task<> releaseStock(std::string who) {
    co_await delay(10ms);
    log(who, "cleanup done");
}

Task<> reserveLine(OrderPtr order, std::string item) {
    co_await withCleanup(holdStock(), releaseStock(order->name + " reserve-" + item));
}

/// Money and goods together: if the card is declined, no stock is held.
Task<> chargeAndReserve(OrderPtr order) {
    auto body = [&order](CoroutineScope scope) -> Task<> {
        scope.launch(CoroutineName("charge"), [order] { return charge(order); });
        for (const std::string& item : order->items)
            scope.launch(CoroutineName("reserve-" + item),
                         [order, item] { return reserveLine(order, item); });
        co_return;
    };
    co_await coroutineScope(body);
}

Task<> waitForPacking() {
    co_await delay(between(5000ms, 15'000ms));
}

Task<> audit(OrderPtr order) {
    co_await delay(between(100ms, 500ms));
    log(order->name, "audited");
}

} // namespace

OrderDesk::OrderDesk(const Job& shop, Metrics& metrics)
    : part_(shop, "order-desk")
    , metrics_(metrics) {}

Deferred<Receipt> OrderDesk::submit(OrderPtr order) {
    ++inFlight_;
    return part_.scope().async(CoroutineName(order->name), [this, order] { return process(order); });
}

Task<> OrderDesk::steps(OrderPtr order) {
    co_await validate(order);
    co_await price(order);
    co_await chargeAndReserve(order);
    co_await waitForPacking();
    co_await audit(order);
}

Task<Receipt> OrderDesk::process(OrderPtr order) {
    std::exception_ptr how;
    try {
        co_await steps(order);
    } catch (const CancellationException&) {
        log(order->name, "cancelled");
        how = std::current_exception();
    } catch (const std::exception& e) {
        log(order->name, std::string("failed, ") + e.what());
        how = std::current_exception();
    }
    --inFlight_;
    if (how)
        std::rethrow_exception(how);
    metrics_.orderDone();
    co_return Receipt(order->name + " is on its way");
}

} // namespace orders
