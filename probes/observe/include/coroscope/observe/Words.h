// SPDX-License-Identifier: Apache-2.0
// A command line as people write it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::observe {

/// Words as a shell splits them: quotation marks of both kinds and the backslash; nothing is expanded.
/// Nothing when a quotation mark is missing.
std::optional<std::vector<std::string>> splitWords(std::string_view command);

} // namespace coroscope::observe
