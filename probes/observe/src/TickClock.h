// SPDX-License-Identifier: Apache-2.0
// Turns the ticks of a record into nanoseconds of CLOCK_MONOTONIC.
#pragma once

#include <coroscope/model/RecordLayout.h>

#include <cstdint>

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
    std::int64_t toMonotonic(std::uint64_t ticks) const noexcept;

private:
    void setRate(std::uint64_t ticks, std::uint64_t nanoseconds) noexcept;

    static constexpr unsigned shift = 40;
    ClockPoints points_;
    std::uint64_t baseTicks_ = 0;
    std::int64_t baseNanoseconds_ = 0;
    std::uint64_t rate_ = 0; ///< nanoseconds a tick, times 2^shift; 0 when nothing sensible is known
};

} // namespace coroscope::observe
