// SPDX-License-Identifier: Apache-2.0
// every compiler: suspendCancellableCoroutine
#include <coroscope/coroscope.h>

#include <string>
#include <utility>

using namespace coroscope;

struct Foreign {
    bool await_ready() { return true; }
    void await_suspend(std::coroutine_handle<>) {}
    void await_resume() {}
};
Task<> refused() {
    co_await Foreign();
}
