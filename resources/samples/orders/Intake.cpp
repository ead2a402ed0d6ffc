// SPDX-License-Identifier: Apache-2.0
#include "Intake.h"
#include "Chance.h"
#include "Log.h"

namespace orders {

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

Task<> closeConnection(std::string name) {
    co_await delay(15ms);
    log(name, "cleanup done");
}

} // namespace

Intake::Intake(const Job& shop, OrderDesk& desk, const Faults& faults)
    : part_(shop, "intake")
    , desk_(desk)
    , faults_(faults) {}

void Intake::start(int connections, double ordersPerSecond) {
    for (int i = 1; i <= connections; ++i) {
        const std::string name = "conn-" + std::to_string(i);
        part_.scope().launch(CoroutineName(name), [this, name, rate = ordersPerSecond / connections] {
            return connection(name, rate);
        });
    }
}

Task<> Intake::connection(std::string name, double ordersPerSecond) {
    // One failing request must not close the connection.
    auto body = [&](CoroutineScope inner) -> Task<> {
        inner.launch(CoroutineName(name + "-heartbeat"), [this, name] { return heartbeat(name); });
        inner.launch(CoroutineName(name + "-watch"),
                     [this, name](CoroutineScope watch) { return watchForHiccups(std::move(watch), name); });
        co_await read(inner, ordersPerSecond);
    };
    auto serve = [&]() -> Task<> { co_await supervisorScope(body); };
    log(name, "open");
    co_await withCleanup(serve(), closeConnection(name));
}

Task<> Intake::read(CoroutineScope connection, double ordersPerSecond) {
    const auto pause = std::chrono::milliseconds(static_cast<long>(1000 / ordersPerSecond));
    for (;;) {
        const auto order = std::make_shared<const Order>(nextOrder_++);
        connection.launch(CoroutineName("request-" + std::to_string(order->number)),
                          [this, order] { return request(order); });
        co_await delay(between(pause / 2, pause * 3 / 2));
    }
}

Task<> Intake::request(OrderPtr order) {
    std::string problem;
    try {
        const Deferred<Receipt> receipt = desk_.submit(order);
        (void)co_await receipt.await();
    } catch (const CancellationException&) {
        log("request-" + std::to_string(order->number), "cancelled");
        throw;
    } catch (const std::exception& e) {
        problem = e.what();
    }
    // Success or not, the partner gets an answer.
    co_await delay(between(20ms, 120ms));
    if (!problem.empty())
        log("request-" + std::to_string(order->number), "answered with an error");
}

Task<> Intake::heartbeat(std::string name) {
    for (;;) {
        co_await delay(1s);
        log(name, "heartbeat");
    }
}

/// Now and then a partner's callback address does not answer and is tried again. Fault::Island is made here.
Task<> Intake::watchForHiccups(CoroutineScope connection, std::string name) {
    for (;;) {
        co_await delay(between(400ms, 2500ms));
        if (faults_.on(Fault::Island)) {
            // The fault: a Job of its own, so nothing that happens to the connection will ever stop the loop.
            connection.launch(newJob() + CoroutineName("retry-" + name),
                              [this, name] { return retryLoop(name, true); });
            while (faults_.on(Fault::Island))
                co_await delay(250ms);
        } else {
            connection.launch(CoroutineName("retry-" + name),
                              [this, name] { return retryLoop(name, false); });
        }
    }
}

Task<> Intake::retryLoop(std::string name, bool faulty) {
    log("retry-" + name, faulty ? "launched with a Job of its own" : "trying");
    std::exception_ptr how;
    try {
        if (faulty)
            while (faults_.on(Fault::Island))
                co_await delay(250ms);
        else
            co_await delay(between(300ms, 1200ms));
    } catch (...) {
        how = std::current_exception();
    }
    log("retry-" + name, how ? "cancelled" : "ended");
    if (how)
        std::rethrow_exception(how);
}

} // namespace orders
