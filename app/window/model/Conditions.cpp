// SPDX-License-Identifier: Apache-2.0
#include "model/Conditions.h"

#include "model/Format.h"

#include <coroscope/observe/Groups.h>

#include <QCoreApplication>

namespace coroscope::app {

namespace {
QString words(const char* text) {
    return QCoreApplication::translate("Conditions", text);
}
} // namespace

QString conditionText(const char* key, const QString& value) {
    return QString::fromLatin1(key) + QLatin1Char('=') +
           QString::fromStdString(observe::quotedForQuery(value.toStdString()));
}

QString stateCondition(JobState state, Execution execution) {
    QString is;
    if (state == JobState::Cancelling)
        is = QStringLiteral("state:cancelling");
    else if (state == JobState::New)
        return QStringLiteral("state:new");
    switch (execution) {
    case Execution::None:
        return is.isEmpty() ? QStringLiteral("state:plain") : is;
    case Execution::Unstarted:
        return is.isEmpty() ? QStringLiteral("state:unstarted") : is;
    case Execution::Queued:
        is += QStringLiteral(" state:queued");
        break;
    case Execution::Running:
        is += QStringLiteral(" state:running");
        break;
    case Execution::Suspended:
        is += QStringLiteral(" state:suspended");
        break;
    case Execution::WaitsForChildren:
        is += QStringLiteral(" state:waits");
        break;
    }
    return is.trimmed();
}

std::vector<Condition> conditionsOf(const observe::JobRow& row, const Workspace& workspace) {
    const Labels& labels = workspace.labels();
    std::vector<Condition> conditions;
    conditions.push_back({words("This state: %1").arg(stateText(row.state, row.execution)),
                          stateCondition(row.state, row.execution)});
    if (const QString& name = labels.text(row.name); !name.isEmpty())
        conditions.push_back({words("This name: %1").arg(name), conditionText("name", name)});
    const std::string_view kind = coroscope::name(row.kind);
    const QString kindText = QString::fromUtf8(kind.data(), static_cast<qsizetype>(kind.size()));
    conditions.push_back({words("This kind: %1").arg(kindText), conditionText("kind", kindText)});
    if (row.execution == Execution::Suspended)
        if (const observe::StackText stack = labels.frames(row.suspendedAt); !stack.frames.empty()) {
            const QString place = QString::fromStdString(stack.frames[observe::ownFrame(stack)].shortText());
            conditions.push_back({words("Suspended here: %1").arg(place), conditionText("at", place)});
        }
    if (const QString& site = labels.site(row.site); !site.isEmpty())
        conditions.push_back({words("Created here: %1").arg(site), conditionText("created", site)});
    if (const QString& dispatcher = labels.dispatcher(row.context); !dispatcher.isEmpty())
        conditions.push_back(
            {words("This dispatcher: %1").arg(dispatcher), conditionText("dispatcher", dispatcher)});
    for (const std::uint32_t index : workspace.findings().of(row.id)) {
        const std::string_view rule = workspace.findings().all()[index].rule;
        const QString text = QString::fromUtf8(rule.data(), static_cast<qsizetype>(rule.size()));
        conditions.push_back({words("This finding: %1").arg(text), conditionText("finding", text)});
    }
    return conditions;
}

Condition conditionOf(const observe::GroupPlace& place, observe::GroupBy by) {
    if (!place.known())
        return {};
    const QString where = QString::fromStdString(place.stack.frames[place.own].shortText());
    return {by == observe::GroupBy::Stack ? words("Show only those at this place") : words("Show only these"),
            conditionText(by == observe::GroupBy::CreationSite ? "created" : "at", where)};
}

} // namespace coroscope::app
