// SPDX-License-Identifier: Apache-2.0
// The real main window on a source whose news the test writes.
#include "HandFedSource.h"
#include "HandFedWindow.h"

#include "widgets/AttachDialog.h"
#include "widgets/CancelPanel.h"
#include "widgets/DetailsPanel.h"
#include "widgets/FindingsPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/JobsAccessible.h"
#include "widgets/MainWindow.h"
#include "widgets/StatusBar.h"

#include <QApplication>
#include <QCheckBox>
#include <QDockWidget>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QTest>
#include <QThread>
#include <QToolButton>

#include <gtest/gtest.h>

namespace coroscope::app {
namespace {

using observe::Node;
using observe::noNode;

class WindowTest : public testing::Test {
protected:
    void SetUp() override {
        window.resize(1400, 800);
        window.show();
        observe::Batch batch;
        batch.reset = true;
        batch.rows.push_back(job(1, 0));
        batch.rows.push_back(job(2, 1));
        batch.rows.push_back(job(3, 1));
        for (std::uint32_t i = 10; i < 110; ++i)
            batch.rows.push_back(job(i, 2));
        feed->push(std::move(batch));
        window.workspace().open(std::make_unique<HandFedSource>(feed));
        ASSERT_TRUE(eventually([this] { return window.workspace().tree().size() == 103; }));
    }
    Node node(std::uint32_t index) { return window.workspace().tree().find(id(index)); }
    std::uint32_t currentIndex() {
        const Node at = window.tree().current();
        return at == noNode || at == orphanGroup ? 0 : window.workspace().tree().row(at).id.index();
    }
    void key(int code, const QString& text = {}) {
        QKeyEvent press(QEvent::KeyPress, code, Qt::NoModifier, text);
        QApplication::sendEvent(&window.tree(), &press);
    }
    int yOf(std::uint32_t index) {
        return window.tree().rowRect(window.workspace().rows().rowOf(node(index))).top();
    }

