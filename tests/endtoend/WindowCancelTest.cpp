// SPDX-License-Identifier: Apache-2.0
// Cancelling in the real window, in all its forms, with the sample's own log as the witness.
#include "WindowDriver.h"

#include "widgets/CommandsPanel.h"
#include "widgets/FilterField.h"

#include <QCheckBox>
#include <QDockWidget>
#include <QPushButton>

#include <gmock/gmock.h>

#include <csignal>

namespace endtoend {
namespace {

/// The labels in the details that are on show.
QString detailsText(MainWindow& window) {
    QString text;
    for (const QLabel* label : window.details().findChildren<QLabel*>())
        if (label->isVisible())
            text += label->text() + QLatin1Char('\n');
    return text;
}

TEST(WindowCancel, ChildrenOnlyByMouseSparesTheJobItself) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    Workspace& workspace = window->workspace();
    ASSERT_TRUE(
        comes([&] { return logged(sample, "conn-1: heartbeat") && logged(sample, "conn-2: heartbeat"); }));
    Node intake = noNode;
    ASSERT_TRUE(comes([&] { return (intake = find(*window, "intake", JobKind::SupervisorJob)) != noNode; }));
    const JobId id = workspace.tree().row(intake).id;
    workspace.select(id);
    window->tree().show(intake);
    QTest::keyClick(&window->tree(), Qt::Key_Delete);
    ASSERT_TRUE(panel(*window).isVisible());
    const QString whole = panel(*window).buttonText();
    auto* const childrenOnly = panel(*window).findChild<QCheckBox*>("cancelChildrenOnly");
    ASSERT_TRUE(childrenOnly->isVisible() && childrenOnly->isEnabled());
    QTest::mouseClick(childrenOnly, Qt::LeftButton, {}, QPoint(8, childrenOnly->height() / 2));
    ASSERT_TRUE(childrenOnly->isChecked());
    EXPECT_NE(panel(*window).buttonText(), whole) << "the preview counts one less";
    QTest::keyClicks(panel(*window).findChild<QLineEdit*>("cancelReason"), "drain all connections");
    QTest::mouseClick(panel(*window).findChild<QPushButton*>("cancelGo"), Qt::LeftButton);
    ASSERT_TRUE(comes([&] { return !workspace.cancels().empty() && lastCancel(*window).progress.done(); }));
    EXPECT_TRUE(lastCancel(*window).childrenOnly);
    EXPECT_EQ(lastCancel(*window).progress.finished(), lastCancel(*window).progress.requested());
    EXPECT_TRUE(comes(
        [&] { return logged(sample, "conn-1: cleanup done") && logged(sample, "conn-2: cleanup done"); }));
    const Node after = workspace.tree().find(id);
    ASSERT_NE(after, noNode) << "the job itself is still there";
    EXPECT_EQ(workspace.tree().row(after).state, JobState::Active);
    EXPECT_EQ(workspace.tree().firstChild(after), noNode);
}

TEST(WindowCancel, ShiftDeleteCancelsAllThatMatchAndNobodyElse) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    ASSERT_TRUE(
        comes([&] { return logged(sample, "conn-2: heartbeat") && logged(sample, "conn-3: heartbeat"); }));
    window->filter().setFocus();
    QTest::keyClicks(&window->filter(), "name:conn-2");
    ASSERT_TRUE(comes([&] {
        const TreeRows& rows = window->workspace().rows();
        return rows.filtered() && !rows.scanning() && window->workspace().search() == "name:conn-2";
    }));
    QTest::keyClick(&window->filter(), Qt::Key_Escape); // the word list, if it is open
    QTest::keyClick(window.get(), Qt::Key_Delete, Qt::ShiftModifier);
    ASSERT_TRUE(panel(*window).isVisible());
    EXPECT_TRUE(panel(*window).buttonText().startsWith("Cancel "))
        << panel(*window).buttonText().toStdString();
    EXPECT_FALSE(logged(sample, "conn-2: cleanup done")) << "nothing is sent before it is confirmed";
    confirm(*window, "all that match");
    ASSERT_TRUE(
        comes([&] { return !window->workspace().cancels().empty() && lastCancel(*window).progress.done(); }));
    EXPECT_GE(lastCancel(*window).progress.requested(), 3u) << "with its heartbeat and its watch";
    EXPECT_EQ(lastCancel(*window).progress.reached(), lastCancel(*window).progress.requested());
    EXPECT_TRUE(comes([&] { return logged(sample, "conn-2: cleanup done"); }));
    const std::size_t lines = sample.log().size();
    EXPECT_TRUE(comes([&] { return logged(sample, "conn-3: heartbeat", lines); }));
    EXPECT_FALSE(logged(sample, "conn-3: cleanup done"));
    EXPECT_FALSE(logged(sample, "conn-1: cleanup done"));
}

