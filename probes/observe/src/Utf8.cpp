// SPDX-License-Identifier: Apache-2.0
#include "Utf8.h"

#include <cstdint>

namespace coroscope::observe {

namespace {

/// Length of the character at the start of `text`, 0 when there is no valid one.
std::size_t characterLength(std::string_view text) noexcept {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80)
        return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length)
        return 0;
    std::uint32_t code = first & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (byte(i) & 0x3f);
    }
    const bool tooLong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    const bool control = code >= 0x80 && code < 0xa0;
    // Marks that turn the direction of what follows could disguise a name.
    const bool turning = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return tooLong || surrogate || control || turning || code > 0x10ffff ? 0 : length;
}

} // namespace

std::string presentable(std::string_view text, bool lines) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        std::size_t length = characterLength(text);
        const auto first = static_cast<unsigned char>(text[0]);
        if (length == 1 && (first < 0x20 || first == 0x7f) && !(lines && (first == '\n' || first == '\t')))
            length = 0;
        if (length == 0) {
            out += "\xef\xbf\xbd";
            text.remove_prefix(1);
        } else {
            out += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
    return out;
}

std::string_view cutUtf8(std::string_view text, std::size_t size) noexcept {
    if (text.size() <= size)
        return text;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
        --size;
    return text.substr(0, size);
}

void appendUtf8(std::string& text, char32_t character) {
    const auto tail = [&](int shift) { text += static_cast<char>(0x80 | (character >> shift & 0x3f)); };
    if (character < 0x80) {
        text += static_cast<char>(character);
    } else if (character < 0x800) {
        text += static_cast<char>(0xc0 | character >> 6);
        tail(0);
    } else if (character < 0x10000) {
        text += static_cast<char>(0xe0 | character >> 12);
        tail(6);
        tail(0);
    } else {
        text += static_cast<char>(0xf0 | character >> 18);
        tail(12);
        tail(6);
        tail(0);
    }
}

} // namespace coroscope::observe