    std::shared_ptr<Feed> feed = std::make_shared<Feed>();
    MainWindow window{ThemeChoice::Light};
};

TEST_F(WindowTest, theKeyboardMovesAsInATree) {
    key(Qt::Key_Home);
    EXPECT_EQ(currentIndex(), 1u);
    key(Qt::Key_Down);
    EXPECT_EQ(currentIndex(), 2u);
    key(Qt::Key_Right);
    EXPECT_EQ(currentIndex(), 10u) << "into an expanded job";
    key(Qt::Key_Left);
    EXPECT_EQ(currentIndex(), 2u) << "back to the parent";
    key(Qt::Key_Minus);
    EXPECT_EQ(window.workspace().rows().size(), 3u);
    key(Qt::Key_Down);
    EXPECT_EQ(currentIndex(), 3u);
    key(Qt::Key_Up);
    key(Qt::Key_Asterisk);
    EXPECT_EQ(window.workspace().rows().size(), 103u);
    key(Qt::Key_End);
    EXPECT_EQ(currentIndex(), 3u) << "the last root's last child";
    key(Qt::Key_N, QStringLiteral("n"));
    EXPECT_EQ(currentIndex(), 1u) << "type-ahead goes round";
    for (const QChar c : QStringLiteral("ame-57"))
        key(Qt::Key_A, QString(c));
    EXPECT_EQ(currentIndex(), 57u);
    key(Qt::Key_PageDown);
    EXPECT_GT(currentIndex(), 60u);
}

TEST_F(WindowTest, theFirstStepsAreOfferedUntilTheyAreSentAway) {
    const auto line = [](MainWindow& in) { return in.findChild<QLabel*>(QStringLiteral("hintText")); };
    EXPECT_FALSE(line(window)->isVisible()) << "nobody has offered them";
    window.offerHint();
    ASSERT_TRUE(line(window)->isVisible());
    EXPECT_TRUE(line(window)->text().contains(QStringLiteral("Ctrl+F")));
    window.findChild<QPushButton*>(QStringLiteral("hintAction"))->click();
    EXPECT_FALSE(line(window)->isVisible());
    window.offerHint();
    EXPECT_FALSE(line(window)->isVisible()) << "once is enough";
    MainWindow next(ThemeChoice::Light);
    next.offerHint();
    EXPECT_TRUE(line(next)->isHidden() || line(next)->parentWidget()->isHidden())
        << "the settings remember it";
    QSettings().remove(QStringLiteral("hints"));
}

TEST_F(WindowTest, whatIsSelectedStaysWhereItIs) {
    window.workspace().select(id(60));
    window.tree().show(node(60));
    QApplication::processEvents();
    const int before = yOf(60);
    observe::Batch batch;
    for (std::uint32_t i = 20; i < 40; ++i)
        batch.ended.push_back({id(i), JobState::Completed, 0, observe::monotonicNow()});
    feed->push(std::move(batch));
    ASSERT_TRUE(eventually([this] { return window.workspace().tree().size() == 83; }));
    EXPECT_EQ(currentIndex(), 60u);
    EXPECT_EQ(yOf(60), before);
    observe::Batch more;
    more.rows.push_back(job(200, 10));
    more.rows.push_back(job(201, 10));
    feed->push(std::move(more));
    ASSERT_TRUE(eventually([this] { return window.workspace().tree().size() == 85; }));
    window.workspace().rows().setExpanded(node(10), true);
    EXPECT_EQ(currentIndex(), 60u);
}

TEST_F(WindowTest, withoutASelectionTheTopRowStays) {
    window.tree().verticalScrollBar()->setValue(measure::row * 40 + 7);
    const Node top = window.workspace().rows().at(window.tree().firstVisibleRow());
    const JobId topId = window.workspace().tree().row(top).id;
    observe::Batch batch;
    for (std::uint32_t i = 10; i < 30; ++i)
        batch.ended.push_back({id(i), JobState::Completed, 0, observe::monotonicNow()});
    feed->push(std::move(batch));
    ASSERT_TRUE(eventually([this] { return window.workspace().tree().size() == 83; }));
    const Node nowTop = window.workspace().rows().at(window.tree().firstVisibleRow());
    EXPECT_EQ(window.workspace().tree().row(nowTop).id, topId);
    EXPECT_EQ(window.tree().verticalScrollBar()->value() % measure::row, 7);
}

TEST_F(WindowTest, aSelectedJobThatEndsStaysInTheDetails) {
    window.workspace().select(id(50));
    observe::Batch batch;
    batch.ended.push_back({id(50), JobState::Failed, 0, observe::monotonicNow()});
    feed->push(std::move(batch));
    ASSERT_TRUE(
        eventually([this] { return window.workspace().selected() && window.workspace().selected()->ended; }));
    EXPECT_EQ(window.tree().current(), noNode);
    EXPECT_EQ(window.findChild<QLabel*>(QStringLiteral("detailsName"))->text(), QStringLiteral("name-50"));
    EXPECT_TRUE(window.findChild<QLabel*>(QStringLiteral("detailsState"))
                    ->text()
                    .startsWith(QStringLiteral("Failed, ended ")));
    key(Qt::Key_Down);
    EXPECT_NE(currentIndex(), 0u) << "the keyboard goes on from where it was";
}

TEST_F(WindowTest, theDetailsSayWhatAJobWaitsForAndWhoWaitsForItAndLeadThere) {
    observe::Batch batch;
    for (const std::uint32_t waiting : {57u, 58u}) {
        batch.rows.push_back(job(waiting, 2));
        batch.rows.back().waitKind = WaitKind::Job;
        batch.rows.back().waitsFor = id(60).value;
    }
    feed->push(std::move(batch));
    ASSERT_TRUE(
        eventually([this] { return window.workspace().tree().row(node(58)).waitKind == WaitKind::Job; }));
    auto& details = *window.findChild<DetailsPanel*>();
    const auto labelWith = [&](const QString& words) -> QLabel* {
        for (QLabel* label : details.findChildren<QLabel*>())
            if (label->isVisible() && label->text().contains(words))
                return label;
        return nullptr;
    };
    window.workspace().select(id(60));
    ASSERT_TRUE(eventually([&] { return labelWith(QStringLiteral("Waited for by")) != nullptr; }));
    QLabel* const waiters = labelWith(QStringLiteral("name-57 launch #57"));
    ASSERT_NE(waiters, nullptr);
    EXPECT_TRUE(waiters->text().contains(QStringLiteral("name-58 launch #58")));
    EXPECT_TRUE(details.report().contains(QStringLiteral("waited for by: name-57 launch #57")));
    emit waiters->linkActivated(QString::number(id(58).value));
    EXPECT_EQ(currentIndex(), 58u);
    ASSERT_TRUE(eventually([&] { return labelWith(QStringLiteral("the end of ")) != nullptr; }));
    EXPECT_TRUE(
        labelWith(QStringLiteral("the end of "))->text().contains(QStringLiteral("name-60 launch #60")));
    EXPECT_EQ(labelWith(QStringLiteral("Waited for by")), nullptr) << "that was of the other job";
}

TEST_F(WindowTest, aCreationStackIsMadeOutInTheBackgroundAndShown) {
    observe::Batch batch;
    batch.rows.push_back(job(57, 2));
    batch.rows.back().creationStack = 33;
    feed->push(std::move(batch));
    ASSERT_TRUE(eventually([this] { return window.workspace().tree().row(node(57)).creationStack == 33; }));
    auto& details = *window.findChild<DetailsPanel*>();
    window.workspace().select(id(57));
    ASSERT_TRUE(eventually([&] { return details.report().contains(QStringLiteral("launcher.cpp:33")); }));
    const auto hasLabel = [&](const QString& words) {
        for (QLabel* label : details.findChildren<QLabel*>())
            if (label->isVisible() && label->text().contains(words))
                return true;
        return false;
    };
    EXPECT_TRUE(eventually([&] { return hasLabel(QStringLiteral("handfed has no debug information.")); }));
    window.workspace().select(id(58));
    EXPECT_TRUE(eventually([&] { return !hasLabel(QStringLiteral("handfed has no debug information.")); }));
}

TEST_F(WindowTest, theThreadOfARunningJobIsSampledWhenAPersonAsksForIt) {
    auto& button = *window.findChild<QPushButton*>(QStringLiteral("detailsSample"));
    window.workspace().select(id(58));
    EXPECT_FALSE(button.isVisible()) << "a suspended job has no thread";
    observe::Batch batch;
    batch.rows.push_back(job(57, 2));
    batch.rows.back().execution = Execution::Running;
    feed->push(std::move(batch));
    window.workspace().select(id(57));
    ASSERT_TRUE(eventually([&] { return button.isVisible(); }));
    EXPECT_TRUE(feed->sampled.empty());
    button.click();
    ASSERT_TRUE(
        eventually([&] { return window.findChild<QLabel*>(QStringLiteral("sampleProblem")) != nullptr; }));
    EXPECT_EQ(window.findChild<QLabel*>(QStringLiteral("sampleProblem"))->text(),
              QStringLiteral("No thread of handfed runs this job now."));
    {
        const std::lock_guard lock(feed->mutex);
        feed->sample = observe::ThreadSample{
            4713, "worker-1", 120'000, 1'700'000'000, {{{"/src/spin.cpp", "spin()", 50}}, 0, {}}};
    }
    button.click();
    ASSERT_TRUE(eventually([&] {
        const auto* head = window.findChild<QLabel*>(QStringLiteral("sampleHead"));
        return head != nullptr && head->text().contains(QStringLiteral("Thread worker-1 (4713)")) &&
               head->text().endsWith(QStringLiteral("paused 0.12 ms"));
    }));
    EXPECT_TRUE(window.findChild<DetailsPanel*>()->report().contains(QStringLiteral("spin.cpp:50")));
    const std::lock_guard lock(feed->mutex);
    EXPECT_EQ(feed->sampled, std::vector<JobId>{id(57)});
}

TEST_F(WindowTest, searchShowsMatchesWithWhatIsAbove) {
    window.workspace().setSearch(QStringLiteral("NAME-57"));
    ASSERT_TRUE(eventually([this] { return window.workspace().rows().filtered(); }));
    EXPECT_EQ(window.workspace().rows().size(), 3u);
    window.workspace().setSearch(QStringLiteral("#5"));
    ASSERT_TRUE(eventually([this] { return !window.workspace().rows().scanning(); }));
    EXPECT_EQ(window.workspace().rows().matches(), 0u) << "exactly that number";
    window.workspace().setSearch(QStringLiteral("#57"));
    ASSERT_TRUE(eventually([this] { return !window.workspace().rows().scanning(); }));
    EXPECT_EQ(window.workspace().rows().matches(), 1u);
    for (const auto& [words, matches] : {std::pair{"name-57#57", 1u}, std::pair{"name-57#5", 0u}}) {
        window.workspace().setSearch(QString::fromUtf8(words)); // pasted from a log
        ASSERT_TRUE(eventually([this] { return !window.workspace().rows().scanning(); }));
        EXPECT_EQ(window.workspace().rows().matches(), matches) << words;
    }
    window.workspace().setSearch(QStringLiteral("reader.cpp:57 suspended"));
    ASSERT_TRUE(eventually([this] { return !window.workspace().rows().scanning(); }));
    EXPECT_EQ(window.workspace().rows().matches(), 1u);
    window.workspace().setSearch(QStringLiteral("running"));
    ASSERT_TRUE(eventually([this] { return !window.workspace().rows().scanning(); }));
    EXPECT_EQ(window.workspace().rows().size(), 0u);
    observe::Batch batch;
    batch.rows.push_back(job(57, 2));
    batch.rows.back().execution = Execution::Running;
    batch.rows.back().executionSequence = 2;
    feed->push(std::move(batch));
    EXPECT_TRUE(eventually([this] { return window.workspace().rows().size() == 3; })) << "a filter is live";
    window.workspace().setSearch({});
    EXPECT_EQ(window.workspace().rows().size(), 103u);
}

TEST_F(WindowTest, theSearchFieldWorksByKeyboard) {
    auto* field = window.findChild<QLineEdit*>(QStringLiteral("search"));
    ASSERT_NE(field, nullptr);
    field->setText(QStringLiteral("name-99"));
    ASSERT_TRUE(eventually([this] { return window.workspace().rows().filtered(); }));
    EXPECT_EQ(window.workspace().rows().size(), 3u);
    QKeyEvent escape(QEvent::KeyPress, Qt::Key_Escape, Qt::NoModifier);
    QApplication::sendEvent(field, &escape);
    EXPECT_TRUE(field->text().isEmpty());
    EXPECT_EQ(window.workspace().rows().size(), 103u);
}

TEST_F(WindowTest, cancelSaysWhatItWillMeetAndSendsIt) {
    observe::Batch batch;
    batch.rows.push_back(job(57, 2));
    batch.rows.back().execution = Execution::Running;
    batch.rows.back().executionSequence = 2;
    batch.rows.push_back(job(3, 1)); // outside, and waits for a job inside
    batch.rows.back().waitKind = WaitKind::Job;
    batch.rows.back().waitsFor = id(57).value;
    batch.rows.back().executionSequence = 2;
    feed->push(std::move(batch));
    ASSERT_TRUE(eventually([this] { return window.workspace().tree().totals().running == 1; }));
    window.workspace().select(id(2));
    key(Qt::Key_Delete);
    CancelPanel& panel = window.details().cancelPanel();
    EXPECT_EQ(panel.job(), id(2));
    EXPECT_EQ(panel.buttonText(), QStringLiteral("Cancel 101 jobs"));
    bool outside = false;
    for (const QLabel* label : panel.findChildren<QLabel*>())
        outside |= label->text().contains(QStringLiteral("1 job outside waits"));
    EXPECT_TRUE(outside);
    auto* below = panel.findChild<QCheckBox*>(QStringLiteral("cancelChildrenOnly"));
    below->setChecked(true);
    EXPECT_EQ(panel.buttonText(), QStringLiteral("Cancel 100 jobs"));
    below->setChecked(false);
    panel.findChild<QLineEdit*>(QStringLiteral("cancelReason"))->setText(QStringLiteral("draining"));
    panel.findChild<QPushButton*>(QStringLiteral("cancelGo"))->click();
    ASSERT_TRUE(eventually([this] {
        const std::lock_guard lock(feed->mutex);
        return feed->commands.size() == 1;
    }));
    EXPECT_EQ(feed->commands[0].job, id(2));
    EXPECT_FALSE(feed->commands[0].childrenOnly);
    EXPECT_EQ(feed->commands[0].reason, "draining");
    ASSERT_EQ(window.workspace().cancels().size(), 1u);
    EXPECT_EQ(window.workspace().cancels()[0].progress.requested(), 101u);
    EXPECT_EQ(window.workspace().cancels()[0].progress.finished(), 0u) << "nothing has been seen to end yet";
    observe::Batch ends;
    for (std::uint32_t i = 10; i < 110; ++i)
        ends.ended.push_back({id(i), JobState::Cancelled, 0, observe::monotonicNow()});
    feed->push(std::move(ends));
    ASSERT_TRUE(eventually([this] { return window.workspace().cancels()[0].progress.finished() == 100; }));
    EXPECT_TRUE(eventually([this] {
        const auto* finished = window.findChild<QLabel*>(QStringLiteral("cancelFinished"));
        return finished->text() == QStringLiteral("100") &&
               finished->accessibleName() == QStringLiteral("finished 100");
    }));
}

TEST_F(WindowTest, aLeafOffersToCancelItselfAlone) {
    window.details().askCancel(id(42));
    CancelPanel& panel = window.details().cancelPanel();
    EXPECT_EQ(panel.buttonText(), QStringLiteral("Cancel 1 job"));
    EXPECT_TRUE(panel.findChild<QCheckBox*>(QStringLiteral("cancelChildrenOnly"))->isHidden());
    panel.findChild<QPushButton*>(QStringLiteral("cancelKeep"))->click();
    EXPECT_TRUE(feed->commands.empty());
}

TEST_F(WindowTest, theQuestionCountsTheSameJobsAsTheRow) {
    window.details().askCancel(id(2));
    const CancelPanel& panel = window.details().cancelPanel();
    for (std::uint32_t i = 0; i < 10; ++i) {
        observe::Batch batch;
        batch.rows.push_back(job(200 + i, 10));
        feed->push(std::move(batch));
        ASSERT_TRUE(eventually([&] { return node(200 + i) != noNode; }));
        // A moment late at most, where one look cost too much to look again at once.
        EXPECT_TRUE(
            eventually([&] { return panel.buttonText() == QStringLiteral("Cancel %1 jobs").arg(102 + i); }));
        EXPECT_EQ(window.workspace().rows().subtreeSize(node(2)), 102 + i);
    }
}

TEST_F(WindowTest, aClickOnTheNumberOfFindingsShowsThem) {
    auto* const findings = window.findChild<FindingsPanel*>();
    auto* const number = window.findChild<QToolButton*>(QStringLiteral("statusFindings"));
    ASSERT_TRUE(findings && number && number->isVisible());
    observe::Batch batch;
    batch.rows.push_back(job(300, 0));
    batch.rows.back().flags = JobFlags::launchedInGlobalScope;
    feed->push(std::move(batch));
    ASSERT_TRUE(eventually([&] { return number->text().contains(QStringLiteral("1 suspected")); }));
    window.findChild<QDockWidget*>(QStringLiteral("findingsDock"))->hide();
    ASSERT_FALSE(findings->isVisible());
    QTest::mouseClick(number, Qt::LeftButton);
    EXPECT_TRUE(findings->isVisible());
    EXPECT_TRUE(findings->isAncestorOf(QApplication::focusWidget()));
}

TEST_F(WindowTest, screenReadersHearJobAndState) {
    JobsAccessible tree(&window.tree());
    EXPECT_EQ(tree.role(), QAccessible::Tree);
    ASSERT_GT(tree.childCount(), 5);
    QAccessibleInterface* first = tree.child(0);
    EXPECT_EQ(first->role(), QAccessible::TreeItem);
    EXPECT_EQ(first->text(QAccessible::Name), QStringLiteral("name-1 launch #1, Suspended"));
    EXPECT_TRUE(first->state().expanded);
    EXPECT_FALSE(first->state().selected);
    tree.child(1)->actionInterface()->doAction(QAccessibleActionInterface::pressAction());
    EXPECT_EQ(currentIndex(), 2u);
    EXPECT_TRUE(tree.child(1)->state().selected);
    EXPECT_EQ(tree.indexOfChild(tree.child(2)), 2);
    tree.child(1)->actionInterface()->doAction(QAccessibleActionInterface::toggleAction());
    EXPECT_EQ(tree.childCount(), 3);
}

TEST_F(WindowTest, aDeadTargetKeepsItsTree) {
    {
        const std::lock_guard lock(feed->mutex);
        feed->end =
            observe::SourceEnd{observe::monotonicNow(), 1'700'000'000, "handfed (pid 4711) was killed"};
    }
    ASSERT_TRUE(eventually([this] { return window.workspace().state() == Workspace::State::Ended; }));
    EXPECT_EQ(window.workspace().rows().size(), 103u);
    const QString banner = window.findChild<QLabel*>(QStringLiteral("bannerText"))->text();
    EXPECT_TRUE(banner.contains(QStringLiteral("was killed"))) << qPrintable(banner);
    EXPECT_FALSE(window.workspace().cancelProblem().isEmpty());
    window.grab();
}

TEST_F(WindowTest, aPidThatCannotBeAttachedToGivesASentenceAndChangesNothing) {
    window.askAttach();
    ASSERT_NE(window.attachDialog(), nullptr);
    window.attachDialog()
        ->findChild<QLineEdit*>(QStringLiteral("attachPid"))
        ->setText(QStringLiteral("4194303"));
    window.attachDialog()->findChild<QPushButton*>(QStringLiteral("attachGo"))->click();
    ASSERT_TRUE(eventually([this] { return !window.attachDialog()->problem().isEmpty(); }));
    EXPECT_EQ(window.workspace().state(), Workspace::State::Live);
    EXPECT_EQ(window.workspace().tree().size(), 103u);
    window.attachDialog()->close();
}

TEST(EmptyWindow, teachesHowToBegin) {
    MainWindow window(ThemeChoice::Dark);
    window.show();
    bool taught = false;
    for (const QLabel* label : window.findChildren<QLabel*>())
        taught |= label->text().contains(QStringLiteral("Attach to a program")) && label->isVisible();
    EXPECT_TRUE(taught);
    EXPECT_FALSE(window.grab().isNull());
}

} // namespace
} // namespace coroscope::app
