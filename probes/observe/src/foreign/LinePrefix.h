// SPDX-License-Identifier: Apache-2.0
// What a log, a mail or an indentation puts in front of each line of a dump.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace coroscope::observe {

/// "app_1  | ", "2024-05-01T12:00:00.123Z stderr F ", "Nov 22 11:00:01 host app[123]: ", "> ". The next lines
/// have it too, with other numbers where a time is told; or only the first line has one.
class LinePrefix {
public:
    /// Longer ones are none.
    static constexpr std::size_t longest = 200;

    LinePrefix() = default;
    /// As it stands in front of a dump's first line.
    explicit LinePrefix(std::string_view text);

    bool empty() const noexcept { return text_.empty(); }
    /// What stands behind it; the whole line where it is not in front.
    std::string_view behind(std::string_view line) const noexcept;

private:
    std::string text_;
    std::size_t blanks_ = 0; ///< at its end
};

/// Whether a text may be one, rather than the beginning of a sentence.
bool mayBePrefix(std::string_view text);

} // namespace coroscope::observe
