// SPDX-License-Identifier: Apache-2.0
// Pallets come through the gate, and forklifts carry them from one aisle to the other.
#pragma once

#include "Faults.h"
#include "Subsystem.h"

#include <string>

namespace orders {

class Warehouse {
public:
    Warehouse(const coroscope::Job& shop, const Faults& faults);
    void start();

private:
    coroscope::Task<> receivePallets();
    coroscope::Task<> runForklifts(coroscope::CoroutineScope scope);
    coroscope::Task<> carry(std::string forklift, coroscope::Mutex& from, coroscope::Mutex& to);

    Subsystem part_;
    const Faults& faults_;
    coroscope::Channel<int> pallets_{16, "pallets"};
    // One forklift fits into an aisle.
    coroscope::Mutex north_{"aisle-north"}, south_{"aisle-south"};
};

} // namespace orders
