// SPDX-License-Identifier: Apache-2.0
// Does a job match the words in the search field?
#pragma once

#include "model/Labels.h"

#include <coroscope/observe/JobRow.h>

#include <QString>
#include <QStringList>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace coroscope::app {

/// All words must occur in the job's name, kind, "#number", site, function or state; case does not matter. A
/// word "name#number", as logs have it, means the job with exactly that number. What depends on an interned
/// number is worked out once per number. Threads: one.
class JobFilter {
public:
    /// `labels` must outlive the filter.
    JobFilter(const Labels& labels, const QString& words);

    bool matches(const observe::JobRow& row);

private:
    using Mask = std::uint32_t; ///< one bit per word
    Mask wordsIn(const QString& text) const;
    Mask kept(std::unordered_map<std::uint32_t, Mask>& cache, std::uint32_t key, const QString& text) const;

    const Labels& labels_;
    QStringList words_;
    Mask all_ = 0;
    Mask numeric_ = 0;                   ///< words that could be part of a "#number"
    std::vector<std::uint64_t> numbers_; ///< that the job must have, all of them
    std::unordered_map<std::uint32_t, Mask> names_, stacks_, sites_, states_, kinds_;
};

} // namespace coroscope::app
