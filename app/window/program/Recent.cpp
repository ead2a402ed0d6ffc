// SPDX-License-Identifier: Apache-2.0
#include "program/Recent.h"

#include <QFileInfo>
#include <QSettings>

#include <algorithm>

namespace coroscope::app {

namespace {
constexpr qsizetype most = 10;
constexpr char filesKey[] = "recent/files";
constexpr char launchesKey[] = "recent/launches";
constexpr char commandsKey[] = "recent/commands";
} // namespace

QStringList recentFiles() {
    QStringList files = QSettings().value(QLatin1String(filesKey)).toStringList();
    files.erase(std::remove_if(files.begin(), files.end(),
                               [](const QString& path) { return !QFileInfo::exists(path); }),
                files.end());
    return files;
}

void rememberFile(const QString& path) {
    const QString whole = QFileInfo(path).absoluteFilePath();
    QStringList files = QSettings().value(QLatin1String(filesKey)).toStringList();
    files.removeAll(whole);
    files.prepend(whole);
    QSettings().setValue(QLatin1String(filesKey), files.mid(0, most));
}

QStringList recentCommands() {
    return QSettings().value(QLatin1String(commandsKey)).toStringList();
}

void rememberCommand(const QString& command) {
    QStringList commands = recentCommands();
    commands.removeAll(command);
    commands.prepend(command);
    QSettings().setValue(QLatin1String(commandsKey), commands.mid(0, most));
}

std::vector<Launch> recentLaunches() {
    std::vector<Launch> launches;
    QSettings settings;
    const int count = std::min(settings.beginReadArray(QLatin1String(launchesKey)), static_cast<int>(most));
    for (int i = 0; i < count; ++i) {
        settings.setArrayIndex(i);
        launches.push_back({settings.value(QStringLiteral("command")).toString(),
                            settings.value(QStringLiteral("folder")).toString(),
                            settings.value(QStringLiteral("environment")).toStringList()});
    }
    settings.endArray();
    return launches;
}

void rememberLaunch(const Launch& launch) {
    std::vector<Launch> launches = recentLaunches();
    std::erase(launches, launch);
    launches.insert(launches.begin(), launch);
    launches.resize(std::min(launches.size(), static_cast<std::size_t>(most)));
    QSettings settings;
    settings.beginWriteArray(QLatin1String(launchesKey), static_cast<int>(launches.size()));
    for (std::size_t i = 0; i < launches.size(); ++i) {
        settings.setArrayIndex(static_cast<int>(i));
        settings.setValue(QStringLiteral("command"), launches[i].command);
        settings.setValue(QStringLiteral("folder"), launches[i].folder);
        settings.setValue(QStringLiteral("environment"), launches[i].environment);
    }
    settings.endArray();
}

} // namespace coroscope::app
