// SPDX-License-Identifier: Apache-2.0
// g++ before 13: name the job
#include <coroscope/coroscope.h>

#include <string>
#include <utility>

using namespace coroscope;

Task<> refused(CoroutineScope scope, std::string s) {
    co_await scope.launch([s](CoroutineScope) -> Task<> { co_return; }).join();
}
