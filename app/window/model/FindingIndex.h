// SPDX-License-Identifier: Apache-2.0
// The findings that hold now, by job and by group, and how many lie below each job.
#pragma once

#include <coroscope/observe/Finding.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace coroscope::app {

class RowGroups;

class FindingIndex {
public:
    /// True when anything a person can see is different from before.
    bool assign(std::vector<observe::Finding> findings, const observe::JobTree& tree);

    const std::vector<observe::Finding>& all() const noexcept { return all_; }
    /// Indices into all(); empty for most jobs.
    const std::vector<std::uint32_t>& of(JobId job) const;
    /// Findings on the jobs below this one, itself not included.
    std::uint32_t below(JobId job) const;
    struct OfGroup {
        std::uint32_t count = 0, worst = 0; ///< an index into all()
    };
    /// To be called after assign(), and where other groups are shown; null: none are.
    void countGroups(const RowGroups* groups, const observe::JobTree& tree);
    /// Findings on the jobs of this group.
    OfGroup ofGroup(std::uint32_t group) const;
    std::size_t proven() const noexcept { return proven_; }
    std::size_t suspected() const noexcept { return all_.size() - proven_; }

private:
    std::vector<observe::Finding> all_;
    std::unordered_map<JobId, std::vector<std::uint32_t>> byJob_;
    std::unordered_map<JobId, std::uint32_t> below_;
    std::unordered_map<std::uint32_t, OfGroup> byGroup_;
    std::size_t proven_ = 0;
};

} // namespace coroscope::app
