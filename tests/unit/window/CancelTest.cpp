// SPDX-License-Identifier: Apache-2.0
// Cancels in the real window: all that match, remembered reasons, laggards, the list of commands, and sources
// that take none.
#include "HandFedSource.h"
#include "HandFedWindow.h"

#include "widgets/CancelCard.h"
#include "widgets/CancelPanel.h"
#include "widgets/CommandsPanel.h"
#include "widgets/DetailsPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"

#include <QDockWidget>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeView>

#include <gtest/gtest.h>

#include <algorithm>

namespace coroscope::app {
namespace {

using observe::Node;
using observe::noNode;

class CancelTest : public testing::Test {
protected:
    void SetUp() override {
        QSettings().remove(QStringLiteral("cancel"));
        window.resize(1400, 800);
        window.show();
        observe::Batch batch;
        batch.reset = true;
        batch.rows.push_back(job(1, 0));
        for (std::uint32_t i = 2; i < 5; ++i)
            batch.rows.push_back(job(i, 1));
        for (std::uint32_t i = 20; i < 26; ++i)
            batch.rows.push_back(job(i, 2));
        batch.rows.push_back(job(30, 3));
        feed->push(std::move(batch));
        window.workspace().open(std::make_unique<HandFedSource>(feed));
        ASSERT_TRUE(eventually([this] { return window.workspace().tree().size() == 11; }));
    }
    Node node(std::uint32_t index) { return window.workspace().tree().find(id(index)); }
    template <class T>
    T& part(const char* name) {
        T* const found = window.findChild<T*>(QString::fromLatin1(name));
        EXPECT_NE(found, nullptr) << name;
        return *found;
    }
    std::vector<Feed::Command> sent() {
        const std::lock_guard lock(feed->mutex);
        return feed->commands;
    }
    void search(const char* words) {
        window.workspace().setSearch(QString::fromUtf8(words));
        ASSERT_TRUE(eventually([this] {
            return window.workspace().rows().filtered() && !window.workspace().rows().scanning();
        }));
    }

