// SPDX-License-Identifier: Apache-2.0
// Jobs by what they have in common, as text and as JSON; and two targets compared so.
#pragma once

#include "Json.h"
#include "Snapshot.h"

#include <coroscope/observe/Compare.h>
#include <coroscope/observe/Groups.h>

#include <iosfwd>
#include <string>
#include <vector>

namespace coroscope::ctl {

/// The largest group first: how many, where, what they do, who they are. `shown`: only these nodes; empty:
/// all.
///    1,204  warehouse.cpp:88 Warehouse::pick
///           1,200 suspended, 4 running; oldest 4 m 10 s
///           picker launch #12, picker launch #13 and 1,202 more
void printGroups(std::ostream& out, const Snapshot& snapshot, observe::GroupBy by,
                 const std::vector<bool>& shown = {});

/// {"pid", "program", "jobs", "dump", "by", "groups": [{"label", "jobs", "suspended", "running", "queued",
/// "waitsForChildren", "unstarted", "plain", "cancelling", "oldestSeconds", "stack": [PLACE...],
/// "numbers"}...]} By a site, "stack" has only that; it is empty when the jobs have no such place.
Json groupsToJson(const Snapshot& snapshot, observe::GroupBy by, const std::vector<bool>& shown = {});

/// Places where more jobs are than before come first; those without any change are only counted, unless
/// `all`.
void printComparison(std::ostream& out, const Snapshot& before, const Snapshot& after,
                     const observe::Comparison& comparison, bool all);

/// {"by", "before": {"pid", "program", "jobs", "dump"}, "after", "matched", "new", "gone", "stayed", "notes",
/// "groups": [{"label", "before", "after", "change", "new", "gone", "stayed", "came", "left", "stack",
/// "newNumbers", "goneNumbers"}...]}. What depends on jobs being told one by one is null where they are not.
Json comparisonToJson(const Snapshot& before, const Snapshot& after, const observe::Comparison& comparison);

observe::Comparison compareSnapshots(const Snapshot& before, const Snapshot& after, observe::GroupBy by);

} // namespace coroscope::ctl
