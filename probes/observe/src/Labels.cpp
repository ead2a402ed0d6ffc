// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Labels.h>

#include <algorithm>

namespace coroscope::observe {

namespace {

/// The second part always with two digits, so that what counts up does not change its width.
std::string twoParts(std::int64_t first, const char* firstUnit, std::int64_t second, const char* secondUnit) {
    return std::to_string(first) + firstUnit + (second < 10 ? "0" : "") + std::to_string(second) + secondUnit;
}

} // namespace

std::string jobLabel(const JobRow& row, const Dictionary& dictionary) {
    const std::string given = dictionary.text(row.name);
    std::string rest(name(row.kind));
    if (row.number != 0) // not told by every foreign dump
        rest += " #" + std::to_string(row.number);
    return given.empty() ? rest : given + ' ' + rest;
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

std::string exceptionText(std::string text) {
    const std::size_t end = text.find('\n');
    if (end == std::string::npos || text.find(": ") < end)
        return text;
    const bool message = end + 1 < text.size() && text[end + 1] != '\t' && text[end + 1] != '\n';
    text.replace(end, 1, message ? ": " : end + 1 < text.size() ? "\n" : "");
    return text;
}

std::string sizeText(std::uint64_t bytes) {
    if (bytes < 1'000)
        return std::to_string(bytes) + " bytes";
    if (bytes < 1'000'000)
        return std::to_string((bytes + 500) / 1'000) + " kB";
    return std::to_string(bytes / 1'000'000) + '.' + std::to_string(bytes / 100'000 % 10) + " MB";
}

std::string countText(std::uint64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, 1, ',');
    }
    return text;
}

namespace {
constexpr const char* withSign = " \xc2\xb5s";
const char* micros = withSign;
} // namespace

void writeMicrosAsAscii(bool ascii) {
    micros = ascii ? " us" : withSign;
}

std::string durationText(std::int64_t nanoseconds) {
    const std::int64_t ns = std::max<std::int64_t>(nanoseconds, 0);
    constexpr std::int64_t us = 1'000, ms = 1'000'000, s = 1'000'000'000;
    if (ns < ms)
        return std::to_string(ns / us) + micros;
    if (ns < s)
        return std::to_string(ns / ms) + " ms";
    if (ns < 60 * s)
        return std::to_string(ns / s) + '.' + std::to_string(ns % s / (s / 10)) + " s";
    const std::int64_t seconds = ns / s;
    if (seconds < 3'600)
        return twoParts(seconds / 60, " m ", seconds % 60, " s");
    if (seconds < 86'400)
        return twoParts(seconds / 3'600, " h ", seconds / 60 % 60, " m");
    return twoParts(seconds / 86'400, " d ", seconds / 3'600 % 24, " h");
}

} // namespace coroscope::observe
