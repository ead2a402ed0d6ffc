// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/detail/InPlace.h>

#include "RunnableQueue.h"

namespace coroscope::detail {

void runInPlace(Runnable& work) noexcept {
    thread_local RunnableQueue queue;
    thread_local bool running = false;
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

} // namespace coroscope::detail
