// SPDX-License-Identifier: Apache-2.0
// What happened in a stretch of time: commands, findings that appeared, incidents, failures, ends, and what
// befell the program as a whole.
#pragma once

#include "model/Workspace.h"

#include <coroscope/observe/TimeHistory.h>

#include <QString>

#include <cstddef>
#include <vector>

namespace coroscope::app {

/// In the order of their weight: what hides the others where there is room for one.
enum class MomentKind {
    TargetEnded,
    Failed,
    Finding,
    Incident,
    Command,
    Lost,
    Stopped, ///< or does not answer
    WentOn,
    Lag,
    Attached,
    Ended
};

struct Moment {
    std::int64_t at = 0; ///< of the target's clock, ns
    MomentKind kind = MomentKind::Ended;
    JobId job;                            ///< none when it is about the whole program
    QString what;                         ///< "failed", "finding: orphan-global"
    QString who;                          ///< the job's name
    QString text;                         ///< exception, evidence, reason
    JobState state = JobState::Completed; ///< of an ended job
};

/// A sign on the time strip.
struct Mark {
    std::int64_t at = 0;
    MomentKind kind = MomentKind::Failed;
    bool slight = false; ///< worth a line, not a sign
};

/// Longer than this is worth a line, longer than that a sign, in ms.
inline constexpr double longLag = 100, veryLongLag = 1'000;

/// What happened at or after `from` and before `to`, in the order of time. Jobs that ended well come last to
/// be counted and first to be left out when there are more than `atMost`.
std::vector<Moment> momentsBetween(const Workspace& workspace, const observe::TimeHistory& history,
                                   std::int64_t from, std::int64_t to, std::size_t atMost = 500);

/// All but the ends, roughly in the order of time. Failures, losses and lag are those of this scale's steps.
std::vector<Mark> marksOf(const Workspace& workspace, const observe::TimeHistory& history,
                          observe::TimeHistory::Scale scale);

/// "Failures", "Findings": for legends.
QString momentName(MomentKind kind);

} // namespace coroscope::app
