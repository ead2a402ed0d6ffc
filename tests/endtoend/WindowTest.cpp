// SPDX-License-Identifier: Apache-2.0
// The real window on the real sample: driven by mouse and keyboard, with the sample's own log as the witness.
#include "WindowDriver.h"

#include "map/IcicleView.h"
#include "map/MapPanel.h"
#include "model/JobPast.h"
#include "widgets/Banner.h"
#include "widgets/CancelPanel.h"
#include "widgets/DetailsPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"
#include "widgets/MomentPanel.h"
#include "widgets/TimeStrip.h"

#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeView>
#include <QWheelEvent>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>

namespace endtoend {
namespace {

/// The first finding of that rule; there must be one. Others may come before it on a busy machine.
observe::Finding findingOf(MainWindow& window, const std::string& rule) {
    const auto& all = window.workspace().findings().all();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const observe::Finding& finding) { return finding.rule == rule; });
    EXPECT_NE(found, all.end()) << rule;
    return found == all.end() ? observe::Finding{} : *found;
}

std::vector<std::string> jobsWithFinding(MainWindow& window, const std::string& rule) {
    std::vector<std::string> names;
    for (const observe::Finding& finding : window.workspace().findings().all())
        if (finding.rule == rule)
            if (const Node node = window.workspace().tree().find(finding.job); node != noNode)
                names.push_back(nameOf(window, node));
    return names;
}

TEST(Window, ShowsTheLivingTreeAndFollowsIt) {
    Sample sample(6000);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    EXPECT_TRUE(comes([&] { return window->workspace().tree().size() >= 5000; }));
    EXPECT_GT(window->workspace().rows().size(), 5u) << "the first levels are open";
    // Coroutines come and go: orders that are there now were not there before.
    const std::uint64_t before = window->workspace().status().events;
    EXPECT_TRUE(comes([&] { return window->workspace().status().events > before + 500; }));
    EXPECT_EQ(window->workspace().status().lost, 0u);
    EXPECT_TRUE(window->workspace().findings().all().empty()) << "the sample is healthy";
}

TEST(Window, CancelsASubtreeByKeyboardAndWatchesItGo) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    ASSERT_TRUE(
        comes([&] { return logged(sample, "conn-2: heartbeat") && logged(sample, "conn-3: heartbeat"); }));
    select(*window, "conn-2");
    QTest::keyClick(&window->tree(), Qt::Key_Delete);
    ASSERT_TRUE(panel(*window).isVisible());
    const QString button = panel(*window).buttonText();
    EXPECT_TRUE(button.startsWith("Cancel ") && button.endsWith(" jobs")) << button.toStdString();
    EXPECT_FALSE(logged(sample, "conn-2: cleanup done")) << "nothing happens before it is confirmed";

    confirm(*window, "draining before restart");
    ASSERT_TRUE(
        comes([&] { return !window->workspace().cancels().empty() && lastCancel(*window).progress.done(); }));
    // What the window says happened did happen.
    EXPECT_TRUE(comes([&] { return logged(sample, "conn-2: cleanup done"); }));
    const auto& progress = lastCancel(*window).progress;
    EXPECT_GE(progress.requested(), 4u);
    EXPECT_EQ(progress.reached(), progress.requested());
    EXPECT_EQ(progress.finished(), progress.requested());
    EXPECT_EQ(find(*window, "conn-2"), noNode);

    // Siblings live on, in the tree and in their own words.
    EXPECT_NE(find(*window, "conn-3"), noNode);
    const std::size_t lines = sample.log().size();
    EXPECT_TRUE(comes([&] { return logged(sample, "conn-3: heartbeat", lines); }));
    EXPECT_FALSE(logged(sample, "conn-2: heartbeat", lines));
    EXPECT_FALSE(logged(sample, "conn-3: cleanup done"));
}

