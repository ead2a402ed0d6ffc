// SPDX-License-Identifier: Apache-2.0
// Exporting from the window: through the menu, through a job's menu, and to the clipboard.
#include "HandFedSource.h"
#include "HandFedWindow.h"

#include "widgets/Banner.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"

#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QLineEdit>
#include <QMenu>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include <gtest/gtest.h>

namespace coroscope::app {
namespace {

struct ExportWindowTest : testing::Test {
    void SetUp() override {
        QSettings().remove(QStringLiteral("exportFormat"));
        window.resize(1200, 700);
        window.show();
        observe::Batch batch;
        batch.reset = true;
        batch.rows.push_back(job(1, 0));
        for (std::uint32_t i = 2; i < 30; ++i)
            batch.rows.push_back(job(i, i < 10 ? 1 : 2));
        feed->push(std::move(batch));
        window.workspace().open(std::make_unique<HandFedSource>(feed));
        ASSERT_TRUE(eventually([this] { return window.workspace().tree().size() == 29; }));
        QApplication::clipboard()->setText(QStringLiteral("before"));
    }
    QAction* exportAction() { return window.findChild<QAction*>(QStringLiteral("export")); }
    bool exported() {
        return eventually([this] {
            const auto& saving = window.workspace().saving();
            return saving && saving->state == Workspace::Saving::State::Done;
        });
    }
    static QString nameIn(const QFileDialog& dialog) {
        return QFileInfo(dialog.selectedFiles().value(0)).fileName();
    }
    /// As somebody would type it.
    static void type(QFileDialog& dialog, const QString& path) {
        dialog.findChild<QLineEdit*>(QStringLiteral("fileNameEdit"))->setText(path);
    }
    static QByteArray contents(const QString& path) {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    /// Opens the menu of a job with the mouse and takes this of it.
    void chooseFor(std::uint32_t number, const char* action) {
        const observe::Node node = window.workspace().tree().find(id(number));
        window.tree().show(node);
        QApplication::processEvents();
        std::size_t row = 0;
        while (window.tree().nodeAt(window.tree().rowRect(row).center()) != node)
            ASSERT_LT(++row, 100u);
        const QPoint at = window.tree().rowRect(row).center();
        QContextMenuEvent event(QContextMenuEvent::Mouse, at, window.tree().viewport()->mapToGlobal(at));
        QApplication::sendEvent(window.tree().viewport(), &event);
        QAction* found = nullptr;
        ASSERT_TRUE(eventually([&] {
            for (QMenu* menu : window.findChildren<QMenu*>())
                for (QAction* each : menu->actions())
                    if (menu->isVisible() && each->objectName() == QLatin1String(action))
                        found = each;
            return found != nullptr;
        }));
        auto* menu = qobject_cast<QMenu*>(found->parent());
        ASSERT_NE(menu, nullptr);
        QTest::mouseClick(menu, Qt::LeftButton, Qt::NoModifier, menu->actionGeometry(found).center());
    }

    QTemporaryDir directory;
    std::shared_ptr<Feed> feed = std::make_shared<Feed>();
    MainWindow window{ThemeChoice::Light};
};

TEST_F(ExportWindowTest, theMenuExportsTheSessionInTheFormatThatIsChosen) {
    ASSERT_NE(exportAction(), nullptr);
    EXPECT_TRUE(exportAction()->isEnabled());
    exportAction()->trigger();
    QFileDialog* dialog = window.fileDialog();
    ASSERT_NE(dialog, nullptr);
    EXPECT_EQ(dialog->selectedNameFilter(), QStringLiteral("Markdown (*.md)"));
    EXPECT_TRUE(nameIn(*dialog).startsWith(QStringLiteral("handfed-4711-")));
    EXPECT_TRUE(nameIn(*dialog).endsWith(QStringLiteral(".md")));
    EXPECT_EQ(dialog->nameFilters().size(), 7);
    EXPECT_EQ(dialog->findChild<QCheckBox*>(QStringLiteral("saveOnlyMatches")), nullptr)
        << "nothing is searched for";
    dialog->selectNameFilter(QStringLiteral("Trace events for Perfetto (*.trace.json)"));
    emit dialog->filterSelected(dialog->selectedNameFilter());
    EXPECT_TRUE(nameIn(*dialog).endsWith(QStringLiteral(".trace.json"))) << nameIn(*dialog).toStdString();
    const QString path = directory.filePath(QStringLiteral("mine.trace.json"));
    type(*dialog, path);
    static_cast<QDialog*>(dialog)->accept();
    ASSERT_TRUE(exported());
    EXPECT_TRUE(contents(path).startsWith("{\"displayTimeUnit\""));
    EXPECT_TRUE(window.saveBanner().text().startsWith(
        QStringLiteral("Exported 29 jobs as Trace events for Perfetto to ") + path))
        << window.saveBanner().text().toStdString();
    // The format is remembered.
    ASSERT_TRUE(eventually([this] { return window.fileDialog() == nullptr; }));
    window.askExport({});
    EXPECT_TRUE(nameIn(*window.fileDialog()).endsWith(QStringLiteral(".trace.json")));
}

TEST_F(ExportWindowTest, whileAFilterIsInUseOnlyWhatItShowsIsExportedUnlessAllIsWanted) {
    window.setFilter(QStringLiteral("name:name-17"));
    ASSERT_TRUE(eventually(
        [this] { return window.workspace().rows().filtered() && !window.workspace().rows().scanning(); }));
    for (const bool only : {true, false}) {
        window.askExport({});
        auto* matches = window.fileDialog()->findChild<QCheckBox*>(QStringLiteral("saveOnlyMatches"));
        ASSERT_NE(matches, nullptr);
        EXPECT_TRUE(matches->isChecked());
        matches->setChecked(only);
        const QString path =
            directory.filePath(only ? QStringLiteral("some.json") : QStringLiteral("all.json"));
        type(*window.fileDialog(), path);
        static_cast<QDialog*>(window.fileDialog())->accept();
        ASSERT_TRUE(exported());
        window.workspace().dismissSaving();
        const QByteArray text = contents(path);
        EXPECT_TRUE(text.contains("\"name-17\"")) << "the format is that of the name";
        EXPECT_EQ(text.contains("\"name-18\""), !only);
        ASSERT_TRUE(eventually([this] { return window.fileDialog() == nullptr; }));
    }
}

TEST_F(ExportWindowTest, theMenuOfAJobCopiesWhatIsBelowItAsText) {
    ASSERT_NO_FATAL_FAILURE(chooseFor(2, "copyMarkdown"));
    ASSERT_TRUE(exported());
    const QString markdown = QApplication::clipboard()->text();
    EXPECT_TRUE(markdown.startsWith(QStringLiteral("# Coroutines of handfed (pid 4711)")));
    EXPECT_TRUE(markdown.contains(QStringLiteral("name-2 launch #2"))) << markdown.toStdString();
    EXPECT_FALSE(markdown.contains(QStringLiteral("name-3 launch #3"))) << "that is beside it";
    EXPECT_EQ(window.saveBanner().text(), QStringLiteral("Copied 21 jobs as Markdown."));

    ASSERT_NO_FATAL_FAILURE(chooseFor(2, "copyKotlin"));
    ASSERT_TRUE(exported());
    const QString kotlin = QApplication::clipboard()->text();
    EXPECT_TRUE(kotlin.startsWith(QStringLiteral("\"name-2#2\":StandaloneCoroutine{Active}")))
        << kotlin.toStdString();
    EXPECT_EQ(kotlin.count(QLatin1Char('\n')), 21);
    window.openCopied();
    ASSERT_TRUE(eventually([this] {
        return window.workspace().state() == Workspace::State::File && window.workspace().tree().size() == 21;
    })) << "what was copied can be opened";
}

TEST_F(ExportWindowTest, theMenuOfAJobExportsWhatIsBelowIt) {
    ASSERT_NO_FATAL_FAILURE(chooseFor(2, "exportSubtree"));
    ASSERT_TRUE(eventually([this] { return window.fileDialog() != nullptr; }));
    EXPECT_EQ(window.fileDialog()->windowTitle(), QStringLiteral("Export this subtree"));
    const QString path = directory.filePath(QStringLiteral("part.coroscope"));
    type(*window.fileDialog(), path);
    static_cast<QDialog*>(window.fileDialog())->accept();
    ASSERT_TRUE(exported());
    window.openFile(path);
    ASSERT_TRUE(eventually([this] {
        return window.workspace().state() == Workspace::State::File && window.workspace().tree().size() == 21;
    }));
    // A job that has ended meanwhile is not there to be exported.
    window.workspace().exportTo(path, {.format = observe::ExportFormat::Json, .job = id(3)});
    ASSERT_TRUE(eventually([this] {
        const auto& saving = window.workspace().saving();
        return saving && saving->state == Workspace::Saving::State::Failed;
    }));
    EXPECT_EQ(window.saveBanner().text(), QStringLiteral("The job that was to be exported has ended."));
}

} // namespace
} // namespace coroscope::app
