// SPDX-License-Identifier: Apache-2.0
// The real main window with dumps: saves one, opens it, and what it says of damaged ones; and ended jobs.
#include "HandFedSource.h"
#include "HandFedWindow.h"

#include "widgets/Banner.h"
#include "widgets/DetailsPanel.h"
#include "widgets/DropHint.h"
#include "widgets/EndedPanel.h"
#include "widgets/FilterField.h"
#include "widgets/FindingsPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"
#include "widgets/StatusBar.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QDockWidget>
#include <QDragLeaveEvent>
#include <QDropEvent>
#include <QEventLoop>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTimer>
#include <QTreeView>

#include <gtest/gtest.h>

#include <algorithm>

namespace coroscope::app {
namespace {

using observe::noNode;

class DumpWindowTest : public testing::Test {
protected:
    void SetUp() override {
        window.resize(1400, 900);
        window.show();
        observe::Batch batch;
        batch.reset = true;
        batch.rows.push_back(job(1, 0));
        for (std::uint32_t i = 2; i < 500; ++i)
            batch.rows.push_back(job(i, 1));
        feed->push(std::move(batch));
        window.workspace().open(std::make_unique<HandFedSource>(feed));
        ASSERT_TRUE(eventually([this] { return window.workspace().tree().size() == 499; }));
    }
    /// Jobs 10 .. 19 end, every second one with an exception.
    void endSome() {
        observe::Batch ends;
        for (std::uint32_t i = 10; i < 20; ++i)
            ends.ended.push_back({id(i), i % 2 ? JobState::Failed : JobState::Completed, i % 2 ? i : 0u,
                                  observe::monotonicNow()});
        feed->push(std::move(ends));
        ASSERT_TRUE(eventually([this] { return window.workspace().endedJobs().total() == 10; }));
    }
    void showEnded() {
        auto* dock = window.findChild<QDockWidget*>(QStringLiteral("endedDock"));
        dock->raise();
        ASSERT_TRUE(
            eventually([this] { return window.ended().isVisible() && window.ended().shown() == 10; }));
    }
    void save(const QString& to) {
        window.workspace().save(to, false);
        ASSERT_TRUE(eventually([this] {
            const auto& saving = window.workspace().saving();
            return saving && saving->state != Workspace::Saving::State::Going;
        }));
    }
    QString cell(int row, int column) {
        QAbstractItemModel* model = window.ended().list()->model();
        return model->index(row, column).data().toString();
    }
    bool opened() {
        return eventually([this] {
            return window.workspace().state() == Workspace::State::File &&
                   window.workspace().tree().size() > 0;
        });
    }

