// SPDX-License-Identifier: Apache-2.0
// What Coroscope finds by itself. The rules are pure functions over a JobTree.
#pragma once

#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/JobTree.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::observe {

enum class Severity : std::uint8_t { Error, Warning, Hint };
enum class Confidence : std::uint8_t { Proven, Suspected };

/// What a rule says of one job.
struct Finding {
    std::string_view rule; ///< "orphan-global": its page in the user guide has this name
    std::string_view chip; ///< the word shown in the row: "global", "island"
    std::string title;     ///< "No owner will ever cancel this job"
    Severity severity = Severity::Warning;
    Confidence confidence = Confidence::Suspected;
    JobId job;
    std::string evidence; ///< in numbers and names
    std::string advice;   ///< one sentence
    SiteText where;
};

/// The findings that hold now, most severe first, then by rule and job. `now`: CLOCK_MONOTONIC ns. `atMost`
/// bounds the cost where a program has orphans by the hundred thousand. Costs what the roots cost, not what
/// all jobs cost.
std::vector<Finding> findings(const JobTree& tree, const Dictionary& dictionary, std::int64_t now,
                              std::size_t atMost = 10'000);

std::string_view name(Severity severity) noexcept;
std::string_view name(Confidence confidence) noexcept;

} // namespace coroscope::observe
