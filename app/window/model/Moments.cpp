// SPDX-License-Identifier: Apache-2.0
#include "model/Moments.h"

#include "model/Format.h"
#include "model/JobPast.h"

#include <QCoreApplication>

#include <algorithm>
#include <tuple>

namespace coroscope::app {

using observe::TimeHistory;

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("Moments", text);
}

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QString firstLine(const QString& text) {
    return text.section(QLatin1Char('\n'), 0, 0);
}

QString nameOf(const Workspace& workspace, const observe::JobRow& row) {
    return row.id ? workspace.labels().fullName(row) : tr("unknown job");
}

QString turnText(TimeHistory::TurnKind kind) {
    switch (kind) {
    case TimeHistory::TurnKind::Stopped:
        return tr("the program was stopped");
    case TimeHistory::TurnKind::WentOn:
        return tr("the program went on");
    case TimeHistory::TurnKind::Silent:
        return tr("the program did not answer any more");
    case TimeHistory::TurnKind::Answered:
        return tr("the program answered again");
    case TimeHistory::TurnKind::Ended:
        return tr("the program ended");
    }
    return {};
}

MomentKind kindOf(TimeHistory::TurnKind kind) {
    switch (kind) {
    case TimeHistory::TurnKind::Ended:
        return MomentKind::TargetEnded;
    case TimeHistory::TurnKind::Stopped:
    case TimeHistory::TurnKind::Silent:
        return MomentKind::Stopped;
    case TimeHistory::TurnKind::WentOn:
    case TimeHistory::TurnKind::Answered:
        break;
    }
    return MomentKind::WentOn;
}

/// Of the kinds that a window sent itself there is an incident, too.
bool sentFromHere(const Workspace& workspace, const observe::Incident& incident) {
    const QString why = QString::fromStdString(incident.text).section(QLatin1Char('\n'), 1);
    return std::any_of(workspace.cancels().begin(), workspace.cancels().end(),
                       [&](const Workspace::Cancel& cancel) {
                           const std::vector<JobId>& jobs = cancel.progress.jobs();
                           return QString::fromStdString(cancel.progress.reason()) == why &&
                                  std::find(jobs.begin(), jobs.end(), incident.job.id) != jobs.end();
                       });
}

/// Failures stand among the jobs that ended.
MomentKind kindOf(const observe::Incident& incident) {
    return incident.what == IncidentKind::Commanded ? MomentKind::Command : MomentKind::Incident;
}

} // namespace