    QTemporaryDir directory;
    QString path = directory.filePath(QStringLiteral("handfed.coroscope"));
    std::shared_ptr<Feed> feed = std::make_shared<Feed>();
    MainWindow window{ThemeChoice::Light};
};

TEST_F(DumpWindowTest, whatIsSavedIsWhatIsOpened) {
    endSome();
    save(path);
    EXPECT_TRUE(window.saveBanner().text().startsWith(QStringLiteral("Saved 489 jobs to ") + path))
        << window.saveBanner().text().toStdString();
    window.findChild<QPushButton*>(QStringLiteral("saveBannerAction"))->click();
    EXPECT_FALSE(window.saveBanner().isVisible());

    window.openFile(path);
    ASSERT_TRUE(opened());
    EXPECT_EQ(window.workspace().tree().size(), 489u);
    EXPECT_EQ(window.workspace().endedJobs().failures(), 5u);
    EXPECT_EQ(window.windowTitle(), QStringLiteral("Dump of handfed (pid 4711) - Coroscope"));
    EXPECT_FALSE(window.banner().isVisible());
    EXPECT_TRUE(
        window.findChild<StatusBar*>()->text().startsWith(QStringLiteral("dump of handfed · pid 4711")));
    EXPECT_TRUE(window.findChild<StatusBar*>()->text().contains(QStringLiteral(" ago (20")) ||
                window.findChild<StatusBar*>()->text().contains(QStringLiteral("just now (20")));
    const std::int64_t now = window.workspace().now();
    EXPECT_EQ(window.workspace().now(), now) << "ages stand still";
    EXPECT_LE(now, observe::monotonicNow());
}

TEST_F(DumpWindowTest, nothingInADumpCanBeCancelledAndItSaysWhy) {
    save(path);
    window.openFile(path);
    ASSERT_TRUE(opened());
    window.workspace().select(id(1));
    QApplication::processEvents();
    auto* button = window.findChild<QPushButton*>(QStringLiteral("cancel"));
    EXPECT_FALSE(button->isEnabled());
    EXPECT_TRUE(button->toolTip().contains(QStringLiteral("dump of handfed (pid 4711)")));
    auto* detail = window.findChild<QPushButton*>(QStringLiteral("detailsCancel"));
    EXPECT_FALSE(detail->isEnabled());
    EXPECT_TRUE(detail->toolTip().contains(QStringLiteral("dump of handfed (pid 4711)")));
    EXPECT_TRUE(feed->commands.empty());
}

TEST_F(DumpWindowTest, ofADamagedDumpItListsWhatIsMissing) {
    save(path);
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::ReadWrite));
    file.resize(file.size() - 50);
    file.close();
    window.openFile(path);
    ASSERT_TRUE(opened());
    EXPECT_TRUE(window.banner().isVisible());
    EXPECT_EQ(window.banner().text(), QStringLiteral("Not all of this dump could be read."));
    ASSERT_FALSE(window.banner().more().isEmpty());
    EXPECT_TRUE(window.banner().more().first().contains(QStringLiteral("cut off")));
}

TEST_F(DumpWindowTest, whatIsNoDumpLeavesWhatWasThereAndSaysSo) {
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write("something else");
    file.close();
    window.openFile(path);
    ASSERT_TRUE(eventually([this] { return window.banner().isVisible(); }));
    EXPECT_TRUE(window.banner().text().contains(QStringLiteral("holds no dump that is known here")));
    EXPECT_EQ(window.workspace().state(), Workspace::State::Live);
    EXPECT_EQ(window.workspace().tree().size(), 499u);
}

TEST_F(DumpWindowTest, aSaveThatFailsSaysWhyAndStopsNothing) {
    save(directory.filePath(QStringLiteral("no/such/place")));
    EXPECT_TRUE(window.saveBanner().isVisible());
    EXPECT_TRUE(
        window.saveBanner().text().endsWith(QStringLiteral("cannot be written: No such file or directory.")))
        << window.saveBanner().text().toStdString();
    EXPECT_EQ(window.workspace().state(), Workspace::State::Live);
}

TEST_F(DumpWindowTest, aFileCanBeDroppedOnTheWindow) {
    save(path);
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path)});
    QDragEnterEvent enter({100, 100}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &enter);
    EXPECT_TRUE(enter.isAccepted());
    QDropEvent drop({100, 100}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &drop);
    EXPECT_TRUE(opened());
}

TEST_F(DumpWindowTest, whatIsDraggedOverTheWindowIsToldWhatWillHappen) {
    const auto* const hint = window.findChild<DropHint*>();
    ASSERT_NE(hint, nullptr);
    const auto enter = [this](const QMimeData& data) {
        QDragEnterEvent event({100, 100}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&window, &event);
    };
    QMimeData file, files, text, picture;
    file.setUrls({QUrl::fromLocalFile(QStringLiteral("/var/tmp/evening.coroscope"))});
    files.setUrls({QUrl::fromLocalFile(QStringLiteral("/a")), QUrl::fromLocalFile(QStringLiteral("/b"))});
    text.setText(QStringLiteral("goroutine 1 [running]:"));
    picture.setData(QStringLiteral("image/png"), "no dump");
    EXPECT_FALSE(hint->isVisible());
    enter(picture);
    EXPECT_FALSE(hint->isVisible());
    enter(file);
    EXPECT_TRUE(hint->isVisible());
    EXPECT_EQ(hint->sentence(), QStringLiteral("Drop to open evening.coroscope"));
    EXPECT_EQ(hint->size(), window.size());
    window.resize(window.width() + 40, window.height());
    EXPECT_EQ(hint->size(), window.size());
    QDragLeaveEvent leave;
    QApplication::sendEvent(&window, &leave);
    EXPECT_FALSE(hint->isVisible());
    enter(files);
    EXPECT_EQ(hint->sentence(), QStringLiteral("Drop to open 2 files"));
    enter(text);
    EXPECT_EQ(hint->sentence(), QStringLiteral("Drop to open the text as a dump"));
    EXPECT_TRUE(hint->isVisible());
    QDropEvent drop({100, 100}, Qt::CopyAction, &text, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &drop);
    EXPECT_FALSE(hint->isVisible());
}

