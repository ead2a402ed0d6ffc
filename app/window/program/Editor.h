// SPDX-License-Identifier: Apache-2.0
// Opens a source line in the editor of whoever looks.
#pragma once

#include <QString>
#include <QStringList>

#include <cstdint>

namespace coroscope::app::editor {

/// The command from the settings, else one that fits $VISUAL, else xdg-open. {file} and {line} stand for the
/// place.
QString command();
/// Empty: the usual one again.
void setCommand(const QString& command);
QString usualCommand(const QString& visual);
/// Program and arguments, as they are started: never by a shell, so that no file name can be a command.
QStringList arguments(const QString& command, const QString& file, std::uint32_t line);
/// False when the program could not be started.
bool open(const QString& file, std::uint32_t line);

} // namespace coroscope::app::editor
