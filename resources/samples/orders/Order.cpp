// SPDX-License-Identifier: Apache-2.0
#include "Order.h"
#include "Chance.h"

namespace orders {

Order::Order(int n)
    : number(n)
    , name("order-" + std::to_string(n))
    , cents(500 + 100L * anyBelow(200)) {
    for (int line = 0, lines = 1 + anyBelow(3); line < lines; ++line)
        items.push_back("sku-" + std::to_string(anyBelow(400)));
}

} // namespace orders
