// SPDX-License-Identifier: Apache-2.0
// Signs beside each other on the time strip that say the same: one sign, and a line for as long as it goes
// on.
#pragma once

#include "model/Moments.h"

#include <vector>

namespace coroscope::app {

/// A sign has room in a place; several marks may be in one.
struct PlacedMark {
    int place = 0;
    MomentKind kind = MomentKind::Failed;
    bool slight = false; ///< not worth a sign
};

struct MarkRun {
    MomentKind kind = MomentKind::Failed;
    int first = 0, last = 0; ///< places
    bool sign = false;       ///< at the first; else the line alone
};

/// By kind. Where signs of several kinds would stand in one place, the weightiest has it, and what is rarer
/// than failures.
std::vector<MarkRun> runsOf(const std::vector<PlacedMark>& marks);

} // namespace coroscope::app
