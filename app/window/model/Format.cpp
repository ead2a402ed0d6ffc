// SPDX-License-Identifier: Apache-2.0
#include "model/Format.h"

#include <QDateTime>
#include <QLatin1Char>

namespace coroscope::app {

namespace {
QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QString capitalised(QString text) {
    if (!text.isEmpty())
        text[0] = text[0].toUpper();
    return text;
}

QString twoParts(std::int64_t big, const char* bigUnit, std::int64_t small, const char* smallUnit) {
    return QStringLiteral("%1 %2 %3 %4")
        .arg(big)
        .arg(QLatin1String(bigUnit))
        .arg(small, 2, 10, QLatin1Char('0'))
        .arg(QLatin1String(smallUnit));
}
} // namespace

QString durationText(std::int64_t nanoseconds) {
    const std::int64_t tenths = nanoseconds > 0 ? nanoseconds / 100'000'000 : 0;
    if (tenths == 0)
        return QStringLiteral("< 0.1 s");
    if (tenths < 600)
        return QStringLiteral("%1.%2 s").arg(tenths / 10).arg(tenths % 10);
    const std::int64_t seconds = tenths / 10;
    if (seconds < 3600)
        return twoParts(seconds / 60, "m", seconds % 60, "s");
    if (seconds < 86'400)
        return twoParts(seconds / 3600, "h", seconds / 60 % 60, "m");
    return twoParts(seconds / 86'400, "d", seconds / 3600 % 24, "h");
}

QString countText(std::uint64_t count) {
    QString text = QString::number(count);
    for (qsizetype at = text.size() - 3; at > 0; at -= 3)
        text.insert(at, QLatin1Char(','));
    return text;
}

QString jobsText(std::uint64_t count) {
    return count == 1 ? QStringLiteral("1 job") : countText(count) + QStringLiteral(" jobs");
}

QString rateText(double perSecond) {
    if (perSecond >= 999'500)
        return QStringLiteral("%1 M events/s").arg(perSecond / 1e6, 0, 'f', 2);
    return countText(static_cast<std::uint64_t>(perSecond + 0.5)) + QStringLiteral(" events/s");
}

QString clockText(std::int64_t wallClock) {
    return QDateTime::fromSecsSinceEpoch(wallClock).toString(QStringLiteral("HH:mm:ss"));
}

QString stateText(JobState state, Execution execution) {
    const QString doing = fromView(name(execution));
    switch (state) {
    case JobState::Cancelling:
        return execution == Execution::None ? QStringLiteral("Cancelling")
                                            : QStringLiteral("Cancelling, ") + doing;
    case JobState::Active:
    case JobState::Completing:
        if (execution == Execution::None)
            return fromView(name(state));
        return capitalised(doing);
    case JobState::New:
    case JobState::Completed:
    case JobState::Cancelled:
    case JobState::Failed:
        break;
    }
    return fromView(name(state));
}

QString waitText(const observe::JobRow& row) {
    if (row.execution != Execution::Suspended)
        return {};
    switch (row.waitKind) {
    case WaitKind::Unknown:
    case WaitKind::Callback:
        return {};
    case WaitKind::Job:
        return QStringLiteral("join");
    default:
        return fromView(name(row.waitKind));
    }
}

} // namespace coroscope::app
