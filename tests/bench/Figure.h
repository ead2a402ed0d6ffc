// SPDX-License-Identifier: Apache-2.0
// One measured figure, as a line of JSON for ./run.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace coroscope::bench {

/// `peer`: what it was measured beside, in the same run; null without one.
inline void print(const char* figure, double value, const char* unit, double goal, const char* peer = nullptr,
                  double peerValue = 0) {
    std::printf("{\"figure\": \"%s\", \"value\": %.3f, \"unit\": \"%s\", \"goal\": %g", figure, value, unit,
                goal);
    if (peer)
        std::printf(", \"peer\": \"%s\", \"peer_value\": %.3f", peer, peerValue);
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

} // namespace coroscope::bench
