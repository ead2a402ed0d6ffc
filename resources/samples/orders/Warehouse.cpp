// SPDX-License-Identifier: Apache-2.0
#include "Warehouse.h"
#include "Chance.h"
#include "Log.h"

namespace orders {

using namespace coroscope;
using namespace std::chrono_literals;

Warehouse::Warehouse(const Job& shop, const Faults& faults)
    : part_(shop, "warehouse")
    , faults_(faults) {}

void Warehouse::start() {
    part_.scope().launch(CoroutineName("gate"), [this] { return receivePallets(); });
    part_.scope().launch(CoroutineName("foreman"),
                         [this](CoroutineScope scope) { return runForklifts(std::move(scope)); });
}

/// Waits when the forklifts do not come up with it.
Task<> Warehouse::receivePallets() {
    for (int number = 1;; ++number) {
        co_await delay(between(20ms, 60ms));
        co_await pallets_.send(number);
    }
}

/// Who needs both aisles takes north first. Fault::Deadlock is made here.
Task<> Warehouse::runForklifts(CoroutineScope scope) {
    for (;;) {
        const bool faulty = faults_.on(Fault::Deadlock);
        const Job first =
            scope.launch(CoroutineName("forklift-1"), [this] { return carry("forklift-1", north_, south_); });
        // The fault: the second forklift takes the aisles in the other order. Each soon waits in one aisle
        // for the other one.
        const Job second = scope.launch(CoroutineName("forklift-2"), [this, faulty] {
            return faulty ? carry("forklift-2", south_, north_) : carry("forklift-2", north_, south_);
        });
        while (faults_.on(Fault::Deadlock) == faulty)
            co_await delay(250ms);
        first.cancel("the foreman has other plans");
        second.cancel("the foreman has other plans");
        co_await first.join();
        co_await second.join();
    }
}

Task<> Warehouse::carry(std::string forklift, Mutex& from, Mutex& to) {
    std::exception_ptr how;
    try {
        for (;;) {
            (void)co_await pallets_.receive();
            const auto here = co_await from.withLock();
            co_await delay(between(10ms, 30ms));
            const auto there = co_await to.withLock();
            co_await delay(between(10ms, 30ms));
        }
    } catch (...) {
        how = std::current_exception();
    }
    log(forklift, "parked");
    std::rethrow_exception(how);
}

} // namespace orders