TEST_F(DumpWindowTest, aFileDroppedOnTheFilterFieldIsOpenedAndAWordIsAFilter) {
    save(path);
    auto* const field = window.findChild<FilterField*>();
    ASSERT_NE(field, nullptr);
    const auto drop = [field](const QMimeData& data) {
        QDragEnterEvent enter({5, 5}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(field, &enter);
        QDropEvent event({5, 5}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(field, &event);
    };
    QMimeData word, file;
    word.setText(QStringLiteral("worker"));
    drop(word);
    EXPECT_EQ(field->text(), QStringLiteral("worker"));
    field->clear();
    file.setUrls({QUrl::fromLocalFile(path)});
    file.setText(path);
    drop(file);
    EXPECT_TRUE(opened());
    EXPECT_EQ(field->text(), QString());
}

TEST_F(DumpWindowTest, anOpenedDumpHasItsJobsAndIsJudgedBeforeItIsSaidThatNothingIsWrong) {
    std::size_t atFirst = 0;
    bool judged = true;
    QObject::connect(&window.workspace(), &Workspace::attached, &window, [&] {
        atFirst = window.workspace().tree().size();
        judged = window.workspace().judged();
    });
    window.openFile(QStringLiteral(FOREIGN_DUMPS "/job-hierarchy.txt"));
    ASSERT_TRUE(eventually([&] { return atFirst > 0; }));
    EXPECT_FALSE(judged);
    const auto looking = [this] {
        const auto labels = window.findChild<FindingsPanel*>()->findChildren<QLabel*>();
        return std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
            return label->text().contains(QStringLiteral("Looking for what is wrong"));
        });
    };
    EXPECT_TRUE(looking());
    EXPECT_TRUE(eventually([&] { return window.workspace().judged(); }));
    EXPECT_FALSE(looking());
}

TEST_F(DumpWindowTest, aDumpThatIsLeftWhileItIsJudgedIsJudgedWhenOneComesBack) {
    constexpr int threads = 60'000; // takes some ticks
    QString text = QStringLiteral("Full thread dump of many:\n\n");
    for (int i = 1; i <= threads; ++i)
        text += QStringLiteral("\"t%1\" #%1 prio=5 tid=0x1 nid=1 waiting\n   java.lang.Thread.State: WAITING "
                               "(parking)\n\tat a.B.c(B.java:1)\n\n")
                    .arg(i);
    Workspace& workspace = window.workspace();
    const int before = workspace.shownKey();
    workspace.openText(text, QStringLiteral("many"));
    ASSERT_TRUE(eventually([&] { return workspace.tree().size() == threads; }));
    const int many = workspace.shownKey();
    const auto letPass = [](int milliseconds) {
        QEventLoop loop;
        QTimer::singleShot(milliseconds, Qt::PreciseTimer, &loop, &QEventLoop::quit);
        loop.exec();
    };
    for (const int milliseconds : {0, 5, 18, 25, 40}) {
        workspace.show(before);
        workspace.show(many);
        EXPECT_FALSE(workspace.judged());
        letPass(milliseconds);
    }
    EXPECT_TRUE(eventually([&] { return workspace.judged(); }));
    ASSERT_EQ(workspace.findings().all().size(), 1u);
    EXPECT_EQ(workspace.findings().all().front().rule, "leak-by-growth");
    workspace.show(before);
    workspace.show(many);
    letPass(18);
    workspace.closeSession(many);
    EXPECT_TRUE(eventually([&] { return workspace.judged(); }));
    EXPECT_EQ(workspace.shownKey(), before);
}