std::vector<Moment> momentsBetween(const Workspace& workspace, const TimeHistory& history, std::int64_t from,
                                   std::int64_t to, std::size_t atMost) {
    std::vector<Moment> all;
    const auto within = [&](std::int64_t at) { return at >= from && at < to; };
    if (within(history.begun()))
        all.push_back({history.begun(), MomentKind::Attached, {}, tr("attached"), {}, {}});
    for (const TimeHistory::Turn& turn : history.turns())
        if (within(turn.at))
            all.push_back({turn.at, kindOf(turn.kind), {}, turnText(turn.kind), {}, {}});
    for (const Workspace::Cancel& cancel : workspace.cancels())
        if (within(cancel.sentAt))
            all.push_back({cancel.sentAt, MomentKind::Command, cancel.progress.job(),
                           cancel.childrenOnly ? tr("cancel of all below") : tr("cancel"), cancel.name,
                           QString::fromStdString(cancel.progress.reason())});
    for (const observe::Incident& incident : workspace.endedJobs().incidents()) {
        if (!within(incident.at))
            continue;
        const bool command = incident.what == IncidentKind::Commanded;
        if (command && sentFromHere(workspace, incident))
            continue;
        const QString text = QString::fromStdString(incident.text);
        all.push_back({incident.at, kindOf(incident), incident.job.id, incidentText(incident.what),
                       nameOf(workspace, incident.job),
                       command ? QString(text).replace(QLatin1Char('\n'), QLatin1String(": "))
                               : QString(text).replace(QLatin1Char('\n'), QLatin1Char(' '))});
    }
    for (const observe::FindingLog::Appeared& finding : workspace.findingLog().appeared())
        if (within(finding.at))
            all.push_back(
                {finding.at, MomentKind::Finding, finding.job, tr("finding: %1").arg(fromView(finding.rule)),
                 QString::fromStdString(finding.jobName), QString::fromStdString(finding.evidence)});
    for (const TimeHistory::Scale scale : TimeHistory::scales) {
        if (history.firstOf(scale) > from && scale != TimeHistory::Scale::Session)
            continue;
        // Of the finest scale that reaches back so far.
        for (const TimeHistory::Step& step : history.steps(scale)) {
            if (!within(step.from) && !within(step.until))
                continue;
            if (step.lost > 0)
                all.push_back({step.until,
                               MomentKind::Lost,
                               {},
                               tr("%1 events lost").arg(countText(step.lost)),
                               {},
                               tr("they were overwritten before they were read; the tree is complete")});
            if (step.lag > longLag)
                all.push_back({step.until,
                               MomentKind::Lag,
                               {},
                               tr("lag of %1 ms").arg(step.lag, 0, 'f', 0),
                               {},
                               tr("what was shown was as old as that")});
        }
        break;
    }
    const std::vector<const observe::EndedJob*> ended = workspace.endedJobs().newestFirst();
    for (const bool failed : {true, false}) {
        for (const observe::EndedJob* job : ended) {
            if (job->failed() != failed || !within(job->at))
                continue;
            if (all.size() >= atMost)
                break;
            all.push_back({job->at, failed ? MomentKind::Failed : MomentKind::Ended, job->id,
                           stateText(failed ? JobState::Failed : job->finalState, Execution::None).toLower(),
                           nameOf(workspace, job->row), firstLine(workspace.failureText(*job)),
                           job->finalState});
        }
    }
    const auto weight = [](const Moment& moment) {
        return moment.kind == MomentKind::Ended ? 2 : moment.kind == MomentKind::Failed ? 1 : 0;
    };
    std::sort(all.begin(), all.end(), [&](const Moment& a, const Moment& b) {
        return std::tuple(weight(a), a.at, a.kind, a.job.value) <
               std::tuple(weight(b), b.at, b.kind, b.job.value);
    });
    return all;
}

std::vector<Mark> marksOf(const Workspace& workspace, const TimeHistory& history, TimeHistory::Scale scale) {
    std::vector<Mark> marks;
    if (history.begun() == 0)
        return marks;
    marks.push_back({history.begun(), MomentKind::Attached});
    for (const TimeHistory::Turn& turn : history.turns())
        marks.push_back({turn.at, kindOf(turn.kind)});
    for (const TimeHistory::Step& step : history.steps(scale)) {
        if (step.failed > 0)
            marks.push_back({step.until, MomentKind::Failed});
        if (step.lost > 0)
            marks.push_back({step.until, MomentKind::Lost});
        if (step.lag > longLag)
            marks.push_back({step.until, MomentKind::Lag, step.lag <= veryLongLag});
    }
    for (const Workspace::Cancel& cancel : workspace.cancels())
        marks.push_back({cancel.sentAt, MomentKind::Command});
    const std::int64_t first = history.firstOf(scale);
    for (const observe::Incident& incident : workspace.endedJobs().incidents())
        if (incident.at >= first)
            marks.push_back({incident.at, kindOf(incident)});
    for (const observe::FindingLog::Appeared& finding : workspace.findingLog().appeared())
        if (finding.at >= first)
            marks.push_back({finding.at, MomentKind::Finding});
    return marks;
}

QString momentName(MomentKind kind) {
    switch (kind) {
    case MomentKind::TargetEnded:
        return tr("program ended");
    case MomentKind::Failed:
        return tr("failures");
    case MomentKind::Finding:
        return tr("findings that appeared");
    case MomentKind::Incident:
        return tr("incidents");
    case MomentKind::Command:
        return tr("commands");
    case MomentKind::Lost:
        return tr("events lost");
    case MomentKind::Stopped:
        return tr("program stopped or silent");
    case MomentKind::WentOn:
        return tr("program went on");
    case MomentKind::Lag:
        return tr("lag over 100 ms");
    case MomentKind::Attached:
        return tr("attached");
    case MomentKind::Ended:
        return tr("ended jobs");
    }
    return {};
}

} // namespace coroscope::app
