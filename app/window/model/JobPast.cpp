// SPDX-License-Identifier: Apache-2.0
#include "model/JobPast.h"

#include "model/Format.h"

#include <QCoreApplication>

#include <algorithm>

namespace coroscope::app {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("JobPast", text);
}

QString incidentLine(const observe::Incident& incident) {
    const QString text = QString::fromStdString(incident.text);
    if (incident.what != IncidentKind::Commanded)
        return incidentText(incident.what);
    const QString why = text.section(QLatin1Char('\n'), 1);
    return why.isEmpty() ? tr("cancelled by %1").arg(text.section(QLatin1Char('\n'), 0, 0))
                         : tr("cancelled by %1: %2").arg(text.section(QLatin1Char('\n'), 0, 0), why);
}

} // namespace

QString incidentText(IncidentKind kind) {
    switch (kind) {
    case IncidentKind::Failed:
        return tr("failed");
    case IncidentKind::UnseenFailure:
        return tr("failed, and nobody saw it");
    case IncidentKind::SwallowedCancellation:
        return tr("swallowed its cancellation");
    case IncidentKind::CancellationBecameValue:
        return tr("caught its cancellation and returned");
    case IncidentKind::CancellationBecameFailure:
        return tr("caught its cancellation and failed");
    case IncidentKind::Commanded:
        return tr("told to cancel");
    case IncidentKind::CircularReference:
        return tr("stands above itself");
    case IncidentKind::Unknown:
        break;
    }
    return tr("something happened");
}

JobPast pastOfSelected(const Workspace& workspace) {
    JobPast past;
    const SelectedJob& selected = *workspace.selected();
    const observe::JobHistory& history = selected.history;
    const bool known = history.job == selected.id;
    std::vector<observe::JobChange> changes;
    if (known)
        changes = history.changes;
    if (const auto& seen = selected.whenSelected; seen && (changes.empty() || seen->at < changes.front().at))
        changes.insert(changes.begin(), *seen);
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const observe::JobChange& change = changes[i];
        QString text = stateText(change.state, change.execution);
        if (!isFinal(change.state)) {
            const std::int64_t end = i + 1 < changes.size() ? changes[i + 1].at
                                     : selected.ended       ? selected.ended->at
                                                            : workspace.now();
            text += QLatin1Char(' ') + durationText(end - change.at);
        }
        QString where;
        if (const observe::StackText stack = workspace.labels().frames(change.suspendedAt);
            !stack.frames.empty())
            where = QString::fromStdString(stack.frames.front().shortText());
        past.lines.push_back({change.at, clockText(workspace.wallClock(change.at)), text, where, false});
    }
    for (const observe::Incident& incident : workspace.endedJobs().incidents()) {
        if (incident.job.id != selected.id)
            continue;
        const auto place =
            std::upper_bound(past.lines.begin(), past.lines.end(), incident.at,
                             [](std::int64_t at, const PastLine& line) { return at < line.at; });
        past.lines.insert(
            place,
            {incident.at, clockText(workspace.wallClock(incident.at)), incidentLine(incident), {}, true});
    }
    std::reverse(past.lines.begin(), past.lines.end());
    past.title = tr("History");
    if (!known || workspace.state() == Workspace::State::File)
        return past;
    using Limit = observe::JobHistory::Limit;
    const QString since = clockText(workspace.wallClock(history.completeSince));
    if (history.limit == Limit::Loss)
        past.limit = tr("News were lost at %1: changes before may be missing.").arg(since);
    else if (history.fromBirth)
        past.title = tr("History since it was created");
    else if (history.limit == Limit::Attach)
        past.title = tr("History since the attach at %1").arg(since);
    else
        past.limit = tr("Changes before %1 were not kept.").arg(since);
    return past;
}

} // namespace coroscope::app
