// SPDX-License-Identifier: Apache-2.0
#include "program/Editor.h"

#include <QFileInfo>
#include <QProcess>
#include <QSettings>

namespace coroscope::app::editor {

namespace {
const QString key = QStringLiteral("editor/command");
}

QString usualCommand(const QString& visual) {
    const QStringList parts = QProcess::splitCommand(visual);
    const QString name = parts.isEmpty() ? QString() : QFileInfo(parts.first()).fileName();
    // What runs in a terminal has none here.
    if (name == QLatin1String("code") || name == QLatin1String("codium"))
        return visual + QStringLiteral(" --goto {file}:{line}");
    if (name == QLatin1String("kate") || name == QLatin1String("kwrite"))
        return visual + QStringLiteral(" --line {line} {file}");
    if (name == QLatin1String("gvim") || name == QLatin1String("emacsclient") ||
        name == QLatin1String("emacs") || name == QLatin1String("gedit"))
        return visual + QStringLiteral(" +{line} {file}");
    if (name == QLatin1String("subl") || name == QLatin1String("qtcreator") || name == QLatin1String("zed"))
        return visual + QStringLiteral(" {file}:{line}");
    if (name == QLatin1String("clion"))
        return visual + QStringLiteral(" --line {line} {file}");
    return QStringLiteral("xdg-open {file}");
}

QString command() {
    const QString set = QSettings().value(key).toString().trimmed();
    return set.isEmpty() ? usualCommand(qEnvironmentVariable("VISUAL")) : set;
}

void setCommand(const QString& command) {
    if (command.trimmed().isEmpty())
        QSettings().remove(key);
    else
        QSettings().setValue(key, command.trimmed());
}

QStringList arguments(const QString& command, const QString& file, std::uint32_t line) {
    QStringList parts = QProcess::splitCommand(command);
    bool named = false;
    for (QString& part : parts) {
        named = named || part.contains(QLatin1String("{file}"));
        // The line first: a file's name may have braces in it.
        part.replace(QLatin1String("{line}"), QString::number(line));
        part.replace(QLatin1String("{file}"), file);
    }
    if (!named)
        parts << file;
    return parts;
}

bool open(const QString& file, std::uint32_t line) {
    QStringList parts = arguments(command(), file, line);
    if (parts.isEmpty())
        return false;
    const QString program = parts.takeFirst();
    return QProcess::startDetached(program, parts);
}

} // namespace coroscope::app::editor
