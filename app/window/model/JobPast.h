// SPDX-License-Identifier: Apache-2.0
// What the selected job did up to now, in lines for a person, and how far back that is known.
#pragma once

#include "model/Workspace.h"

#include <QString>

#include <vector>

namespace coroscope::app {

struct PastLine {
    std::int64_t at = 0; ///< of the target's clock, ns
    QString clock;
    QString text;
    QString place;         ///< in the source, of a suspension: "orders.cpp:88"
    bool incident = false; ///< something befell it, as opposed to a state that it was in
};

struct JobPast {
    QString title;
    std::vector<PastLine> lines; ///< the latest first
    QString limit;               ///< a sentence on what is missing; may be empty
};

/// Of the selected job; without lines when nothing is known but its present state.
JobPast pastOfSelected(const Workspace& workspace);

/// "Its body caught the cancellation": what an incident is, in a few words.
QString incidentText(IncidentKind kind);

} // namespace coroscope::app
