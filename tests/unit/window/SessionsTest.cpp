// SPDX-License-Identifier: Apache-2.0
// Several sources open in the real window at once.
#include "HandFedSource.h"
#include "HandFedWindow.h"

#include "model/Targets.h"
#include "program/Launcher.h"
#include "program/Recent.h"
#include "widgets/Banner.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"
#include "widgets/OutputPanel.h"
#include "widgets/StartDialog.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QThreadPool>

#include <gtest/gtest.h>

namespace coroscope::app {
namespace {

class SessionsTest : public testing::Test {
protected:
    void SetUp() override {
        QSettings().clear();
        window.resize(1400, 500);
        window.show();
        for (std::uint32_t source = 0; source < 2; ++source) {
            observe::Batch batch;
            batch.reset = true;
            batch.rows.push_back(job(1, 0));
            for (std::uint32_t i = 2; i < 80 + 10 * source; ++i)
                batch.rows.push_back(job(i, 1));
            feeds[source]->push(std::move(batch));
        }
        open(0);
    }
    void open(int source) {
        window.workspace().open(std::make_unique<HandFedSource>(feeds[source]));
        ASSERT_TRUE(eventually([this] { return window.workspace().tree().size() > 70; }));
        keys[source] = window.workspace().shownKey();
    }
    QListView& openList() { return *window.findChild<QListView*>(QStringLiteral("openSessions")); }

