// SPDX-License-Identifier: Apache-2.0
// Jobs in groups instead of the tree, and two dumps compared, in the real window.
#include "HandFedSource.h"
#include "HandFedWindow.h"

#include "map/IcicleView.h"
#include "map/MapPanel.h"
#include "map/NodeLinkView.h"
#include "model/RowGroups.h"
#include "widgets/ComparePanel.h"
#include "widgets/DetailsPanel.h"
#include "widgets/DrawnId.h"
#include "widgets/JobTreeView.h"
#include "widgets/JobsAccessible.h"
#include "widgets/MainWindow.h"

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTest>
#include <QToolButton>
#include <QTreeView>

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace coroscope::app {
namespace {

using observe::GroupBy;
using observe::Node;
using observe::noNode;

class Words : public observe::Dictionary {
public:
    std::string text(TextId id) const override { return "name-" + std::to_string(id); }
    /// Three numbers mean one place: what is grouped are words.
    observe::SiteText site(SiteId id) const override { return {"shop.cpp", "void work()", id / 3}; }
    observe::StackText stack(StackId id) const override { return {{site(id)}, 0}; }
    observe::ContextText context(std::uint32_t) const override { return {"Default", ""}; }
};

/// What the rows should say, worked out anew: label -> jobs.
std::map<std::string, std::size_t> expected(const observe::JobTree& tree, GroupBy by) {
    observe::Grouping grouping(by, {}, std::make_shared<Words>());
    std::map<std::string, std::size_t> groups;
    for (const observe::JobGroup& group : observe::groupJobs(tree, grouping))
        groups[grouping.place(group.group).label() + ": " + observe::countsText(group.counts, {})] =
            group.jobs.size();
    return groups;
}

TEST(RowGroups, countWhatIsThereWhateverTheNews) {
    for (unsigned seed = 1; seed <= 30; ++seed) {
        std::mt19937 random(seed);
        const auto below = [&](unsigned n) { return static_cast<std::uint32_t>(random() % n); };
        observe::JobTree tree;
        TreeRows rows(tree);
        const GroupBy by = observe::allGroupings[seed % 3];
        rows.group(std::make_unique<RowGroups>(tree, observe::Grouping(by, {}, std::make_shared<Words>())));
        std::map<std::uint32_t, std::uint64_t> generation;
        std::map<std::uint32_t, observe::JobRow> live;
        for (int step = 0; step < 60; ++step) {
            observe::Batch batch;
            batch.reset = below(25) == 0;
            if (batch.reset)
                live.clear();
            for (unsigned i = below(20); i > 0; --i) {
                const std::uint32_t index = 1 + below(60);
                auto at = live.find(index);
                if (at != live.end() && below(3) == 0) {
                    batch.ended.push_back({at->second.id, JobState::Completed, 0, step});
                    live.erase(at);
                    std::erase_if(batch.rows, [&](const observe::JobRow& row) {
                        return row.id == batch.ended.back().id;
                    });
                    continue;
                }
                if (at == live.end()) {
                    observe::JobRow row;
                    row.id = JobId::of(index, ++generation[index]);
                    if (!live.empty() && below(2) == 0)
                        row.parent = live.begin()->second.id;
                    row.site = below(12);
                    row.createdAt = 1 + below(1000);
                    at = live.emplace(index, row).first;
                }
                at->second.suspendedAt = below(12);
                at->second.execution = static_cast<Execution>(below(6));
                at->second.state = below(4) == 0 ? JobState::Cancelling : JobState::Active;
                ++at->second.executionSequence;
                ++at->second.jobVersion;
                batch.rows.push_back(at->second);
            }
            observe::TreeChanges changes;
            tree.apply(std::move(batch), changes);
            rows.apply(changes);
            if (below(3) == 0 && rows.groups()->size() > 0)
                rows.setExpanded(firstGroup + below(rows.groups()->size()), below(2) == 0);
            if (below(4) == 0)
                rows.expandTo(noNode, below(2));
            rows.lookAtGroups(16);
            if (rows.stale())
                rows.refresh();

            std::map<std::string, std::size_t> found;
            std::size_t count = 0, members = 0, last = ~std::size_t{0};
            Node group = noNode;
            rows.forEach(0, rows.size(), [&](Node node) {
                EXPECT_EQ(rows.at(rows.rowOf(node)), node);
                if (isPlaceGroup(node)) {
                    if (group != noNode && rows.expanded(group)) {
                        EXPECT_EQ(members, count);
                    }
                    group = node;
                    members = 0;
                    count = rows.subtreeSize(node);
                    EXPECT_LE(count, last) << "the largest comes first";
                    last = count;
                    const std::uint32_t number = TreeRows::groupNumber(node);
                    found[rows.groups()->place(number).label() + ": " +
                          observe::countsText(rows.groups()->counts(number), {})] = count;
                    return;
                }
                ++members;
                EXPECT_TRUE(tree.isLive(node));
                EXPECT_EQ(rows.parent(node), group);
                EXPECT_EQ(rows.depth(node), 1u);
                EXPECT_TRUE(rows.expanded(group));
            });
            ASSERT_EQ(found, expected(tree, by)) << "seed " << seed << ", step " << step;
        }
        rows.group(nullptr);
        std::size_t jobs = 0;
        rows.expandTo(noNode, 100);
        rows.forEach(0, rows.size(), [&](Node node) { jobs += isJob(node); });
        EXPECT_EQ(jobs, tree.size()) << "the tree is as it was";
    }
}

class GroupedWindow : public testing::Test {
protected:
    void SetUp() override {
        window.resize(1400, 900);
        window.show();
        QApplication::setActiveWindow(&window);
    }
    void open(const char* name) {
        window.openFile(QStringLiteral(FOREIGN_DUMPS "/") + QLatin1String(name));
        ASSERT_TRUE(eventually([&] {
            return window.workspace().tree().size() > 0 &&
                   QString::fromStdString(window.workspace().info().file).endsWith(QLatin1String(name));
        }));
    }
    /// The rows, as a screen reader is told them.
    QStringList rows() {
        QStringList all;
        const TreeRows& rows = window.workspace().rows();
        rows.forEach(0, rows.size(), [&](Node node) {
            all << QString(static_cast<qsizetype>(rows.depth(node)), QLatin1Char(' ')) +
                       window.tree().painter().accessibleName(node);
        });
        return all;
    }
    /// What the menu that is open offers.
    static std::string menuNow() {
        QStringList texts;
        const auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
        for (const QAction* action : menu != nullptr ? menu->actions() : QList<QAction*>())
            if (!action->isSeparator())
                texts << action->text();
        return texts.join(QStringLiteral(", ")).toStdString();
    }
    /// Clicks on it there.
    static void choose(const char* text) {
        auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
        ASSERT_NE(menu, nullptr);
        for (QAction* action : menu->actions())
            if (action->text() == QLatin1String(text)) {
                QTest::mouseClick(menu, Qt::LeftButton, Qt::NoModifier,
                                  menu->actionGeometry(action).center());
                QApplication::processEvents();
                return;
            }
        FAIL() << text;
    }
    void key(Qt::Key key) { QTest::keyClick(&window.tree(), key); }
    Node current() { return window.tree().current(); }

    MainWindow window{ThemeChoice::Light};
};

TEST_F(GroupedWindow, aFlatDumpIsShownInGroupsOfIdenticalStacks) {
    open("debugprobes-after.txt");
    EXPECT_EQ(rows(),
              (QStringList{QStringLiteral("11 × ShopKt$accept$1.invokeSuspend  Shop.kt:14, 11 suspended"),
                           QStringLiteral("4 × ShopKt.worker  Shop.kt:8, 4 suspended"),
                           QStringLiteral("1 × ShopKt$main$3.invokeSuspend  Shop.kt:31, 1 running")}));
    window.grab();
    open("goroutines-after.txt");
    EXPECT_EQ(window.workspace().grouping(), std::nullopt) << "this one tells parents";
    window.workspace().show(window.workspace().sessions().front().key);
    EXPECT_EQ(window.workspace().grouping(), GroupBy::Stack) << "each session has its own choice";
    EXPECT_EQ(rows().size(), 3);
}

TEST_F(GroupedWindow, theKeyboardGoesThroughGroupsAndTheirJobs) {
    open("debugprobes-after.txt");
    window.tree().setFocus();
    key(Qt::Key_Home);
    ASSERT_TRUE(isPlaceGroup(current()));
    EXPECT_FALSE(window.workspace().selected());
    key(Qt::Key_Down);
    const Node workers = current();
    EXPECT_EQ(window.tree().painter().groupName(workers), QStringLiteral("ShopKt.worker"));
    const auto* name = window.details().findChild<QLabel*>(QStringLiteral("groupName"));
    ASSERT_NE(name, nullptr);
    EXPECT_TRUE(name->isVisible());
    EXPECT_EQ(name->text(), QStringLiteral("4 jobs, Shop.kt:8 ShopKt.worker"));
    key(Qt::Key_Right);
    EXPECT_EQ(rows().size(), 7);
    key(Qt::Key_Right);
    ASSERT_TRUE(window.workspace().selected());
    EXPECT_EQ(window.workspace().selected()->row.number, 1u);
    EXPECT_FALSE(name->isVisible());
    key(Qt::Key_Left);
    EXPECT_EQ(current(), workers);
    key(Qt::Key_Left);
    EXPECT_EQ(rows().size(), 3);
    key(Qt::Key_Delete);
    key(Qt::Key_Asterisk);
    EXPECT_EQ(rows().size(), 7);
    key(Qt::Key_End);
    key(Qt::Key_Backspace);
    key(Qt::Key_C); // by its first letters
    window.grab();
}

TEST_F(GroupedWindow, theMouseOpensAGroupAndSelectsIt) {
    open("debugprobes-after.txt");
    JobTreeView& tree = window.tree();
    const QRect row = tree.rowRect(0);
    const QRect cell(tree.header()->sectionViewportPosition(JobColumn), row.top(),
                     tree.header()->sectionSize(JobColumn), row.height());
    const Node first = window.workspace().rows().at(0);
    QTest::mouseClick(tree.viewport(), Qt::LeftButton, {}, tree.painter().expander(cell, first).center());
    EXPECT_EQ(rows().size(), 14);
    QTest::mouseClick(tree.viewport(), Qt::LeftButton, {}, tree.rowRect(0).center());
    EXPECT_EQ(current(), first);
    QTest::mouseClick(tree.viewport(), Qt::LeftButton, {}, tree.rowRect(1).center());
    ASSERT_TRUE(window.workspace().selected());
    EXPECT_EQ(window.workspace().selected()->row.number, 6u);
    EXPECT_EQ(window.workspace().selectedGroup(), noNode);
    // Back to the tree, and again: the job stays selected.
    QTest::keyClick(&window, Qt::Key_G, Qt::ControlModifier);
    EXPECT_EQ(window.workspace().grouping(), std::nullopt);
    EXPECT_EQ(rows().size(), 16);
    QTest::keyClick(&window, Qt::Key_G, Qt::ControlModifier);
    EXPECT_EQ(window.workspace().grouping(), GroupBy::Stack);
    EXPECT_EQ(window.workspace().selected()->row.number, 6u);
    EXPECT_EQ(rows().size(), 14) << "what was open is open again";
    auto* button = window.findChild<QToolButton*>(QStringLiteral("groupBy"));
    button->menu()->actions()[1]->trigger();
    EXPECT_EQ(window.workspace().grouping(), GroupBy::CreationSite);
    EXPECT_TRUE(window.workspace().rows().visible(window.workspace().selectedNode()))
        << "what is selected is in sight in every order";
}

TEST_F(GroupedWindow, screenReadersAreToldOfGroups) {
    open("debugprobes-after.txt");
    JobTreeView& tree = window.tree();
    ASSERT_EQ(tree.drawnJobs(), 3);
    const JobId group = tree.drawnJob(1);
    EXPECT_TRUE(tree.isThere(group));
    EXPECT_EQ(tree.indexOfDrawn(group), 1);
    EXPECT_EQ(tree.textOf(group, QAccessible::Name),
              QStringLiteral("4 × ShopKt.worker  Shop.kt:8, 4 suspended"));
    EXPECT_TRUE(tree.stateOf(group).collapsed);
    EXPECT_FALSE(tree.actionsOf(group).contains(DrawnJobs::cancelAction()));
    tree.act(group, QAccessibleActionInterface::toggleAction());
    EXPECT_TRUE(tree.stateOf(group).expanded);
    tree.act(group, QAccessibleActionInterface::pressAction());
    EXPECT_EQ(tree.indexOfFocus(), 1);
    window.workspace().setGrouping(std::nullopt);
    EXPECT_FALSE(tree.isThere(group));
}

TEST_F(GroupedWindow, aFilterLeavesTheJobsThatMatchInTheirGroups) {
    open("debugprobes-after.txt");
    window.setFilter(QStringLiteral("name:connection-1"));
    ASSERT_TRUE(eventually(
        [this] { return window.workspace().rows().filtered() && !window.workspace().rows().scanning(); }));
    EXPECT_EQ(rows(),
              (QStringList{QStringLiteral("2 × ShopKt$accept$1.invokeSuspend  Shop.kt:14, 11 suspended")}))
        << "connection-1 and connection-10";
    window.setFilter({});
    ASSERT_TRUE(eventually([this] { return !window.workspace().rows().filtered(); }));
    window.workspace().setGrouping(GroupBy::CreationSite);
    window.tree().setCurrent(window.workspace().rows().at(1));
    auto* only = window.details().findChild<QPushButton*>(QStringLiteral("groupOnly"));
    ASSERT_NE(only, nullptr);
    EXPECT_TRUE(only->isVisible());
    only->click();
    ASSERT_TRUE(eventually([this] { return window.workspace().rows().matches() == 4; }));
    EXPECT_EQ(window.workspace().search(), QStringLiteral("created=Shop.kt:22"));
}

TEST_F(GroupedWindow, groupsOfALiveProgramFollowItAndTheSelectionStays) {
    const auto feed = std::make_shared<Feed>();
    observe::Batch batch;
    batch.reset = true;
    batch.rows.push_back(job(1, 0));
    for (std::uint32_t i = 10; i < 20; ++i) {
        batch.rows.push_back(job(i, 1));
        batch.rows.back().site = 5;
    }
    feed->push(std::move(batch));
    window.workspace().open(std::make_unique<HandFedSource>(feed));
    ASSERT_TRUE(eventually([this] { return window.workspace().tree().size() == 11; }));
    auto* button = window.findChild<QToolButton*>(QStringLiteral("groupBy"));
    ASSERT_NE(button, nullptr);
    ASSERT_EQ(button->menu()->actions().size(), 4);
    button->menu()->actions()[1]->trigger();
    EXPECT_EQ(window.workspace().grouping(), GroupBy::CreationSite);
    ASSERT_EQ(rows().size(), 2);
    const TreeRows& shown = window.workspace().rows();
    const Node group = shown.at(0);
    EXPECT_EQ(shown.subtreeSize(group), 10u);
    window.tree().setExpanded(group, true);
    window.tree().setCurrent(window.workspace().tree().find(id(15)));
    // More come in the other group, some of this one end.
    observe::Batch news;
    for (std::uint32_t i = 100; i < 150; ++i) {
        news.rows.push_back(job(i, 1));
        news.rows.back().site = 1;
    }
    for (std::uint32_t i = 10; i < 13; ++i)
        news.ended.push_back({id(i), JobState::Completed, 0, observe::monotonicNow()});
    feed->push(std::move(news));
    ASSERT_TRUE(eventually([&] { return shown.subtreeSize(shown.at(0)) == 51; }))
        << "the larger one is first";
    EXPECT_EQ(shown.size(), 2u + 7u);
    ASSERT_TRUE(window.workspace().selected());
    EXPECT_EQ(window.workspace().selected()->id, id(15));
    EXPECT_EQ(shown.parent(window.tree().current()), group) << "groups keep their row's name";
    EXPECT_TRUE(shown.visible(window.tree().current()));
    // A group that is selected stays so, too.
    window.tree().setCurrent(group);
    observe::Batch rest;
    rest.ended.push_back({id(13), JobState::Completed, 0, observe::monotonicNow()});
    feed->push(std::move(rest));
    ASSERT_TRUE(eventually([&] { return shown.size() == 2u + 6u; }));
    EXPECT_EQ(window.tree().current(), group);
}

TEST_F(GroupedWindow, theMapDrawsTheSameGroups) {
    open("debugprobes-after.txt");
    QTest::keyClick(&window, Qt::Key_2, Qt::ControlModifier);
    IcicleView& map = window.map().icicle();
    ASSERT_TRUE(map.isVisible());
    const MapLayout& layout = window.map().map().layout();
    const TreeRows& shown = window.workspace().rows();
    ASSERT_EQ(layout.childCount(programGroup), 3u);
    for (std::size_t row = 0; row < 3; ++row)
        EXPECT_EQ(layout.leaves(shown.at(row)), shown.subtreeSize(shown.at(row)));
    const Node first = shown.at(0), second = shown.at(1);
    EXPECT_EQ(layout.firstChild(programGroup), first) << "in the tree's order";
    EXPECT_EQ(window.map().map().title(second), QStringLiteral("ShopKt.worker"));
    EXPECT_EQ(layout.childCount(second), 4u);

    map.grab();
    QTest::mouseClick(&map, Qt::LeftButton, {}, map.rectOfNode(second).center().toPoint());
    EXPECT_EQ(window.workspace().selectedGroup(), second);
    EXPECT_EQ(map.current(), second);
    QTest::keyClick(&map, Qt::Key_Down);
    ASSERT_TRUE(window.workspace().selected());
    EXPECT_EQ(shown.parent(map.current()), second);
    QTest::keyClick(&map, Qt::Key_Up);
    EXPECT_EQ(window.workspace().selectedGroup(), second);
    QTest::keyClick(&map, Qt::Key_Left);
    EXPECT_EQ(window.workspace().selectedGroup(), first);
    QTest::keyClick(&map, Qt::Key_Up);
    QTest::keyClick(&map, Qt::Key_Delete);
    EXPECT_EQ(window.workspace().selectedGroup(), first) << "nothing is above it, and nobody cancels it";

    QTest::keyClick(&map, Qt::Key_Return);
    ASSERT_TRUE(eventually([&] { return !map.moving(); }));
    EXPECT_EQ(map.focusGroup(), std::optional(shown.groups()->place(TreeRows::groupNumber(first)).key));
    EXPECT_EQ(map.right() - map.left(), 11);
    const auto* path = window.findChild<QLabel*>(QStringLiteral("mapPath"));
    EXPECT_TRUE(path->text().contains(QStringLiteral("ShopKt$accept$1.invokeSuspend")))
        << path->text().toStdString();
    QTest::keyClick(&map, Qt::Key_Backspace);
    EXPECT_TRUE(map.fitted());

    // The boxes and links have them, too.
    window.map().setDrawing(MapPanel::Drawing::Nodes);
    NodeLinkView& nodes = window.map().nodes();
    nodes.grab();
    EXPECT_FALSE(nodes.rectOfNode(second).isEmpty());
    nodes.zoomTo(second);
    nodes.grab();
    EXPECT_TRUE(nodes.rectOfNode(first).isEmpty());
    EXPECT_FALSE(nodes.rectOfNode(layout.firstChild(second)).isEmpty());
    EXPECT_TRUE(nodes.zoomOut());
    EXPECT_FALSE(nodes.rectOfNode(first).isEmpty());
    window.map().setDrawing(MapPanel::Drawing::Icicle);

    window.workspace().setGrouping(GroupBy::CreationSite);
    EXPECT_EQ(layout.childCount(programGroup), shown.groups()->size());
    map.grab();
    window.workspace().setGrouping(std::nullopt);
    EXPECT_EQ(layout.childCount(programGroup) + layout.childCount(orphanGroup), 16u) << "as flat as it is";
    open("goroutines-after.txt");
    EXPECT_TRUE(isJob(layout.firstChild(programGroup)));
    map.grab();
}

TEST_F(GroupedWindow, theMenuOfAGroupIsTheSameByMouseAndKeyboardInBothDrawings) {
    open("debugprobes-after.txt");
    QTest::keyClick(&window, Qt::Key_2, Qt::ControlModifier);
    const Node workers = window.workspace().rows().at(1);
    for (const auto drawing : {MapPanel::Drawing::Icicle, MapPanel::Drawing::Nodes}) {
        window.map().setDrawing(drawing);
        JobCanvas& map = window.map().canvas();
        map.grab();
        const QPoint at = map.globalRectOf(drawnIdOf(window.workspace(), workers)).center();
        QContextMenuEvent asked(QContextMenuEvent::Mouse, map.mapFromGlobal(at), at);
        QApplication::sendEvent(&map, &asked);
        EXPECT_EQ(menuNow(), "Zoom to it, Show in the tree, Show only those at this place, Copy name");
        EXPECT_EQ(window.workspace().selectedGroup(), workers) << "what it is about is selected";
        choose("Copy name");
        EXPECT_EQ(QApplication::clipboard()->text().toStdString(), "Shop.kt:8 ShopKt.worker");

        map.fit();
        QTest::keyClick(&map, Qt::Key_Menu);
        ASSERT_NE(QApplication::activePopupWidget(), nullptr);
        EXPECT_EQ(QApplication::activePopupWidget()->accessibleName().toStdString(),
                  "4 × ShopKt.worker  Shop.kt:8, 4 suspended");
        choose("Zoom to it");
        EXPECT_EQ(
            map.focusGroup(),
            std::optional(window.workspace().rows().groups()->place(TreeRows::groupNumber(workers)).key));
    }
    // The other drawing shows what was zoomed to.
    window.map().setDrawing(MapPanel::Drawing::Icicle);
    EXPECT_TRUE(window.map().icicle().focusGroup());

    QTest::keyClick(&window.map().icicle(), Qt::Key_Menu);
    choose("Show in the tree");
    EXPECT_TRUE(window.tree().isVisible());
    EXPECT_EQ(current(), workers);
    QTest::keyClick(&window.tree(), Qt::Key_Menu);
    choose("Show only those at this place");
    ASSERT_TRUE(eventually([this] { return window.workspace().rows().matches() == 4; }));
    EXPECT_EQ(window.workspace().search(), QStringLiteral("at=Shop.kt:8"));
    // Where no place is told there is nothing to filter by.
    open("workers-blocked.txt");
    window.workspace().setGrouping(GroupBy::CreationSite);
    window.setView(ViewSwitch::Map);
    window.tree().setCurrent(window.workspace().rows().at(0));
    QTest::keyClick(&window.map().icicle(), Qt::Key_Menu);
    EXPECT_EQ(menuNow(), "Zoom to it, Show in the tree, Copy name");
    choose("Zoom to it");
}

TEST_F(GroupedWindow, screenReadersAreToldOfGroupsInTheMap) {
    QAccessible::setActive(true);
    open("debugprobes-after.txt");
    QTest::keyClick(&window, Qt::Key_2, Qt::ControlModifier);
    const QString workers = QStringLiteral("4 × ShopKt.worker  Shop.kt:8, 4 suspended");
    for (const auto drawing : {MapPanel::Drawing::Icicle, MapPanel::Drawing::Nodes}) {
        window.map().setDrawing(drawing);
        JobCanvas& map = window.map().canvas();
        map.grab();
        QAccessibleInterface* canvas = QAccessible::queryAccessibleInterface(&map);
        ASSERT_NE(canvas, nullptr);
        ASSERT_GE(canvas->childCount(), 3);
        QAccessibleInterface* group = nullptr;
        for (int i = 0; i < canvas->childCount(); ++i)
            if (canvas->child(i)->text(QAccessible::Name) == workers)
                group = canvas->child(i);
        ASSERT_NE(group, nullptr) << "drawing " << static_cast<int>(drawing);
        EXPECT_EQ(group->role(), QAccessible::TreeItem);
        EXPECT_FALSE(group->rect().isEmpty());
        EXPECT_EQ(canvas->childAt(group->rect().center().x(), group->rect().center().y()), group);
        EXPECT_FALSE(group->actionInterface()->actionNames().contains(DrawnJobs::cancelAction()));
        group->actionInterface()->doAction(QAccessibleActionInterface::pressAction());
        EXPECT_EQ(window.workspace().selectedGroup(), window.workspace().rows().at(1));
        EXPECT_TRUE(group->state().selected);
        EXPECT_EQ(canvas->focusChild(), group);
        EXPECT_EQ(canvas->indexOfChild(group), 0) << "the selected one comes first";
        QTest::keyClick(&map, drawing == MapPanel::Drawing::Icicle ? Qt::Key_Down : Qt::Key_Right);
        ASSERT_TRUE(window.workspace().selected()) << "into the group, to its first job";
        QAccessibleInterface* first = canvas->focusChild();
        ASSERT_NE(first, nullptr);
        EXPECT_TRUE(first->text(QAccessible::Name).startsWith(QStringLiteral("worker-0 ")))
            << first->text(QAccessible::Name).toStdString();
        window.workspace().select({});
    }
    QAccessible::setActive(false);
}

TEST_F(GroupedWindow, theMapFollowsTheGroupsOfALiveProgram) {
    const auto feed = std::make_shared<Feed>();
    const auto at = [](std::uint32_t index, std::uint32_t place) {
        observe::JobRow row = job(index, index == 1 ? 0 : 1);
        row.execution = Execution::Suspended;
        row.suspendedAt = place;
        return row;
    };
    observe::Batch batch;
    batch.reset = true;
    for (std::uint32_t i = 1; i <= 20; ++i)
        batch.rows.push_back(at(i, i <= 15 ? 3 : 6));
    feed->push(std::move(batch));
    window.workspace().open(std::make_unique<HandFedSource>(feed));
    ASSERT_TRUE(eventually([this] { return window.workspace().tree().size() == 20; }));
    window.workspace().setGrouping(GroupBy::SuspensionSite);
    QTest::keyClick(&window, Qt::Key_2, Qt::ControlModifier);
    IcicleView& map = window.map().icicle();
    const MapLayout& layout = window.map().map().layout();
    ASSERT_EQ(layout.childCount(programGroup), 2u);
    const Node large = layout.firstChild(programGroup), small = layout.next(large);
    EXPECT_EQ(layout.leaves(large), 15u);
    map.zoomTo(small);
    ASSERT_TRUE(eventually([&] { return !map.moving(); }));
    EXPECT_EQ(map.right() - map.left(), 5);

    observe::Batch news;
    for (std::uint32_t i = 1; i <= 10; ++i) {
        news.rows.push_back(at(i, 6));
        news.rows.back().executionSequence = 2;
    }
    for (std::uint32_t i = 30; i < 33; ++i)
        news.rows.push_back(at(i, 9));
    feed->push(std::move(news));
    ASSERT_TRUE(eventually([&] { return layout.leaves(small) == 15; })) << "they went over";
    EXPECT_EQ(layout.leaves(large), 5u);
    EXPECT_EQ(layout.childCount(programGroup), 3u);
    EXPECT_EQ(layout.leaves(layout.lastChild(programGroup)), 3u) << "what is new is behind what is there";
    EXPECT_EQ(map.right() - map.left(), 15) << "what was zoomed to stays in sight";
    map.grab();

    observe::Batch ends;
    for (std::uint32_t i = 11; i <= 15; ++i)
        ends.ended.push_back({id(i), JobState::Completed, 0, observe::monotonicNow()});
    feed->push(std::move(ends));
    ASSERT_TRUE(eventually([&] { return layout.childCount(programGroup) == 2; })) << "an empty one goes";
    EXPECT_FALSE(layout.known(large));
    map.grab();
}

TEST_F(GroupedWindow, groupsSayWhatWasFoundInThem) {
    open("workers-blocked.txt");
    const auto told = [this](GroupBy by) {
        window.workspace().setGrouping(by);
        window.grab();
        QStringList all;
        const TreeRows& rows = window.workspace().rows();
        for (std::size_t row = 0; row < rows.size(); ++row)
            if (const QString text = window.tree().painter().text(rows.at(row), FindingsColumn);
                isPlaceGroup(rows.at(row)) && !text.isEmpty())
                all << window.tree().painter().groupName(rows.at(row)) + QStringLiteral(": ") + text;
        all.sort();
        return all.join(QLatin1Char('\n')).toStdString();
    };
    ASSERT_TRUE(eventually([this] { return window.workspace().findings().all().size() == 4; }));
    const std::string blocking = "A blocking call holds a dispatcher's thread (suspected)";
    EXPECT_EQ(told(GroupBy::Stack),
              "WorkersKt.answer: " + blocking +
                  "\nWorkersKt.fetchNow: runBlocking inside a coroutine blocks its thread (proven)"
                  "\nWorkersKt.pause: " +
                  blocking + "\nWorkersKt.report: " + blocking);
    EXPECT_EQ(
        told(GroupBy::CreationSite),
        "not told where created: 4 findings, the worst: runBlocking inside a coroutine blocks its thread "
        "(proven)");
    open("workers-mended.txt");
    EXPECT_EQ(told(GroupBy::Stack), "");
    EXPECT_EQ(told(GroupBy::CreationSite), "");
}

TEST_F(GroupedWindow, anEarlierDumpIsComparedWithWhatIsOnShow) {
    open("debugprobes-after.txt");
    ComparePanel& panel = window.compare();
    EXPECT_FALSE(panel.isVisible());
    panel.withFile(QStringLiteral(FOREIGN_DUMPS "/debugprobes-before.txt"));
    ASSERT_TRUE(eventually([&] { return !panel.busy(); }));
    EXPECT_TRUE(panel.isVisible());
    const CompareModel& model = panel.model();
    ASSERT_GT(model.rowCount(), 3);
    const auto cell = [&](int row, int column) { return model.index(row, column).data().toString(); };
    EXPECT_EQ(cell(0, CompareModel::ChangeColumn), QStringLiteral("+9"));
    EXPECT_EQ(cell(0, CompareModel::BeforeColumn), QStringLiteral("2"));
    EXPECT_EQ(cell(0, CompareModel::AfterColumn), QStringLiteral("11"));
    EXPECT_EQ(cell(0, CompareModel::NewColumn), QStringLiteral("9"));
    EXPECT_EQ(cell(model.rowCount() - 1, CompareModel::ChangeColumn), QStringLiteral("-1"));
    const auto* words = panel.findChild<QLabel*>(QStringLiteral("compareWords"));
    EXPECT_TRUE(words->text().contains(QStringLiteral("9 new, 1 gone, 7 still there")))
        << qPrintable(words->text());
    window.resize(1000, 650);
    EXPECT_TRUE(eventually([&] {
        const QStringList lines = words->text().split(QLatin1Char('\n'));
        return lines.size() == 2 && lines[0] == QStringLiteral("9 new, 1 gone, 7 still there") &&
               lines[1].endsWith(QStringLiteral("(16 jobs)"));
    })) << "the numbers are never cut: "
        << qPrintable(words->text());
    EXPECT_TRUE(words->toolTip().contains(QStringLiteral("debugprobes-before.txt")));

    // To the jobs of the first place.
    window.tree().setFocus();
    emit panel.list()->activated(model.index(0, 0));
    EXPECT_EQ(window.workspace().grouping(), GroupBy::Stack);
    EXPECT_EQ(window.workspace().rows().subtreeSize(current()), 11u);
    EXPECT_TRUE(window.workspace().rows().expanded(current()));

    panel.findChild<QPushButton*>(QStringLiteral("compareSwap"))->click();
    ASSERT_TRUE(eventually([&] { return !panel.busy(); }));
    EXPECT_EQ(cell(model.rowCount() - 1, CompareModel::ChangeColumn), QStringLiteral("-9"));
    window.grab();
}

TEST_F(GroupedWindow, twoOpenSessionsAreCompared) {
    open("orders-before.coroscope");
    const int before = window.workspace().shownKey();
    open("orders-after.coroscope");
    window.compare().withSession(before);
    ASSERT_TRUE(eventually([&] { return !window.compare().busy(); }));
    const observe::Comparison& found = window.compare().model().comparison();
    EXPECT_TRUE(found.matched);
    EXPECT_EQ(found.by, GroupBy::CreationSite);
    EXPECT_EQ(found.groups[0].change(), 11);
    // What is gone is shown where it was.
    const auto gone = std::find_if(found.groups.begin(), found.groups.end(),
                                   [](const observe::GroupChange& group) { return group.after == 0; });
    ASSERT_NE(gone, found.groups.end());
    emit window.compare().list()->activated(
        window.compare().model().index(static_cast<int>(gone - found.groups.begin()), 0));
    EXPECT_EQ(window.workspace().shownKey(), before);
    EXPECT_EQ(window.workspace().rows().subtreeSize(current()), gone->before);

    window.compare().withFile(QStringLiteral("/nowhere/at/all"));
    ASSERT_TRUE(eventually([&] { return !window.compare().busy(); }));
    EXPECT_EQ(window.compare().model().rowCount(), 0);
}

} // namespace
} // namespace coroscope::app
