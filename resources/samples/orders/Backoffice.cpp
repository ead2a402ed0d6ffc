// SPDX-License-Identifier: Apache-2.0
#include "Backoffice.h"
#include "Chance.h"
#include "Log.h"

namespace orders {

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

Task<> renewLease() {
    for (;;)
        co_await delay(between(4s, 6s));
}

Task<> acknowledge(int partition, long message) {
    co_await delay(between(50ms, 300ms));
    if (message % 500 == 0)
        log("partition-" + std::to_string(partition), "acknowledged " + std::to_string(message));
}

Task<> commitOffset(int partition) {
    co_await delay(10ms);
    log("partition-" + std::to_string(partition), "cleanup done");
}

Task<> pollMessages(CoroutineScope scope, int partition) {
    for (long message = 1;; ++message) {
        co_await delay(between(200ms, 1500ms));
        scope.launch(CoroutineName("ack"), [partition, message] { return acknowledge(partition, message); });
    }
}

Task<> consume(CoroutineScope scope, int partition) {
    scope.launch(CoroutineName("lease"), [] { return renewLease(); });
    co_await withCleanup(pollMessages(scope, partition), commitOffset(partition));
}

Task<> refreshProduct() {
    for (;;) {
        co_await delay(between(30s, 90s));
        co_await delay(between(50ms, 250ms)); // ask the catalogue
    }
}

Task<> watchPosition() {
    for (;;)
        co_await delay(between(15s, 45s));
}

Task<> deliverParcel(CoroutineScope scope) {
    const Job position = scope.launch(CoroutineName("position"), [] { return watchPosition(); });
    co_await delay(between(2min, 20min));
    position.cancel("delivered");
}

Task<> runParcels(CoroutineScope scope, int parcels) {
    for (int next = 1;; ++next) {
        scope.launch(CoroutineName("parcel-" + std::to_string(next)),
                     [](CoroutineScope own) { return deliverParcel(std::move(own)); });
        if (next >= parcels)
            co_await delay(std::chrono::milliseconds(660'000 / parcels));
    }
}

Task<> pollOutbox(int shard) {
    for (;;) {
        co_await delay(between(1s, 3s));
        if (oneIn100(2))
            log("outbox-" + std::to_string(shard), "sent what was left over");
    }
}

} // namespace

Backoffice::Backoffice(const Job& shop)
    : messages_(shop, "messages")
    , cache_(shop, "product-cache")
    , parcels_(shop, "parcels")
    , outbox_(shop, "outbox") {}

void Backoffice::start(int partitions, int products, int parcels) {
    for (int i = 0; i < partitions; ++i)
        messages_.scope().launch(CoroutineName("partition-" + std::to_string(i)),
                                 [i](CoroutineScope scope) { return consume(std::move(scope), i); });
    for (int i = 0; i < products; ++i)
        cache_.scope().launch(CoroutineName("refresh-sku-" + std::to_string(i)),
                              [] { return refreshProduct(); });
    parcels_.scope().launch(CoroutineName("dispatch"), [parcels](CoroutineScope scope) {
        return runParcels(std::move(scope), parcels);
    });
    for (int i = 0; i < 8; ++i)
        outbox_.scope().launch(CoroutineName("outbox-" + std::to_string(i)), [i] { return pollOutbox(i); });
}

} // namespace orders
