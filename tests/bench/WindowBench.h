// SPDX-License-Identifier: Apache-2.0
// What benchmarks of the window begin with: an application that draws into memory, and settings of its own
// that nobody keeps.
#pragma once

#include "theme/Theme.h"

#include <QApplication>
#include <QSettings>
#include <QTemporaryDir>

namespace coroscope::bench {

class WindowBench {
public:
    WindowBench(int& count, char** arguments)
        : application_(inMemory(count), arguments) {
        QCoreApplication::setOrganizationName(QStringLiteral("coroscope"));
        QCoreApplication::setApplicationName(QStringLiteral("coroscope-bench"));
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, settings_.path());
        app::Theme::apply(application_, app::ThemeChoice::Light);
    }

private:
    static int& inMemory(int& count) {
        qputenv("QT_QPA_PLATFORM", "offscreen");
        return count;
    }

    QApplication application_;
    QTemporaryDir settings_;
};

} // namespace coroscope::bench
