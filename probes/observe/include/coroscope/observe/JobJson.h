// SPDX-License-Identifier: Apache-2.0
// Pieces of the JSON that exports and the command line have in common: docs/EXPORT_FORMATS.md says what is in
// them. Text, because an export of a million jobs writes them one after another.
#pragma once

#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/JobTree.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace coroscope::observe {

/// A JOB without its children. `rules`: of the findings about it.
std::string jobJson(const JobTree& tree, Node node, const Dictionary& words, std::int64_t now,
                    std::span<const std::string_view> rules = {});
/// An ENDED. `failure`: as Source::failureText has it.
std::string endedJson(const EndedJob& job, const std::string& failure, const JobTree& tree,
                      const Dictionary& words, std::int64_t now);
/// A FINDING.
std::string findingJson(const Finding& finding, const JobTree& tree);
/// A STACK.
std::string callStackJson(const CallStackText& stack);

} // namespace coroscope::observe
