// SPDX-License-Identifier: Apache-2.0
// Takes an order through all its steps.
#pragma once

#include "Metrics.h"
#include "Order.h"
#include "Subsystem.h"

#include <atomic>

namespace orders {

class OrderDesk {
public:
    OrderDesk(const coroscope::Job& shop, Metrics& metrics);

    /// Begins the work on an order, which goes on even if whoever asked for it goes away.
    coroscope::Deferred<Receipt> submit(OrderPtr order);

    int inFlight() const noexcept { return inFlight_.load(); }

private:
    coroscope::Task<Receipt> process(OrderPtr order);
    coroscope::Task<> steps(OrderPtr order);

    Subsystem part_;
    Metrics& metrics_;
    std::atomic<int> inFlight_{0};
};

} // namespace orders
