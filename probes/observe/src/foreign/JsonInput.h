// SPDX-License-Identifier: Apache-2.0
// A file of JSON as its reader looks at it: a window that moves on, long enough for the longest text.
#pragma once

#include "foreign/ByteSource.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::observe {

class JsonInput {
public:
    /// Behind a longer text the file counts as damaged.
    static constexpr std::size_t longestText = std::size_t{4} << 20;

    explicit JsonInput(ByteSource& bytes);

    /// The next character that is no blank, where at() then is; 0 at the end.
    char peek() {
        // Few blanks stand between what programs write.
        return at_ != end_ && static_cast<unsigned char>(*at_) > ' ' ? *at_ : peekBehindBlanks();
    }
    const char* at() const noexcept { return at_; }
    /// What can be seen from there on without reading more.
    std::string_view sight() const noexcept { return {at_, static_cast<std::size_t>(end_ - at_)}; }
    /// Of what is in sight.
    void skip(std::size_t size) noexcept { at_ += std::min(size, static_cast<std::size_t>(end_ - at_)); }

    struct Text {
        std::string_view raw; ///< between the quotation marks; good until the next call
        bool escaped = false; ///< it holds escapes
        const char* problem = nullptr;
    };
    /// At a quotation mark; goes behind the text.
    Text text();
    /// At a digit, a sign or a letter: all that can be of a number or a word; goes behind it.
    std::string_view word();
    /// At a bracket: how long what it opens is, 0 where that is not short or does not end.
    std::size_t extent();

    /// Goes to the next place where one of these keys stands, and tells which one; -1 at the end. Each is
    /// told with what leads to it, a bracket or a comma: {"id". at() is at the bracket then, or behind the
    /// comma.
    int find(std::span<const std::string_view> keys);

    std::uint64_t position() const noexcept { return before_ + static_cast<std::uint64_t>(at_ - begin()); }
    std::uint64_t line() noexcept; ///< from 1

private:
    char peekBehindBlanks();
    const char* begin() const noexcept { return buffer_.data(); }
    /// More behind what is there. What is before at() goes, but for `kept` bytes. False: there is no more.
    bool fill(std::size_t kept = 0);

    std::size_t triedExtents_ = 0; ///< in vain
    ByteSource& bytes_;
    std::vector<char> buffer_;
    const char *at_, *end_;
    const char* counted_;      ///< up to where lines were counted
    std::uint64_t lines_ = 1;  ///< the line there
    std::uint64_t before_ = 0; ///< bytes that are no longer in the buffer
};

/// What a text means that has escapes; `into` is overwritten. Escapes that mean nothing stay as they are.
std::string_view unescaped(std::string_view raw, std::string& into);

} // namespace coroscope::observe
