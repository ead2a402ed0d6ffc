// SPDX-License-Identifier: Apache-2.0
// The window's own log: $XDG_STATE_HOME/coroscope/coroscope.log, one older file kept.
#pragma once

#include <QString>

namespace coroscope::app {

/// Never fails: without a writable place the log goes nowhere, or to the terminal.
void startLog(bool verbose);
/// Where it goes.
QString logFile();
void logInfo(const QString& text);
void logWarning(const QString& text);

} // namespace coroscope::app