TEST(Window, TheTimeStripTellsOfACancelAndOfWhatAJobDidBeforeItWasSelected) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    TimeStrip& strip = window->strip();
    ASSERT_TRUE(strip.isVisible());
    const std::size_t lines = sample.log().size();
    ASSERT_TRUE(comes([&] {
        return logged(sample, "conn-3: heartbeat", lines) && find(*window, "conn-3-heartbeat") != noNode;
    }));
    // It has run and been suspended while nobody looked at it.
    const JobId heart = select(*window, "conn-3-heartbeat");
    ASSERT_TRUE(comes([&] { return pastOfSelected(window->workspace()).lines.size() >= 2; }));
    const observe::JobHistory& history = window->workspace().selected()->history;
    EXPECT_EQ(history.job, heart);
    EXPECT_LE(history.changes.front().at, window->workspace().selected()->whenSelected->at);

    select(*window, "conn-2");
    QTest::keyClick(&window->tree(), Qt::Key_Delete);
    confirm(*window, "to be seen later");
    ASSERT_TRUE(
        comes([&] { return !window->workspace().cancels().empty() && lastCancel(*window).progress.done(); }));
    const std::int64_t sent = lastCancel(*window).sentAt;
    ASSERT_TRUE(comes([&] { return strip.history().latest() > sent + observe::TimeHistory::finest; }));
    QTest::mouseClick(&strip, Qt::LeftButton, {}, QPoint(strip.xOf(sent), strip.height() / 2));
    ASSERT_TRUE(window->moments().isVisible());
    const QAbstractItemModel& model = *window->moments().list()->model();
    int cancel = -1, ended = -1;
    for (int row = 0; row < model.rowCount(); ++row) {
        const QString name = model.index(row, MomentModel::WhoColumn).data().toString();
        if (model.index(row, MomentModel::TextColumn).data().toString() == "to be seen later")
            cancel = row;
        if (name.startsWith("conn-2 ") &&
            model.index(row, MomentModel::WhatColumn).data().toString() == "cancelled")
            ended = row;
    }
    ASSERT_GE(cancel, 0);
    ASSERT_GT(ended, cancel) << "what weighs more comes first";
    for (int row = 0; row <= ended; ++row)
        QTest::keyClick(window->moments().list(), Qt::Key_Down);
    ASSERT_TRUE(window->workspace().selected());
    EXPECT_TRUE(window->workspace().selected()->ended);
    EXPECT_EQ(window->workspace().labels().name(window->workspace().selected()->row), "conn-2");
    QTest::keyClick(window->moments().list(), Qt::Key_Escape);
    EXPECT_FALSE(window->moments().isVisible());
}

TEST(Window, CancelsByTheButtonInTheDetails) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    select(*window, "conn-1-heartbeat");
    QPushButton* button = nullptr;
    ASSERT_TRUE(comes([&] {
        for (auto* const one : window->details().findChildren<QPushButton*>())
            if (one->isVisible() && one->isEnabled() && one->text().startsWith("Cancel"))
                button = one;
        return button != nullptr;
    }));
    QTest::mouseClick(button, Qt::LeftButton);
    ASSERT_TRUE(panel(*window).isVisible());
    EXPECT_EQ(panel(*window).buttonText(), "Cancel 1 job") << "a leaf is cancelled alone";
    confirm(*window, "one only");
    EXPECT_TRUE(comes([&] { return find(*window, "conn-1-heartbeat") == noNode; }));
    EXPECT_NE(find(*window, "conn-1"), noNode) << "a cancelled child does not cancel its parent";
}

TEST(Window, CancelsByTheButtonOnTheRowUnderThePointer) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    const JobId id = select(*window, "conn-2");
    // New rows may move it until the pointer is on it; then it stays.
    QWidget* const viewport = window->tree().viewport();
    const auto button = [&] {
        const std::size_t row = window->workspace().rows().rowOf(window->workspace().tree().find(id));
        return RowPainter::cancelButton(window->tree().rowRect(row)).center();
    };
    QTest::mouseMove(viewport, button());
    watch(100);
    QTest::mouseMove(viewport, button());
    QTest::mouseClick(viewport, Qt::LeftButton, {}, button());
    ASSERT_TRUE(panel(*window).isVisible());
    EXPECT_EQ(panel(*window).job(), id);
    confirm(*window, "by mouse");
    EXPECT_TRUE(comes([&] { return find(*window, "conn-2") == noNode; }));
    EXPECT_TRUE(comes([&] { return logged(sample, "conn-2: cleanup done"); }));
}

