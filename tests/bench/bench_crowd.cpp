// SPDX-License-Identifier: Apache-2.0
// A program of empty jobs: LIVE of them wait; the oldest is resumed and ends, a new one takes its place.
//   bench_crowd LIVE SECONDS        prints nanoseconds for each such round
//   bench_crowd LIVE idle           says "ready" when all wait, then does nothing until its input ends
//   bench_crowd LIVE pulse          the same, but ends and launches one job every 2 ms
#include "Figure.h"

#include <coroscope/coroscope.h>

#include <poll.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

namespace coroscope::bench {
namespace {

using Continuations = std::vector<std::optional<CancellableContinuation<void>>>;

void launchOne(const CoroutineScope& scope, Continuations& waiting, std::size_t place) {
    (void)scope.launch(CoroutineStart::Undispatched, [&waiting, place]() -> Task<> {
        co_await suspendCancellableCoroutine<void>(
            [&](CancellableContinuation<void> c) { waiting[place] = std::move(c); });
    });
}

bool inputEnded() {
    pollfd p{0, POLLIN, 0};
    char c;
    return ::poll(&p, 1, 0) == 1 && ::read(0, &c, 1) == 0;
}

Task<> crowd(CoroutineScope scope, std::size_t live, std::string mode) {
    using namespace std::chrono_literals;
    Continuations waiting(live);
    for (std::size_t i = 0; i < live; ++i)
        launchOne(scope, waiting, i);
    auto replace = [&](std::size_t place) {
        waiting[place]->resume();
        launchOne(scope, waiting, place);
    };
    if (mode == "idle" || mode == "pulse") {
        std::puts("ready");
        std::fflush(stdout);
        for (std::size_t i = 0; !inputEnded(); ++i) {
            co_await delay(2ms);
            if (mode == "pulse")
                replace(i % live);
        }
    } else {
        const double seconds = std::atof(mode.c_str());
        std::size_t rounds = 0;
        const auto from = std::chrono::steady_clock::now();
        double took = 0;
        while ((took = secondsSince(from)) < seconds) {
            for (int i = 0; i < 256; ++i)
                replace(rounds++ % live);
            co_await yield();
        }
        std::printf("%.2f\n", took * 1e9 / static_cast<double>(rounds));
        std::fflush(stdout);
    }
    ::_exit(0); // a million jobs need not be cancelled one by one
}

} // namespace
} // namespace coroscope::bench

int main(int count, char** arguments) {
    if (count != 3) {
        std::fprintf(stderr, "usage: bench_crowd LIVE SECONDS|idle|pulse\n");
        return 2;
    }
    const auto live = static_cast<std::size_t>(std::strtoull(arguments[1], nullptr, 10));
    const std::string mode = arguments[2];
    coroscope::runBlocking([&](coroscope::CoroutineScope scope) -> coroscope::Task<> {
        return coroscope::bench::crowd(scope, live, mode);
    });
}
