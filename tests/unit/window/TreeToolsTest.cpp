// SPDX-License-Identifier: Apache-2.0
// What helps to find one's way in the tree, and from it to the source, in the real window.
#include "HandFedSource.h"
#include "HandFedWindow.h"

#include "model/SiblingOrder.h"
#include "model/Sources.h"
#include "program/Editor.h"
#include "widgets/DetailsPanel.h"
#include "widgets/FilterField.h"
#include "widgets/JobTreeView.h"
#include "widgets/JobsAccessible.h"
#include "widgets/MainWindow.h"

#include <QApplication>
#include <QContextMenuEvent>
#include <QDir>
#include <QFile>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <gtest/gtest.h>

namespace coroscope::app {
namespace {

using observe::Node;
using observe::noNode;

TEST(SiblingOrder, namesAreSortedAsPeopleDo) {
    EXPECT_LT(compareNaturally(QStringLiteral("reader-9"), QStringLiteral("reader-10")), 0);
    EXPECT_LT(compareNaturally(QStringLiteral("Reader-9"), QStringLiteral("writer-1")), 0);
    EXPECT_EQ(compareNaturally(QStringLiteral("a007"), QStringLiteral("A7")), 0);
    EXPECT_EQ(nameWithoutNumber(QStringLiteral("reader-311")), QStringLiteral("reader"));
    EXPECT_EQ(nameWithoutNumber(QStringLiteral("42")), QStringLiteral("42"));
}

TEST(Editor, isStartedWithoutAShell) {
    EXPECT_EQ(
        editor::arguments(QStringLiteral("ed --at {line} {file}"), QStringLiteral("/tmp/a b; {line}.cpp"), 7),
        (QStringList{QStringLiteral("ed"), QStringLiteral("--at"), QStringLiteral("7"),
                     QStringLiteral("/tmp/a b; {line}.cpp")}));
    EXPECT_EQ(editor::arguments(QStringLiteral("ed"), QStringLiteral("x.cpp"), 7).last(),
              QStringLiteral("x.cpp"));
    EXPECT_EQ(editor::usualCommand(QStringLiteral("/usr/bin/code")),
              QStringLiteral("/usr/bin/code --goto {file}:{line}"));
    EXPECT_EQ(editor::usualCommand(QStringLiteral("vi")), QStringLiteral("xdg-open {file}"));
}

TEST(Sources, areFoundWhereAMappingLeads) {
    const QTemporaryDir directory;
    QFile file(directory.filePath(QStringLiteral("reader.cpp")));
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    for (int i = 1; i <= 20; ++i)
        file.write("line " + QByteArray::number(i) + "\n");
    file.close();
    Sources sources;
    EXPECT_TRUE(sources.around(QStringLiteral("/src/reader.cpp"), 10).lines.isEmpty());
    Sources::setMappings({{QStringLiteral("/src/"), directory.path() + QLatin1Char('/')}});
    sources.forget();
    const Sources::Excerpt& found = sources.around(QStringLiteral("/src/reader.cpp"), 10);
    EXPECT_EQ(found.firstLine, 8u);
    EXPECT_EQ(found.lines.size(), 5);
    EXPECT_EQ(found.lines[2], QStringLiteral("line 10"));
    EXPECT_TRUE(sources.around(QStringLiteral("/src/reader.cpp"), 21).lines.isEmpty()) << "another version";
    EXPECT_EQ(sources.around(QStringLiteral("/src/reader.cpp"), 1).firstLine, 1u);
    EXPECT_TRUE(sources.around(QStringLiteral("/dev/zero"), 1).lines.isEmpty());
    Sources::setMappings({});
}

TEST(Sources, areFoundFromTheDirectoryThatAProgramWasBuiltIn) {
    const QTemporaryDir directory;
    ASSERT_TRUE(QDir(directory.path()).mkpath(QStringLiteral("build/bin")));
    ASSERT_TRUE(QDir(directory.path()).mkpath(QStringLiteral("src")));
    QFile file(directory.filePath(QStringLiteral("src/reader.cpp")));
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write("one\ntwo\nthree\n");
    file.close();
    Sources sources;
    EXPECT_TRUE(sources.around(QStringLiteral("../src/reader.cpp"), 2).lines.isEmpty());
    sources.setProgram(directory.filePath(QStringLiteral("build/bin/orders")));
    EXPECT_EQ(sources.around(QStringLiteral("../src/reader.cpp"), 2).lines.value(1), QStringLiteral("two"));
    sources.setProgram({});
    EXPECT_TRUE(sources.around(QStringLiteral("../src/reader.cpp"), 2).lines.isEmpty());
}

class TreeToolsTest : public testing::Test {
protected:
    void SetUp() override {
        window.resize(1400, 800);
        window.show();
        observe::Batch batch;
        batch.reset = true;
        batch.rows.push_back(job(1, 0));
        batch.rows.push_back(job(2, 1));
        for (std::uint32_t i = 10; i < 20; ++i) {
            batch.rows.push_back(job(i, 2));
            batch.rows.back().site = batch.rows.back().suspendedAt = 5;
            if (i == 19)
                batch.rows.back().execution = Execution::Running;
        }
        batch.rows.push_back(job(30, 0));
        batch.rows.back().flags = JobFlags::launchedInGlobalScope;
        feed->push(std::move(batch));
        window.workspace().open(std::make_unique<HandFedSource>(feed));
        ASSERT_TRUE(eventually([this] { return window.workspace().tree().size() == 13; }));
        QApplication::setActiveWindow(&window);
    }
    void TearDown() override {
        window.tree().sortBy(-1, false);
        window.tree().setFolding(false);
    }
    Node node(std::uint32_t index) { return window.workspace().tree().find(id(index)); }
    std::uint32_t selected() {
        return window.workspace().selected() ? window.workspace().selected()->id.index() : 0;
    }
    std::vector<std::uint32_t> shown() {
        std::vector<std::uint32_t> indices;
        const TreeRows& rows = window.workspace().rows();
        rows.forEach(0, rows.size(), [&](Node n) {
            indices.push_back(n == orphanGroup ? 0 : window.workspace().tree().row(n).id.index());
        });
        return indices;
    }

