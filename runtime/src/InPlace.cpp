// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/detail/InPlace.h>

#include "RunnableQueue.h"

namespace coroscope::detail {

namespace {

constinit thread_local RunnableQueue queue;
constinit thread_local bool running = false;

} // namespace

void runInPlace(Runnable& work) noexcept {
    if (running) {
        queue.push(work);
        return;
    }
    running = true;
    work.run();
    while (Runnable* next = queue.pop())
        next->run();
    running = false;
}

bool isInPlace() noexcept {
    return running;
}

bool runNextInPlace() noexcept {
    Runnable* const next = queue.pop();
    if (next)
        next->run();
    return next != nullptr;
}

} // namespace coroscope::detail
