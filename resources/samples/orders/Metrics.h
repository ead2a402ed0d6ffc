// SPDX-License-Identifier: Apache-2.0
// Counts, and now and then a flush of the counts to where somebody reads them.
#pragma once

#include "Faults.h"
#include "Subsystem.h"

#include <atomic>

namespace orders {

class Metrics {
public:
    Metrics(const coroscope::Job& shop, const Faults& faults);

    void start();
    /// After every order. Fault::Global is made here.
    void orderDone();

    long ordersDone() const noexcept { return done_.load(); }

private:
    coroscope::Task<> reportEveryMinute();
    coroscope::Task<> flush(long count);
    coroscope::Task<> flushForEver();

    Subsystem part_;
    const Faults& faults_;
    std::atomic<long> done_{0};
    std::atomic<int> forgotten_{0};
};

} // namespace orders
