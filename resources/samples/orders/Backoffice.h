// SPDX-License-Identifier: Apache-2.0
// What runs behind the shop: message consumers with their leases, the product cache, parcels under way, the
// outbox.
#pragma once

#include "Subsystem.h"

namespace orders {

class Backoffice {
public:
    explicit Backoffice(const coroscope::Job& shop);
    void start(int partitions, int products, int parcels);

private:
    Subsystem messages_;
    Subsystem cache_;
    Subsystem parcels_;
    Subsystem outbox_;
};

} // namespace orders
