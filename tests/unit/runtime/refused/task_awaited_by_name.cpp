// SPDX-License-Identifier: Apache-2.0
// every compiler: a task is awaited once
#include <coroscope/coroscope.h>

#include <string>
#include <utility>

using namespace coroscope;

Task<> work();
Task<> refused() {
    Task<> task = work();
    co_await task;
}
