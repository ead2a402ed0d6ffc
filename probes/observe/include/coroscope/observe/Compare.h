// SPDX-License-Identifier: Apache-2.0
// Two dumps of a program, or of two runs of it: which jobs are new, gone, still there, and where they are.
#pragma once

#include <coroscope/observe/Dump.h>
#include <coroscope/observe/Groups.h>

#include <cstdint>
#include <string>
#include <vector>

namespace coroscope::observe {

/// One place, before and after.
struct GroupChange {
    GroupPlace place;
    std::uint64_t before = 0, after = 0; ///< jobs there
    // Where jobs can be told one by one (Comparison::matched):
    std::uint64_t stayed = 0; ///< here before and after
    std::uint64_t came = 0;   ///< here now, elsewhere before
    std::uint64_t left = 0;   ///< here before, elsewhere now
    std::vector<JobId> fresh; ///< ids of the second dump: here now, nowhere before
    std::vector<JobId> gone;  ///< ids of the first dump: here before, nowhere now

    std::int64_t change() const noexcept {
        return static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before);
    }
};

struct Comparison {
    GroupBy by = GroupBy::CreationSite;
    /// What has grown most comes first, what has shrunk most last.
    std::vector<GroupChange> groups;
    std::uint64_t before = 0, after = 0;
    /// Jobs could be told one by one, and the counts of new and gone ones mean something.
    bool matched = false;
    std::uint64_t fresh = 0, gone = 0, stayed = 0;
    /// What could not be compared, and what was assumed, in sentences.
    std::vector<std::string> notes;
};

/// Jobs are the same when their ids are, in two dumps of one process of ours; in what other programs wrote,
/// when number, kind and name are, and where they were created as far as both tell it. Otherwise only the
/// numbers at each place are compared. Costs about a microsecond for each job.
Comparison compare(const Dump& before, const Dump& after, GroupBy by);

/// "+12", "-3", "0", with commas.
std::string changeText(std::int64_t change);

} // namespace coroscope::observe
