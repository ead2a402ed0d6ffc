// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/FindingLog.h>

#include <algorithm>
#include <utility>

namespace coroscope::observe {

std::uint64_t FindingLog::bitOf(std::string_view rule) {
    auto at = std::find(rules_.begin(), rules_.end(), rule);
    if (at == rules_.end())
        at = rules_.insert(rules_.end(), rule);
    return std::uint64_t{1} << std::min<std::ptrdiff_t>(at - rules_.begin(), 63);
}

void FindingLog::note(const std::vector<Finding>& found, std::int64_t now) {
    const std::unordered_map<JobId, std::uint64_t> before = std::exchange(holding_, {});
    const std::set<std::string> placesBefore = std::exchange(places_, {});
    holding_.reserve(found.size());
    for (const Finding& finding : found) {
        if (finding.ended) {
            const auto place = places_.insert(std::string(finding.rule) + ' ' + finding.where.shortText());
            if (!place.second || placesBefore.count(*place.first) != 0)
                continue;
        } else {
            const std::uint64_t bit = bitOf(finding.rule);
            holding_[finding.job] |= bit;
            const auto known = before.find(finding.job);
            if (known != before.end() && (known->second & bit) != 0)
                continue;
        }
        if (appeared_.size() >= most)
            appeared_.pop_front();
        appeared_.push_back(
            {now, finding.rule, finding.confidence, finding.job, finding.jobName, finding.evidence});
    }
}

} // namespace coroscope::observe
