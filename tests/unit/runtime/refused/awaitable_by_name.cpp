// SPDX-License-Identifier: Apache-2.0
// every compiler: what coroscope offers is awaited once
#include <coroscope/coroscope.h>

using namespace coroscope;

Task<> refused() {
    auto second = delay(std::chrono::seconds(1));
    co_await second;
    co_await second;
}
