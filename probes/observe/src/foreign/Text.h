// SPDX-License-Identifier: Apache-2.0
// Small things that readers of text need.
#pragma once

#include <charconv>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace coroscope::observe {

inline std::optional<std::uint64_t> decimal(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return {};
    return value;
}

inline bool isHexadecimal(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

/// Without blanks and tabs in front. There are few of these as a rule.
inline std::string_view unindented(std::string_view text) {
    std::size_t first = 0;
    while (first < text.size() && (text[first] == ' ' || text[first] == '\t'))
        ++first;
    return text.substr(first);
}
/// Without blanks and tabs at both ends.
inline std::string_view trimmed(std::string_view text) {
    text = unindented(text);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// Seconds since 1970 of a date and time as strptime() knows `format`: of UTC when a Z stands behind, else
/// this machine's time of day. 0 when it is none.
inline std::int64_t wallClock(std::string_view text, const char* format) {
    std::tm parts{};
    parts.tm_isdst = -1;
    const std::string whole(text.substr(0, 40));
    if (::strptime(whole.c_str(), format, &parts) == nullptr)
        return 0;
    return whole.ends_with('Z') ? ::timegm(&parts) : std::mktime(&parts);
}

/// Takes the first line off `text`; without its end.
inline std::string_view cutLine(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

} // namespace coroscope::observe
