// SPDX-License-Identifier: Apache-2.0
// Writes JSON value by value at the end of a text, so that a document need never be held as a whole.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::observe {

/// Puts the commas; that keys and ends are where they belong is the caller's.
class JsonWriter {
public:
    explicit JsonWriter(std::string& into)
        : text_(into) {}

    JsonWriter& key(std::string_view name) {
        separate();
        quote(name);
        text_ += ':';
        afterKey_ = true;
        return *this;
    }
    JsonWriter& value(std::string_view text) {
        separate();
        quote(text);
        return *this;
    }
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(bool yes) { return raw(yes ? "true" : "false"); }
    template <std::integral Number>
    JsonWriter& value(Number number) {
        char digits[24];
        const auto end = std::to_chars(digits, digits + sizeof digits, number);
        return raw({digits, static_cast<std::size_t>(end.ptr - digits)});
    }
    JsonWriter& null() { return raw("null"); }
    /// Nanoseconds as seconds: what is negative counts as nothing.
    JsonWriter& seconds(std::int64_t nanoseconds);
    JsonWriter& seconds(std::optional<std::int64_t> nanoseconds) {
        return nanoseconds ? seconds(*nanoseconds) : null();
    }
    /// Nanoseconds as microseconds with three places, as the trace-event format has them.
    JsonWriter& microseconds(std::int64_t nanoseconds);
    /// Null for an empty text.
    JsonWriter& textOrNull(std::string_view text) { return text.empty() ? null() : value(text); }
    /// A value that is JSON already.
    JsonWriter& raw(std::string_view json) {
        separate();
        text_ += json;
        return *this;
    }
    JsonWriter& beginObject() { return begin('{'); }
    JsonWriter& endObject() { return end('}'); }
    JsonWriter& beginArray() { return begin('['); }
    JsonWriter& endArray() { return end(']'); }
    /// What comes next begins a line.
    JsonWriter& line() {
        newLine_ = true;
        return *this;
    }

private:
    void separate() {
        if (!afterKey_ && !first_)
            text_ += ',';
        if (newLine_)
            text_ += '\n';
        first_ = afterKey_ = newLine_ = false;
    }
    JsonWriter& begin(char bracket) {
        separate();
        text_ += bracket;
        first_ = true;
        return *this;
    }
    JsonWriter& end(char bracket) {
        if (newLine_)
            text_ += '\n';
        text_ += bracket;
        first_ = newLine_ = false;
        return *this;
    }
    /// What is no valid UTF-8 is replaced.
    void quote(std::string_view text);

    std::string& text_;
    bool first_ = true, afterKey_ = false, newLine_ = false;
};

} // namespace coroscope::observe
