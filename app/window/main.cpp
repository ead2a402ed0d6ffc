// SPDX-License-Identifier: Apache-2.0
// coroscope, the desktop program.
#include "map/MapExport.h"
#include "map/MapPanel.h"
#include "program/Arguments.h"
#include "program/Log.h"
#include "theme/SystemAppearance.h"
#include "theme/Theme.h"
#include "widgets/ComparePanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"

#include <QApplication>
#include <QSettings>
#include <QSocketNotifier>
#include <QTimer>

#include <csignal>
#include <memory>
#include <sys/socket.h>
#include <unistd.h>

namespace {

int interruptSockets[2] = {-1, -1};

extern "C" void interrupted(int) {
    const char byte = 1;
    [[maybe_unused]] const auto written = ::write(interruptSockets[0], &byte, 1);
}

/// SIGINT and SIGTERM close the window as a person would.
void closeOnInterrupt(QWidget& window) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, interruptSockets) != 0)
        return;
    auto* notifier = new QSocketNotifier(interruptSockets[1], QSocketNotifier::Read, &window);
    QObject::connect(notifier, &QSocketNotifier::activated, &window, [&window, notifier] {
        notifier->setEnabled(false);
        window.close();
        QApplication::quit();
    });
    std::signal(SIGINT, interrupted);
    std::signal(SIGTERM, interrupted);
}

} // namespace

int main(int argc, char** argv) {
    using namespace coroscope::app;
    const ArgumentsResult parsed = readArguments(argc, argv);
    if (parsed.exitCode)
        return *parsed.exitCode;
    const Arguments& arguments = parsed.arguments;

    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("coroscope"));
    QCoreApplication::setApplicationName(QStringLiteral("coroscope"));
    QGuiApplication::setDesktopFileName(QStringLiteral("coroscope"));
    QSettings::setDefaultFormat(QSettings::IniFormat);
    startLog(arguments.verbose);
    const ThemeChoice theme = themeChoice(
        arguments.theme.isEmpty() ? QSettings().value(QStringLiteral("theme")).toString() : arguments.theme);
    SystemAppearance appearance;
    Theme::apply(application, theme, appearance.dark());

    MainWindow window(theme, &appearance);
    if (arguments.size)
        window.resize(*arguments.size);
    closeOnInterrupt(window);
    if (arguments.screenshot.isEmpty())
        window.offerHint();
    window.show();
    if (!arguments.view.isEmpty() || !arguments.mapPicture.isEmpty())
        window.setView(arguments.view == QStringLiteral("tree") ? ViewSwitch::Tree : ViewSwitch::Map);
    if (arguments.view == QStringLiteral("map") || arguments.view == QStringLiteral("nodes"))
        window.map().setDrawing(arguments.view == QStringLiteral("nodes") ? MapPanel::Drawing::Nodes
                                                                          : MapPanel::Drawing::Icicle);
    if (!arguments.select.isEmpty())
        window.selectByName(arguments.select);
    if (!arguments.filter.isEmpty())
        window.setFilter(arguments.filter);
    if (!arguments.groupBy.isEmpty() || !arguments.compare.isEmpty()) {
        // Once there are jobs to look at.
        auto once = std::make_shared<QMetaObject::Connection>();
        *once = QObject::connect(&window.workspace(), &Workspace::updated, &window, [&, once] {
            if (window.workspace().tree().size() == 0)
                return;
            QObject::disconnect(*once);
            if (!arguments.groupBy.isEmpty())
                window.workspace().setGrouping(
                    coroscope::observe::groupingOf(arguments.groupBy.toStdString()));
            if (const auto selected = window.workspace().selectedNode();
                selected != coroscope::observe::noNode)
                window.tree().show(selected);
            if (!arguments.compare.isEmpty())
                window.compare().withFile(arguments.compare);
        });
    }
    if (arguments.demo)
        window.startSample();
    else if (!arguments.file.isEmpty())
        window.openFile(arguments.file);
    else if (!arguments.via.isEmpty())
        window.attachThrough(arguments.via, arguments.pid);
    else if (arguments.pid > 0)
        window.attach(arguments.pid);
    if (!arguments.mapPicture.isEmpty()) {
        QTimer::singleShot(static_cast<int>(arguments.after * 1000), &window, [&window, &arguments] {
            const QString problem = exportMap(window.map().canvas(), arguments.mapPicture);
            if (!problem.isEmpty())
                qWarning("%s", qPrintable(problem));
            QCoreApplication::exit(problem.isEmpty() ? 0 : 1);
        });
    }
    if (!arguments.screenshot.isEmpty()) {
        QTimer::singleShot(static_cast<int>(arguments.after * 1000), &window, [&window, &arguments] {
            const bool saved = window.grab().save(arguments.screenshot);
            if (!saved)
                qWarning("The picture could not be saved to %s.", qPrintable(arguments.screenshot));
            QCoreApplication::exit(saved ? 0 : 1);
        });
    }
    return QApplication::exec();
}
