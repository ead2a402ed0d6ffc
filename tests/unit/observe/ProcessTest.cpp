// SPDX-License-Identifier: Apache-2.0
// What is told of processes that end while they are looked at.
#include "Process.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::test {
namespace {

#ifdef COROSCOPE_SANITIZED
constexpr int processes = 100; // each takes long to fork
#else
constexpr int processes = 3'000;
#endif

TEST(Process, OneThatEndsWhileItIsLookedAtIsNoAccident) {
    std::atomic<int> pid{0};
    std::thread looks([&] {
        for (int now; (now = pid) >= 0;)
            if (now > 0 && observe::processFacts(now))
                observe::commandLine(now);
    });
    for (int round = 0; round < processes; ++round) {
        const pid_t child = ::fork();
        if (child == 0)
            ::_exit(0);
        pid = child;
        ::waitpid(child, nullptr, 0);
    }
    pid = -1;
    looks.join();
}

} // namespace
} // namespace coroscope::test
