// SPDX-License-Identifier: Apache-2.0
// Reading the record of one's own process: for dumps in logs and for tests. Observers have their own reader.
#pragma once

#include <coroscope/model/Ids.h>
#include <coroscope/model/States.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::record {

/// A place in the source. The texts live as long as the process.
struct Place {
    std::string_view file;
    std::string_view function; ///< the whole signature, as the compiler wrote it
    std::uint32_t line = 0;    ///< 0: not known
};

struct OwnJob {
    JobId id;
    JobId parent;
    std::uint64_t number = 0;
    std::string name;
    std::uint16_t flags = 0;
    JobKind kind = JobKind::Foreign;
    JobState state = JobState::New;
    Execution execution = Execution::None;
    Place createdAt;
    std::vector<Place> suspendedAt; ///< the last suspension, innermost first
};

/// All jobs that are alive, in the order of their numbers; nothing with the record off. Threads: any, while
/// jobs run. Each job is read as it was at one moment; the jobs are read one after another, so that together
/// they need never have been so: a parent may have ended before its child was looked at. Costs what all jobs
/// cost, some 100 ns each.
std::vector<OwnJob> ownJobs();

/// The ids alone, in no order.
std::vector<JobId> ownJobIds();

} // namespace coroscope::record
