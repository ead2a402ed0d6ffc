// SPDX-License-Identifier: Apache-2.0
// How long the window takes from being given the file of a large dump to the tree of it on the screen, and
// the longest time for which it could not answer meanwhile. The real window, drawn into memory.
#include "DumpFiles.h"
#include "Figure.h"

#include "map/MapPanel.h"
#include "theme/Theme.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"

#include <QApplication>
#include <QSettings>
#include <QTemporaryDir>
#include <QTimer>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::bench {
namespace {

using namespace coroscope::app;
using Clock = std::chrono::steady_clock;

constexpr int tickMilliseconds = 4;
constexpr double mostSeconds = 300;

/// Notes when the tree was painted with jobs in it.
class Painted : public QObject {
public:
    explicit Painted(MainWindow& window)
        : window_(window) {
        window.tree().viewport()->installEventFilter(this);
    }
    bool with(std::size_t jobs) const { return jobs_ >= jobs; }

protected:
    bool eventFilter(QObject*, QEvent* event) override {
        if (event->type() == QEvent::Paint)
            jobs_ = window_.workspace().rows().size() > 0 ? window_.workspace().tree().size() : 0;
        return false;
    }

private:
    MainWindow& window_;
    std::size_t jobs_ = 0;
};

struct Opening {
    double milliseconds = 0;
    double longestStall = 0; ///< ms in which no event was looked at
};

Opening openInWindow(const std::string& file, std::size_t jobs) {
    MainWindow window(ThemeChoice::Light);
    window.resize(1600, 900);
    window.show();
    QCoreApplication::processEvents();
    const Painted painted(window);
    Opening opening;
    const auto from = Clock::now();
    auto last = from;
    QTimer ticks;
    ticks.setTimerType(Qt::PreciseTimer);
    QObject::connect(&ticks, &QTimer::timeout, [&] {
        const auto now = Clock::now();
        opening.longestStall =
            std::max(opening.longestStall, std::chrono::duration<double, std::milli>(now - last).count());
        last = now;
    });
    ticks.start(tickMilliseconds);
    window.openFile(QString::fromStdString(file));
    while (!painted.with(jobs) && secondsSince(from) < mostSeconds)
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents | QEventLoop::AllEvents);
    opening.milliseconds = secondsSince(from) * 1e3;
    if (!painted.with(jobs))
        fail((file + " did not come into the window").c_str());
    return opening;
}

void figures(std::size_t jobs, int times) {
    const QTemporaryDir directory;
    for (const DumpFile& each : dumpFiles()) {
        // In groups, as a tree of parents, and as threads.
        if (each.name != "debugprobes" && each.name != "hierarchy" && each.name != "jdkjson")
            continue;
        const std::string file = directory.path().toStdString() + '/' + std::string(each.name);
        writeDumpFile(each, jobs, file);
        std::vector<double> all, stalls;
        for (int i = 0; i < times; ++i) {
            const Opening opening = openInWindow(file, jobs);
            all.push_back(opening.milliseconds);
            stalls.push_back(opening.longestStall);
        }
        print(("window.open." + std::string(each.name) + ".1m_ms").c_str(), median(all), "ms", 2'000,
              "ms without an answer at most", median(stalls));
        QFile::remove(QString::fromStdString(file));
    }
}

} // namespace
} // namespace coroscope::bench

int main(int count, char** arguments) {
    using namespace coroscope;
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(count, arguments);
    QCoreApplication::setOrganizationName(QStringLiteral("coroscope"));
    QCoreApplication::setApplicationName(QStringLiteral("coroscope-bench"));
    const QTemporaryDir settings;
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, settings.path());
    app::Theme::apply(application, app::ThemeChoice::Light);
    if (bench::quick(count, arguments))
        bench::figures(2'000, 1);
    else
        bench::figures(1'000'000, 3);
}