TEST(WindowCancel, WhoIsStillHereIsNamedWithWhatItDoesUntilItGoes) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    ASSERT_EQ(sample.control("fault slow-cancel on").empty(), false);
    select(*window, "stock");
    QTest::keyClick(&window->tree(), Qt::Key_Delete);
    confirm(*window, "close the stock");
    ASSERT_TRUE(comes([&] { return !window->workspace().cancels().empty(); }));
    const auto progress = [&]() -> const observe::CancelProgress& { return lastCancel(*window).progress; };
    ASSERT_TRUE(comes([&] { return progress().reached() == progress().requested(); }));
    EXPECT_TRUE(comes([&] {
        const QString text = detailsText(*window);
        return text.contains("still here") && text.contains("shelf-") && text.contains("NonCancellable");
    })) << detailsText(*window).toStdString();
    EXPECT_FALSE(progress().done());
    EXPECT_LT(progress().finished(), progress().requested());
    EXPECT_FALSE(sample.control("fault slow-cancel off").empty());
    EXPECT_TRUE(comes([&] { return progress().done(); })) << "the office answers at last";
    EXPECT_TRUE(comes([&] { return !detailsText(*window).contains("still here"); }));
    EXPECT_EQ(find(*window, "stock"), noNode);
}

TEST(WindowCancel, TheListOfCommandsHasOursAndThoseOfOthersWithReasonAndOutcome) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    select(*window, "conn-2");
    QTest::keyClick(&window->tree(), Qt::Key_Delete);
    confirm(*window, "ours, by hand");
    ASSERT_TRUE(
        comes([&] { return !window->workspace().cancels().empty() && lastCancel(*window).progress.done(); }));
    const Output other = sample.ctl({"cancel", std::to_string(sample.process().pid()), "conn-3", "--reason",
                                     "theirs, by script", "--yes"});
    ASSERT_EQ(other.status, 0) << other.text;
    EXPECT_TRUE(comes([&] {
        const QString text = window->commands().text();
        return text.contains("ours, by hand") && text.contains("theirs, by script") &&
               text.contains("conn-2") && text.contains("conn-3");
    })) << window->commands().text().toStdString();
    // The table is filled only while it is on show.
    QDockWidget* dock = nullptr;
    for (QWidget* each = &window->commands(); each != nullptr && dock == nullptr; each = each->parentWidget())
        dock = qobject_cast<QDockWidget*>(each);
    ASSERT_NE(dock, nullptr);
    dock->show();
    dock->raise();
    EXPECT_TRUE(comes([&] { return window->commands().shown() == 2; }));
    // The reason reached the program, too.
    const std::string told = sample.ctl({"commands", std::to_string(sample.process().pid())}).text;
    EXPECT_THAT(told, testing::HasSubstr("ours, by hand"));
}

TEST(WindowCancel, AStoppedProgramTakesNoCommandAndTheQuestionSaysWhy) {
    Sample sample(fewJobs);
    const auto window = openWindow(sample);
    ASSERT_TRUE(attach(*window, sample));
    select(*window, "conn-2");
    ASSERT_TRUE(sample.process().stop());
    ASSERT_TRUE(comes([&] { return !window->workspace().cancelProblem().isEmpty(); }));
    QTest::keyClick(&window->tree(), Qt::Key_Delete);
    if (panel(*window).isVisible()) {
        auto* const go = panel(*window).findChild<QPushButton*>("cancelGo");
        EXPECT_FALSE(go->isEnabled());
        QTest::mouseClick(go, Qt::LeftButton);
        QTest::keyClick(panel(*window).findChild<QLineEdit*>("cancelReason"), Qt::Key_Return);
    }
    EXPECT_TRUE(window->workspace().cancels().empty());
    EXPECT_TRUE(comes([&] { return showsText(*window, "until it goes on"); }));
    sample.process().signal(SIGCONT);
    EXPECT_TRUE(comes([&] { return window->workspace().cancelProblem().isEmpty(); }));
    EXPECT_FALSE(logged(sample, "conn-2: cleanup done"));
}

} // namespace
} // namespace endtoend