    std::shared_ptr<Feed> feed = std::make_shared<Feed>();
    MainWindow window{ThemeChoice::Light};
};

TEST_F(TreeToolsTest, aClickOnAHeaderSortsAndIsRemembered) {
    window.workspace().select(id(12));
    const int before = window.tree().rowRect(window.workspace().rows().rowOf(node(12))).top();
    emit window.tree().header()->sectionClicked(JobColumn);
    EXPECT_EQ(window.tree().sortColumn(), JobColumn);
    EXPECT_EQ(shown()[2], 10u);
    emit window.tree().header()->sectionClicked(JobColumn);
    EXPECT_EQ(shown()[2], 19u);
    EXPECT_EQ(selected(), 12u);
    EXPECT_TRUE(window.tree().sortsDescending());
    EXPECT_EQ(QSettings().value(QStringLiteral("tree/sort")).toInt(), JobColumn);
    emit window.tree().header()->sectionClicked(JobColumn);
    EXPECT_EQ(window.tree().sortColumn(), -1);
    EXPECT_EQ(window.tree().rowRect(window.workspace().rows().rowOf(node(12))).top(), before);
    observe::Batch batch;
    emit window.tree().header()->sectionClicked(AgeColumn);
    batch.rows.push_back(job(40, 2));
    batch.rows.back().createdAt = observe::monotonicNow();
    feed->push(std::move(batch));
    EXPECT_TRUE(eventually([this] { return shown().size() == 15u; })) << "new rows come in sorted trees, too";
}

TEST_F(TreeToolsTest, jobsThatAreAlikeAreOneRowUntilOneLooksCloser) {
    window.findChild<QToolButton*>(QStringLiteral("foldAlike"))->click();
    EXPECT_EQ(shown(), (std::vector<std::uint32_t>{1, 2, 10, 19, 0, 30}));
    const Node nine = node(10);
    EXPECT_EQ(window.workspace().rows().folded(nine), 9u);
    EXPECT_TRUE(
        window.tree().painter().accessibleName(nine).startsWith(QStringLiteral("9 alike: name launch")));
    window.grab();
    window.tree().setCurrent(nine);
    EXPECT_TRUE(eventually([&] {
        for (const QLabel* label : window.details().findChildren<QLabel*>())
            if (label->text().contains(QStringLiteral("one of 9 alike")))
                return true;
        return false;
    })) << "the details are about one of them, and say so";
    QContextMenuEvent asked(QContextMenuEvent::Keyboard, QPoint(30, 30),
                            window.tree().mapToGlobal(QPoint(30, 30)));
    QApplication::sendEvent(window.tree().viewport(), &asked);
    auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
    ASSERT_NE(menu, nullptr);
    for (const QAction* action : menu->actions())
        EXPECT_FALSE(action->text().startsWith(QStringLiteral("Cancel"))) << "which of them?";
    menu->close();
    QTest::keyClick(&window.tree(), Qt::Key_Right);
    EXPECT_EQ(shown().size(), 14u);
    window.tree().setFolding(false);
    window.tree().setFolding(true);
    window.tree().show(node(15));
    EXPECT_TRUE(window.workspace().rows().visible(node(15)));
    EXPECT_TRUE(QSettings().value(QStringLiteral("tree/fold")).toBool());
}

TEST_F(TreeToolsTest, thePathLeadsUpAndPinsLeadBack) {
    window.workspace().select(id(15));
    auto* path = window.findChild<QLabel*>(QStringLiteral("path"));
    ASSERT_NE(path, nullptr);
    EXPECT_TRUE(path->text().contains(QStringLiteral("name-2</a>"))) << qPrintable(path->text());
    emit path->linkActivated(QString::number(id(2).value));
    EXPECT_EQ(selected(), 2u);
    window.workspace().select(id(15));
    window.tree().setFocus();
    QTest::keyClick(&window.tree(), Qt::Key_Backspace);
    EXPECT_EQ(selected(), 2u);
    window.tree().setPinned(id(15), true);
    const auto* pins = window.findChild<QToolButton*>(QStringLiteral("pins"));
    EXPECT_TRUE(pins->isVisible());
    EXPECT_EQ(pins->text(), QStringLiteral("Pinned 1"));
    window.tree().setPinned(id(15), false);
    EXPECT_FALSE(pins->isVisible());
}

TEST_F(TreeToolsTest, f8GoesFromFindingToFinding) {
    ASSERT_TRUE(eventually([this] { return !window.workspace().findings().all().empty(); }));
    QTest::keyClick(&window, Qt::Key_F8);
    EXPECT_EQ(selected(), 30u);
    QTest::keyClick(&window, Qt::Key_F8, Qt::ShiftModifier);
    EXPECT_EQ(selected(), 30u) << "round the end";
}

TEST_F(TreeToolsTest, levelsAreOpenedAndClosed) {
    window.workspace().select({});
    window.tree().collapseAll();
    EXPECT_EQ(shown(), (std::vector<std::uint32_t>{1, 0, 30}));
    window.tree().expandTo(1);
    EXPECT_EQ(shown(), (std::vector<std::uint32_t>{1, 2, 0, 30}));
}

TEST_F(TreeToolsTest, screenReadersHearTheColumns) {
    JobsAccessible tree(&window.tree());
    const QString cells = tree.child(2)->text(QAccessible::Description);
    EXPECT_TRUE(cells.contains(QStringLiteral("Where suspended: reader.cpp:5"))) << qPrintable(cells);
    EXPECT_TRUE(cells.contains(QStringLiteral("Age: ")));
    EXPECT_FALSE(cells.contains(QStringLiteral("Resumed")));
    window.tree().header()->showSection(ResumesColumn);
    EXPECT_TRUE(tree.child(2)->text(QAccessible::Description).contains(QStringLiteral("Resumed: 0")));
    window.tree().header()->hideSection(ResumesColumn);
}

TEST_F(TreeToolsTest, childrenByStateAreFilters) {
    window.workspace().select(id(2));
    QString text;
    ASSERT_TRUE(eventually([&] {
        for (const QLabel* label : window.details().findChildren<QLabel*>())
            if (label->text().contains(QStringLiteral("9 suspended")))
                text = label->text();
        return !text.isEmpty();
    }));
    EXPECT_TRUE(text.contains(QStringLiteral("filter:parent:#2 state:running")));
    emit window.details().filterRequested(QStringLiteral("parent:#2 state:running"));
    EXPECT_EQ(window.filter().text(), QStringLiteral("parent:#2 state:running"));
    EXPECT_TRUE(eventually(
        [this] { return window.workspace().rows().filtered() && window.workspace().rows().matches() == 1; }));
}

TEST_F(TreeToolsTest, theLastStatesOfTheSelectedJobAreTold) {
    window.workspace().select(id(11));
    observe::Batch batch;
    batch.rows.push_back(job(11, 2));
    batch.rows.back().execution = Execution::Running;
    batch.rows.back().executionSequence = 2;
    batch.rows.back().executionSince = observe::monotonicNow();
    feed->push(std::move(batch));
    EXPECT_TRUE(eventually([this] {
        for (const QLabel* label : window.details().findChildren<QLabel*>())
            if (label->text().contains(QStringLiteral("Running")) &&
                label->text().contains(QStringLiteral("</tr><tr>")))
                return true;
        return false;
    }));
    EXPECT_EQ(window.workspace().selected()->history.changes.size(), 2u);
}

} // namespace
} // namespace coroscope::app
