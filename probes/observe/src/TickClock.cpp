// SPDX-License-Identifier: Apache-2.0
#include "TickClock.h"

#include <coroscope/observe/Source.h>

#include <algorithm>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace coroscope::observe {

namespace {

__extension__ using Wide = __int128;

#if defined(__x86_64__)
/// Both clocks at one moment: the closest of a few tries.
void readBoth(std::uint64_t& ticks, std::int64_t& nanoseconds) noexcept {
    std::uint64_t closest = std::numeric_limits<std::uint64_t>::max();
    for (int i = 0; i < 4; ++i) {
        const std::uint64_t before = __rdtsc();
        const std::int64_t now = monotonicNow();
        const std::uint64_t after = __rdtsc();
        if (after - before < closest) {
            closest = after - before;
            ticks = before + (after - before) / 2;
            nanoseconds = now;
        }
    }
}
#endif

} // namespace

TickClock::TickClock(const ClockPoints& points) noexcept
    : points_(points) {
    calibrate();
}

void TickClock::calibrate() noexcept {
    if (points_.kind != layout::ClockKind::Tsc)
        return;
    rate_ = 0;
#if defined(__x86_64__)
    readBoth(baseTicks_, baseNanoseconds_);
    if (baseTicks_ > points_.ticksFirst &&
        baseNanoseconds_ > static_cast<std::int64_t>(points_.monotonicFirst))
        setRate(baseTicks_ - points_.ticksFirst,
                static_cast<std::uint64_t>(baseNanoseconds_) - points_.monotonicFirst);
#endif
    if (rate_ == 0 && points_.ticksSecond > points_.ticksFirst &&
        points_.monotonicSecond > points_.monotonicFirst) {
        setRate(points_.ticksSecond - points_.ticksFirst, points_.monotonicSecond - points_.monotonicFirst);
        baseTicks_ = points_.ticksSecond;
        baseNanoseconds_ = static_cast<std::int64_t>(points_.monotonicSecond);
    }
    if (rate_ == 0)
        baseNanoseconds_ = monotonicNow();
}

/// Rates of clocks that do not exist (below 50 MHz, above 10 GHz) are not believed.
void TickClock::setRate(std::uint64_t ticks, std::uint64_t nanoseconds) noexcept {
    if (nanoseconds > ticks * Wide{20} || ticks > nanoseconds * Wide{10})
        return;
    rate_ = static_cast<std::uint64_t>((static_cast<Wide>(nanoseconds) << shift) / ticks);
}

std::int64_t TickClock::anyToMonotonic(std::uint64_t ticks) const noexcept {
    Wide nanoseconds = ticks;
    if (points_.kind == layout::ClockKind::Tsc)
        nanoseconds = baseNanoseconds_ + (static_cast<Wide>(static_cast<std::int64_t>(ticks - baseTicks_)) *
                                              static_cast<Wide>(rate_) >>
                                          shift);
    return static_cast<std::int64_t>(std::clamp<Wide>(nanoseconds, 0, latest));
}

} // namespace coroscope::observe
