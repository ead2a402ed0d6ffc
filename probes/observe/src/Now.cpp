// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Source.h>

#include <ctime>

namespace coroscope::observe {

std::int64_t monotonicNow() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

std::int64_t SourceInfo::now() const noexcept {
    return !live ? takenAt : monotonicNow() + (clockAhead ? clockAhead->load(std::memory_order_relaxed) : 0);
}

} // namespace coroscope::observe
