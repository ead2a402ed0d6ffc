// SPDX-License-Identifier: Apache-2.0
#include "program/Sample.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

namespace coroscope::app {

QString Sample::path() {
    const QString here = QCoreApplication::applicationDirPath();
    const QString beside = here + QStringLiteral("/orders");
    if (QFileInfo(beside).isExecutable())
        return beside;
    return QDir::cleanPath(here + QStringLiteral("/../libexec/coroscope/orders"));
}

bool Sample::found() {
    return QFileInfo(path()).isExecutable();
}

} // namespace coroscope::app
