// SPDX-License-Identifier: Apache-2.0
// How the window looks and keeps its looks: what fits, what is remembered, what is said at first.
#include "HandFedSource.h"
#include "HandFedWindow.h"

#include "map/LegendBar.h"
#include "map/MapExport.h"
#include "map/MapPanel.h"
#include "model/Columns.h"
#include "widgets/AboutDialog.h"
#include "widgets/CancelCard.h"
#include "widgets/CancelPanel.h"
#include "widgets/DetailsPanel.h"
#include "widgets/DockTitle.h"
#include "widgets/FilterField.h"
#include "widgets/FindingsPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/KeysDialog.h"
#include "widgets/MainWindow.h"
#include "widgets/TimeStrip.h"

#include <QApplication>
#include <QDockWidget>
#include <QFile>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSettings>
#include <QTabBar>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeView>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>

namespace coroscope::app {
namespace {

using observe::Node;

/// Which of the widgets in there want most.
std::string widest(const QWidget& within) {
    std::string text;
    for (const QWidget* each : within.findChildren<QWidget*>())
        if (const int wide = each->minimumSizeHint().width(); wide > 190)
            text += '\n' + std::to_string(wide) + ' ' + each->metaObject()->className() + ' ' +
                    each->objectName().toStdString();
    return text;
}

/// Of a fresh user.
class CraftTest : public testing::Test {
protected:
    void SetUp() override { QSettings().clear(); }
    void TearDown() override { QSettings().clear(); }

    void open(int width, int height) {
        window = std::make_unique<MainWindow>(ThemeChoice::Light);
        window->resize(width, height);
        window->show();
    }
    void feedSome() {
        observe::Batch batch;
        batch.reset = true;
        batch.rows.push_back(job(1, 0));
        for (std::uint32_t i = 2; i < 40; ++i)
            batch.rows.push_back(job(i, 1));
        feed->push(std::move(batch));
        window->workspace().open(std::make_unique<HandFedSource>(feed));
        ASSERT_TRUE(eventually([this] { return window->workspace().tree().size() == 39; }));
    }
    QDockWidget* dock(const char* name) const { return window->findChild<QDockWidget*>(QLatin1String(name)); }

