// SPDX-License-Identifier: Apache-2.0
// The window on a program with a million live jobs that writes a million events a second: processor time of
// the window's thread for each frame, and memory for each job.
//
// A frame is everything that thread does from one painting of the tree to the next: taking in what is new,
// totals, findings, all panels, painting. The program is another process; the window is the real one, drawn
// into memory.
#include "Figure.h"
#include "Target.h"
#include "WindowBench.h"

#include "map/IcicleView.h"
#include "map/MapPanel.h"
#include "widgets/DetailsPanel.h"
#include "widgets/FindingsPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"
#include "widgets/StatusBar.h"
#include "widgets/TargetsPanel.h"
#include "widgets/TimeStrip.h"

#include <QAbstractTableModel>
#include <QApplication>
#include <QElapsedTimer>
#include <QSortFilterProxyModel>
#include <QTreeView>

#include <cstdio>
#include <random>
#include <string>

#include <ctime>

namespace coroscope::bench {
namespace {

using namespace coroscope::app;

double threadCpuMilliseconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// Notes the time when the tree begins to be painted.
class Frames : public QObject {
public:
    explicit Frames(QWidget* painted) { painted->installEventFilter(this); }
    std::vector<double> take() {
        last_ = 0;
        return std::exchange(times_, {});
    }

protected:
    bool eventFilter(QObject*, QEvent* event) override {
        if (event->type() == QEvent::Paint) {
            const double now = threadCpuMilliseconds();
            if (last_ > 0)
                times_.push_back(now - last_);
            last_ = now;
        }
        return false;
    }

private:
    double last_ = 0;
    std::vector<double> times_;
};

template <class Condition>
void runUntil(double seconds, Condition condition) {
    const auto from = std::chrono::steady_clock::now();
    while (secondsSince(from) < seconds && !condition())
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents | QEventLoop::AllEvents);
}
void run(double seconds) {
    runUntil(seconds, [] { return false; });
}

void attach(MainWindow& window, const Target& target, std::size_t jobs) {
    window.attach(target.pid());
    runUntil(60, [&] {
        return window.workspace().info().pid == target.pid() && window.workspace().tree().size() >= jobs;
    });
    if (window.workspace().tree().size() < jobs)
        fail("the window does not show all jobs");
}

/// Everything is on show: a selected job in the details, in the middle of the tree.
void look(MainWindow& window) {
    TreeRows& rows = window.workspace().rows();
    const observe::Node node = rows.at(rows.size() / 2);
    window.workspace().select(window.workspace().tree().row(node).id);
    window.tree().show(node);
    for (const QWidget* panel :
         {static_cast<QWidget*>(&window.tree()), static_cast<QWidget*>(&window.details()),
          static_cast<QWidget*>(window.findChild<TargetsPanel*>()),
          static_cast<QWidget*>(window.findChild<FindingsPanel*>()),
          static_cast<QWidget*>(window.findChild<StatusBar*>())})
        if (panel->visibleRegion().isEmpty())
            fail("not all panels are visible");
}

/// A table of jobs as one would write it with what Qt has. One signal a frame, which is as few as can be.
class PlainModel : public QAbstractTableModel {
public:
    explicit PlainModel(int rows)
        : states_(static_cast<std::size_t>(rows)) {}
    int rowCount(const QModelIndex& parent) const override {
        return parent.isValid() ? 0 : static_cast<int>(states_.size());
    }
    int columnCount(const QModelIndex&) const override { return 7; }
    QVariant data(const QModelIndex& index, int role) const override {
        if (role != Qt::DisplayRole)
            return {};
        return index.column() == 2 ? QVariant(states_[static_cast<std::size_t>(index.row())] == 0
                                                  ? QStringLiteral("suspended")
                                                  : QStringLiteral("running"))
                                   : QVariant(index.row());
    }
    void changeSome(int count, std::mt19937& random) {
        for (int i = 0; i < count; ++i)
            states_[random() % states_.size()] ^= 1;
        emit dataChanged(index(0, 2), index(static_cast<int>(states_.size()) - 1, 2));
    }

private:
    std::vector<char> states_;
};

double peerFrameMilliseconds(int rows, int changes) {
    PlainModel model(rows);
    QSortFilterProxyModel proxy;
    proxy.setSourceModel(&model);
    proxy.setFilterKeyColumn(2);
    proxy.setFilterFixedString(QStringLiteral("n"));
    QTreeView view;
    view.setUniformRowHeights(true);
    view.setModel(&proxy);
    view.resize(1000, 800);
    view.show();
    QCoreApplication::processEvents();
    std::mt19937 random(1);
    std::vector<double> times;
    for (int i = 0; i < 5; ++i) {
        const double from = threadCpuMilliseconds();
        model.changeSome(changes, random);
        view.viewport()->repaint();
        times.push_back(threadCpuMilliseconds() - from);
    }
    return median(times);
}

/// The time strip drawn anew and painted, as it is four times a second.
double stripMilliseconds(MainWindow& window) {
    auto* const strip = window.findChild<TimeStrip*>();
    if (strip == nullptr || strip->visibleRegion().isEmpty())
        fail("the time strip is not visible");
    std::vector<double> times;
    for (int i = 0; i < 60; ++i) {
        // Another scale throws away what was drawn.
        strip->setScale(i % 2 == 0 ? TimeStrip::Scale::Minute : TimeStrip::Scale::Session);
        const double from = threadCpuMilliseconds();
        strip->repaint();
        times.push_back(threadCpuMilliseconds() - from);
    }
    return median(times);
}

struct Measured {
    double p50, p99;
};

/// Of the painting of this widget, with all that the window's thread does between. `looksOther`: the picture
/// is another one at the end. Where a pixel stands for hundreds of jobs, it need not be.
Measured measure(MainWindow& window, const Target& target, QWidget* painted, double eventsPerSecond, int runs,
                 double seconds, bool looksOther = true) {
    Frames frames(painted);
    std::vector<double> middles, slowest, shares;
    std::size_t count = 0;
    const observe::SessionStatus before = window.workspace().status();
    const Target::Done begun = target.ask();
    const auto from = std::chrono::steady_clock::now();
    QImage picture = painted->grab().toImage();
    for (int i = 0; i < runs; ++i) {
        frames.take();
        const double cpu = threadCpuMilliseconds();
        const auto start = std::chrono::steady_clock::now();
        run(seconds);
        shares.push_back((threadCpuMilliseconds() - cpu) / (secondsSince(start) * 1e3));
        const std::vector<double> times = frames.take();
        count += times.size();
        middles.push_back(quantile(times, 0.5));
        slowest.push_back(quantile(times, 0.99));
    }
    const double took = secondsSince(from);
    const Target::Done done = target.ask();
    const observe::SessionStatus after = window.workspace().status();
    const double rate = static_cast<double>(done.events - begun.events) / (done.seconds - begun.seconds);
    const std::uint64_t seen = after.events - before.events, lost = after.lost - before.lost;
    std::fprintf(
        stderr,
        "window: %zu jobs, %.0f events/s written, %llu seen and %llu lost of %llu; %.1f frames/s, %.0f %% of "
        "the window's thread\n",
        window.workspace().tree().size(), rate, static_cast<unsigned long long>(seen),
        static_cast<unsigned long long>(lost), static_cast<unsigned long long>(done.events - begun.events),
        static_cast<double>(count) / took, 100 * median(shares));
    checkRate(rate, eventsPerSecond);
    if (static_cast<double>(seen + lost) < 0.95 * static_cast<double>(done.events - begun.events))
        fail("events were neither seen nor counted as lost");
    if (static_cast<double>(count) < (isQuick ? 1 : 20) * took ||
        (looksOther && !isQuick && picture == painted->grab().toImage()))
        fail("the window was not painted as it should have been");
    return {median(middles), median(slowest)};
}

/// From a filter that was not there before to its rows and their number, with all that is done between.
double filterMilliseconds(MainWindow& window) {
    app::Workspace& workspace = window.workspace();
    std::vector<double> times;
    for (const char* filter : {"state:suspended", "site:bench", "age>1ms", "launch", "children>0"}) {
        workspace.setSearch({});
        run(0.1);
        const double from = threadCpuMilliseconds();
        const auto began = std::chrono::steady_clock::now();
        workspace.setSearch(QString::fromLatin1(filter));
        runUntil(60, [&] { return !workspace.rows().searching(); });
        times.push_back(threadCpuMilliseconds() - from);
        std::fprintf(stderr, "window: %s: %zu jobs after %.0f ms, %.0f ms of them at work\n", filter,
                     workspace.rows().matches(), secondsSince(began) * 1e3, times.back());
        if (workspace.rows().searching() || workspace.rows().matches() == 0)
            fail("the filter has no answer");
    }
    workspace.setSearch({});
    return median(times);
}

void figures(std::size_t live, double eventsPerSecond, int runs, double seconds) {
    MainWindow window(ThemeChoice::Light);
    window.resize(1600, 900);
    window.show();
    constexpr std::size_t few = 1000;
    double empty = 0;
    {
        const Target small = crowd(few, "load", eventsPerSecond / 10);
        attach(window, small, few);
        run(seconds / 2);
        look(window);
        run(seconds / 2);
        empty = ownMemory();
    }
    window.workspace().closeSession(
        window.workspace().shownKey()); // what is kept of a program that has ended is not the next one's
    const Target target = crowd(live, "load", eventsPerSecond);
    attach(window, target, live);
    look(window);
    run(seconds / 2); // until all has come to rest

    const Measured tree = measure(window, target, window.tree().viewport(), eventsPerSecond, runs, seconds);
    const double memory = (ownMemory() - empty) / static_cast<double>(window.workspace().tree().size() - few);
    const double peer = peerFrameMilliseconds(static_cast<int>(live), static_cast<int>(eventsPerSecond / 60));
    print("window.1m.frame_p50_ms", tree.p50, "ms", 8, "QTreeView with a filter proxy", peer);
    print("window.1m.frame_p99_ms", tree.p99, "ms", 16, "QTreeView with a filter proxy", peer);
    print("window.strip.paint_ms", stripMilliseconds(window), "ms", noGoal, "a frame of the window",
          tree.p50);
    print("window.bytes_per_job", memory, "bytes", 128, "tokio-console, quoted (GB in all)", 10);

    print("window.1m.filter_ms", filterMilliseconds(window), "ms", noGoal,
          "QSortFilterProxyModel, measured once", 9'700);

    // In groups, the largest of them open.
    window.workspace().setGrouping(observe::GroupBy::SuspensionSite);
    window.tree().setExpanded(window.workspace().rows().at(0), true);
    look(window);
    run(seconds / 2);
    const Measured groups = measure(window, target, window.tree().viewport(), eventsPerSecond, runs, seconds);
    print("groups.1m.frame_p50_ms", groups.p50, "ms", 8, "the tree", tree.p50);
    print("groups.1m.frame_p99_ms", groups.p99, "ms", noGoal, "the tree", tree.p99);
    window.workspace().setGrouping(std::nullopt);

    // All of it in sight, not only what is around the selected job.
    window.setView(ViewSwitch::Map);
    window.map().icicle().fit();
    run(seconds / 2);
    QWidget* const icicle = &window.map().icicle();
    if (icicle->visibleRegion().isEmpty())
        fail("the map is not visible");
    const Measured map = measure(window, target, icicle, eventsPerSecond, runs, seconds, false);
    print("map.1m.frame_p50_ms", map.p50, "ms", 8, "the tree", tree.p50);
    print("map.1m.frame_p99_ms", map.p99, "ms", 16, "the tree", tree.p99);
}

} // namespace
} // namespace coroscope::bench

int main(int count, char** arguments) {
    using namespace coroscope;
    const bench::WindowBench application(count, arguments);
    if (bench::quick(count, arguments))
        bench::figures(2000, 10'000, 1, 0.5);
    else
        bench::figures(1'000'000, 1'000'000, 5, 6);
}
