// SPDX-License-Identifier: Apache-2.0
// The groups that the rows of the tree stand in when a person wants them by what they have in common.
#pragma once

#include <coroscope/observe/Groups.h>

#include <cstdint>
#include <string>
#include <vector>

namespace coroscope::app {

/// Follows a JobTree: every job is in one group, and each change of a job costs some tens of nanoseconds.
/// Groups keep their number for as long as this lives, also while they are empty. Threads: one.
class RowGroups {
public:
    using Node = observe::Node;
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    /// `tree` must outlive it.
    RowGroups(const observe::JobTree& tree, observe::Grouping grouping);

    /// To be called after each JobTree::apply(). True when anything in here has changed.
    bool apply(const observe::TreeChanges& changes);
    void rebuild();

    observe::GroupBy by() const noexcept { return grouping_.by(); }
    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(groups_.size()); }
    /// none for a node that is not known.
    std::uint32_t groupOf(Node node) const noexcept { return node < of_.size() ? of_[node] : none; }
    /// What its jobs have in common, in a word: the function, or why there is none.
    std::string name(std::uint32_t group) const;
    const observe::GroupPlace& place(std::uint32_t group) const noexcept { return grouping_.place(group); }
    const observe::JobCounts& counts(std::uint32_t group) const noexcept { return groups_[group].counts; }
    /// When its first job was created, as of the last round of look(); 0 when that is not known.
    std::int64_t oldest(std::uint32_t group) const noexcept { return groups_[group].oldest; }
    std::optional<std::uint32_t> find(std::uint64_t key) const { return grouping_.find(key); }

    /// Goes on with a round through all jobs for what cannot be counted, so many at a time.
    void look(std::size_t nodes);

    /// How many of its jobs a filter leaves; the rows keep it here.
    std::uint64_t matches(std::uint32_t group) const noexcept { return groups_[group].matches; }
    void setMatches(const std::vector<std::uint32_t>& matches);

private:
    struct Group {
        observe::JobCounts counts;
        std::int64_t oldest = 0;
        std::int64_t oldestSoFar = 0; ///< of the round that goes on
        std::uint64_t matches = 0;
    };

    bool putIn(Node node);
    bool takeOut(Node node);

    const observe::JobTree& tree_;
    observe::Grouping grouping_;
    std::vector<Group> groups_;
    std::vector<std::uint32_t> of_;  ///< by node
    std::vector<std::uint8_t> does_; ///< by node: execution, and whether it is cancelling, as counted
    std::size_t looked_ = 0;
};

} // namespace coroscope::app
