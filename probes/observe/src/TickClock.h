// SPDX-License-Identifier: Apache-2.0
// Turns the ticks of a record into nanoseconds of CLOCK_MONOTONIC.
#pragma once

#include <coroscope/model/RecordLayout.h>

#include <cstdint>
#include <limits>

namespace coroscope::observe {

/// What a record's header says about its clock.
struct ClockPoints {
    layout::ClockKind kind = layout::ClockKind::Monotonic;
    std::uint64_t ticksFirst = 0, monotonicFirst = 0, ticksSecond = 0, monotonicSecond = 0;
};

class TickClock {
public:
    TickClock() noexcept = default;
    explicit TickClock(const ClockPoints& points) noexcept;

    /// Measures the rate again; the longer the target has lived, the better it gets.
    void calibrate() noexcept;

    /// Never negative, whatever the ticks.
    std::int64_t toMonotonic(std::uint64_t ticks) const noexcept {
        // There are three in each row: what real clocks show (a year around the base, at 3 GHz) goes a short
        // way.
        const auto distance = static_cast<std::int64_t>(ticks - baseTicks_);
        if (points_.kind == layout::ClockKind::Tsc && distance > -near && distance < near) {
            __extension__ using Wide = __int128;
            const auto since = static_cast<std::int64_t>(
                static_cast<Wide>(distance) * static_cast<std::int64_t>(rate_) >> shift);
            std::int64_t at = 0;
            if (!__builtin_add_overflow(baseNanoseconds_, since, &at) && at >= 0 && at <= latest)
                return at;
        }
        return anyToMonotonic(ticks);
    }

private:
    std::int64_t anyToMonotonic(std::uint64_t ticks) const noexcept;
    void setRate(std::uint64_t ticks, std::uint64_t nanoseconds) noexcept;

    static constexpr unsigned shift = 40;
    static constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max() / 2;
    static constexpr std::int64_t near = std::int64_t{1} << 57;
    ClockPoints points_;
    std::uint64_t baseTicks_ = 0;
    std::int64_t baseNanoseconds_ = 0;
    std::uint64_t rate_ = 0; ///< nanoseconds a tick, times 2^shift; 0 when nothing sensible is known
};

} // namespace coroscope::observe