TEST_F(DumpWindowTest, severalFilesAndTextCanBeDroppedAndNothingElse) {
    const auto drop = [this](const QMimeData& data) {
        QDragEnterEvent enter({100, 100}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        enter.ignore();
        QApplication::sendEvent(&window, &enter);
        QDropEvent event({100, 100}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&window, &event);
        return enter.isAccepted();
    };
    const auto shown = [this](const char* name, std::size_t jobs) {
        return eventually([&] {
            return QString::fromStdString(window.workspace().info().file).endsWith(QLatin1String(name)) &&
                   window.workspace().tree().size() == jobs;
        });
    };
    QMimeData files;
    files.setUrls({QUrl::fromLocalFile(QStringLiteral(FOREIGN_DUMPS "/goroutines-after.txt")),
                   QUrl::fromLocalFile(QStringLiteral(FOREIGN_DUMPS "/debugprobes-after.txt"))});
    EXPECT_TRUE(drop(files));
    ASSERT_TRUE(shown("debugprobes-after.txt", 16));
    EXPECT_EQ(window.workspace().sessions().size(), 3u) << "what was there before stays";

    QFile file(QStringLiteral(FOREIGN_DUMPS "/job-hierarchy.txt"));
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    QMimeData text;
    text.setText(QString::fromUtf8(file.readAll()).replace(QStringLiteral("\n"), QStringLiteral("\r\n")));
    EXPECT_TRUE(drop(text));
    ASSERT_TRUE(shown("what was dropped here", 10));

    QMimeData picture;
    picture.setData(QStringLiteral("image/png"), "no dump");
    EXPECT_FALSE(drop(picture));
    EXPECT_EQ(window.workspace().sessions().size(), 4u);

    // A file manager copies files.
    auto* copied = new QMimeData;
    copied->setUrls({QUrl::fromLocalFile(QStringLiteral(FOREIGN_DUMPS "/intellij.txt"))});
    QApplication::clipboard()->setMimeData(copied);
    window.openCopied();
    ASSERT_TRUE(shown("intellij.txt", 24));
}

TEST_F(DumpWindowTest, anEmptyClipboardIsToldWhateverIsOnShow) {
    QApplication::clipboard()->clear();
    window.openCopied();
    EXPECT_EQ(window.banner().text(), QStringLiteral("Nothing was copied that could be a dump."));
    MainWindow other(ThemeChoice::Light);
    other.show();
    other.openCopied();
    QStringList words;
    for (const QLabel* label : other.findChildren<QLabel*>())
        if (label->isVisible())
            words << label->text();
    EXPECT_TRUE(words.contains(QStringLiteral("Nothing was copied that could be a dump.")))
        << words.join(QLatin1Char('\n')).toStdString();
}

TEST_F(DumpWindowTest, ofADumpThatTellsNoTimesThereAreNoColumnsForThem) {
    const auto hidden = [this](const char* name) {
        window.openFile(QStringLiteral(FOREIGN_DUMPS "/") + QLatin1String(name));
        EXPECT_TRUE(eventually([&] {
            return window.workspace().tree().size() > 0 &&
                   QString::fromStdString(window.workspace().info().file).endsWith(QLatin1String(name));
        }));
        const QHeaderView* header = window.tree().header();
        EXPECT_EQ(header->isSectionHidden(AgeColumn), header->isSectionHidden(InStateColumn));
        return header->isSectionHidden(AgeColumn);
    };
    EXPECT_FALSE(window.tree().header()->isSectionHidden(AgeColumn));
    EXPECT_TRUE(hidden("debugprobes-after.txt"));
    EXPECT_FALSE(hidden("jvm-deadlock.txt")) << "threads have ages";
    EXPECT_TRUE(hidden("job-hierarchy.txt"));
    EXPECT_FALSE(hidden("orders-after.coroscope"));
}

TEST_F(DumpWindowTest, withoutFindingsNothingIsSaidThatTheDumpDoesNotTell) {
    const auto says = [this](const char* name, const char* words) {
        window.openFile(QStringLiteral(FOREIGN_DUMPS "/") + QLatin1String(name));
        return eventually([&] {
            const auto* said = window.findChild<FindingsPanel*>();
            for (const QLabel* label : said->findChildren<QLabel*>())
                if (label->isVisible() && label->text() == QLatin1String(words))
                    return QString::fromStdString(window.workspace().info().file)
                        .endsWith(QLatin1String(name));
            return false;
        });
    };
    EXPECT_TRUE(says("goroutines-after.txt",
                     "Nothing found in this dump. Whether every job had an owner it does not tell."))
        << "it tells parents, but not what is a scope";
    save(path);
    window.openFile(path);
    ASSERT_TRUE(opened());
    QFile file(QStringLiteral(FOREIGN_DUMPS "/goroutines-after.txt"));
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    QFile cut(directory.filePath(QStringLiteral("cut.txt")));
    ASSERT_TRUE(cut.open(QIODevice::WriteOnly));
    cut.write(file.readAll().left(900));
    cut.close();
    window.openFile(cut.fileName());
    EXPECT_TRUE(eventually([this] {
        for (const QLabel* label : window.findChild<FindingsPanel*>()->findChildren<QLabel*>())
            if (label->isVisible() &&
                label->text() == QStringLiteral("Nothing found in what could be read of this dump."))
                return true;
        return false;
    }));
}

TEST_F(DumpWindowTest, theListOfWhatIsOpenShowsTheOneOnShow) {
    auto* list = window.findChild<QListView*>(QStringLiteral("openSessions"));
    ASSERT_NE(list, nullptr);
    for (int i = 0; i < 9; ++i) {
        const QString copy = directory.filePath(QStringLiteral("dump-%1.txt").arg(i));
        ASSERT_TRUE(QFile::copy(QStringLiteral(FOREIGN_DUMPS "/job-hierarchy.txt"), copy));
        window.openFile(copy);
        ASSERT_TRUE(eventually([&] { return window.workspace().info().file == copy.toStdString(); }));
    }
    QApplication::processEvents();
    const QModelIndex last = list->model()->index(list->model()->rowCount() - 1, 0);
    EXPECT_TRUE(list->viewport()->rect().contains(list->visualRect(last)));
}

TEST_F(DumpWindowTest, theDialogOffersANameAndToRedact) {
    window.askSave();
    QFileDialog* dialog = window.fileDialog();
    ASSERT_NE(dialog, nullptr);
    EXPECT_TRUE(
        QFileInfo(dialog->selectedFiles().value(0)).fileName().startsWith(QStringLiteral("handfed-4711-")));
    auto* redact = dialog->findChild<QCheckBox*>(QStringLiteral("saveRedact"));
    ASSERT_NE(redact, nullptr);
    redact->setChecked(true);
    EXPECT_TRUE(
        QFileInfo(dialog->selectedFiles().value(0)).fileName().startsWith(QStringLiteral("program-4711-")));
    dialog->setDirectory(directory.path());
    dialog->selectFile(path);
    static_cast<QDialog*>(dialog)->accept();
    ASSERT_TRUE(eventually([this] {
        const auto& saving = window.workspace().saving();
        return saving && saving->state == Workspace::Saving::State::Done;
    }));
    window.openFile(path);
    ASSERT_TRUE(opened());
    EXPECT_TRUE(window.workspace().info().redacted);
    const observe::JobRow& root = window.workspace().tree().row(window.workspace().tree().find(id(1)));
    EXPECT_TRUE(window.workspace().labels().name(root).startsWith(QStringLiteral("name-")));
}

TEST_F(DumpWindowTest, anOlderFileIsReplacedOnlyWhenThatIsWanted) {
    QFile old(path);
    ASSERT_TRUE(old.open(QIODevice::WriteOnly));
    old.write("the old one");
    old.close();
    for (const bool replace : {false, true}) {
        window.askSave();
        window.fileDialog()->setDirectory(directory.path());
        window.fileDialog()->selectFile(path);
        static_cast<QDialog*>(window.fileDialog())->accept();
        auto* box = window.findChild<QMessageBox*>();
        ASSERT_NE(box, nullptr);
        for (QAbstractButton* button : box->buttons())
            if ((box->buttonRole(button) == QMessageBox::AcceptRole) == replace)
                button->click();
        ASSERT_TRUE(eventually(
            [&] { return window.findChild<QMessageBox*>() == nullptr && window.fileDialog() == nullptr; }));
        const auto& saving = window.workspace().saving();
        EXPECT_TRUE(eventually(
            [&] { return !replace || (saving && saving->state == Workspace::Saving::State::Done); }));
        EXPECT_EQ(QFileInfo(path).size() != 11, replace);
    }
}

// ---- Jobs that have ended

TEST_F(DumpWindowTest, endedJobsAreListedFailedOnesFirst) {
    endSome();
    showEnded();
    EXPECT_EQ(cell(0, EndedModel::NameColumn), QStringLiteral("name-19 launch #19"));
    EXPECT_EQ(cell(0, EndedModel::StateColumn), QStringLiteral("Failed"));
    EXPECT_EQ(cell(0, EndedModel::ExceptionColumn), QStringLiteral("shop::Lost: order 19"));
    EXPECT_EQ(cell(0, EndedModel::SiteColumn), QStringLiteral("reader.cpp:19"));
    EXPECT_EQ(cell(4, EndedModel::NameColumn), QStringLiteral("name-11 launch #11"));
    EXPECT_EQ(cell(5, EndedModel::StateColumn), QStringLiteral("Completed"));
    EXPECT_EQ(window.findChild<QLabel*>(QStringLiteral("endedCounts"))->text(),
              QStringLiteral("5 failed · 5 ended otherwise"));
    window.ended().onlyFailures()->click();
    EXPECT_EQ(window.ended().shown(), 5);
    EXPECT_FALSE(window.ended().list()->accessibleName().isEmpty());
}

TEST_F(DumpWindowTest, anEndedJobIsFoundByWhatItIsNotByWhatItDidLast) {
    endSome();
    showEnded();
    const auto finds = [&](const char* filter, int jobs) {
        window.setFilter(QString::fromLatin1(filter));
        return eventually([&] { return window.ended().shown() == jobs; });
    };
    EXPECT_TRUE(finds("state:failed", 5));
    EXPECT_TRUE(finds("state:completed", 5));
    EXPECT_TRUE(finds("state:suspended", 0)) << "which is what they were last seen to do";
}

TEST_F(DumpWindowTest, theKeyboardLeadsFromAnEndedJobToItsWholeException) {
    endSome();
    showEnded();
    QTreeView* list = window.ended().list();
    list->setFocus();
    QKeyEvent home(QEvent::KeyPress, Qt::Key_Home, Qt::NoModifier);
    QKeyEvent down(QEvent::KeyPress, Qt::Key_Down, Qt::NoModifier);
    QApplication::sendEvent(list, &home);
    QApplication::sendEvent(list, &down);
    ASSERT_TRUE(window.workspace().selected().has_value());
    EXPECT_EQ(window.workspace().selected()->id, id(17));
    EXPECT_EQ(window.workspace().selectedNode(), noNode);
    EXPECT_EQ(window.findChild<QLabel*>(QStringLiteral("detailsName"))->text(), QStringLiteral("name-17"));
    EXPECT_TRUE(window.findChild<QLabel*>(QStringLiteral("detailsState"))
                    ->text()
                    .startsWith(QStringLiteral("Failed, ended ")));
    EXPECT_TRUE(window.details().report().contains(
        QStringLiteral("shop::Lost: order 17\n\tsuppressed: shop::Late: too late")));
    window.workspace().select(id(1));
    EXPECT_FALSE(list->currentIndex().isValid()) << "another job is selected elsewhere";
}

TEST_F(DumpWindowTest, whatIsSelectedThereStaysWhenOthersEnd) {
    endSome();
    showEnded();
    QTreeView* list = window.ended().list();
    list->setCurrentIndex(list->model()->index(3, 0));
    ASSERT_EQ(window.workspace().selected()->id, id(13));
    observe::Batch more;
    for (std::uint32_t i = 30; i < 60; ++i)
        more.ended.push_back({id(i), JobState::Failed, i, observe::monotonicNow()});
    feed->push(std::move(more));
    ASSERT_TRUE(eventually([this] { return window.ended().shown() == 40; }));
    EXPECT_EQ(list->currentIndex().data(EndedModel::jobRole).toULongLong(), id(13).value);
    EXPECT_EQ(window.workspace().selected()->id, id(13));
}

TEST_F(DumpWindowTest, aNumberFromALogFindsTheJobWhetherItLivesOrHasEnded) {
    endSome();
    auto* search = window.findChild<QLineEdit*>(QStringLiteral("search"));
    const auto searchFor = [&](const QString& text) {
        search->setText(text);
        QKeyEvent enter(QEvent::KeyPress, Qt::Key_Return, Qt::NoModifier);
        QApplication::sendEvent(search, &enter);
        return eventually(
            [this] { return window.workspace().rows().filtered() && !window.workspace().rows().scanning(); });
    };
    ASSERT_TRUE(searchFor(QStringLiteral("name-42#42")));
    EXPECT_EQ(window.workspace().rows().matches(), 1u) << "and not 420 as well";
    ASSERT_TRUE(searchFor(QStringLiteral("#333")));
    EXPECT_EQ(window.workspace().rows().matches(), 1u);
    ASSERT_TRUE(searchFor(QStringLiteral("name-15#15")));
    EXPECT_EQ(window.workspace().rows().matches(), 0u);
    ASSERT_TRUE(eventually([this] { return window.ended().isVisible() && window.ended().shown() == 1; }))
        << "what is found among the ended ones only comes to the front";
    EXPECT_EQ(cell(0, EndedModel::NameColumn), QStringLiteral("name-15 launch #15"));
}

TEST_F(DumpWindowTest, aDumpThatWasCopiedOpensFromTheClipboard) {
    QFile file(QStringLiteral(FOREIGN_DUMPS "/job-hierarchy.txt"));
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    QApplication::clipboard()->setText(QStringLiteral("from the log:\n") + QString::fromUtf8(file.readAll()));
    window.openCopied();
    ASSERT_TRUE(opened());
    EXPECT_EQ(window.workspace().tree().size(), 10u);
    EXPECT_EQ(window.windowTitle(), QStringLiteral("what was copied - Coroscope"));
    const observe::Node node = window.workspace().tree().firstChild(window.workspace().tree().firstRoot());
    EXPECT_EQ(window.tree().painter().accessibleName(node), QStringLiteral("reader-0 launch #1, Suspended"));
    window.tree().setCurrent(node);
    const QString words = window.details().report();
    EXPECT_FALSE(words.contains(QStringLiteral("age"))) << "the dump does not tell" << qPrintable(words);
    EXPECT_TRUE(words.contains(QStringLiteral("App.kt:8"))) << qPrintable(words);
    window.grab();

    QApplication::clipboard()->setText(QStringLiteral("hello"));
    window.openCopied();
    ASSERT_TRUE(eventually([this] {
        const auto* banner = window.findChild<QLabel*>(QStringLiteral("bannerText"));
        return banner != nullptr &&
               banner->text().contains(QStringLiteral("holds no dump that is known here"));
    }));
    EXPECT_EQ(window.workspace().tree().size(), 10u) << "what was on show stays";
}

} // namespace
} // namespace coroscope::app
