// SPDX-License-Identifier: Apache-2.0
// Attaching through a command in the real window: env leads to where the sample is, as ssh would.
#include "WindowDriver.h"

#include "widgets/Banner.h"
#include "widgets/ThroughDialog.h"

#include <QComboBox>
#include <QListView>
#include <QPushButton>

#include <csignal>

#include <unistd.h>

namespace endtoend {
namespace {

/// Leads to the sample; the window itself looks elsewhere. `arguments` follow the target.
QString wayTo(const Sample& sample, const QString& arguments = {}) {
    return QStringLiteral(
               "env XDG_RUNTIME_DIR=%1 XDG_STATE_HOME=%1/state sh -c 'echo $$ > %1/link.pid; exec \"$@\" %3' "
               "sh %2")
        .arg(QString::fromStdString(sample.directory()), QStringLiteral(COROSCOPE_CTL), arguments);
}

pid_t linkPid(const Sample& sample) {
    return std::stoi(contentsOf(sample.directory() + "/link.pid"));
}

std::unique_ptr<MainWindow> openWindowElsewhere(const ScratchDirectory& elsewhere) {
    ::qputenv("XDG_RUNTIME_DIR", QByteArray::fromStdString(elsewhere.path()));
    QSettings().clear();
    auto window = std::make_unique<MainWindow>(ThemeChoice::Light);
    window->resize(1440, 900);
    window->show();
    return window;
}

/// By keyboard, from the menu's shortcut to the tree.
bool attachThrough(MainWindow& window, Sample& sample, const QString& way) {
    if (!QTest::qWaitForWindowActive(&window))
        return false;
    QTest::keyClick(&window, Qt::Key_T, Qt::ControlModifier | Qt::ShiftModifier);
    if (!comes([&] { return window.throughDialog() != nullptr && window.throughDialog()->isVisible(); }))
        return false;
    ThroughDialog& dialog = *window.throughDialog();
    auto* const command = dialog.findChild<QComboBox*>("throughCommand");
    auto* const list = dialog.findChild<QListView*>("throughList");
    command->lineEdit()->selectAll();
    QTest::keyClicks(command->lineEdit(), way);
    QTest::keyClick(command->lineEdit(), Qt::Key_Return);
    const auto rowOfSample = [&] {
        for (int row = 0; row < list->model()->rowCount(); ++row)
            if (list->model()->index(row, 0).data(Targets::PidRole).toInt() == sample.process().pid())
                return row;
        return -1;
    };
    if (!comes([&] { return list->isVisible() && rowOfSample() >= 0; }))
        return false;
    list->setCurrentIndex(list->model()->index(rowOfSample(), 0));
    QTest::mouseClick(dialog.findChild<QPushButton*>("throughGo"), Qt::LeftButton);
    return comes([&] { return window.workspace().tree().size() > fewJobs / 2; });
}

TEST(WindowThrough, ListsAttachesFollowsAndCancelsAndSaysWhereItIs) {
    Sample sample(fewJobs);
    const ScratchDirectory elsewhere;
    const auto window = openWindowElsewhere(elsewhere);
    ASSERT_TRUE(attachThrough(*window, sample, wayTo(sample)));
    EXPECT_TRUE(
        comes([&] { return window->throughDialog() == nullptr || !window->throughDialog()->isVisible(); }));
    EXPECT_TRUE(
        window->windowTitle().startsWith(QStringLiteral("orders (%1) via env").arg(sample.process().pid())))
        << window->windowTitle().toStdString();
    const std::uint64_t events = window->workspace().status().events;
    EXPECT_TRUE(comes([&] { return window->workspace().status().events > events + 100; }));
    ASSERT_TRUE(comes([&] { return find(*window, "conn-2") != noNode; }));
    select(*window, "conn-2");
    QTest::keyClick(&window->tree(), Qt::Key_Delete);
    confirm(*window, "through the command");
    ASSERT_TRUE(
        comes([&] { return !window->workspace().cancels().empty() && lastCancel(*window).progress.done(); }));
    EXPECT_TRUE(comes([&] { return logged(sample, "conn-2: cleanup done"); }));
    EXPECT_NE(
        sample.ctl({"commands", std::to_string(sample.process().pid())}).text.find("through the command"),
        std::string::npos);
    // The command is offered again the next time.
    window->askThrough({});
    EXPECT_EQ(window->throughDialog()->findChild<QComboBox*>("throughCommand")->itemText(0), wayTo(sample));
}

TEST(WindowThrough, AReadOnlyLinkSaysWhyNothingCanBeCancelled) {
    Sample sample(fewJobs);
    const ScratchDirectory elsewhere;
    const auto window = openWindowElsewhere(elsewhere);
    ASSERT_TRUE(attachThrough(*window, sample, wayTo(sample, "--read-only")));
    EXPECT_TRUE(comes([&] { return window->workspace().cancelProblem().contains("read-only"); }))
        << window->workspace().cancelProblem().toStdString();
    select(*window, "conn-2");
    QTest::keyClick(&window->tree(), Qt::Key_Delete);
    EXPECT_TRUE(window->workspace().cancels().empty());
    const std::size_t lines = sample.log().size();
    EXPECT_TRUE(comes([&] { return logged(sample, "conn-2: heartbeat", lines); }));
}

TEST(WindowThrough, ALostLinkLeavesTheTreeAndOneClickAttachesAgain) {
    Sample sample(fewJobs);
    const ScratchDirectory elsewhere;
    const auto window = openWindowElsewhere(elsewhere);
    ASSERT_TRUE(attachThrough(*window, sample, wayTo(sample)));
    ::kill(linkPid(sample), SIGKILL);
    ASSERT_TRUE(comes([&] { return window->workspace().state() == Workspace::State::Ended; }));
    EXPECT_TRUE(comes([&] { return showsText(*window, "The link through"); }));
    EXPECT_GT(window->workspace().tree().size(), fewJobs / 2u);
    EXPECT_TRUE(sample.process().isRunning());
    QPushButton* again = nullptr;
    for (auto* const each : window->banner().findChildren<QPushButton*>())
        if (each->isVisible() && each->text() == "Attach again")
            again = each;
    ASSERT_NE(again, nullptr);
    QTest::mouseClick(again, Qt::LeftButton);
    EXPECT_TRUE(comes([&] { return window->workspace().state() == Workspace::State::Live; }));
    EXPECT_TRUE(comes([&] { return find(*window, "conn-1") != noNode; }));
}

TEST(WindowThrough, ACommandThatDoesNotWorkIsToldInTheDialogWhichStays) {
    const ScratchDirectory elsewhere;
    const auto window = openWindowElsewhere(elsewhere);
    window->askThrough(QStringLiteral("sh -c 'echo Permission denied >&2; exit 255'"));
    ThroughDialog* const dialog = window->throughDialog();
    ASSERT_NE(dialog, nullptr);
    EXPECT_TRUE(comes([&] { return dialog->problem().contains("Permission denied"); }));
    EXPECT_TRUE(dialog->isVisible());
    EXPECT_FALSE(dialog->findChild<QPushButton*>("throughGo")->isEnabled());
    // One that says nothing can be stopped.
    dialog->look(QStringLiteral("sh -c 'sleep 1000'"));
    auto* const look = dialog->findChild<QPushButton*>("throughLook");
    EXPECT_EQ(look->text(), "Stop");
    QTest::mouseClick(look, Qt::LeftButton);
    EXPECT_EQ(look->text(), "Show programs");
}

} // namespace
} // namespace endtoend