TEST(Window, KeepRunningKeepsRunning) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    select(*window, "conn-1");
    QTest::keyClick(&window->tree(), Qt::Key_Delete);
    ASSERT_TRUE(panel(*window).isVisible());
    for (auto* const one : panel(*window).findChildren<QPushButton*>())
        if (one->text() == "Keep running")
            QTest::mouseClick(one, Qt::LeftButton);
    EXPECT_FALSE(panel(*window).isVisible());
    EXPECT_TRUE(window->workspace().cancels().empty());
    const std::size_t lines = sample.log().size();
    EXPECT_TRUE(comes([&] { return logged(sample, "conn-1: heartbeat", lines); }));
}

TEST(Window, FindsWhatWasLaunchedInGlobalScopeAndOnlyWhileItIsThere) {
    Sample sample(2000);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    EXPECT_TRUE(jobsWithFinding(*window, "orphan-global").empty());
    ASSERT_EQ(sample.control("fault global on"), "ok");
    ASSERT_TRUE(comes([&] { return !jobsWithFinding(*window, "orphan-global").empty(); }));
    EXPECT_THAT(jobsWithFinding(*window, "orphan-global"), testing::Each("metrics-flush"));
    EXPECT_TRUE(jobsWithFinding(*window, "orphan-detached").empty());
    EXPECT_TRUE(window->workspace().rows().inOrphanGroup(
        window->workspace().tree().find(findingOf(*window, "orphan-global").job)));
    ASSERT_EQ(sample.control("fault global off"), "ok");
    EXPECT_TRUE(comes([&] { return jobsWithFinding(*window, "orphan-global").empty(); }));
}

TEST(Window, FindsTheIslandOfAFreshJobWithTheJobThatLaunchedIt) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    ASSERT_EQ(sample.control("fault island on"), "ok");
    ASSERT_TRUE(comes([&] { return !jobsWithFinding(*window, "orphan-detached").empty(); }));
    EXPECT_THAT(jobsWithFinding(*window, "orphan-detached"),
                testing::Each(testing::StartsWith("retry-conn-")));
    const observe::Finding finding = findingOf(*window, "orphan-detached");
    EXPECT_EQ(finding.confidence, observe::Confidence::Proven);
    const Node launcher = window->workspace().tree().find(
        window->workspace().tree().row(window->workspace().tree().find(finding.job)).launcher);
    ASSERT_NE(launcher, noNode);
    EXPECT_THAT(nameOf(*window, launcher), testing::EndsWith("-watch"));
    ASSERT_EQ(sample.control("fault island off"), "ok");
    EXPECT_TRUE(comes([&] { return jobsWithFinding(*window, "orphan-detached").empty(); }));
    EXPECT_TRUE(comes([&] { return window->workspace().rows().orphans() == 0; }))
        << "the empty islands go too";
}

TEST(Window, NothingJumpsWhileTheTreeLives) {
    Sample sample(3000);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    const JobId id = select(*window, "conn-3");
    watch(300);
    const auto placeOnScreen = [&] {
        const Node node = window->workspace().tree().find(id);
        return window->tree().rowRect(window->workspace().rows().rowOf(node)).top();
    };
    const int before = placeOnScreen();
    const std::uint64_t events = window->workspace().status().events;
    ASSERT_TRUE(comes([&] { return window->workspace().status().events > events + 1000; }));
    EXPECT_EQ(placeOnScreen(), before);
    ASSERT_TRUE(window->workspace().selected());
    EXPECT_EQ(window->workspace().selected()->id, id);
}

TEST(Window, SearchShowsMatchesWithWhatIsAboveThem) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    const std::size_t all = window->workspace().rows().size();
    window->workspace().setSearch("conn-3-heartbeat");
    ASSERT_TRUE(comes([&] {
        return window->workspace().rows().filtered() && !window->workspace().rows().scanning() &&
               window->workspace().rows().matches() == 1;
    }));
    const Node node = find(*window, "conn-3-heartbeat");
    EXPECT_TRUE(window->workspace().rows().visible(node));
    EXPECT_TRUE(window->workspace().rows().visible(window->workspace().tree().parent(node)));
    EXPECT_LT(window->workspace().rows().size(), all);
    window->workspace().setSearch({});
    EXPECT_TRUE(comes([&] { return !window->workspace().rows().filtered(); }));
}

