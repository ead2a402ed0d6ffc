// SPDX-License-Identifier: Apache-2.0
// Small things that are always to be done: recommendations for a visitor, couriers that are tracked and
// called off, stocktakings that are broken off, mails. Each of them can be done wrong on request.
#pragma once

#include "Faults.h"
#include "Subsystem.h"

#include <atomic>
#include <string>

namespace orders {

class Errands {
public:
    Errands(const coroscope::Job& shop, const Faults& faults);
    void start();

private:
    coroscope::Task<> welcomeVisitors();
    coroscope::Task<> computeRecommendations(std::string visitor);
    coroscope::Task<> sendCouriers(coroscope::CoroutineScope scope);
    coroscope::Task<> track(std::string courier);
    coroscope::Task<> takeStock(coroscope::CoroutineScope scope);
    coroscope::Task<> count(std::string shelf);
    coroscope::Task<> signOff(std::string shelf);
    coroscope::Task<> sendMails();
    coroscope::Task<> sendMail(std::string mail);

    Subsystem part_;
    const Faults& faults_;
    std::atomic<int> dropped_{0};
};

} // namespace orders
