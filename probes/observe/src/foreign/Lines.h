// SPDX-License-Identifier: Apache-2.0
// The lines of a file, one after the other, in bounded memory.
#pragma once

#include "foreign/ByteSource.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace coroscope::observe {

class Lines {
public:
    /// Longer lines are cut.
    static constexpr std::size_t longest = std::size_t{1} << 20;

    explicit Lines(ByteSource& bytes);
    /// Goes to the next line; false at the end.
    bool next();
    /// Without its end, LF or CRLF. Valid until the next next().
    std::string_view text() const noexcept { return line_; }
    std::uint64_t number() const noexcept { return number_; } ///< from 1
    /// The file ended within it, or without a line end behind it.
    bool unfinished() const noexcept { return unfinished_; }
    /// What follows the present line, as far as it is at hand.
    std::string_view ahead() const noexcept {
        return skips_ ? std::string_view() : std::string_view(buffer_.data() + from_, to_ - from_);
    }
    /// Passes over so many whole lines of ahead(), which are so long together.
    void skip(std::size_t size, std::uint64_t lines) noexcept {
        from_ += size;
        number_ += lines;
    }
    /// What begins with the present line, behind `before`: for who reads the rest in another way. Nothing
    /// else may be asked of these lines any more, which must stay.
    std::unique_ptr<ByteSource> rest(std::string_view before);
    /// Lines that were longer.
    std::uint64_t cut() const noexcept { return cut_; }

private:
    bool fill();

    ByteSource& bytes_;
    std::vector<char> buffer_;
    std::size_t from_ = 0, to_ = 0; ///< what of the buffer has not been given out
    bool skips_ = false;            ///< the rest of a line that was cut
    bool unfinished_ = false;
    std::string_view line_;
    std::uint64_t number_ = 0, cut_ = 0;
};

} // namespace coroscope::observe
