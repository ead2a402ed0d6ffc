// SPDX-License-Identifier: Apache-2.0
// g++ before 13: destroys the argument for this parameter twice
#include <coroscope/coroscope.h>

#include <string>
#include <utility>

using namespace coroscope;

struct Order {
    std::string item;
    int amount;
};
Task<> charge(Order) {
    co_return;
}
Task<> refused() {
    co_await charge(Order{"book", 2});
}
