// SPDX-License-Identifier: Apache-2.0
// The record's clock: the time stamp counter where it is stable (12 ns a read), else CLOCK_MONOTONIC (22 ns).
#pragma once

#include <coroscope/model/RecordLayout.h>

#include <cstdint>
#include <ctime>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace coroscope::record {

inline std::uint64_t nanosecondsOf(clockid_t clock) noexcept {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}

/// Tsc when the processor promises a counter that neither stops nor changes its rate.
inline layout::ClockKind clockOfThisMachine() noexcept {
#if defined(__x86_64__)
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid(0x80000007u, &a, &b, &c, &d) != 0 && (d & (1u << 8)) != 0)
        return layout::ClockKind::Tsc;
#endif
    return layout::ClockKind::Monotonic;
}

extern layout::ClockKind clockKind; ///< set once, before the record is on

/// Where the clock is Tsc.
inline std::uint64_t counter() noexcept {
#if defined(__x86_64__)
    return __rdtsc();
#else
    return 0;
#endif
}

inline std::uint64_t ticks() noexcept {
    if (clockKind == layout::ClockKind::Tsc)
        return counter();
    return nanosecondsOf(CLOCK_MONOTONIC);
}

/// `isTsc`: who asks knows that the clock is.
template <bool isTsc>
std::uint64_t now() noexcept {
    return isTsc ? counter() : ticks();
}

} // namespace coroscope::record
