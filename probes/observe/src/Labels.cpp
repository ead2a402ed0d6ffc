// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Labels.h>

#include <algorithm>

namespace coroscope::observe {

std::string jobLabel(const JobRow& row, const Dictionary& dictionary) {
    std::string label(name(row.kind));
    if (const std::string given = dictionary.text(row.name); !given.empty())
        label += " \"" + given + '"';
    return label + " #" + std::to_string(row.number);
}

std::string stateText(JobState state, Execution execution) {
    std::string doing(name(execution));
    const bool plainJob = execution == Execution::None;
    // An active job, and one that waits for its children, is described by what it does; New says it all.
    const bool stateMatters = state != JobState::Active && state != JobState::Completing;
    if (isFinal(state) || state == JobState::New || (plainJob && stateMatters))
        return std::string(name(state));
    if (plainJob)
        return state == JobState::Completing ? "Waits for children" : "Active";
    if (stateMatters)
        return std::string(name(state)) + ", " + doing;
    doing[0] = static_cast<char>(doing[0] - 'a' + 'A');
    return doing;
}

std::string durationText(std::int64_t nanoseconds) {
    const std::int64_t ns = std::max<std::int64_t>(nanoseconds, 0);
    constexpr std::int64_t us = 1'000, ms = 1'000'000, s = 1'000'000'000;
    if (ns < ms)
        return std::to_string(ns / us) + " us";
    if (ns < s)
        return std::to_string(ns / ms) + " ms";
    if (ns < 60 * s)
        return std::to_string(ns / s) + '.' + std::to_string(ns % s / (s / 10)) + " s";
    const std::int64_t minutes = ns / (60 * s);
    if (minutes < 60)
        return std::to_string(minutes) + " min " + std::to_string(ns / s % 60) + " s";
    if (minutes < 24 * 60)
        return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
    return std::to_string(minutes / (24 * 60)) + " d " + std::to_string(minutes / 60 % 24) + " h";
}

} // namespace coroscope::observe
