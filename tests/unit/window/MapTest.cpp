// SPDX-License-Identifier: Apache-2.0
// The map in the real main window, on a source whose news the test writes.
#include "HandFedSource.h"
#include "HandFedWindow.h"

#include "map/IcicleView.h"
#include "map/MapExport.h"
#include "map/MapPainter.h"
#include "map/MapPanel.h"
#include "widgets/Banner.h"
#include "widgets/CancelPanel.h"
#include "widgets/DetailsPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"

#include <QApplication>
#include <QFile>
#include <QFileDialog>
#include <QImage>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QSvgRenderer>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>

#include <gtest/gtest.h>

namespace coroscope::app {
namespace {

using observe::Node;
using observe::noNode;

class MapTest : public testing::Test {
protected:
    void SetUp() override {
        QSettings().clear();
        window = std::make_unique<MainWindow>(ThemeChoice::Light);
        window->resize(1400, 800);
        window->show();
        observe::Batch batch;
        batch.reset = true;
        batch.rows.push_back(job(1, 0));
        batch.rows.push_back(job(2, 1));
        batch.rows.push_back(job(3, 1));
        for (std::uint32_t i = 10; i < 110; ++i)
            batch.rows.push_back(job(i, 2));
        observe::JobRow orphan = job(200, 0);
        orphan.flags = JobFlags::launchedInGlobalScope;
        orphan.launcher = id(50);
        batch.rows.push_back(orphan);
        feed->push(std::move(batch));
        window->workspace().open(std::make_unique<HandFedSource>(feed));
        ASSERT_TRUE(eventually([this] { return window->workspace().tree().size() == 104; }));
        QTest::keyClick(window.get(), Qt::Key_2, Qt::ControlModifier);
        ASSERT_TRUE(map().isVisible());
        settle();
    }
    /// Until nothing moves any more, and what is seen has been painted.
    void settle() {
        ASSERT_TRUE(eventually([this] { return !map().moving(); }));
        map().grab();
    }
    IcicleView& map() { return window->map().icicle(); }
    Node node(std::uint32_t index) { return window->workspace().tree().find(id(index)); }
    std::uint32_t currentIndex() {
        const Node at = map().current();
        return at == noNode ? 0 : window->workspace().tree().row(at).id.index();
    }
    QPoint middle(std::uint32_t index) {
        return map().rectOfNode(node(index)).intersected(map().rect()).center().toPoint();
    }
    void press(int key) { QTest::keyClick(&map(), static_cast<Qt::Key>(key)); }

