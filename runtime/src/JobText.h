// SPDX-License-Identifier: Apache-2.0
// How jobs are written in dumps, logs and messages: as Kotlin writes them.
#pragma once

#include <coroscope/model/KotlinTypes.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace coroscope::detail {

class JobNode;

/// Kotlin's name of the class. A withContext counts as one on the same dispatcher unless `dispatched`.
std::string_view kindName(JobKind kind, bool lazy, bool dispatched) noexcept;

/// `"name#id":Kind` for coroutines, `Kind` for others. An empty name is "coroutine".
std::string jobHead(JobKind kind, std::string_view name, std::uint64_t number, bool lazy,
                    bool dispatched = true);

/// The job and all below it, one line each, a tab a level; asks the jobs themselves and not the record.
std::string treeOf(JobNode& root);

} // namespace coroscope::detail