TEST(Window, TheMapShowsZoomsSelectsAndCancels) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    Node node = noNode;
    ASSERT_TRUE(comes([&] { return (node = find(*window, "conn-2")) != noNode; }));
    const JobId id = window->workspace().tree().row(node).id;
    QTest::keyClick(window.get(), Qt::Key_2, Qt::ControlModifier);
    IcicleView& map = window->map().icicle();
    ASSERT_TRUE(map.isVisible());
    const auto rect = [&] {
        map.grab();
        return map.rectOfNode(window->workspace().tree().find(id)).intersected(map.rect());
    };
    // Nearer, until there is room to point at it; what is under the pointer stays there.
    ASSERT_TRUE(comes([&] {
        if (map.moving())
            return false;
        const QRectF box = rect();
        if (box.width() >= 60)
            return true;
        if (box.isEmpty()) { // others came between, and it was pushed out of sight
            map.fit();
            return false;
        }
        const QPoint at = box.center().toPoint();
        QTest::mouseMove(&map, at);
        QWheelEvent wheel(at, map.mapToGlobal(at), {}, {0, 240}, Qt::NoButton, Qt::NoModifier,
                          Qt::NoScrollPhase, false);
        QApplication::sendEvent(&map, &wheel);
        return false;
    }));
    QTest::mouseClick(&map, Qt::LeftButton, {}, rect().center().toPoint());
    ASSERT_TRUE(window->workspace().selected());
    EXPECT_EQ(window->workspace().selected()->id, id);
    QTest::mouseDClick(&map, Qt::LeftButton, {}, rect().center().toPoint());
    EXPECT_EQ(map.focus(), id);
    EXPECT_TRUE(comes([&] { return !map.moving() && rect().width() > map.width() - 20; }));
    // The tree follows.
    QTest::keyClick(window.get(), Qt::Key_1, Qt::ControlModifier);
    EXPECT_EQ(window->tree().current(), window->workspace().tree().find(id));
    QTest::keyClick(window.get(), Qt::Key_2, Qt::ControlModifier);
    QTest::keyClick(&map, Qt::Key_Delete);
    ASSERT_TRUE(panel(*window).isVisible());
    EXPECT_EQ(panel(*window).job(), id);
    confirm(*window, "from the map");
    EXPECT_TRUE(comes([&] { return logged(sample, "conn-2: cleanup done"); }));
    EXPECT_TRUE(comes([&] { return window->workspace().tree().find(id) == noNode; }));
    EXPECT_NE(map.focus(), id) << "the map shows what it was in";
}

TEST(Window, TwoWindowsOnOneTargetSeeTheSame) {
    Sample sample(fewJobs);
    const auto first = openWindow(sample);
    const auto second = openWindow(sample);
    ASSERT_TRUE(attach(*first, sample) && attach(*second, sample));
    ASSERT_NE(find(*second, "conn-2"), noNode);
    select(*first, "conn-2");
    QTest::keyClick(&first->tree(), Qt::Key_Delete);
    confirm(*first, "seen by both");
    EXPECT_TRUE(comes([&] { return find(*first, "conn-2") == noNode && find(*second, "conn-2") == noNode; }));
    first->close();
    const std::uint64_t events = second->workspace().status().events;
    EXPECT_TRUE(comes([&] { return second->workspace().status().events > events; }))
        << "closing one changes nothing for the other";
}

TEST(Window, AKilledTargetStaysOnShowAndTheWindowGoesOn) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    const JobId id = select(*window, "conn-1");
    sample.process().signal(SIGKILL);
    ASSERT_TRUE(comes([&] { return window->workspace().state() == Workspace::State::Ended; }));
    EXPECT_GT(window->workspace().tree().size(), fewJobs / 2u) << "what was known is still known";
    EXPECT_NE(window->workspace().tree().find(id), noNode);
    EXPECT_TRUE(comes([&] { return showsText(*window, "killed"); }));
    EXPECT_FALSE(window->workspace().cancelProblem().isEmpty());
    // It still works: on to the next one.
    Sample next(fewJobs);
    ::qputenv("XDG_RUNTIME_DIR", QByteArray::fromStdString(next.directory()));
    window->attach(next.process().pid());
    EXPECT_TRUE(comes([&] {
        return window->workspace().state() == Workspace::State::Live &&
               window->workspace().info().pid == next.process().pid();
    }));
}

