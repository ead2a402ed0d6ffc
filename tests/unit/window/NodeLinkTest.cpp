// SPDX-License-Identifier: Apache-2.0
// The drawing of boxes and links in the real main window, on a source whose news the test writes.
#include "HandFedSource.h"
#include "HandFedWindow.h"

#include "map/IcicleView.h"
#include "map/MapExport.h"
#include "map/MapPanel.h"
#include "map/NodeLinkView.h"
#include "widgets/MainWindow.h"

#include <QAccessible>
#include <QApplication>
#include <QImage>
#include <QPainter>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSvgRenderer>
#include <QTemporaryDir>
#include <QTest>

#include <gtest/gtest.h>

#include <algorithm>

namespace coroscope::app {
namespace {

using observe::Node;
using observe::noNode;

class NodeLinkTest : public testing::Test {
protected:
    void SetUp() override {
        QSettings().clear();
        window = std::make_unique<MainWindow>(ThemeChoice::Light);
        window->resize(1800, 900);
        window->show();
    }
    void TearDown() override {
        window.reset();
        QSettings().clear();
    }
    /// 1 has 2, 3 and 4; 2 has `many` children; 3 has 5, 5 has 6; an orphan that 6 launched.
    void feedJobs(std::uint32_t many) {
        observe::Batch batch;
        batch.reset = true;
        batch.rows.push_back(job(1, 0));
        for (std::uint32_t i = 2; i <= 4; ++i)
            batch.rows.push_back(job(i, 1));
        batch.rows.push_back(job(5, 3));
        batch.rows.push_back(job(6, 5));
        for (std::uint32_t i = 1000; i < 1000 + many; ++i)
            batch.rows.push_back(job(i, 2));
        observe::JobRow orphan = job(7, 0);
        orphan.flags = JobFlags::launchedInGlobalScope;
        orphan.launcher = id(6);
        orphan.held = false;
        batch.rows.push_back(orphan);
        feed->push(std::move(batch));
        window->workspace().open(std::make_unique<HandFedSource>(feed));
        ASSERT_TRUE(eventually([&] { return window->workspace().tree().size() == 7 + many; }));
        window->setView(ViewSwitch::Map);
        window->findChild<QPushButton*>(QStringLiteral("showNodes"))->click();
        ASSERT_TRUE(nodes().isVisible());
        ASSERT_FALSE(window->map().icicle().isVisible());
        settle();
    }
    void settle() {
        ASSERT_TRUE(eventually([this] { return !nodes().moving() && !nodes().boxes().empty(); }));
        nodes().grab();
    }
    NodeLinkView& nodes() { return window->map().nodes(); }
    Node node(std::uint32_t index) { return window->workspace().tree().find(id(index)); }
    bool drawn(std::uint32_t index) { return !nodes().rectOfNode(node(index)).isEmpty(); }
    std::uint32_t currentIndex() {
        const Node at = nodes().current();
        return at == noNode ? 0 : window->workspace().tree().row(at).id.index();
    }
    const NodeBox* folded() {
        const auto found = std::find_if(nodes().boxes().begin(), nodes().boxes().end(),
                                        [](const NodeBox& box) { return box.box.merged > 0; });
        return found == nodes().boxes().end() ? nullptr : &*found;
    }
    void press(int key) { QTest::keyClick(&nodes(), static_cast<Qt::Key>(key)); }

