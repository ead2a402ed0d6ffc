// SPDX-License-Identifier: Apache-2.0
// Connections of partners that send orders.
#pragma once

#include "Faults.h"
#include "OrderDesk.h"
#include "Subsystem.h"

#include <atomic>

namespace orders {

class Intake {
public:
    Intake(const coroscope::Job& shop, OrderDesk& desk, const Faults& faults);

    /// Opens `connections`, over which together `ordersPerSecond` come.
    void start(int connections, double ordersPerSecond);

private:
    coroscope::Task<> connection(std::string name, double ordersPerSecond);
    coroscope::Task<> read(coroscope::CoroutineScope connection, double ordersPerSecond);
    coroscope::Task<> heartbeat(std::string name);
    coroscope::Task<> request(OrderPtr order);
    coroscope::Task<> watchForHiccups(coroscope::CoroutineScope connection, std::string name);
    coroscope::Task<> retryLoop(std::string name, bool faulty);

    Subsystem part_;
    OrderDesk& desk_;
    const Faults& faults_;
    std::atomic<int> nextOrder_{18'000};
};

} // namespace orders
