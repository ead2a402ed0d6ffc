// SPDX-License-Identifier: Apache-2.0
// Jobs that have a place in common: where they were created, where they are suspended, or their whole stack.
// What makes a flat dump, and a crowd in any program, understandable.
#pragma once

#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Source.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace coroscope::observe {

enum class GroupBy : std::uint8_t { CreationSite, SuspensionSite, Stack };
inline constexpr GroupBy allGroupings[] = {GroupBy::CreationSite, GroupBy::SuspensionSite, GroupBy::Stack};

/// "creation site", "suspension site", "stack".
std::string_view name(GroupBy by) noexcept;
/// The words that commands take: "site", "suspension", "stack".
std::string_view word(GroupBy by) noexcept;
std::optional<GroupBy> groupingOf(std::string_view word) noexcept;

/// What the jobs of a group have in common.
struct GroupPlace {
    /// Made of the words, not of interned numbers: the same in every dump of a program.
    std::uint64_t key = 0;
    /// The site alone, or the stack, innermost first. Empty when these jobs have no such place.
    StackText stack;
    std::size_t own = 0; ///< of the frames the innermost that is not a library's
    std::string without; ///< with no frames, why: "running", "not told where created"

    bool known() const noexcept { return !stack.frames.empty(); }
    /// "reader.cpp:88 Reader::next", or why there is no place.
    std::string label() const;
};

/// A frame of a library that runs coroutines, or of a language's own: kotlinx.coroutines, Go's runtime.
bool isLibraryFrame(const SiteText& frame);
/// The innermost frame that is none, where a person looks first; 0 where all are.
std::size_t ownFrame(const StackText& stack) noexcept;
/// The same as "reader.cpp:88 Reader::next"; empty without frames.
std::string ownPlace(const StackText& stack);

/// Says in which group a job is. What depends on an interned number is worked out once. Threads: one.
class Grouping {
public:
    /// `info` tells whether the place of a job that is not suspended is one (Source.h, SourceInfo::format).
    Grouping(GroupBy by, const SourceInfo& info, std::shared_ptr<const Dictionary> dictionary);

    GroupBy by() const noexcept { return by_; }
    /// Groups are numbered from 0, as they are met.
    std::uint32_t groupOf(const JobRow& row);
    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(places_.size()); }
    const GroupPlace& place(std::uint32_t group) const noexcept { return places_[group]; }
    /// The group of this key, if one was met.
    std::optional<std::uint32_t> find(std::uint64_t key) const;

private:
    std::uint32_t groupWithout(std::string_view why);
    std::uint32_t groupAt(std::uint32_t number);
    std::uint32_t add(GroupPlace place);

    GroupBy by_;
    bool ours_;
    std::shared_ptr<const Dictionary> dictionary_;
    std::vector<GroupPlace> places_;
    std::unordered_map<std::uint64_t, std::uint32_t> groups_;   ///< by key
    std::vector<std::uint32_t> few_;                            ///< by small interned number
    std::unordered_map<std::uint32_t, std::uint32_t> numbered_; ///< by others
    std::uint32_t without_[8];
};

/// The jobs of one group.
struct JobGroup {
    std::uint32_t group = 0; ///< of the Grouping
    JobCounts counts;
    std::int64_t oldest = 0; ///< when the first of them was created; 0 when that is not known
    std::vector<Node> jobs;
};

/// Those with most jobs first. `shown`: only these nodes; empty: all.
std::vector<JobGroup> groupJobs(const JobTree& tree, Grouping& grouping, const std::vector<bool>& shown = {});

/// How the jobs of this source are best grouped when nobody has said it.
GroupBy usualGrouping(const SourceInfo& info) noexcept;

/// "1,204 suspended, 3 running"; most first. `cancelling` ones are told once more at the end.
std::string countsText(const JobCounts& counts, const SourceInfo& info);
/// What jobs are that do nothing one knows of. Other programs' dumps do not tell whether they have code.
std::string_view plainWord(const SourceInfo& info) noexcept;

} // namespace coroscope::observe
