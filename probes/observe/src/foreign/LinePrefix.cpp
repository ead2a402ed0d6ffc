// SPDX-License-Identifier: Apache-2.0
#include "foreign/LinePrefix.h"

#include <algorithm>

namespace coroscope::observe {

namespace {

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}
bool isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool isBlank(char c) {
    return c == ' ' || c == '\t';
}

std::size_t runEnd(std::string_view text, std::size_t from, bool (*is)(char)) {
    while (from < text.size() && is(text[from]))
        ++from;
    return from;
}

/// Digits of a name, as in "app_1" and "7f8b9c", are always the same; those of a time are not.
bool ofAName(std::string_view text, std::size_t from, std::size_t end) {
    return (from > 0 && isLetter(text[from - 1]) && text[from - 1] != 'T') ||
           (end < text.size() && isLetter(text[end]) && text[end] != 'T' && text[end] != 'Z');
}

} // namespace

LinePrefix::LinePrefix(std::string_view text)
    : text_(text) {
    while (blanks_ < text_.size() && isBlank(text_[text_.size() - blanks_ - 1]))
        ++blanks_;
}

std::string_view LinePrefix::behind(std::string_view line) const noexcept {
    const std::string_view text = text_;
    const std::size_t inner = text.size() - blanks_;
    std::size_t at = 0, i = 0;
    while (i < inner) {
        if (at == line.size())
            return line;
        if (isDigit(text[i])) {
            const std::size_t end = runEnd(text, i, isDigit), other = runEnd(line, at, isDigit);
            if (other == at ||
                (ofAName(text, i, end) && text.substr(i, end - i) != line.substr(at, other - at)))
                return line;
            i = end;
            at = other;
        } else if (isBlank(text[i])) { // numbers may be padded
            const std::size_t other = runEnd(line, at, isBlank);
            if (other == at)
                return line;
            i = runEnd(text, i, isBlank);
            at = other;
        } else if (text[i++] != line[at++]) {
            return line;
        }
    }
    // More blanks than these are the dump's. Fewer are left where a line had nothing behind them.
    const std::string_view rest = line.substr(at);
    if (rest.starts_with(text.substr(inner)))
        return rest.substr(blanks_);
    return std::all_of(rest.begin(), rest.end(), isBlank) ? std::string_view() : line;
}

bool mayBePrefix(std::string_view text) {
    if (text.size() > LinePrefix::longest)
        return false;
    const auto withoutBlanks = [&text] {
        while (!text.empty() && isBlank(text.back()))
            text.remove_suffix(1);
    };
    withoutBlanks();
    // A terminal's colour ends there: ESC [ 0 m
    if (const std::size_t escape = text.rfind('\x1b');
        escape != std::string_view::npos && text.ends_with('m') &&
        text.find_first_not_of("[0123456789;", escape + 1) == text.size() - 1) {
        text = text.substr(0, escape);
        withoutBlanks();
    }
    if (text.empty() || !isLetter(text.back()))
        return true;
    // A word: a time as "12:00:00Z", or what containers' logs say of a whole line.
    const std::size_t blank = text.find_last_of(" \t");
    const std::string_view word = text.substr(blank == std::string_view::npos ? 0 : blank + 1);
    return isDigit(word.front()) || word == "F";
}

} // namespace coroscope::observe