    std::shared_ptr<Feed> feed = std::make_shared<Feed>();
    std::unique_ptr<MainWindow> window;
};

TEST_F(NodeLinkTest, ParentsAreLeftOfTheirChildrenAndNothingOverlaps) {
    feedJobs(6);
    EXPECT_EQ(nodes().boxes().size(), 13u + 2) << "each job, and the two groups";
    const auto& boxes = nodes().boxes();
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        if (boxes[i].parent != NodeBox::none) {
            EXPECT_LT(boxes[boxes[i].parent].rect.right(), boxes[i].rect.left());
        }
        for (std::size_t k = i + 1; k < boxes.size(); ++k)
            EXPECT_FALSE(boxes[i].rect.intersects(boxes[k].rect)) << i << " and " << k;
        EXPECT_TRUE(QRectF(nodes().rect()).contains(nodes().rectOf(boxes[i])))
            << "all of it is in sight at first";
    }
}

TEST_F(NodeLinkTest, WhatHasNoRoomIsFoldedIntoOneBoxThatOpens) {
    feedJobs(5000);
    const NodeBox* fold = folded();
    ASSERT_NE(fold, nullptr);
    EXPECT_LT(nodes().boxes().size(), 200u);
    const auto children = [&] {
        std::uint32_t all = 0;
        for (const NodeBox& box : nodes().boxes()) {
            if (box.parent != NodeBox::none && nodes().boxes()[box.parent].job == id(2))
                all += std::max(box.box.merged, 1u);
        }
        return all;
    };
    EXPECT_EQ(children(), 5000u) << "nobody is left out";
    const std::uint32_t before = fold->box.merged;
    QTest::mouseDClick(&nodes(), Qt::LeftButton, {}, nodes().rectOf(*fold).center().toPoint());
    settle();
    ASSERT_NE(folded(), nullptr);
    EXPECT_LT(folded()->box.merged, before);
    EXPECT_EQ(children(), 5000u);
    press(Qt::Key_Home);
    settle();
    EXPECT_EQ(folded()->box.merged, before);
}

TEST_F(NodeLinkTest, ZoomingInShowsMoreJobs) {
    feedJobs(5000);
    const std::size_t before = nodes().boxes().size();
    for (int i = 0; i < 12; ++i)
        press(Qt::Key_Plus);
    settle();
    EXPECT_GT(nodes().boxes().size(), before * 3);
    EXPECT_LT(nodes().boxes().size(), 1200u);
}

TEST_F(NodeLinkTest, TheSelectedJobIsDrawnWhereverItIs) {
    feedJobs(5000);
    ASSERT_FALSE(drawn(5500));
    window->workspace().select(id(5500));
    window->map().showSelected();
    settle();
    EXPECT_TRUE(drawn(5500));
    EXPECT_TRUE(QRectF(nodes().rect()).contains(nodes().rectOfNode(node(5500))));
}

TEST_F(NodeLinkTest, ArrowsFollowTheDrawing) {
    feedJobs(6);
    press(Qt::Key_Right);
    EXPECT_EQ(currentIndex(), 1u);
    press(Qt::Key_Right);
    EXPECT_EQ(currentIndex(), 2u);
    press(Qt::Key_Down);
    EXPECT_EQ(currentIndex(), 3u);
    press(Qt::Key_Right);
    EXPECT_EQ(currentIndex(), 5u);
    press(Qt::Key_Left);
    press(Qt::Key_Up);
    EXPECT_EQ(currentIndex(), 2u);
    QSignalSpy asked(&nodes(), &JobCanvas::cancelRequested);
    press(Qt::Key_Delete);
    EXPECT_EQ(asked.count(), 1);
}

TEST_F(NodeLinkTest, ASubtreeIsShownAloneWithItsOrphansAndBothDrawingsAgree) {
    feedJobs(50);
    const QPoint at = nodes().rectOfNode(node(3)).center().toPoint();
    QTest::mouseDClick(&nodes(), Qt::LeftButton, {}, at);
    settle();
    EXPECT_EQ(nodes().focus(), id(3));
    EXPECT_TRUE(drawn(6));
    EXPECT_TRUE(drawn(7)) << "what 6 launched belongs to nobody, but to this picture";
    EXPECT_FALSE(drawn(4));
    window->findChild<QPushButton*>(QStringLiteral("showIcicle"))->click();
    EXPECT_EQ(window->map().icicle().focus(), id(3));
    window->findChild<QPushButton*>(QStringLiteral("showNodes"))->click();
    EXPECT_EQ(nodes().focus(), id(3));
    press(Qt::Key_Backspace);
    EXPECT_EQ(nodes().focus(), id(1));
    press(Qt::Key_Backspace);
    EXPECT_FALSE(nodes().focus());
    press(Qt::Key_Backspace);
    EXPECT_TRUE(drawn(4));
}

TEST_F(NodeLinkTest, TheSelectedJobKeepsItsPlaceWhileOthersComeAndGo) {
    feedJobs(12);
    window->workspace().select(id(1008));
    press(Qt::Key_Plus); // no longer all of it
    settle();
    const QRectF before = nodes().rectOfNode(node(1008));
    ASSERT_FALSE(before.isEmpty());
    observe::Batch news;
    for (std::uint32_t i = 1000; i < 1005; ++i)
        news.ended.push_back({id(i), JobState::Completed, 0, observe::monotonicNow()});
    for (std::uint32_t i = 2000; i < 2030; ++i)
        news.rows.push_back(job(i, 2));
    feed->push(std::move(news));
    ASSERT_TRUE(eventually([this] { return drawn(2000) && !nodes().moving(); }));
    EXPECT_FALSE(drawn(1000));
    const QRectF now = nodes().rectOfNode(node(1008));
    EXPECT_NEAR(now.center().x(), before.center().x(), 1);
    EXPECT_NEAR(now.center().y(), before.center().y(), 1);
}

TEST_F(NodeLinkTest, WhenWhatIsShownEndsItsParentIs) {
    feedJobs(6);
    nodes().zoomTo(node(5));
    observe::Batch news;
    news.ended.push_back({id(6), JobState::Completed, 0, observe::monotonicNow()});
    news.ended.push_back({id(5), JobState::Completed, 0, observe::monotonicNow()});
    feed->push(std::move(news));
    ASSERT_TRUE(eventually([this] { return nodes().focus() == id(3); }));
}

TEST_F(NodeLinkTest, TheWholeDrawingIsSavedNotWhatIsInSight) {
    feedJobs(5000);
    for (int i = 0; i < 12; ++i)
        press(Qt::Key_Plus);
    settle();
    ASSERT_GT(nodes().pictureSize().height(), nodes().height());
    const QTemporaryDir directory;
    const QString png = directory.filePath(QStringLiteral("nodes.png")),
                  svg = directory.filePath(QStringLiteral("nodes.svg"));
    ASSERT_EQ(exportMap(nodes(), png).toStdString(), "");
    ASSERT_EQ(exportMap(nodes(), svg).toStdString(), "");
    EXPECT_GE(QImage(png).height(), 2 * nodes().pictureSize().height());
    QSvgRenderer drawing(svg);
    EXPECT_TRUE(drawing.isValid());
    EXPECT_EQ(QImage(png).size(), drawing.viewBox().size() * 2);
}

TEST_F(NodeLinkTest, APictureShowsWhereBoxesGoNotTheirWayThere) {
    feedJobs(6);
    settle();
    const auto picture = [this] {
        QImage image(nodes().pictureSize(), QImage::Format_RGB32);
        QPainter painter(&image);
        nodes().paint(painter, image.rect(), false);
        return image;
    };
    nodes().zoomTo(node(3));
    settle();
    nodes().fit();
    ASSERT_TRUE(nodes().moving()) << "boxes are on their way";
    const QImage early = picture();
    settle();
    EXPECT_EQ(early, picture());
}

TEST_F(NodeLinkTest, ScreenReadersFindTheJobs) {
    QAccessible::setActive(true);
    feedJobs(6);
    window->workspace().select(id(3));
    QAccessibleInterface* tree = QAccessible::queryAccessibleInterface(&nodes());
    ASSERT_NE(tree, nullptr);
    EXPECT_EQ(tree->role(), QAccessible::Tree);
    EXPECT_EQ(tree->childCount(), 13);
    EXPECT_TRUE(tree->child(0)->text(QAccessible::Name).startsWith(QStringLiteral("name-3 ")));
    EXPECT_TRUE(tree->child(0)->state().selected);
    QSignalSpy asked(&nodes(), &JobCanvas::cancelRequested);
    tree->child(0)->actionInterface()->doAction(DrawnJobs::cancelAction());
    EXPECT_EQ(asked.count(), 1);
    QAccessible::setActive(false);
}

} // namespace
} // namespace coroscope::app
