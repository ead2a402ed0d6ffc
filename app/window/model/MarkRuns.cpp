// SPDX-License-Identifier: Apache-2.0
#include "model/MarkRuns.h"

#include <map>
#include <set>
#include <utility>

namespace coroscope::app {

namespace {
/// Places between two of a kind that are still one run; none where each is worth a sign of its own.
int reachOf(MomentKind kind) {
    switch (kind) {
    case MomentKind::Failed:
    case MomentKind::Lag:
        return 4;
    case MomentKind::Finding:
    case MomentKind::Incident:
    case MomentKind::Lost:
        return 2;
    default:
        return 0;
    }
}
} // namespace

std::vector<MarkRun> runsOf(const std::vector<PlacedMark>& marks) {
    std::map<std::pair<MomentKind, int>, bool> places; ///< whether a sign is wanted there
    for (const PlacedMark& mark : marks) {
        bool& wanted = places[{mark.kind, mark.place}];
        wanted = wanted || !mark.slight;
    }
    std::vector<MarkRun> runs;
    for (const auto& [at, wanted] : places) {
        const auto [kind, place] = at;
        if (!runs.empty() && runs.back().kind == kind && place - runs.back().last <= reachOf(kind) &&
            (runs.back().sign || !wanted))
            runs.back().last = place;
        else
            runs.push_back({kind, place, place, wanted});
    }
    // In the order of their weight; failures last, since their line tells of them as well.
    std::set<int> taken;
    for (const bool failures : {false, true})
        for (MarkRun& run : runs)
            if (run.sign && (run.kind == MomentKind::Failed) == failures)
                run.sign = taken.insert(run.first).second;
    return runs;
}

} // namespace coroscope::app