    std::shared_ptr<Feed> feed = std::make_shared<Feed>();
    MainWindow window{ThemeChoice::Light};
};

TEST_F(CancelTest, allThatMatchAreCancelledByTheirTopMost) {
    EXPECT_FALSE(part<QPushButton>("cancelMatching").isVisible()) << "nothing is searched for";
    search("name-2"); // 2 and, below it, 20 to 25
    auto& button = part<QPushButton>("cancelMatching");
    ASSERT_TRUE(eventually([&] { return button.text() == QStringLiteral("Cancel 7 matching…"); }));
    QTest::mouseClick(&button, Qt::LeftButton);
    CancelPanel& panel = window.details().cancelPanel();
    ASSERT_TRUE(panel.isVisible());
    EXPECT_EQ(panel.buttonText(), QStringLiteral("Cancel 7 jobs"));
    QTest::keyClick(&part<QLineEdit>("cancelReason"), Qt::Key_Return);
    ASSERT_TRUE(eventually([&] { return sent().size() == 1; }));
    EXPECT_EQ(sent()[0].job, id(2)) << "what is below it goes with it";
    EXPECT_EQ(window.workspace().cancels().back().progress.requested(), 7u);
}

TEST_F(CancelTest, matchesInSeveralSubtreesGetACommandEachAndAreFollowedAsOne) {
    window.workspace().setSearch(QStringLiteral("name-2"));
    ASSERT_TRUE(eventually([this] { return window.workspace().rows().matches() == 7; }));
    observe::Batch more;
    more.rows.push_back(job(200, 3)); // outside of 2, and matches
    more.rows.push_back(job(201, 200));
    more.rows.back().flags = JobFlags::shielded;
    more.rows.push_back(job(4, 1)); // waits for one that matches
    more.rows.back().waitKind = WaitKind::Job;
    more.rows.back().waitsFor = id(200).value;
    more.rows.back().executionSequence = 2;
    feed->push(std::move(more));
    ASSERT_TRUE(eventually([this] { return window.workspace().rows().matches() == 9; }));
    QTest::keyClick(&window.tree(), Qt::Key_Delete, Qt::ShiftModifier);
    CancelPanel& panel = window.details().cancelPanel();
    ASSERT_TRUE(eventually([&] { return panel.buttonText() == QStringLiteral("Cancel 9 jobs"); }));
    EXPECT_EQ(part<QLabel>("cancelShielded").text(), QStringLiteral("name-201 launch #201"));
    EXPECT_EQ(part<QLabel>("cancelOutside").text(), QStringLiteral("name-4 launch #4"));
    QTest::keyClicks(&part<QLineEdit>("cancelReason"), QStringLiteral("all of them"));
    QTest::mouseClick(&part<QPushButton>("cancelGo"), Qt::LeftButton);
    ASSERT_TRUE(eventually([&] { return sent().size() == 2; }));
    EXPECT_EQ(sent()[0].job, id(2));
    EXPECT_EQ(sent()[1].job, id(200));
    EXPECT_EQ(sent()[1].reason, "all of them");
    ASSERT_EQ(window.workspace().cancels().size(), 1u);
    observe::Batch ends;
    for (const std::uint32_t i : {2u, 20u, 21u, 22u, 23u, 24u, 25u, 200u})
        ends.ended.push_back({id(i), JobState::Cancelled, 0, observe::monotonicNow()});
    feed->push(std::move(ends));
    ASSERT_TRUE(eventually([&] { return window.workspace().cancels()[0].progress.finished() == 8; }));
    const auto& laggards = part<QLabel>("cancelLaggards");
    EXPECT_TRUE(eventually([&] { return laggards.text().contains(QStringLiteral("in NonCancellable")); }))
        << "the one that is left says what it does: " << laggards.text().toStdString();
    EXPECT_TRUE(laggards.text().startsWith(QStringLiteral("name-201 #201: suspended at reader.cpp:201")))
        << laggards.text().toStdString();
}

TEST_F(CancelTest, theButtonsOfAQuestionDoNotMoveAwayUnderThePointer) {
    const auto shield = [&](std::uint32_t index, bool on) {
        observe::Batch batch;
        batch.rows.push_back(job(index, 2));
        batch.rows.back().flags = on ? JobFlags::shielded : std::uint16_t{0};
        batch.rows.back().jobVersion = on ? 2 : 4;
        feed->push(std::move(batch));
    };
    window.workspace().select(id(3));
    window.workspace().cancel(id(30), false, QStringLiteral("an earlier one"));
    auto& shielded = part<QLabel>("cancelShielded");
    window.details().askCancel(id(2));
    const auto& button = part<QPushButton>("cancelGo");
    const auto place = [&] {
        QApplication::processEvents();
        return button.mapTo(&window.details(), QPoint()).y();
    };
    const auto* card = window.details().findChild<CancelCard*>();
    ASSERT_NE(card, nullptr);
    const int first = place();
    EXPECT_GT(card->mapTo(&window.details(), QPoint()).y(), first)
        << "how another cancel goes on stands below: it grows and shrinks";
    for (const std::uint32_t index : {20u, 21u, 22u})
        shield(index, true);
    ASSERT_TRUE(eventually([&] { return shielded.text().count(QLatin1Char('\n')) == 2; }));
    const int before = place();
    for (const std::uint32_t index : {20u, 21u, 22u})
        shield(index, false);
    ASSERT_TRUE(eventually([&] { return !shielded.isVisible(); }));
    EXPECT_EQ(place(), before);
    window.details().askCancel(id(4));
    EXPECT_TRUE(eventually([&] { return place() < before; })) << "another question begins anew";
}

TEST_F(CancelTest, reasonsAreRememberedAndChosenByTheKeyboard) {
    for (const char* reason : {"draining", "stuck since noon", "draining"}) {
        window.details().askCancel(id(30));
        QTest::keyClicks(&part<QLineEdit>("cancelReason"), QString::fromLatin1(reason));
        QTest::keyClick(&part<QLineEdit>("cancelReason"), Qt::Key_Return);
    }
    window.details().askCancel(id(30));
    EXPECT_TRUE(part<QLineEdit>("cancelReason").text().isEmpty());
    QTest::keyClick(&part<QLineEdit>("cancelReason"), Qt::Key_Down);
    auto& menu = part<QMenu>("cancelReasons");
    ASSERT_EQ(menu.actions().size(), 2) << "each once, the last one first";
    EXPECT_EQ(menu.actions()[0]->text(), QStringLiteral("draining"));
    QTest::keyClick(&menu, Qt::Key_Down);
    const std::size_t before = window.workspace().cancels().size();
    QTest::keyClick(&menu, Qt::Key_Return);
    EXPECT_EQ(part<QLineEdit>("cancelReason").text(), QStringLiteral("stuck since noon"));
    EXPECT_EQ(window.workspace().cancels().size(), before) << "choosing a reason sends nothing";
}

TEST_F(CancelTest, theListOfCommandsHasThisWindowsAndThoseOfOthersAndGoesIntoAFile) {
    observe::Batch others;
    observe::Incident told;
    told.number = 7;
    told.what = IncidentKind::Commanded;
    told.at = observe::monotonicNow();
    told.job = job(4, 1);
    told.text = "user 1000, pid 77\nby the night shift";
    others.incidents.push_back(told);
    feed->push(std::move(others));
    CommandsPanel& commands = window.commands();
    ASSERT_TRUE(eventually([&] { return commands.shown() == 1; }));
    window.workspace().cancel(id(30), false, QStringLiteral("one\nby one"));
    ASSERT_TRUE(eventually([&] { return commands.shown() == 2; }));
    observe::Batch ours; // the program's own memory of what this window asked for is no third command
    told.number = 8;
    told.job = job(30, 3);
    told.text = "user 0, pid 1\none\nby one";
    ours.incidents.push_back(told);
    ours.ended.push_back({id(30), JobState::Cancelled, 0, observe::monotonicNow()});
    feed->push(std::move(ours));
    auto& list = part<QTreeView>("commands");
    const auto cell = [&](int row, int column) { return list.model()->index(row, column).data().toString(); };
    ASSERT_TRUE(eventually([&] {
        return cell(0, CommandModel::OutcomeColumn).startsWith(QStringLiteral("1 job ended within"));
    })) << cell(0, CommandModel::OutcomeColumn).toStdString();
    EXPECT_EQ(commands.shown(), 2);
    EXPECT_TRUE(cell(0, CommandModel::WhoColumn).startsWith(QStringLiteral("this window")));
    EXPECT_EQ(cell(1, CommandModel::WhoColumn), QStringLiteral("user 1000, pid 77"));
    EXPECT_EQ(cell(1, CommandModel::WhatColumn), QStringLiteral("name-4 launch #4"));
    EXPECT_EQ(cell(1, CommandModel::WhyColumn), QStringLiteral("by the night shift"));
    EXPECT_EQ(cell(1, CommandModel::OutcomeColumn), QStringLiteral("Suspended"));

    window.findChild<QDockWidget*>(QStringLiteral("commandsDock"))->raise();
    QTest::mouseClick(list.viewport(), Qt::LeftButton, {},
                      list.visualRect(list.model()->index(1, 0)).center());
    ASSERT_TRUE(window.workspace().selected());
    EXPECT_EQ(window.workspace().selected()->id, id(4)) << "a click leads to the job";

    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("commands.txt"));
    EXPECT_EQ(commands.saveTo(path), QString());
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    const QStringList lines = QString::fromUtf8(file.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    ASSERT_EQ(lines.size(), 3) << "a line each, however many lines a reason has";
    EXPECT_TRUE(
        lines[1].contains(QStringLiteral("user 1000, pid 77  cancels name-4 launch #4; reason: by the")));
    EXPECT_TRUE(lines[2].contains(QStringLiteral("reason: one by one; 1 job ended")));
    EXPECT_FALSE(commands.saveTo(folder.filePath(QStringLiteral("not/there"))).isEmpty());
}

TEST_F(CancelTest, aSourceThatTakesNoCommandsSaysWhyOnEachButton) {
    window.workspace().select(id(2));
    search("name-2");
    {
        const std::lock_guard lock(feed->mutex);
        feed->contact = {.followsEvents = true,
                         .commandsAllowed = false,
                         .stopped = false,
                         .problem = "handfed takes no commands today."};
    }
    const QString why = QStringLiteral("handfed takes no commands today.");
    for (const char* name : {"cancel", "cancelMatching", "detailsCancel"}) {
        auto& button = part<QPushButton>(name);
        EXPECT_TRUE(eventually([&] { return !button.isEnabled() && button.toolTip() == why; })) << name;
        EXPECT_TRUE(button.isVisible()) << name;
        EXPECT_EQ(button.accessibleDescription(), why) << name;
    }
    QTest::keyClick(&window.tree(), Qt::Key_Delete);
    auto& go = part<QPushButton>("cancelGo");
    ASSERT_TRUE(go.isVisible());
    EXPECT_FALSE(go.isEnabled());
    EXPECT_EQ(go.toolTip(), why);
    EXPECT_EQ(go.accessibleDescription(), why);
    QTest::keyClick(&part<QLineEdit>("cancelReason"), Qt::Key_Return);
    EXPECT_TRUE(window.workspace().cancels().empty());
    {
        const std::lock_guard lock(feed->mutex);
        feed->contact.commandsAllowed = true;
        feed->contact.problem.clear();
    }
    EXPECT_TRUE(eventually([&] { return go.isEnabled(); })) << "and when it takes them again, it works";
}

} // namespace
} // namespace coroscope::app
