// SPDX-License-Identifier: Apache-2.0
// Any duration as the library counts: in nanoseconds, of which there are 292 years.
#pragma once

#include <chrono>
#include <cstdint>
#include <ratio>
#include <type_traits>

namespace coroscope::detail {

/// Rounded up; what is longer is the longest. So `hours::max()` is for ever, and not some time in the past.
template <class Rep, class Period>
constexpr std::chrono::nanoseconds nanosecondsOf(std::chrono::duration<Rep, Period> time) noexcept {
    using std::chrono::nanoseconds;
    if constexpr (std::ratio_less_equal_v<Period, std::nano> &&
                  !std::chrono::treat_as_floating_point_v<Rep>) {
        return std::chrono::ceil<nanoseconds>(time);
    } else {
        using Wide = std::chrono::duration<std::common_type_t<Rep, std::int64_t>, Period>;
        constexpr auto longest = std::chrono::duration_cast<Wide>(nanoseconds::max());
        const Wide wide(time);
        if (wide < -longest)
            return nanoseconds::min();
        return wide < longest ? std::chrono::ceil<nanoseconds>(wide) : nanoseconds::max();
    }
}

} // namespace coroscope::detail
