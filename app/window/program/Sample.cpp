// SPDX-License-Identifier: Apache-2.0
#include "program/Sample.h"

#include <QCoreApplication>
#include <QFileInfo>

namespace coroscope::app {

QString Sample::path() {
    return QCoreApplication::applicationDirPath() + QStringLiteral("/orders");
}

bool Sample::found() {
    return QFileInfo(path()).isExecutable();
}

} // namespace coroscope::app
