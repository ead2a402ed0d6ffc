// SPDX-License-Identifier: Apache-2.0
// The files that were opened and the programs that were started last, kept with the settings.
#pragma once

#include <QString>
#include <QStringList>

#include <vector>

namespace coroscope::app {

/// How a program is started from the window.
struct Launch {
    QString command;         ///< with its arguments, as in a shell, but nothing is expanded
    QString folder;          ///< empty: where the window was started
    QStringList environment; ///< "NAME=value", added to the window's own

    friend bool operator==(const Launch&, const Launch&) = default;
};

/// The last one first, at most ten of each. Files that are gone are left out.
QStringList recentFiles();
void rememberFile(const QString& path);
std::vector<Launch> recentLaunches();
void rememberLaunch(const Launch& launch);
/// Those that programs elsewhere were reached through.
QStringList recentCommands();
void rememberCommand(const QString& command);

} // namespace coroscope::app
