// SPDX-License-Identifier: Apache-2.0
#include "ModelsUnderTest.h"

#include "theme/Theme.h"

#include <QApplication>
#include <QSettings>
#include <QTemporaryDir>

#include <gtest/gtest.h>

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("coroscope"));
    QCoreApplication::setApplicationName(QStringLiteral("coroscope-test"));
    // Nothing that a test remembers may reach the settings of whoever runs it.
    const QTemporaryDir settings;
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, settings.path());
    coroscope::app::Theme::apply(application, coroscope::app::ThemeChoice::Light);
    coroscope::app::ModelsUnderTest models;
    application.installEventFilter(&models);
    return RUN_ALL_TESTS();
}
