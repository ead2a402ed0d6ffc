// SPDX-License-Identifier: Apache-2.0
// A shop takes orders and payments at one desk: one at a time, so that nothing needs a lock. The fault: a
// payment blocks the thread of the desk while the bank thinks. All others wait, though nobody is at work.
#include "Pitfalls.h"

#include <chrono>
#include <cstdio>
#include <future>
#include <utility>

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

/// A library of old: it blocks its caller until the bank has answered.
using Bank = std::shared_future<void>;

Task<> pay(Bank bank) {
    bank.wait();
    std::puts("paid");
    co_return;
}

Task<> takeOrder() {
    std::puts("order taken");
    co_return;
}

Task<> program(CoroutineScope scope) {
    std::promise<void> answer;
    const Bank bank = answer.get_future().share();
    const DispatcherPtr desk = Dispatchers::Default()->limitedParallelism(1, "desk");
    const Job payment = scope.launch(desk + CoroutineName("payment"), [bank] { return pay(bank); });
    const Job order = scope.launch(desk + CoroutineName("order"), [] { return takeOrder(); });
    co_await pitfalls::stay();
    auto taken = [&order]() -> Task<> { co_await order.join(); };
    const bool inTime = co_await withTimeoutOrNull(3s, taken);
    if (!inTime)
        std::puts("the next customer has left");
    answer.set_value();
    co_await payment.join();
    co_await order.join();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([](CoroutineScope scope) { return program(std::move(scope)); });
}
