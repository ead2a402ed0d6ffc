// SPDX-License-Identifier: Apache-2.0
#include "export/JsonWriter.h"

#include "Utf8.h"

#include <algorithm>

namespace coroscope::observe {

namespace {

/// Whole and three or nine places, without what a double would round off. Ends without needless zeros.
std::string decimalText(std::int64_t value, std::int64_t unit, int places) {
    std::string text = std::to_string(value / unit);
    const std::int64_t rest = value % unit;
    if (rest == 0)
        return text;
    std::string digits = std::to_string(rest);
    digits.insert(0, static_cast<std::size_t>(places) - digits.size(), '0');
    digits.erase(digits.find_last_not_of('0') + 1);
    return text + '.' + digits;
}

bool isPlain(char c) noexcept {
    return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '"' &&
           c != '\\';
}

} // namespace

JsonWriter& JsonWriter::seconds(std::int64_t nanoseconds) {
    return raw(decimalText(std::max<std::int64_t>(nanoseconds, 0), 1'000'000'000, 9));
}

JsonWriter& JsonWriter::microseconds(std::int64_t nanoseconds) {
    return raw(decimalText(std::max<std::int64_t>(nanoseconds, 0), 1'000, 3));
}

void JsonWriter::quote(std::string_view text) {
    text_ += '"';
    if (std::all_of(text.begin(), text.end(), isPlain)) {
        text_ += text;
    } else {
        for (const char c : presentable(text, true)) {
            if (c == '"' || c == '\\')
                (text_ += '\\') += c;
            else if (c == '\n')
                text_ += "\\n";
            else if (c == '\t')
                text_ += "\\t";
            else
                text_ += c;
        }
    }
    text_ += '"';
}

} // namespace coroscope::observe
