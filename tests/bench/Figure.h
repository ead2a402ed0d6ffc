// SPDX-License-Identifier: Apache-2.0
// One measured figure, as a line of JSON for ./run.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace coroscope::bench {

inline constexpr double noGoal = -1;

/// For what makes a measurement worthless.
[[noreturn]] inline void fail(const char* sentence) {
    std::fprintf(stderr, "bench: %s\n", sentence);
    std::exit(1);
}

/// `goal`: at most so much; noGoal where the figure only informs. `peer`: what it was measured beside, in the
/// same run, or "..., quoted" for a number from elsewhere; null without one.
inline void print(const char* figure, double value, const char* unit, double goal, const char* peer = nullptr,
                  double peerValue = 0) {
    if (!std::isfinite(value) || !std::isfinite(peerValue))
        fail((std::string(figure) + " was divided by nothing").c_str());
    std::printf("{\"figure\": \"%s\", \"value\": %.3f, \"unit\": \"%s\", \"goal\": ", figure, value, unit);
    std::printf(goal == noGoal ? "null" : "%g", goal);
    if (peer)
        std::printf(", \"peer\": \"%s\", \"peer_value\": %.3f", peer, peerValue);
    else
        std::printf(", \"peer\": null, \"peer_value\": null");
    std::printf("}\n");
    std::fflush(stdout);
}

inline double quantile(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}
inline double median(std::vector<double> values) {
    return quantile(std::move(values), 0.5);
}

inline double secondsSince(std::chrono::steady_clock::time_point from) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

/// Nanoseconds for each of `n` repetitions of `f`.
template <class F>
double nanosecondsEach(std::size_t n, F&& f) {
    const auto from = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < n; ++i)
        f(i);
    return secondsSince(from) * 1e9 / static_cast<double>(n);
}

/// Memory that this process has for itself, in bytes. What it shares with others (a record, mapped) is not in
/// it.
inline double ownMemory() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        double kilobytes = 0;
        if (word == "RssAnon:" && status >> kilobytes)
            return kilobytes * 1024;
    }
    fail("how much memory this process has is not known");
}

/// `--quick`: everything once and small, to see that it works; the numbers mean nothing.
inline bool isQuick = false;
inline bool quick(int count, char** arguments) {
    return isQuick = count > 1 && std::strcmp(arguments[1], "--quick") == 0;
}

/// A target that did less than it should have, because the machine was busy, would make figures look good.
inline void checkRate(double eventsPerSecond, double wanted) {
    if (eventsPerSecond < 0.9 * wanted && !isQuick)
        fail("the target was not as busy as it should have been: is the machine doing something else?");
}

} // namespace coroscope::bench
