// SPDX-License-Identifier: Apache-2.0
#include "model/CommandList.h"

#include "model/Format.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QSet>

#include <algorithm>

#include <unistd.h>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("CommandList", text);
}

QString outcomeOf(const Workspace& workspace, const Workspace::Cancel& cancel) {
    const observe::CancelProgress& progress = cancel.progress;
    if (progress.done() && cancel.answer.isEmpty())
        return tr("%1 ended within %2")
            .arg(jobsText(progress.finished()), durationText(progress.duration(0)));
    const std::uint64_t left = progress.requested() - progress.finished();
    const bool nothingDone = progress.gone() + progress.refusals() == progress.jobs().size();
    if (nothingDone && !cancel.answer.isEmpty())
        return cancel.answer;
    QString text = workspace.state() == Workspace::State::Ended
                       ? tr("the program ended with %1 of %2 still there")
                       : tr("%1 of %2 still there");
    text = text.arg(countText(left), countText(progress.requested()));
    return cancel.answer.isEmpty() ? text : cancel.answer + QLatin1Char(' ') + text;
}

QString fateOf(const Workspace& workspace, JobId job) {
    if (const Node node = workspace.tree().find(job); node != noNode) {
        const observe::JobRow& row = workspace.tree().row(node);
        return stateText(row.state, row.execution);
    }
    if (const observe::EndedJob* ended = workspace.endedJobs().find(job))
        return tr("%1, ended %2")
            .arg(stateText(ended->finalState, Execution::None), clockText(workspace.wallClock(ended->at)));
    return tr("ended");
}

} // namespace

std::vector<CommandLine> commandLines(const Workspace& workspace) {
    std::vector<CommandLine> lines;
    QSet<QPair<quint64, QString>> ours;
    for (const Workspace::Cancel& cancel : workspace.cancels()) {
        const QString why = QString::fromStdString(cancel.progress.reason());
        for (const JobId job : cancel.progress.jobs())
            ours.insert({job.value, why});
        lines.push_back({cancel.progress.job(), true, cancel.sentAt, cancel.wallClock,
                         tr("this window, user %1").arg(::geteuid()),
                         cancel.childrenOnly ? tr("below %1").arg(cancel.name) : cancel.name, why,
                         outcomeOf(workspace, cancel), !cancel.progress.done() || !cancel.answer.isEmpty()});
    }
    for (const observe::Incident& incident : workspace.endedJobs().incidents()) {
        if (incident.what != IncidentKind::Commanded)
            continue;
        const QString text = QString::fromStdString(incident.text);
        const QString who = text.section(QLatin1Char('\n'), 0, 0);
        const QString why = text.section(QLatin1Char('\n'), 1);
        if (ours.contains({incident.job.id.value, why}))
            continue;
        lines.push_back({incident.job.id, false, incident.at, workspace.wallClock(incident.at), who,
                         workspace.labels().fullName(incident.job), why, fateOf(workspace, incident.job.id),
                         workspace.tree().find(incident.job.id) != noNode});
    }
    std::sort(lines.begin(), lines.end(), [](const CommandLine& a, const CommandLine& b) {
        return a.at != b.at ? a.at > b.at : a.job.value > b.job.value;
    });
    return lines;
}

QString commandText(const Workspace& workspace, const std::vector<CommandLine>& lines) {
    const observe::SourceInfo& info = workspace.info();
    QString text =
        tr("Commands to %1, pid %2%3, as of %4\n")
            .arg(QString::fromStdString(info.program))
            .arg(info.pid)
            .arg(info.host.empty() ? QString() : tr(" on %1").arg(QString::fromStdString(info.host)),
                 QDateTime::currentDateTime().toString(Qt::ISODate));
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
        // A name or a reason with a line of its own must not look like another command.
        const auto flat = [](const QString& part) { return QString(part).simplified(); };
        text += QDateTime::fromSecsSinceEpoch(line->wallClock).toString(Qt::ISODate) + QStringLiteral("  ") +
                flat(line->who) + tr("  cancels ") + flat(line->what) +
                (line->why.isEmpty() ? tr("; no reason given") : tr("; reason: ") + flat(line->why)) +
                QStringLiteral("; ") + flat(line->outcome) + QLatin1Char('\n');
    }
    return text;
}

} // namespace coroscope::app