    std::unique_ptr<MainWindow> window;
    std::shared_ptr<Feed> feed = std::make_shared<Feed>();
};

TEST_F(CraftTest, fitsIntoAThousandPixels) {
    open(1000, 650);
    feedSome();
    window->workspace().select(id(5));
    for (const int width : {260, 280, 320}) {
        window->resizeDocks({dock("detailsDock")}, {width}, Qt::Horizontal);
        QApplication::processEvents();
        const auto* scroll = window->details().findChild<QScrollArea*>();
        EXPECT_LE(scroll->widget()->minimumSizeHint().width(), scroll->viewport()->width())
            << width << widest(*scroll->widget());
    }
    window->workspace().cancel(id(5), false, QStringLiteral("a reason of some length, as people write them"));
    QApplication::processEvents();
    EXPECT_LE(window->minimumSizeHint().width(), 1000);
    EXPECT_EQ(window->width(), 1000);
}

TEST_F(CraftTest, panelsKeepTheirSizesFromOneStartToTheNext) {
    open(1440, 860);
    window->resizeDocks({dock("targetsDock"), dock("detailsDock")}, {240, 410}, Qt::Horizontal);
    window->resizeDocks({dock("findingsDock")}, {190}, Qt::Vertical);
    QApplication::processEvents();
    const auto sizes = [this] {
        return std::array{dock("targetsDock")->width(), dock("detailsDock")->width(),
                          dock("findingsDock")->height()};
    };
    const auto before = sizes();
    for (int i = 0; i < 2; ++i) {
        window->close();
        open(1440, 860);
        QApplication::processEvents();
        EXPECT_EQ(sizes(), before);
    }
}

TEST_F(CraftTest, aSmallerWindowThanLastTimeLeavesRoomForTheJobs) {
    open(1600, 900);
    window->resizeDocks({dock("targetsDock"), dock("detailsDock")}, {240, 460}, Qt::Horizontal);
    QApplication::processEvents();
    window->close();
    open(1000, 650);
    QApplication::processEvents();
    EXPECT_LT(dock("targetsDock")->width() + dock("detailsDock")->width(), 500);
}

TEST_F(CraftTest, aTabIsTheTitleOfAPanelBesideOthers) {
    open(1440, 860);
    const auto titleHeight = [this] { return dock("findingsDock")->titleBarWidget()->height(); };
    EXPECT_TRUE(eventually([&] { return titleHeight() == 0; }));
    EXPECT_GT(dock("detailsDock")->titleBarWidget()->height(), 0);
    dock("endedDock")->hide();
    dock("commandsDock")->hide();
    EXPECT_TRUE(eventually([&] { return titleHeight() > 0; }))
        << "alone it has its title, and a button to hide";
    dock("endedDock")->show();
    EXPECT_TRUE(eventually([&] { return titleHeight() == 0; }));
}

TEST_F(CraftTest, aFilterGivenBeforeThereAreJobsIsThereWithThem) {
    open(1200, 700);
    window->setFilter(QStringLiteral("state:suspended"));
    feedSome();
    EXPECT_EQ(window->workspace().search(), QStringLiteral("state:suspended"));
    EXPECT_EQ(window->filter().text(), QStringLiteral("state:suspended"));
}

TEST_F(CraftTest, aNarrowTreeLeavesOutColumnsInsteadOfScrolling) {
    open(1000, 650);
    feedSome();
    const auto* header = window->tree().findChild<QHeaderView*>();
    const auto hidden = [&](Column column) { return header->isSectionHidden(column); };
    window->resizeDocks({dock("targetsDock"), dock("detailsDock")}, {172, 280}, Qt::Horizontal);
    QApplication::processEvents();
    EXPECT_TRUE(hidden(AgeColumn));
    EXPECT_FALSE(hidden(StateColumn));
    EXPECT_FALSE(hidden(FindingsColumn));
    EXPECT_LE(header->length(), window->tree().viewport()->width());
    window->resize(1700, 900);
    QApplication::processEvents();
    EXPECT_FALSE(hidden(AgeColumn));
    EXPECT_FALSE(hidden(DispatcherColumn));
}

TEST_F(CraftTest, theLegendTakesAsManyLinesAsItNeeds) {
    open(1400, 800);
    feedSome();
    window->setView(ViewSwitch::Map);
    QApplication::processEvents();
    auto* legend = window->findChild<LegendBar*>();
    ASSERT_NE(legend, nullptr);
    const auto heightAt = [&](int width) {
        window->resize(width, 800);
        QApplication::processEvents();
        return legend->height();
    };
    const int one = heightAt(1900);
    EXPECT_GT(heightAt(1000), one);
    EXPECT_EQ(heightAt(1900), one);
}

TEST_F(CraftTest, aPictureInSvgHasThePatterns) {
    open(1400, 800);
    observe::Batch batch;
    batch.reset = true;
    batch.rows.push_back(job(1, 0));
    batch.rows.back().state = JobState::Cancelling;
    feed->push(std::move(batch));
    window->workspace().open(std::make_unique<HandFedSource>(feed));
    window->setView(ViewSwitch::Map);
    ASSERT_TRUE(eventually([this] { return window->workspace().tree().size() == 1; }));
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("map.svg"));
    ASSERT_EQ(exportMap(window->map().canvas(), path), QString());
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    const QString svg = QString::fromUtf8(file.readAll());
    // The job's box alone takes dozens of strokes across it.
    EXPECT_GT(svg.count(QStringLiteral("L")), 100) << svg.size();
}

TEST_F(CraftTest, theStripShowsNoTimeBeforeTheAttach) {
    open(1400, 800);
    feedSome();
    auto* strip = window->findChild<TimeStrip*>();
    ASSERT_TRUE(
        eventually([&] { return strip->history().begun() != 0 && !strip->visibleRegion().isEmpty(); }));
    for (const TimeStrip::Scale scale : observe::TimeHistory::scales) {
        strip->setScale(scale);
        const auto [from, to] = strip->span();
        EXPECT_LE(to - from, std::max<std::int64_t>(10'000'000'000, to - strip->history().begun()));
    }
}

TEST_F(CraftTest, whoHasCancelledSeesHowItGoesOnAtTheTop) {
    open(1400, 800);
    feedSome();
    window->workspace().select(id(5));
    window->workspace().cancel(id(5), false, QStringLiteral("drained"));
    const CancelCard* card = nullptr;
    ASSERT_TRUE(eventually([&] {
        const auto cards = window->details().findChildren<CancelCard*>();
        card = cards.empty() ? nullptr : cards.front();
        return cards.size() == 1 && card->isVisible();
    }));
    const QLabel* name = window->details().findChild<QLabel*>(QStringLiteral("detailsName"));
    EXPECT_LT(card->mapTo(&window->details(), QPoint()).y(), name->mapTo(&window->details(), QPoint()).y());
}

TEST_F(CraftTest, aFindingIsReadToItsEndInASmallWindow) {
    open(1000, 650);
    observe::Batch batch;
    batch.reset = true;
    batch.rows.push_back(job(1, 0));
    batch.rows.push_back(job(30, 0));
    batch.rows.back().flags = JobFlags::launchedInGlobalScope;
    feed->push(std::move(batch));
    window->workspace().open(std::make_unique<HandFedSource>(feed));
    QTreeView* list = window->findChild<FindingsPanel*>()->list();
    ASSERT_TRUE(eventually([&] { return list->model()->rowCount() > 0; }));
    const auto fits = [&] {
        const QModelIndex sentence = list->model()->index(0, FindingModel::SentenceColumn);
        const QRect room = list->visualRect(sentence);
        const QRect wanted = list->fontMetrics().boundingRect(QRect(0, 0, room.width() - 8, 1000),
                                                              Qt::TextWordWrap, sentence.data().toString());
        return wanted.height() <= room.height() && room.height() > 0;
    };
    EXPECT_TRUE(eventually(fits)) << "in as many lines as it takes";
    const int narrow = list->visualRect(list->model()->index(0, 0)).height();
    window->resize(2600, 900);
    EXPECT_TRUE(eventually([&] { return list->visualRect(list->model()->index(0, 0)).height() < narrow; }))
        << "in one where there is room";
}

TEST_F(CraftTest, howACancelGoesOnIsInSightInASmallWindow) {
    open(1000, 640);
    feedSome();
    QApplication::setActiveWindow(window.get());
    window->workspace().select(id(5));
    const auto* scroll = window->details().findChild<QScrollArea*>();
    ASSERT_TRUE(eventually([&] { return scroll->verticalScrollBar()->maximum() > 0; }));
    window->details().askCancel(id(5));
    auto* confirm = window->findChild<QPushButton*>(QStringLiteral("cancelGo"));
    ASSERT_TRUE(confirm != nullptr);
    confirm->setFocus();
    QTest::mouseClick(confirm, Qt::LeftButton);
    ASSERT_EQ(window->workspace().cancels().size(), 1u);
    const auto* card = window->details().findChild<CancelCard*>();
    ASSERT_NE(card, nullptr);
    EXPECT_TRUE(eventually([&] { return card->isVisible() && !card->visibleRegion().isEmpty(); }));
    QTest::qWait(0);
    EXPECT_EQ(scroll->verticalScrollBar()->value(), 0);
    EXPECT_FALSE(card->visibleRegion().isEmpty());
}

TEST_F(CraftTest, keysAndVersionAreAKeyAway) {
    open(1200, 700);
    QApplication::setActiveWindow(window.get());
    QTest::keyClick(window.get(), Qt::Key_F1);
    const auto* keys = window->findChild<KeysDialog*>();
    ASSERT_NE(keys, nullptr);
    EXPECT_TRUE(keys->isVisible());
    EXPECT_FALSE(keys->isModal());
    QApplication::setActiveWindow(window.get());
    QTest::keyClick(window.get(), Qt::Key_F1);
    EXPECT_EQ(window->findChildren<KeysDialog*>().size(), 1);
    AboutDialog::open(window.get());
    bool named = false;
    for (const QLabel* label : window->findChild<AboutDialog*>()->findChildren<QLabel*>())
        named = named || label->text().startsWith(QStringLiteral("Coroscope 0."));
    EXPECT_TRUE(named);
}

} // namespace
} // namespace coroscope::app