    std::shared_ptr<Feed> feed = std::make_shared<Feed>();
    std::unique_ptr<MainWindow> window;
};

TEST_F(MapTest, AClickSelectsAndTheTreeFollows) {
    QTest::mouseClick(&map(), Qt::LeftButton, {}, middle(3));
    EXPECT_EQ(currentIndex(), 3u);
    QTest::mouseClick(&map(), Qt::LeftButton, {}, middle(40));
    EXPECT_EQ(currentIndex(), 40u);
    window->workspace().rows().setExpanded(node(2), false);
    QTest::keyClick(window.get(), Qt::Key_1, Qt::ControlModifier);
    EXPECT_FALSE(map().isVisible());
    EXPECT_TRUE(window->tree().isVisible());
    EXPECT_EQ(window->tree().current(), node(40));
    EXPECT_TRUE(window->workspace().rows().visible(node(40))) << "what is above it is opened";
    EXPECT_FALSE(window->map().map().layout().known(node(40))) << "nobody looks: nothing is kept";
    // And the other way round.
    window->workspace().select(id(90));
    QTest::keyClick(window.get(), Qt::Key_2, Qt::ControlModifier);
    EXPECT_EQ(currentIndex(), 90u);
}

TEST_F(MapTest, TheKeyboardGoesAlongSiblingsAndUpAndDown) {
    press(Qt::Key_Down);
    EXPECT_EQ(currentIndex(), 1u);
    press(Qt::Key_Down);
    EXPECT_EQ(currentIndex(), 2u);
    press(Qt::Key_Right);
    EXPECT_EQ(currentIndex(), 3u);
    press(Qt::Key_Left);
    press(Qt::Key_Down);
    EXPECT_EQ(currentIndex(), 10u);
    press(Qt::Key_Right);
    EXPECT_EQ(currentIndex(), 11u);
    press(Qt::Key_Up);
    press(Qt::Key_Up);
    EXPECT_EQ(currentIndex(), 1u);
    press(Qt::Key_Right);
    EXPECT_EQ(currentIndex(), 200u) << "on to the orphans";
}

TEST_F(MapTest, ADoubleClickZoomsToTheJobAndBackspaceAndHomeLeadBack) {
    EXPECT_TRUE(map().fitted());
    QTest::mouseDClick(&map(), Qt::LeftButton, {}, middle(2));
    settle();
    EXPECT_EQ(map().focus(), id(2));
    EXPECT_NEAR(map().rectOfNode(node(2)).width(), map().width(), 20);
    const auto* path = window->findChild<QLabel*>(QStringLiteral("mapPath"));
    EXPECT_TRUE(path->text().contains(QStringLiteral("name-2"))) << path->text().toStdString();
    map().zoomTo(node(60));
    settle();
    EXPECT_NEAR(map().rectOfNode(node(60)).width(), map().width(), 20);
    press(Qt::Key_Backspace);
    EXPECT_EQ(map().focus(), id(2));
    press(Qt::Key_Home);
    EXPECT_TRUE(map().fitted());
    press(Qt::Key_Down);
    press(Qt::Key_Return);
    EXPECT_EQ(map().focus(), id(1));
    press(Qt::Key_Escape);
    EXPECT_TRUE(map().fitted());
}

TEST_F(MapTest, TheWheelZoomsAtThePointerAndADragMovesTheMap) {
    const QPoint at = middle(40);
    const double before = map().rectOfNode(node(40)).width();
    for (int i = 0; i < 8; ++i) {
        QWheelEvent wheel(at, map().mapToGlobal(at), {}, {0, 120}, Qt::NoButton, Qt::NoModifier,
                          Qt::NoScrollPhase, false);
        QApplication::sendEvent(&map(), &wheel);
    }
    settle();
    const QRectF rect = map().rectOfNode(node(40));
    EXPECT_GT(rect.width(), before * 4);
    EXPECT_TRUE(rect.adjusted(-1, 0, 1, 0).contains(at)) << "what is under the pointer stays there";
    QTest::mousePress(&map(), Qt::LeftButton, {}, at);
    QTest::mouseMove(&map(), at + QPoint(30, 0));
    QTest::mouseMove(&map(), at + QPoint(60, 0));
    QTest::mouseRelease(&map(), Qt::LeftButton, {}, at + QPoint(60, 0));
    EXPECT_NEAR(map().rectOfNode(node(40)).left(), rect.left() + 60, 1);
    EXPECT_EQ(currentIndex(), 0u) << "a drag selects nothing";
}

TEST_F(MapTest, WhatWasZoomedToStaysInSightWhileJobsComeAndGo) {
    map().zoomTo(node(60));
    settle();
    observe::Batch batch;
    for (std::uint32_t i = 10; i < 40; ++i)
        batch.ended.push_back({id(i), JobState::Completed, 0, observe::monotonicNow()});
    batch.rows.push_back(job(300, 60));
    batch.rows.push_back(job(301, 60));
    feed->push(std::move(batch));
    ASSERT_TRUE(eventually([this] { return window->workspace().tree().size() == 76; }));
    settle();
    EXPECT_EQ(map().focus(), id(60));
    EXPECT_NEAR(map().rectOfNode(node(60)).width(), map().width(), 20);
    observe::Batch end;
    for (const std::uint32_t i : {300u, 301u, 60u})
        end.ended.push_back({id(i), JobState::Completed, 0, observe::monotonicNow()});
    feed->push(std::move(end));
    ASSERT_TRUE(eventually([this] { return window->workspace().tree().size() == 73; }));
    EXPECT_EQ(map().focus(), id(2)) << "to what it was in";
}

TEST_F(MapTest, TheSelectedJobDoesNotMoveWhileOthersComeAndGo) {
    window->workspace().select(id(60));
    for (int i = 0; i < 5; ++i)
        press(Qt::Key_Plus);
    settle();
    const QRectF before = map().rectOfNode(node(60));
    ASSERT_GT(before.width(), 30);
    observe::Batch batch;
    for (std::uint32_t i = 10; i < 30; ++i)
        batch.ended.push_back({id(i), JobState::Completed, 0, observe::monotonicNow()});
    feed->push(std::move(batch));
    ASSERT_TRUE(eventually([this] { return window->workspace().tree().size() == 84; }));
    settle();
    EXPECT_NEAR(map().rectOfNode(node(60)).left(), before.left(), 1);
    EXPECT_NEAR(map().rectOfNode(node(60)).width(), before.width(), 1);
}

TEST_F(MapTest, DeleteAsksForTheCancelAsInTheTree) {
    QTest::mouseClick(&map(), Qt::LeftButton, {}, middle(2));
    press(Qt::Key_Delete);
    CancelPanel& panel = window->details().cancelPanel();
    ASSERT_TRUE(panel.isVisible());
    EXPECT_EQ(panel.job(), id(2));
    EXPECT_EQ(panel.buttonText(), QStringLiteral("Cancel 101 jobs"));
}

TEST_F(MapTest, TheFilterDimsWhatDoesNotMatch) {
    const JobMap& colours = window->map().map();
    const QColor before = colours.look(node(40)).fill;
    window->workspace().setSearch(QStringLiteral("name-57"));
    ASSERT_TRUE(eventually([&] { return colours.look(node(40)).fill != before; }));
    EXPECT_EQ(colours.look(node(57)).fill, before);
    EXPECT_EQ(colours.look(node(40)).fill, colours.look(node(3)).fill);
    EXPECT_TRUE(window->map().map().layout().known(node(40))) << "it is still there";
    window->workspace().setSearch({});
    EXPECT_TRUE(eventually([&] { return colours.look(node(40)).fill == before; }));
}

TEST_F(MapTest, ColoursByDispatcherPlaceAgeAndFindingHaveALegend) {
    JobMap& colours = window->map().map();
    const auto has = [&](const QString& text) {
        for (const MapLook& look : colours.legend())
            if (look.text == text)
                return true;
        return false;
    };
    EXPECT_TRUE(has(QStringLiteral("suspended")));
    window->map().setColour(MapColour::Dispatcher);
    EXPECT_TRUE(has(QStringLiteral("IO")));
    window->map().setColour(MapColour::Site);
    EXPECT_TRUE(has(QStringLiteral("reader.cpp:1")));
    EXPECT_TRUE(has(QStringLiteral("others"))) << "more places than colours";
    window->map().setColour(MapColour::Age);
    EXPECT_TRUE(has(QStringLiteral("< 1 min")));
    window->map().setColour(MapColour::Finding);
    ASSERT_TRUE(eventually([&] { return !window->workspace().findings().all().empty(); }));
    ASSERT_TRUE(eventually([&] {
        return colours.look(node(200)).text == QStringLiteral("orphan") &&
               colours.look(node(3)).text == QStringLiteral("nothing found");
    }));
}

TEST_F(MapTest, ScreenReadersHaveTheJobsAndHearWhichIsSelected) {
    QAccessibleInterface* canvas = QAccessible::queryAccessibleInterface(&map());
    ASSERT_NE(canvas, nullptr);
    EXPECT_EQ(canvas->role(), QAccessible::Tree);
    EXPECT_EQ(canvas->text(QAccessible::Name), QStringLiteral("Map of the jobs"));
    QTest::mouseClick(&map(), Qt::LeftButton, {}, middle(2));
    settle();
    ASSERT_GE(canvas->childCount(), 3) << "those that are wide enough to bear a name";
    QAccessibleInterface* selected = canvas->focusChild();
    ASSERT_NE(selected, nullptr);
    EXPECT_EQ(canvas->child(0), selected) << "the selected one comes first";
    EXPECT_EQ(selected->role(), QAccessible::TreeItem);
    EXPECT_EQ(selected->text(QAccessible::Name), QStringLiteral("name-2 launch #2, Suspended"));
    EXPECT_TRUE(selected->state().selected);
    EXPECT_TRUE(selected->state().focused);
    EXPECT_TRUE(selected->rect().contains(map().mapToGlobal(middle(2))));
    QAccessibleInterface* other = canvas->child(1);
    other->actionInterface()->doAction(QAccessibleActionInterface::pressAction());
    EXPECT_EQ(currentIndex(), 1u);
}

TEST_F(MapTest, ThePictureInAFileHasTitleLegendAndJobs) {
    const QTemporaryDir directory;
    const QString png = directory.filePath(QStringLiteral("map.png")),
                  svg = directory.filePath(QStringLiteral("map.svg"));
    ASSERT_EQ(exportMap(map(), png), QString());
    const QImage picture(png);
    ASSERT_FALSE(picture.isNull());
    EXPECT_GT(picture.width(), 1000);
    const QRgb fill = window->map().map().look(node(3)).fill.rgb();
    std::size_t filled = 0;
    for (int y = 0; y < picture.height(); ++y)
        for (int x = 0; x < picture.width(); ++x)
            filled += picture.pixel(x, y) == fill ? 1 : 0;
    EXPECT_GT(filled, 10'000u);
    ASSERT_EQ(exportMap(map(), svg), QString());
    QFile file(svg);
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    EXPECT_TRUE(QSvgRenderer(text).isValid());
    for (const char* part : {"handfed, pid 4711", "104 jobs on 20", "suspended", "name-1", "Orphans"})
        EXPECT_TRUE(text.contains(part)) << part;
    EXPECT_FALSE(exportMap(map(), directory.filePath(QStringLiteral("no/such/place.png"))).isEmpty());
}

TEST_F(MapTest, FewLevelsAreHighAndStayAsTheyAreWhileOneComesAndGoes) {
    const double flat = map().rectOfNode(node(3)).height();
    EXPECT_GT(flat, 3 * measure::mapRow);
    EXPECT_LE(map().rectOfNode(node(10)).bottom(), map().height());
    const auto change = [this](const std::vector<observe::JobRow>& rows, std::uint32_t ended) {
        observe::Batch batch;
        batch.rows.assign(rows.begin(), rows.end());
        if (ended != 0)
            batch.ended.push_back({id(ended), JobState::Completed, 0, 1});
        feed->push(std::move(batch));
    };
    std::vector<observe::JobRow> chain;
    for (std::uint32_t i = 300; i < 310; ++i)
        chain.push_back(job(i, i == 300 ? 10 : i - 1));
    change(chain, 0);
    ASSERT_TRUE(eventually([&] { return node(309) != noNode && map().map().layout().known(node(309)); }));
    const double deep = map().rectOfNode(node(3)).height();
    EXPECT_LT(deep, flat);
    EXPECT_LE(map().rectOfNode(node(309)).bottom(), map().height()) << "all of it in sight";
    for (std::uint32_t i = 309; i > 299; --i)
        change({}, i);
    ASSERT_TRUE(eventually([&] { return node(300) == noNode; }));
    settle();
    EXPECT_EQ(map().rectOfNode(node(3)).height(), deep);

    EXPECT_LT(map().pictureSize().height(), map().height()) << "nothing empty below it in a file";
}

TEST_F(MapTest, WhereThePictureWentIsSaidUntilItIsSentAway) {
    const QTemporaryDir directory;
    for (const QString& path : {directory.filePath(QStringLiteral("a.svg")),
                                directory.filePath(QStringLiteral("no/such/place.png"))}) {
        window->map().askExport();
        QFileDialog* dialog = window->map().fileDialog();
        ASSERT_NE(dialog, nullptr);
        emit dialog->fileSelected(path);
        delete dialog;
        EXPECT_TRUE(window->saveBanner().isVisible());
        EXPECT_TRUE(window->saveBanner().text().contains(path)) << window->saveBanner().text().toStdString();
        EXPECT_EQ(window->saveBanner().property("calm").toBool(), QFileInfo::exists(path))
            << "only what went wrong looks like it";
        QTest::mouseClick(window->saveBanner().findChild<QPushButton*>(), Qt::LeftButton);
        EXPECT_FALSE(window->saveBanner().isVisible());
    }
}

TEST_F(MapTest, TheChosenViewIsRemembered) {
    window->close();
    MainWindow next(ThemeChoice::Light);
    next.show();
    EXPECT_TRUE(next.findChild<QPushButton*>(QStringLiteral("showMap"))->isChecked());
    QTest::mouseClick(next.findChild<QPushButton*>(QStringLiteral("showTree")), Qt::LeftButton);
    EXPECT_TRUE(next.findChild<QPushButton*>(QStringLiteral("showTree"))->isChecked());
    const MainWindow third(ThemeChoice::Light);
    EXPECT_TRUE(third.findChild<QPushButton*>(QStringLiteral("showTree"))->isChecked());
}

} // namespace
} // namespace coroscope::app
