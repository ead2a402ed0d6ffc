// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace orders {

struct Order {
    explicit Order(int n);

    int number;
    std::string name;               ///< "order-18231"
    std::vector<std::string> items; ///< "sku-12", one for each line
    long cents;
};
/// Many coroutines look at one order; nobody changes it.
using OrderPtr = std::shared_ptr<const Order>;

/// What the customer gets.
struct Receipt {
    explicit Receipt(std::string t)
        : text(std::move(t)) {}
    std::string text;
};

} // namespace orders