TEST(Window, TwoProgramsAreOpenAtOnceAndEachGoesOn) {
    Sample first(fewJobs), second(fewJobs);
    const auto window = openWindow(first);
    ASSERT_TRUE(attach(*window, first));
    const JobId id = select(*window, "conn-1");
    Workspace& workspace = window->workspace();
    const int firstKey = workspace.shownKey();
    ::qputenv("XDG_RUNTIME_DIR", QByteArray::fromStdString(second.directory()));
    window->attach(second.process().pid());
    ASSERT_TRUE(comes([&] { return workspace.info().pid == second.process().pid(); }));
    EXPECT_EQ(workspace.sessions().size(), 2u);
    EXPECT_FALSE(workspace.selected());
    // To attach to what is open already is to show it.
    window->attach(first.process().pid());
    EXPECT_EQ(workspace.shownKey(), firstKey);
    ASSERT_TRUE(workspace.selected());
    EXPECT_EQ(workspace.selected()->id, id);
    const std::uint64_t events = workspace.status().events;
    EXPECT_TRUE(comes([&] { return workspace.status().events > events + 100; }));
    EXPECT_TRUE(comes([&] { return find(*window, "conn-1") != noNode; }));
    QTest::keyClick(&window->tree(), Qt::Key_W, Qt::ControlModifier);
    EXPECT_EQ(workspace.info().pid, second.process().pid());
    EXPECT_TRUE(comes([&] { return find(*window, "conn-1") != noNode; }));
    EXPECT_TRUE(first.process().isRunning()) << "detaching does nothing to the program";
}

TEST(Window, AProgramThatIsStartedAgainIsOfferedAndAttachedByItselfWhereThatIsChosen) {
    const endtoend::ScratchDirectory folder;
    const std::vector<std::string> command{COROSCOPE_ORDERS, "--jobs", "600", "--log",
                                           folder.path() + "/log"};
    const endtoend::Process::Environment environment{{"XDG_RUNTIME_DIR", folder.path()},
                                                     {"TMPDIR", folder.path()}};
    ::qputenv("XDG_RUNTIME_DIR", QByteArray::fromStdString(folder.path()));
    QSettings().clear();
    MainWindow window(ThemeChoice::Light);
    window.resize(1440, 900);
    window.show();
    Workspace& workspace = window.workspace();
    const auto shows = [&](int pid) {
        return workspace.state() == Workspace::State::Live && workspace.info().pid == pid &&
               workspace.tree().size() > 100;
    };
    auto program = std::make_unique<endtoend::Process>(command, environment, folder.path() + "/1");
    int pid = program->pid();
    ASSERT_TRUE(comes([&] {
        if (workspace.state() == Workspace::State::Empty)
            window.attach(pid);
        return shows(pid);
    }));
    program->signal(SIGKILL);
    ASSERT_TRUE(comes([&] { return workspace.state() == Workspace::State::Ended; }));
    program = std::make_unique<endtoend::Process>(command, environment, folder.path() + "/2");
    pid = program->pid();
    ASSERT_TRUE(comes([&] { return showsText(window, "It has been started again."); }));
    EXPECT_EQ(workspace.state(), Workspace::State::Ended) << "only offered";
    QTest::mouseClick(window.banner().findChild<QPushButton*>(), Qt::LeftButton);
    ASSERT_TRUE(comes([&] { return shows(pid); }));
    EXPECT_EQ(workspace.sessions().size(), 2u) << "the dead one can still be looked at";

    window.findChild<QAction*>("reattach")->trigger();
    program->signal(SIGKILL);
    ASSERT_TRUE(comes([&] { return workspace.state() == Workspace::State::Ended; }));
    program = std::make_unique<endtoend::Process>(command, environment, folder.path() + "/3");
    pid = program->pid();
    EXPECT_TRUE(comes([&] { return shows(pid); })) << "by itself";
    EXPECT_EQ(workspace.sessions().size(), 2u) << "only the last dead one is kept";

    // One may look back at the dead one, and leave the one that runs, without being taken there again.
    const int live = workspace.shownKey();
    const auto all = workspace.sessions();
    const auto dead =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.key != live; });
    EXPECT_EQ(dead->successor, live);
    const auto* known = qobject_cast<Targets*>(window.findChild<QListView*>("targets")->model());
    ASSERT_NE(known, nullptr);
    const auto looksTwice = [&] {
        int looks = 0;
        const auto counted = QObject::connect(known, &Targets::refreshed, known, [&] { ++looks; });
        const bool came = comes([&] { return looks >= 2; });
        QObject::disconnect(counted);
        return came;
    };
    workspace.show(dead->key);
    ASSERT_TRUE(looksTwice());
    EXPECT_EQ(workspace.state(), Workspace::State::Ended);
    EXPECT_TRUE(showsText(window, "the run before"));
    workspace.closeSession(live);
    ASSERT_TRUE(looksTwice());
    EXPECT_EQ(workspace.state(), Workspace::State::Ended) << "who detaches stays detached";
    EXPECT_EQ(workspace.sessions().size(), 1u);
}

