// SPDX-License-Identifier: Apache-2.0
#include "model/Format.h"

#include <coroscope/observe/Labels.h>

#include <QCoreApplication>
#include <QDateTime>
#include <QLatin1Char>
#include <QString>

namespace coroscope::app {

namespace {
QString words(const char* text) {
    return QCoreApplication::translate("Format", text);
}
} // namespace

// Tenths are the finest: finer ones would only flicker.
QString durationText(std::optional<std::int64_t> nanoseconds) {
    return nanoseconds ? durationText(*nanoseconds) : QString();
}

QString durationText(std::int64_t nanoseconds) {
    constexpr std::int64_t second = 1'000'000'000;
    if (nanoseconds < second / 10)
        return QStringLiteral("< 0.1 s");
    if (nanoseconds < second)
        return QStringLiteral("0.%1 s").arg(nanoseconds / (second / 10));
    return QString::fromStdString(observe::durationText(nanoseconds));
}

QString countText(std::uint64_t count) {
    return QString::fromStdString(observe::countText(count));
}

QString sizeText(std::uint64_t bytes) {
    return QString::fromStdString(observe::sizeText(bytes));
}

QString jobsText(std::uint64_t count) {
    return count == 1 ? words("1 job") : words("%1 jobs").arg(countText(count));
}

QString programText(const observe::SourceInfo& info) {
    if (info.pid == 0) // not every foreign dump tells
        return QString::fromStdString(info.program);
    const QString who =
        words("%1 · pid %2").arg(QString::fromStdString(info.program), QString::number(info.pid));
    return info.via.empty() ? who : words("%1 via %2").arg(who, QString::fromStdString(info.via));
}

QString rateText(double perSecond) {
    if (perSecond >= 999'500)
        return words("%1 M events/s").arg(perSecond / 1e6, 0, 'f', 2);
    return words("%1 events/s").arg(countText(static_cast<std::uint64_t>(perSecond + 0.5)));
}

QString clockText(std::int64_t wallClock) {
    return QDateTime::fromSecsSinceEpoch(wallClock).toString(QStringLiteral("HH:mm:ss"));
}

QString agoText(std::int64_t wallClock) {
    const std::int64_t seconds = QDateTime::currentSecsSinceEpoch() - wallClock;
    constexpr std::int64_t second = 1'000'000'000, minute = 60, hour = 3'600, day = 86'400;
    if (seconds < minute)
        return seconds < 1 ? words("just now") : words("%1 s ago").arg(seconds);
    if (seconds < hour)
        return words("%1 min ago").arg(seconds / minute);
    if (seconds < 10 * 365 * day)
        return words("%1 ago").arg(durationText(seconds * second));
    return words("long ago");
}

QString dateText(std::int64_t wallClock) {
    return QDateTime::fromSecsSinceEpoch(wallClock).toString(QStringLiteral("yyyy-MM-dd HH:mm"));
}

QString stateText(JobState state, Execution execution) {
    return QString::fromStdString(observe::stateText(state, execution));
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
        return QString::fromStdString(std::string(name(row.waitKind)));
    }
}

QString nameText(const QString& name) {
    constexpr qsizetype most = 120, end = 40;
    QString text = name;
    if (text.size() > most) {
        const auto whole = [&name](qsizetype at) { return name.at(at).isLowSurrogate() ? at + 1 : at; };
        text = name.left(whole(most - end)) + QChar(0x2026) + name.mid(whole(name.size() - end));
    }
    constexpr char16_t leftToRightMark = 0x200e;
    return text.isRightToLeft() ? QChar(leftToRightMark) + text : text;
}

QString wrappable(const QString& text) {
    constexpr qsizetype longWord = 24;
    constexpr char16_t mayBreak = 0x200b;
    QStringList words = text.split(u' ');
    for (QString& word : words) {
        if (word.size() <= longWord)
            continue;
        for (qsizetype i = word.size() - 1; i > 0; --i)
            if (word[i].isLetterOrNumber() && QStringLiteral(".$:_/").contains(word[i - 1]))
                word.insert(i, QChar(mayBreak));
    }
    return words.join(u' ');
}

} // namespace coroscope::app
