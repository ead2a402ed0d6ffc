// SPDX-License-Identifier: Apache-2.0
// A job's facts as filters: "only jobs in this state".
#pragma once

#include "model/Workspace.h"

#include <QString>

#include <vector>

namespace coroscope::app {

struct Condition {
    QString words;  ///< "This dispatcher: IO"
    QString filter; ///< "dispatcher=IO"
};

/// Those that others may share with it, in the order in which they matter.
std::vector<Condition> conditionsOf(const observe::JobRow& row, const Workspace& workspace);

/// The one that all jobs of a group of this place meet, and as a rule nobody else; empty where none says it.
Condition conditionOf(const observe::GroupPlace& place, observe::GroupBy by);

/// "name=\"two words\"".
QString conditionText(const char* key, const QString& value);
/// "state:suspended" for what the job does, or is where it has no code.
QString stateCondition(JobState state, Execution execution);

} // namespace coroscope::app
