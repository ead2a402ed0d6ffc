// SPDX-License-Identifier: Apache-2.0
// The strip below the tree, what it says of a moment, and where that leads; by mouse and by keyboard.
#include "HandFedWindow.h"

#include "model/JobPast.h"
#include "model/MarkRuns.h"
#include "widgets/DetailsPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/MomentPanel.h"
#include "widgets/TimeStrip.h"
#include "widgets/TimeStripAccessible.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QTest>
#include <QTreeView>
#include <QWheelEvent>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coroscope::app {
namespace {

using observe::Node;
using observe::noNode;
using observe::TimeHistory;

class TimeStripTest : public HandFedWindow {
protected:
    void SetUp() override {
        show(1400, 800);
        open(family(9, 19));
    }
    TimeStrip& strip() { return window->strip(); }
    /// Until a sample tells what is there now.
    bool jobsTold(std::uint64_t jobs) {
        return eventually([&] {
            const TimeHistory::Step* step =
                strip().history().at(strip().scale(), strip().history().latest() - 1);
            return step != nullptr && step->jobs() == jobs;
        });
    }
    void failJob(std::uint32_t index) {
        observe::Batch batch;
        batch.ended.push_back({id(index), JobState::Failed, 7, observe::monotonicNow()});
        feed->push(std::move(batch));
        ASSERT_TRUE(eventually([&] { return window->workspace().endedJobs().find(id(index)) != nullptr; }));
    }
    /// Waits until that moment is in the picture.
    bool inSight(std::int64_t moment) {
        return eventually([&] { return strip().history().latest() > moment; });
    }
    QModelIndex row(const QString& words) {
        const QAbstractItemModel& model = *window->moments().list()->model();
        for (int i = 0; i < model.rowCount(); ++i)
            for (int column = 0; column < model.columnCount(); ++column)
                if (model.index(i, column).data().toString().contains(words))
                    return model.index(i, 0);
        return {};
    }
};

TEST(MarkRuns, whatGoesOnIsOneSignAndALine) {
    using enum MomentKind;
    const auto shape = [](const std::vector<PlacedMark>& marks) {
        std::string text;
        for (const MarkRun& run : runsOf(marks))
            text += momentName(run.kind).section(QLatin1Char(' '), 0, 0).toStdString() +
                    (run.sign ? "! " : " ") + std::to_string(run.first) + "-" + std::to_string(run.last) +
                    "; ";
        return text;
    };
    EXPECT_EQ(shape({{1, Failed}, {3, Failed}, {7, Failed}, {12, Failed}}),
              "failures! 1-7; failures! 12-12; ");
    EXPECT_EQ(shape({{1, Incident}, {2, Incident}, {5, Incident}}), "incidents! 1-2; incidents! 5-5; ");
    EXPECT_EQ(shape({{1, Command}, {2, Command}}), "commands! 1-1; commands! 2-2; ")
        << "each is worth a sign";
    EXPECT_EQ(shape({{4, Lag, true}, {1, Lag, true}, {9, Lag, true}}), "lag 1-4; lag 9-9; ")
        << "a little of it is none at all";
    EXPECT_EQ(shape({{1, Lag, true}, {2, Lag}, {3, Lag, true}}), "lag 1-1; lag! 2-3; ");
    EXPECT_EQ(shape({{1, Failed}, {1, Command}, {2, Failed}}), "failures 1-2; commands! 1-1; ")
        << "one sign in one place";
}

TEST_F(TimeStripTest, tellsHowManyJobsLiveInWhichState) {
    ASSERT_TRUE(strip().isVisible());
    ASSERT_TRUE(jobsTold(11));
    observe::Batch batch;
    batch.rows.push_back(job(10, 9));
    batch.rows.back().execution = Execution::Running;
    batch.rows.back().executionSequence = 2;
    batch.rows.push_back(job(30, 9));
    feed->push(std::move(batch));
    ASSERT_TRUE(jobsTold(12));
    const QString text = strip().readout();
    EXPECT_TRUE(text.contains(QStringLiteral("12 jobs: 1 running, 11 suspended"))) << text.toStdString();
    const QImage before = strip().grab().toImage();
    QTest::mouseMove(&strip(), QPoint(strip().width() / 2, 60));
    QApplication::processEvents();
    EXPECT_NE(strip().grab().toImage(), before) << "the pointer's moment is read out";
    EXPECT_TRUE(strip().readout().contains(QStringLiteral("not watched then"))) << "five minutes ago";
}

TEST_F(TimeStripTest, aClickTellsWhatHappenedThenAndLeadsToTheJob) {
    ASSERT_TRUE(jobsTold(11));
    failJob(12);
    observe::Batch batch;
    observe::Incident incident;
    incident.number = 1;
    incident.what = IncidentKind::SwallowedCancellation;
    incident.at = observe::monotonicNow();
    incident.job = job(13, 9);
    batch.incidents.push_back(incident);
    feed->push(std::move(batch));
    ASSERT_TRUE(eventually([this] { return window->workspace().endedJobs().incidents().size() == 1; }));
    strip().setScale(TimeStrip::Scale::Minute);
    ASSERT_TRUE(inSight(incident.at + TimeHistory::finest));
    QTest::mouseClick(&strip(), Qt::LeftButton, {}, QPoint(strip().xOf(incident.at), 60));
    MomentPanel& panel = window->moments();
    ASSERT_TRUE(panel.isVisible());
    const QAbstractItemModelTester tester(panel.list()->model(),
                                          QAbstractItemModelTester::FailureReportingMode::Fatal);
    EXPECT_FALSE(window->workspace().selected()) << "opening it selects nothing";
    ASSERT_TRUE(row(QStringLiteral("name-12")).isValid());
    EXPECT_TRUE(row(QStringLiteral("shop::Lost")).isValid()) << "its exception";
    const QModelIndex swallowed = row(QStringLiteral("swallowed its cancellation"));
    ASSERT_TRUE(swallowed.isValid());
    QTest::mouseClick(panel.list()->viewport(), Qt::LeftButton, {},
                      panel.list()->visualRect(swallowed).center());
    ASSERT_TRUE(window->workspace().selected());
    EXPECT_EQ(window->workspace().selected()->id, id(13));
    EXPECT_TRUE(panel.isVisible()) << "it stays for the next line";
    panel.list()->setCurrentIndex(row(QStringLiteral("name-12")));
    EXPECT_EQ(window->workspace().selected()->id, id(12));
    EXPECT_TRUE(window->workspace().selected()->ended);
    QTest::keyClick(panel.list(), Qt::Key_Escape);
    EXPECT_FALSE(panel.isVisible());
}

TEST_F(TimeStripTest, theKeyboardDoesTheSame) {
    ASSERT_TRUE(jobsTold(11));
    failJob(12);
    ASSERT_TRUE(inSight(observe::monotonicNow() + 3 * TimeHistory::finest));
    strip().setFocus();
    QTest::keyClick(&strip(), Qt::Key_End);
    ASSERT_TRUE(strip().moment());
    const std::int64_t last = *strip().moment();
    QTest::keyClick(&strip(), Qt::Key_Left);
    EXPECT_LT(*strip().moment(), last);
    QTest::keyClick(&strip(), Qt::Key_Right);
    QTest::keyClick(&strip(), Qt::Key_Home);
    EXPECT_EQ(*strip().moment(), strip().history().begun()) << "before the attach there is nothing";
    QTest::keyClick(&strip(), Qt::Key_PageDown);
    EXPECT_LT(*strip().moment(), strip().history().latest());
    QTest::keyClick(&strip(), Qt::Key_Plus);
    EXPECT_EQ(strip().scale(), TimeStrip::Scale::Minute);
    QTest::keyClick(&strip(), Qt::Key_Minus);
    QTest::keyClick(&strip(), Qt::Key_Minus);
    EXPECT_EQ(strip().scale(), TimeStrip::Scale::Session);
    QTest::keyClick(&strip(), Qt::Key_Plus);
    QTest::keyClick(&strip(), Qt::Key_End);
    QTest::keyClick(&strip(), Qt::Key_Return);
    ASSERT_TRUE(window->moments().isVisible());
    QTest::keyClick(window->moments().list(), Qt::Key_Escape);
    EXPECT_FALSE(window->moments().isVisible());
    EXPECT_TRUE(strip().hasFocus()) << "back where one came from";
    QTest::keyClick(&strip(), Qt::Key_Escape);
    EXPECT_FALSE(strip().moment());
}

TEST_F(TimeStripTest, theWheelZoomsAndThatIsRemembered) {
    const auto wheel = [&](int delta) {
        const QPointF at(300, 60);
        QWheelEvent event(at, strip().mapToGlobal(at), {}, {0, delta}, Qt::NoButton, Qt::NoModifier,
                          Qt::NoScrollPhase, false);
        QApplication::sendEvent(&strip(), &event);
    };
    EXPECT_EQ(strip().scale(), TimeStrip::Scale::TenMinutes);
    wheel(-120);
    EXPECT_EQ(strip().scale(), TimeStrip::Scale::Session);
    wheel(-120);
    EXPECT_EQ(strip().scale(), TimeStrip::Scale::Session);
    wheel(240);
    EXPECT_EQ(strip().scale(), TimeStrip::Scale::Minute);
    EXPECT_EQ(TimeStrip(window->workspace()).scale(), TimeStrip::Scale::Minute);
}

TEST_F(TimeStripTest, itCanBeHiddenAndThatIsRemembered) {
    ASSERT_TRUE(jobsTold(11));
    auto* action = window->findChild<QAction*>(QStringLiteral("showTimeStrip"));
    ASSERT_NE(action, nullptr);
    action->trigger();
    EXPECT_FALSE(strip().isVisible());
    const std::uint64_t known = strip().history().version();
    failJob(12);
    QTest::qWait(600);
    EXPECT_EQ(strip().history().version(), known) << "out of sight it takes nothing";
    EXPECT_FALSE(MainWindow(ThemeChoice::Light).strip().wanted());
    action->trigger();
    EXPECT_TRUE(strip().isVisible());
    ASSERT_TRUE(jobsTold(10)) << "what was missed was kept";
    std::uint64_t failed = 0;
    for (const TimeHistory::Step& step : strip().history().steps(TimeStrip::Scale::Session))
        failed += step.failed;
    EXPECT_EQ(failed, 1u);
}

TEST_F(TimeStripTest, whereNobodyLookedIsNoPlaceWithoutJobs) {
    strip().setScale(TimeStrip::Scale::Minute);
    ASSERT_TRUE(jobsTold(11));
    {
        const std::lock_guard nobodyReads(feed->mutex);
        QTest::qSleep(2'000);
    }
    std::vector<TimeHistory::Gap> gaps;
    ASSERT_TRUE(eventually([&] { return !(gaps = strip().history().gaps(strip().scale())).empty(); }));
    const int x = strip().xOf((gaps[0].from + gaps[0].to) / 2);
    QTest::mouseMove(&strip(), QPoint(x, 60));
    EXPECT_TRUE(strip().readout().contains(QStringLiteral("not watched then")))
        << strip().readout().toStdString();
    const QImage picture = strip().grab().toImage();
    int colours = 0;
    for (int y = 45; y < 55; ++y)
        for (int across = x + 3; across < x + 13; ++across)
            colours += picture.pixel(across, y) != picture.pixel(across, y - 1);
    EXPECT_GT(colours, 5) << "dots, neither nothing nor an area";
}

TEST_F(TimeStripTest, eachSessionHasItsOwnTimes) {
    ASSERT_TRUE(jobsTold(11));
    const std::int64_t first = strip().history().begun();
    const int key = window->workspace().shownKey();
    const auto other = std::make_shared<Feed>();
    open(family(9, 19), other);
    ASSERT_TRUE(jobsTold(11));
    EXPECT_GT(strip().history().begun(), first);
    observe::Batch batch; // in the background
    batch.rows.push_back(job(40, 9));
    feed->push(std::move(batch));
    window->workspace().show(key);
    ASSERT_TRUE(jobsTold(12));
    EXPECT_EQ(strip().history().begun(), first);
}

TEST_F(TimeStripTest, aStopAndTheEndAreMarkedAndTheEndedProgramKeepsItsStrip) {
    ASSERT_TRUE(jobsTold(11));
    const auto stop = [&](bool stopped) {
        const std::lock_guard lock(feed->mutex);
        feed->contact.stopped = stopped;
    };
    stop(true);
    ASSERT_TRUE(eventually([&] { return strip().history().turns().size() == 1; }));
    stop(false);
    ASSERT_TRUE(eventually([&] { return strip().history().turns().size() == 2; }));
    {
        const std::lock_guard lock(feed->mutex);
        feed->end = observe::SourceEnd{observe::monotonicNow(), 0, "handfed has exited."};
    }
    ASSERT_TRUE(eventually([&] {
        return window->workspace().state() == Workspace::State::Ended &&
               strip().history().turns().size() == 3;
    }));
    EXPECT_TRUE(strip().isVisible());
    strip().setFocus();
    QTest::keyClick(&strip(), Qt::Key_End);
    QTest::keyClick(&strip(), Qt::Key_Return);
    EXPECT_TRUE(row(QStringLiteral("the program ended")).isValid());
}

TEST_F(TimeStripTest, aScreenReaderSeesASlider) {
    ASSERT_TRUE(jobsTold(11));
    QAccessibleInterface* seen = QAccessible::queryAccessibleInterface(&strip());
    ASSERT_NE(seen, nullptr);
    EXPECT_EQ(seen->role(), QAccessible::Slider);
    EXPECT_TRUE(seen->text(QAccessible::Name).contains(QStringLiteral("Time strip")));
    EXPECT_TRUE(seen->text(QAccessible::Value).contains(QStringLiteral("11 jobs")));
    QAccessibleValueInterface* value = seen->valueInterface();
    ASSERT_NE(value, nullptr);
    EXPECT_GT(value->maximumValue().toDouble(), 0);
    value->setCurrentValue(0.0);
    ASSERT_TRUE(strip().moment());
    EXPECT_EQ(*strip().moment(), strip().history().begun());
    ASSERT_TRUE(seen->actionInterface()->actionNames().contains(QAccessibleActionInterface::pressAction()));
    seen->actionInterface()->doAction(QAccessibleActionInterface::pressAction());
    EXPECT_TRUE(window->moments().isVisible());
    EXPECT_TRUE(row(QStringLiteral("attached")).isValid());
}

TEST_F(TimeStripTest, theDetailsTellWhatAJobDidBeforeItWasSelected) {
    const auto change = [&](Execution execution, std::uint32_t sequence) {
        observe::Batch batch;
        batch.rows.push_back(job(15, 9));
        batch.rows.back().execution = execution;
        batch.rows.back().executionSequence = sequence;
        feed->push(std::move(batch));
        ASSERT_TRUE(eventually([&] {
            return window->workspace().tree().row(window->workspace().tree().find(id(15))).execution ==
                   execution;
        }));
    };
    change(Execution::Queued, 2);
    change(Execution::Running, 4);
    change(Execution::WaitsForChildren, 6);
    window->workspace().select(id(15));
    const auto label = [&](const QString& words) {
        for (const QLabel* each : window->details().findChildren<QLabel*>())
            if (each->text().contains(words))
                return each->text();
        return QString();
    };
    ASSERT_TRUE(eventually([&] { return !label(QStringLiteral("Queued")).isEmpty(); }));
    EXPECT_FALSE(label(QStringLiteral("History since the attach at ")).isEmpty());
    const QString text = label(QStringLiteral("Queued"));
    EXPECT_LT(text.indexOf(QStringLiteral("Running")), text.indexOf(QStringLiteral("Queued")))
        << "the latest first: " << text.toStdString();
    EXPECT_EQ(pastOfSelected(window->workspace()).lines.size(), 4u) << "with what it did at the attach";
}

} // namespace
} // namespace coroscope::app
