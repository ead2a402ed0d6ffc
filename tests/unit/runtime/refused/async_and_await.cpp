// SPDX-License-Identifier: Apache-2.0
// g++ before 13: name the deferred
#include <coroscope/coroscope.h>

#include <string>
#include <utility>

using namespace coroscope;

Task<int> refused(CoroutineScope scope, std::string s) {
    co_return co_await scope.async([s](CoroutineScope) -> Task<int> { co_return 1; }).await();
}
