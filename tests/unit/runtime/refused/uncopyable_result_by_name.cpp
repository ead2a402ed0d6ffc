// SPDX-License-Identifier: Apache-2.0
// every compiler: co_await std::move(deferred).await()
#include <coroscope/coroscope.h>

#include <string>
#include <utility>

using namespace coroscope;

Task<> refused(Deferred<std::unique_ptr<int>> deferred) {
    co_await deferred.await();
}
