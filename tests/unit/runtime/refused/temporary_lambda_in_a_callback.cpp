// SPDX-License-Identifier: Apache-2.0
// g++ before 13: destroys this temporary lambda twice
#include <coroscope/coroscope.h>

#include <string>
#include <utility>

using namespace coroscope;

Task<> refused(std::string s) {
    co_await suspendCancellableCoroutine<void>([s](CancellableContinuation<void> c) { c.resume(); });
}