TEST(Window, ATargetThatExitsInGoodOrderSaysSo) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    EXPECT_EQ(sample.control("quit"), "ok");
    ASSERT_TRUE(comes([&] { return window->workspace().state() == Workspace::State::Ended; }));
    EXPECT_TRUE(comes([&] { return showsText(*window, "has exited"); }));
}

TEST(Window, AStoppedTargetIsReadWithoutItsHelpAndGoesLiveWhenItContinues) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(sample.process().stop());
    ASSERT_TRUE(attach(*window, sample));
    EXPECT_NE(find(*window, "conn-1"), noNode);
    EXPECT_FALSE(window->workspace().contact().followsEvents);
    EXPECT_FALSE(window->workspace().cancelProblem().isEmpty()) << "and says that it cannot cancel";
    EXPECT_TRUE(comes([&] { return showsText(*window, "Its memory is read instead"); }));
    EXPECT_TRUE(comes([&] { return showsText(*window, "stopped · orders"); }));
    sample.process().signal(SIGCONT);
    EXPECT_TRUE(comes([&] { return window->workspace().contact().followsEvents; }));
    EXPECT_TRUE(window->workspace().cancelProblem().isEmpty());
    EXPECT_TRUE(comes([&] { return showsText(*window, "live · orders"); }));
    EXPECT_FALSE(showsText(*window, "Its memory is read instead")) << "the banner has gone";
    // And the way back, while it is attached.
    ASSERT_TRUE(sample.process().stop());
    EXPECT_TRUE(comes([&] { return showsText(*window, "Nothing can be cancelled until it goes on"); }));
    EXPECT_FALSE(window->workspace().cancelProblem().isEmpty());
    sample.process().signal(SIGCONT);
    EXPECT_TRUE(comes([&] { return window->workspace().cancelProblem().isEmpty(); }));
}

TEST(Window, AWrongPidGetsASentence) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    window->attach(4'000'000);
    EXPECT_TRUE(comes([&] { return showsText(*window, "4000000"); }));
    window->attach(::getpid());
    EXPECT_TRUE(comes([&] { return showsText(*window, QString::number(::getpid())); }))
        << "a process without the runtime";
    EXPECT_TRUE(attach(*window, sample)) << "and the window works";
}

} // namespace
} // namespace endtoend

int main(int count, char** arguments) {
    testing::InitGoogleTest(&count, arguments);
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(count, arguments);
    QApplication::setOrganizationName("coroscope-test");
    // Nothing that a test remembers may reach the settings of whoever runs it.
    const QTemporaryDir settings;
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, settings.path());
    coroscope::app::Theme::apply(application, coroscope::app::ThemeChoice::Light);
    return RUN_ALL_TESTS();
}
