// SPDX-License-Identifier: Apache-2.0
// Customers who look around.
#pragma once

#include "Subsystem.h"

namespace orders {

class Sessions {
public:
    explicit Sessions(const coroscope::Job& shop);
    void start(int sessions);

private:
    coroscope::Task<> customers(coroscope::CoroutineScope scope, int sessions);
    coroscope::Task<> session(coroscope::CoroutineScope scope);

    Subsystem part_;
};

} // namespace orders
