// SPDX-License-Identifier: Apache-2.0
// How long the window takes from being given the file of a large dump to the tree of it on the screen, and
// the longest time for which it could not answer from then until all is known of it, findings too. The real
// window, drawn into memory.
#include "DumpFiles.h"
#include "Figure.h"
#include "WindowBench.h"

#include "map/MapPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"

#include <QApplication>
#include <QTemporaryDir>
#include <QTimer>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>

namespace coroscope::bench {
namespace {

using namespace coroscope::app;
using Clock = std::chrono::steady_clock;

constexpr int tickMilliseconds = 4;
constexpr double mostSeconds = 300;
/// Findings and what else comes after the tree is known in less.
constexpr double afterwards = 2;

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
    double cpu = 0;          ///< ms of the program's own code, in all its threads, up to the tree
};

double userMilliseconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec) * 1e3 +
           static_cast<double>(usage.ru_utime.tv_usec) / 1e3;
}

Opening openInWindow(const std::string& file, std::size_t jobs) {
    MainWindow window(ThemeChoice::Light);
    window.resize(1600, 900);
    window.show();
    QCoreApplication::processEvents();
    const Painted painted(window);
    Opening opening;
    const double cpu = userMilliseconds();
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
    opening.cpu = userMilliseconds() - cpu;
    if (!painted.with(jobs))
        fail((file + " did not come into the window").c_str());
    for (const auto then = Clock::now(); secondsSince(then) < (isQuick ? 0 : afterwards);)
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents | QEventLoop::AllEvents);
    return opening;
}

/// `only`: the format; empty for all.
void figures(std::size_t jobs, int times, std::string_view only = {}) {
    const QTemporaryDir directory;
    for (const DumpFile& each : dumpFiles()) {
        if (!only.empty() && each.name != only)
            continue;
        const std::string file = directory.path().toStdString() + '/' + std::string(each.name);
        writeDumpFile(each, jobs, file);
        std::vector<double> all, stalls, cpu;
        for (int i = 0; i < times; ++i) {
            const Opening opening = openInWindow(file, jobs);
            all.push_back(opening.milliseconds);
            stalls.push_back(opening.longestStall);
            cpu.push_back(opening.cpu);
        }
        std::fprintf(stderr, "open: %s, %.0f ms of user time\n", std::string(each.name).c_str(), median(cpu));
        print(("window.open." + std::string(each.name) + ".1m_ms").c_str(), median(all), "ms", 2'000,
              "ms without an answer at most", median(stalls));
        QFile::remove(QString::fromStdString(file));
    }
}

} // namespace
} // namespace coroscope::bench

int main(int count, char** arguments) {
    using namespace coroscope;
    const bench::WindowBench application(count, arguments);
    if (bench::quick(count, arguments))
        bench::figures(2'000, 1);
    else
        bench::figures(1'000'000, 3, count > 1 ? arguments[1] : "");
}