    std::shared_ptr<Feed> feeds[2] = {std::make_shared<Feed>(), std::make_shared<Feed>()};
    int keys[2] = {0, 0};
    MainWindow window{ThemeChoice::Light};
};

TEST_F(SessionsTest, eachKeepsItsTreeSelectionExpansionScrollAndCommandsWhileAnotherIsOnShow) {
    Workspace& workspace = window.workspace();
    workspace.select(id(60));
    window.tree().show(workspace.tree().find(id(60)));
    const int scroll = window.tree().verticalScrollBar()->value();
    ASSERT_GT(scroll, 0);
    workspace.cancel(id(61), false, QStringLiteral("first"));
    open(1);
    EXPECT_EQ(workspace.tree().size(), 89u);
    EXPECT_FALSE(workspace.selected());
    EXPECT_TRUE(workspace.cancels().empty());
    workspace.rows().setExpanded(workspace.tree().find(id(1)), false);
    // What happens meanwhile in the background is there afterwards.
    observe::Batch news;
    news.rows.push_back(job(500, 1));
    news.ended.push_back({id(61), JobState::Cancelled, 0, observe::monotonicNow()});
    feeds[0]->push(std::move(news));
    workspace.show(keys[0]);
    EXPECT_EQ(workspace.selected() ? workspace.selected()->id : JobId{}, id(60));
    EXPECT_EQ(window.tree().verticalScrollBar()->value(), scroll);
    EXPECT_TRUE(eventually([&] { return workspace.tree().find(id(500)) != observe::noNode; }));
    ASSERT_EQ(workspace.cancels().size(), 1u);
    EXPECT_TRUE(eventually([&] { return workspace.cancels()[0].progress.done(); }));
    workspace.show(keys[1]);
    EXPECT_EQ(workspace.rows().size(), 1u) << "it was collapsed";
    EXPECT_EQ(workspace.tree().size(), 89u);
}

TEST_F(SessionsTest, theSearchBelongsToTheSession) {
    auto* field = window.findChild<QLineEdit*>(QStringLiteral("search"));
    field->setText(QStringLiteral("name-57"));
    ASSERT_TRUE(eventually([&] { return window.workspace().rows().matches() == 1; }));
    open(1);
    // The same program: what was searched for there is searched for here.
    ASSERT_TRUE(eventually([&] { return window.workspace().rows().matches() == 1; }));
    field->setText(QStringLiteral("name-8"));
    ASSERT_TRUE(eventually([&] { return window.workspace().rows().matches() == 11; })) << "8 and 80 to 89";
    window.workspace().show(keys[0]);
    EXPECT_EQ(field->text(), QStringLiteral("name-57"));
    EXPECT_TRUE(eventually([&] { return window.workspace().rows().matches() == 1; }));
}

TEST_F(SessionsTest, aDeadOneStaysInTheListAndIsShownByAClickAndClosedByAKey) {
    open(1);
    EXPECT_FALSE(openList().isVisible()) << "both run";
    {
        const std::lock_guard lock(feeds[0]->mutex);
        feeds[0]->end =
            observe::SourceEnd{observe::monotonicNow(), 1'700'000'000, "handfed (pid 4711) was killed"};
    }
    ASSERT_TRUE(eventually([&] { return openList().isVisible(); })) << "it ended in the background";
    EXPECT_EQ(window.workspace().shownKey(), keys[1]) << "and takes nobody's place";
    QTest::mouseClick(openList().viewport(), Qt::LeftButton, {},
                      openList().visualRect(openList().model()->index(0, 0)).center());
    EXPECT_EQ(window.workspace().shownKey(), keys[0]);
    ASSERT_TRUE(eventually([&] { return window.workspace().state() == Workspace::State::Ended; }));
    EXPECT_EQ(window.workspace().tree().size(), 79u);
    EXPECT_TRUE(window.banner().text().contains(QStringLiteral("was killed")));
    QTest::keyClick(&openList(), Qt::Key_Delete);
    EXPECT_EQ(window.workspace().shownKey(), keys[1]);
    EXPECT_EQ(window.workspace().sessions().size(), 1u);
    EXPECT_TRUE(eventually([&] { return !openList().isVisible(); }));
}

TEST_F(SessionsTest, aProgramThatIsBackTakesThePlaceOfTheDeadOneWhichStaysInReach) {
    Workspace& workspace = window.workspace();
    auto* field = window.findChild<QLineEdit*>(QStringLiteral("search"));
    field->setText(QStringLiteral("name-57"));
    ASSERT_TRUE(eventually([&] { return workspace.rows().matches() == 1; }));
    workspace.setGrouping(observe::GroupBy::CreationSite);
    workspace.cancel(id(61), false, QStringLiteral("first"));
    {
        const std::lock_guard lock(feeds[0]->mutex);
        feeds[0]->end =
            observe::SourceEnd{observe::monotonicNow(), 1'700'000'000, "handfed (pid 4711) was killed"};
    }
    ASSERT_TRUE(eventually([&] { return workspace.state() == Workspace::State::Ended; }));
    const auto stateOf = [&](int row) {
        return openList().model()->index(row, 0).data(Targets::StateRole).toString();
    };
    EXPECT_EQ(stateOf(0), QStringLiteral("ended"));
    open(1);
    EXPECT_EQ(field->text(), QStringLiteral("name-57")) << "one looks at it as before";
    EXPECT_EQ(workspace.grouping(), observe::GroupBy::CreationSite);
    EXPECT_EQ(workspace.successorOf(keys[0]), keys[1]);
    ASSERT_EQ(openList().model()->rowCount(), 1);
    EXPECT_EQ(stateOf(0), QStringLiteral("before"))
        << "it does not stand beside the one that runs as an equal";
    // Nothing of the dead one is lost.
    workspace.show(keys[0]);
    EXPECT_EQ(workspace.state(), Workspace::State::Ended);
    EXPECT_EQ(workspace.tree().size(), 79u);
    ASSERT_EQ(workspace.cancels().size(), 1u);
    EXPECT_TRUE(window.banner().text().contains(QStringLiteral("the run before")))
        << window.banner().text().toStdString();
    auto* go = window.banner().findChild<QPushButton*>();
    ASSERT_TRUE(go->isVisible());
    QTest::mouseClick(go, Qt::LeftButton);
    EXPECT_EQ(workspace.shownKey(), keys[1]);
    EXPECT_EQ(workspace.state(), Workspace::State::Live);
    // Who leaves the one that runs has the dead one again, as what it is.
    workspace.closeSession(keys[1]);
    EXPECT_EQ(workspace.shownKey(), keys[0]);
    EXPECT_EQ(stateOf(0), QStringLiteral("ended"));
    EXPECT_FALSE(window.banner().text().contains(QStringLiteral("the run before")));
}

TEST_F(SessionsTest, whatIsLeftIsFollowedByWhatLivesNotByWhatHasEnded) {
    {
        const std::lock_guard lock(feeds[0]->mutex);
        feeds[0]->end = observe::SourceEnd{observe::monotonicNow(), 1'700'000'000, "it was killed"};
    }
    ASSERT_TRUE(eventually([&] { return window.workspace().state() == Workspace::State::Ended; }));
    open(1);
    const auto third = std::make_shared<Feed>();
    window.workspace().open(std::make_unique<HandFedSource>(third));
    window.workspace().closeSession(window.workspace().shownKey());
    EXPECT_EQ(window.workspace().shownKey(), keys[1]);
}

TEST_F(SessionsTest, detachingFromTheLastOneLeavesAnEmptyWindowThatWorks) {
    QTest::keyClick(&window.tree(), Qt::Key_W, Qt::ControlModifier);
    EXPECT_EQ(window.workspace().state(), Workspace::State::Empty);
    EXPECT_EQ(window.workspace().tree().size(), 0u);
    EXPECT_FALSE(window.tree().isVisible());
    window.grab();
    open(1);
    EXPECT_TRUE(window.tree().isVisible());
}

TEST_F(SessionsTest, anOpeningThatIsStoppedLeavesWhatIsOnShow) {
    const QTemporaryDir folder;
    const QString slow = folder.filePath(QStringLiteral("slow"));
    ASSERT_TRUE(QFile(slow).open(QIODevice::WriteOnly));
    window.openFile(slow);
    EXPECT_EQ(window.workspace().openingFile(), slow);
    window.workspace().stopOpening();
    EXPECT_TRUE(window.workspace().openingFile().isEmpty());
    EXPECT_EQ(window.workspace().shownKey(), keys[0]) << "what was on show stays";
    EXPECT_FALSE(window.openBanner().isVisible());
}

TEST_F(SessionsTest, aLargeFileSaysHowFarItIsAndCanBeStopped) {
    const QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("large.txt")));
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write("Coroutines dump 2026/01/01 00:00:00\n");
    ASSERT_TRUE(file.resize(qint64{1} << 38)) << "most of it is a hole, and takes no room";
    window.openFile(file.fileName());
    ASSERT_TRUE(eventually([&] { return window.openBanner().isVisible(); }));
    EXPECT_TRUE(window.openBanner().text().endsWith(QStringLiteral(" % of 274877.9 MB")))
        << window.openBanner().text().toStdString();
    ASSERT_TRUE(eventually([&] { return window.workspace().openingProgress().read > 10'000'000; }));
    auto* stop = window.openBanner().findChild<QPushButton*>(QStringLiteral("openBannerAction"));
    ASSERT_NE(stop, nullptr);
    QTest::mouseClick(stop, Qt::LeftButton);
    EXPECT_FALSE(window.openBanner().isVisible());
    EXPECT_EQ(window.workspace().shownKey(), keys[0]) << "what was on show stays";
    EXPECT_TRUE(QThreadPool::globalInstance()->waitForDone(60'000)) << "nobody reads on";
}

TEST_F(SessionsTest, aProgramIsStartedWithArgumentsFolderAndEnvironmentAndItsOutputShown) {
    const QTemporaryDir folder;
    window.askStart();
    ASSERT_NE(window.startDialog(), nullptr);
    auto* command = window.startDialog()->findChild<QComboBox*>(QStringLiteral("startCommand"));
    auto* place = window.startDialog()->findChild<QLineEdit*>(QStringLiteral("startFolder"));
    auto* environment = window.startDialog()->findChild<QPlainTextEdit*>(QStringLiteral("startEnvironment"));
    auto* go = window.startDialog()->findChild<QPushButton*>(QStringLiteral("startGo"));
    auto* problem = window.startDialog()->findChild<QLabel*>(QStringLiteral("startProblem"));
    command->setEditText(QStringLiteral("/no/such/program"));
    QTest::mouseClick(go, Qt::LeftButton);
    EXPECT_TRUE(
        eventually([&] { return problem->isVisible() && problem->text().contains("/no/such/program"); }));
    command->setEditText(QStringLiteral("sh -c 'echo \"$GREETING from $PWD\"; echo oops >&2; exit 3'"));
    place->setText(folder.path());
    environment->setPlainText(QStringLiteral("not a pair"));
    QTest::mouseClick(go, Qt::LeftButton);
    EXPECT_TRUE(eventually([&] { return problem->text().contains(QStringLiteral("NAME=value")); }));
    environment->setPlainText(QStringLiteral("GREETING=good day\n"));
    QTest::mouseClick(go, Qt::LeftButton);
    const QString wanted =
        QStringLiteral("good day from %1\noops\n").arg(QFileInfo(folder.path()).canonicalFilePath());
    EXPECT_TRUE(eventually([&] { return window.output().text() == wanted; }))
        << window.output().text().toStdString();
    EXPECT_TRUE(eventually([&] {
        for (const QLabel* label : window.output().findChildren<QLabel*>())
            if (label->text().contains(QStringLiteral("exit code 3")))
                return true;
        return false;
    }));
    EXPECT_TRUE(window.output().isVisible());
    EXPECT_TRUE(eventually([&] {
        for (const QLabel* label : window.findChildren<QLabel*>())
            if (label->text().contains(QStringLiteral("ended before it could be attached to")))
                return true;
        return false;
    })) << "and not that there is no such process";
    ASSERT_FALSE(recentLaunches().empty());
    EXPECT_EQ(recentLaunches().front().environment, QStringList{QStringLiteral("GREETING=good day")});
    EXPECT_EQ(recentLaunches().front().folder, folder.path());
}

TEST(LauncherTest, splitsACommandLineAsAShellDoes) {
    using Words = QStringList;
    EXPECT_EQ(splitWords(QStringLiteral("  a  b\tc ")), (Words{"a", "b", "c"}));
    EXPECT_EQ(splitWords(QStringLiteral("a 'b \"c' \"d 'e\" f\\ g ''")),
              (Words{"a", "b \"c", "d 'e", "f g", ""}));
    EXPECT_EQ(splitWords(QStringLiteral("\"a\\\"b\\n\"x")), (Words{"a\"b\\nx"}));
    EXPECT_EQ(splitWords(QString()), Words());
    EXPECT_EQ(splitWords(QStringLiteral("a 'b")), std::nullopt);
}

TEST(RecentTest, keepsTheLastTenOfEachOnceAndForgetsFilesThatAreGone) {
    QSettings().clear();
    const QTemporaryDir folder;
    for (int i = 0; i < 12; ++i) {
        QFile file(folder.filePath(QString::number(i)));
        ASSERT_TRUE(file.open(QIODevice::WriteOnly));
        rememberFile(file.fileName());
        rememberLaunch({QStringLiteral("run %1").arg(i), {}, {}});
    }
    rememberFile(folder.filePath(QStringLiteral("5")));
    rememberLaunch({QStringLiteral("run 5"), {}, {}});
    QFile::remove(folder.filePath(QStringLiteral("7")));
    const QStringList files = recentFiles();
    EXPECT_EQ(files.size(), 9);
    EXPECT_EQ(files.first(), folder.filePath(QStringLiteral("5")));
    EXPECT_EQ(files.count(folder.filePath(QStringLiteral("5"))), 1);
    const std::vector<Launch> launches = recentLaunches();
    ASSERT_EQ(launches.size(), 10u);
    EXPECT_EQ(launches.front().command, QStringLiteral("run 5"));
    EXPECT_EQ(launches.back().command, QStringLiteral("run 2"));
}

} // namespace
} // namespace coroscope::app
