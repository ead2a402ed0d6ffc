// SPDX-License-Identifier: Apache-2.0
// Makes texts from strangers fit to be shown.
#pragma once

#include <string>
#include <string_view>

namespace coroscope::observe {

/// Valid UTF-8 without control characters: each byte that is neither becomes U+FFFD. `lines`: newlines and
/// tabs stay.
std::string presentable(std::string_view text, bool lines = false);

/// The longest beginning of at most `size` bytes that does not cut a character.
std::string_view cutUtf8(std::string_view text, std::size_t size) noexcept;

/// Appends a character; what is half of a pair, or none, is the caller's to replace before.
void appendUtf8(std::string& text, char32_t character);

} // namespace coroscope::observe
