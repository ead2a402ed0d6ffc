// SPDX-License-Identifier: Apache-2.0
// The payment gateway: slow, sometimes out of order, sometimes saying no.
#pragma once

#include "Order.h"

#include <coroscope/coroscope.h>

#include <stdexcept>

namespace orders {

class CardDeclined : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};
class GatewayError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Charges an order: up to three tries of at most 12 seconds each, with a pause that grows. Throws
/// CardDeclined, or the last try's error. If it is cancelled, an authorisation that was made is given back
/// first.
coroscope::Task<> charge(OrderPtr order);

} // namespace orders
