// SPDX-License-Identifier: Apache-2.0
// The real window on a program under full load, used all the time: its memory stays what it is.
//
// Twenty seconds by default; COROSCOPE_SOAK_SECONDS says how long, and COROSCOPE_LONG_TESTS means half an
// hour.
#include "../HeapInUse.h"
#include "Process.h"

#include "map/MapPanel.h"
#include "theme/Theme.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"

#include <QApplication>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <malloc.h>

namespace coroscope::app {
namespace {

#ifdef COROSCOPE_SANITIZED
constexpr std::size_t jobs = 5'000;
constexpr int eventsPerSecond = 20'000;
#else
constexpr std::size_t jobs = 100'000;
constexpr int eventsPerSecond = 200'000;
#endif
constexpr int patience = 80'000;
/// MiB that are kept for good after the largest burst of news so far, on a busy machine once in some minutes.
constexpr double burst = 3;
/// For the first pages of everything: lists of ended jobs and of texts fill up to their bounds.
constexpr double warmUp = 0.4;

double seconds() {
    if (const char* said = std::getenv("COROSCOPE_SOAK_SECONDS"))
        return std::max(5.0, std::atof(said));
    return std::getenv("COROSCOPE_LONG_TESTS") ? 1'800 : 20;
}

/// By how much what is kept may differ.
constexpr double allowed = 0.04;

/// Memory of this process that is its own, in MiB: that of the heap alone with a sanitizer, which holds back
/// much of what was freed.
double ownMebibytes() {
#ifdef COROSCOPE_SANITIZED
    return static_cast<double>(heapInUse()) / (1 << 20);
#else
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("RssAnon:", 0) == 0)
            return std::atof(line.c_str() + 8) / 1024;
    return 0;
#endif
}

/// What the window keeps: without the news that are under way, which take more or less with every look, and
/// without what was freed and not given back. Nothing where it does not come to rest within a minute.
std::optional<double> keptMebibytes(const endtoend::Process& crowd, const Workspace& workspace) {
    crowd.stop();
    double now = 0;
    std::uint64_t seen = 0;
    int calm = 0;
    for (int looks = 0; calm < 3 && looks < 400; ++looks) {
        QTest::qWait(150);
        ::malloc_trim(0);
        const observe::SessionStatus status = workspace.status();
        const bool rests =
            workspace.contact().stopped && status.events == seen && status.lagMilliseconds == 0;
        calm = rests && std::abs(ownMebibytes() - now) < 0.25 ? calm + 1 : 0;
        now = ownMebibytes();
        seen = status.events;
    }
    crowd.signal(SIGCONT);
    return calm < 3 ? std::nullopt : std::optional(now);
}

/// What a person does, a little faster.
void use(MainWindow& window, unsigned step) {
    Workspace& workspace = window.workspace();
    TreeRows& rows = workspace.rows();
    switch (step % 8) {
    case 0:
        window.setView(ViewSwitch::Tree);
        break;
    case 1:
    case 5:
        if (rows.size() > 0) {
            const observe::Node node = rows.at((step * 7919u) % rows.size());
            if (node < workspace.tree().endNode() && workspace.tree().isLive(node)) {
                workspace.select(workspace.tree().row(node).id);
                window.tree().show(node);
            }
        }
        break;
    case 2:
        window.setFilter(QStringLiteral("state:suspended"));
        break;
    case 3:
        window.setFilter(QString());
        break;
    case 4:
        window.setView(ViewSwitch::Map);
        window.map().setDrawing(step % 16 < 8 ? MapPanel::Drawing::Icicle : MapPanel::Drawing::Nodes);
        break;
    case 6:
        window.map().setColour(allMapColours[(step / 8) % allMapColours.size()]);
        break;
    default:
        window.resize(1280 + static_cast<int>(step % 3) * 60, 800);
        break;
    }
}

TEST(Soak, MemoryStaysFlatUnderFullLoad) {
    const endtoend::ScratchDirectory scratch;
    ::qputenv("XDG_RUNTIME_DIR", QByteArray::fromStdString(scratch.path()));
    endtoend::Process crowd({COROSCOPE_CROWD, std::to_string(jobs), "load", std::to_string(eventsPerSecond)},
                            {{"XDG_RUNTIME_DIR", scratch.path()}}, scratch.path() + "/crowd",
                            endtoend::Process::Input::Open);
    ASSERT_TRUE(endtoend::eventually(
        [&] { return endtoend::contentsOf(scratch.path() + "/crowd").find("ready") != std::string::npos; }));
    MainWindow window{ThemeChoice::Light};
    window.resize(1280, 800);
    window.show();
    window.attach(crowd.pid());
    ASSERT_TRUE(QTest::qWaitFor([&] { return window.workspace().tree().size() >= jobs; }, patience));

    const double all = seconds();
    const auto from = std::chrono::steady_clock::now();
    const auto gone = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
    };
    const std::uint64_t seenAtFirst = window.workspace().status().events;
    // At each measurement the window shows the same. On a slow machine it takes longer until there are
    // enough.
    std::vector<double> kept;
    for (unsigned step = 0; gone() < all || kept.size() < 4; ++step) {
        use(window, step);
        QTest::qWait(120);
        if (step % 16 != 0 || gone() < all * warmUp)
            continue;
        const std::optional<double> now = keptMebibytes(crowd, window.workspace());
        std::printf("soak: %.0f s, %.1f MiB\n", gone(), now.value_or(0));
        std::fflush(stdout);
        if (now)
            kept.push_back(*now);
        ASSERT_LT(gone(), all + 600) << "it does not come to rest";
    }
    // The least of each half: on a busy machine there may still be news under way.
    const auto middle = kept.begin() + static_cast<std::ptrdiff_t>(kept.size() / 2);
    const double before = *std::min_element(kept.begin(), middle);
    const double after = *std::min_element(middle, kept.end());
    const std::uint64_t events = window.workspace().status().events - seenAtFirst;
    EXPECT_TRUE(crowd.isRunning());
    EXPECT_GE(window.workspace().tree().size(), jobs / 2);
    EXPECT_GT(static_cast<double>(events), all * eventsPerSecond / 50) << "that was no load";
    const double bound = before * (1 + allowed) + burst;
    std::printf("soak: %.0f s, %llu events, %.1f MiB, later %.1f MiB\n", all,
                static_cast<unsigned long long>(events), before, after);
    EXPECT_LE(after, bound) << "it grows: " << before << " MiB, later " << after << " MiB";
}

} // namespace
} // namespace coroscope::app

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("coroscope"));
    QCoreApplication::setApplicationName(QStringLiteral("coroscope-test"));
    const QTemporaryDir settings;
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, settings.path());
    coroscope::app::Theme::apply(application, coroscope::app::ThemeChoice::Light);
    return RUN_ALL_TESTS();
}
