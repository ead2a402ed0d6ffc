// SPDX-License-Identifier: Apache-2.0
// How the window looks and keeps its looks: what fits, what is remembered, what is said at first.
#include "HandFedWindow.h"

#include "map/LegendBar.h"
#include "map/MapExport.h"
#include "map/MapPanel.h"
#include "model/Columns.h"
#include "model/Format.h"
#include "widgets/AboutDialog.h"
#include "widgets/CancelCard.h"
#include "widgets/CancelPanel.h"
#include "widgets/Cards.h"
#include "widgets/DetailsPanel.h"
#include "widgets/DockTitle.h"
#include "widgets/FileDialogs.h"
#include "widgets/FilterField.h"
#include "widgets/FindingsPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/KeysDialog.h"
#include "widgets/PaintPace.h"
#include "widgets/TimeStrip.h"

#include <QAbstractButton>
#include <QApplication>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QMouseEvent>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollArea>
#include <QScrollBar>
#include <QTabBar>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>
#include <QTreeView>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

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

class CraftTest : public HandFedWindow {
protected:
    void feedSome() { open(family(1, 39)); }
    QDockWidget* dock(const char* name) const { return window->findChild<QDockWidget*>(QLatin1String(name)); }
};

QString titleOf(const QHeaderView& header, int column) {
    return header.model()->headerData(column, Qt::Horizontal).toString();
}

TEST_F(CraftTest, fitsIntoAThousandPixels) {
    show(1000, 650);
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
    show(1440, 860);
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
        show(1440, 860);
        QApplication::processEvents();
        EXPECT_EQ(sizes(), before);
    }
}

TEST_F(CraftTest, aSmallerWindowThanLastTimeLeavesRoomForTheJobs) {
    show(1600, 900);
    window->resizeDocks({dock("targetsDock"), dock("detailsDock")}, {240, 460}, Qt::Horizontal);
    QApplication::processEvents();
    window->close();
    show(1000, 650);
    QApplication::processEvents();
    EXPECT_LT(dock("targetsDock")->width() + dock("detailsDock")->width(), 500);
}

TEST_F(CraftTest, panelsAtTheSidesGrowWithTheWindowUnlessSomebodyChoseTheirWidths) {
    show(1000, 650);
    const auto widths = [this] {
        QApplication::processEvents();
        return std::array{dock("targetsDock")->width(), dock("detailsDock")->width()};
    };
    const auto small = widths();
    window->resize(1600, 900);
    const auto large = widths();
    EXPECT_GT(large[0], small[0]);
    EXPECT_NEAR(large[1], measure::details, 3);
    window->close();

    show(1000, 650);
    window->close();
    show(1600, 900);
    EXPECT_EQ(widths(), large) << "a larger window than last time";

    window->close();
    show(820, 650); // smaller than what they are made for
    window->close();
    show(1600, 900);
    EXPECT_EQ(widths(), large);
    window->resize(820, 650);
    EXPECT_LT(widths()[1], large[1]);
    window->resize(1600, 900);
    EXPECT_EQ(widths(), large);

    const QPoint line(dock("detailsDock")->x() - 1, 400);
    QTest::mousePress(window.get(), Qt::LeftButton, {}, line);
    QMouseEvent move(QEvent::MouseMove, line + QPoint(70, 0), window->mapToGlobal(line + QPoint(70, 0)),
                     Qt::NoButton, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(window.get(), &move);
    QApplication::processEvents();
    QTest::mouseRelease(window.get(), Qt::LeftButton, {}, line + QPoint(70, 0));
    const int chosen = widths()[1];
    EXPECT_NEAR(chosen, large[1] - 70, 10);
    for (const int wide : {820, 1700, 1200, 1600}) {
        window->resize(wide, 900);
        QApplication::processEvents();
    }
    EXPECT_EQ(widths()[1], chosen);
}

TEST_F(CraftTest, aVeryLongNameLeavesRoomForTheRestAndIsWholeInTheTooltip) {
    const QString name = QStringLiteral("a-very-long-name-").repeated(40) + QStringLiteral("end");
    const QString shown = nameText(name);
    EXPECT_LT(shown.size(), 130);
    EXPECT_TRUE(shown.startsWith(QStringLiteral("a-very-long-name-")));
    EXPECT_TRUE(shown.endsWith(QStringLiteral("-end")));
    EXPECT_EQ(nameText(QStringLiteral("reader-311")), QStringLiteral("reader-311"));
    const QString surrogates = QString::fromUcs4(U"\U0001f600").repeated(200);
    EXPECT_FALSE(nameText(surrogates).toUcs4().contains(0xfffd)) << "no half of a letter";
    // In a line that begins with a name from right to left the line still begins at the left.
    const QString hebrew = QStringLiteral("\u05e9\u05dc\u05d5\u05dd");
    EXPECT_TRUE(hebrew.isRightToLeft());
    EXPECT_FALSE(nameText(hebrew).isRightToLeft());
    EXPECT_TRUE(nameText(hebrew).endsWith(hebrew));
    EXPECT_EQ(wrappable(QStringLiteral("2 jobs, Main.kt:1")), QStringLiteral("2 jobs, Main.kt:1"));
    EXPECT_EQ(wrappable(QStringLiteral("1 job, orders.Main$run$1.invokeSuspend")),
              QStringLiteral("1 job, orders.\u200bMain$\u200brun$\u200b1.\u200binvokeSuspend"));
}

TEST_F(CraftTest, theStripAndTheDetailsAreNotDueInTheSameTickUnlessTheDetailsHaveWaitedLong) {
    show();
    feedSome();
    int tick = 0, numbers = 0, details = 0, numbersAt = 0;
    QElapsedTimer sinceDetails;
    QObject::connect(&window->workspace(), &Workspace::aboutToUpdate, window.get(), [&] { ++tick; });
    QObject::connect(&window->workspace(), &Workspace::numbersDue, window.get(), [&] {
        ++numbers;
        numbersAt = tick;
    });
    QObject::connect(&window->workspace(), &Workspace::detailsDue, window.get(), [&] {
        ++details;
        if (numbersAt == tick && sinceDetails.isValid()) {
            EXPECT_GE(sinceDetails.elapsed(), 480); // twice their time, less what the handlers take
        }
        sinceDetails.restart();
    });
    EXPECT_TRUE(eventually([&] { return numbers > 5 && details > 3; }));
}

TEST_F(CraftTest, theDetailsAreDueThoughTheStripIsInEachTick) {
    show();
    feedSome();
    int tick = 0, numbers = 0, details = 0;
    QObject::connect(&window->workspace(), &Workspace::aboutToUpdate, window.get(), [&] {
        ++tick;
        QThread::msleep(110);
    });
    QObject::connect(&window->workspace(), &Workspace::numbersDue, window.get(), [&] { ++numbers; });
    QObject::connect(&window->workspace(), &Workspace::detailsDue, window.get(), [&] { ++details; });
    EXPECT_TRUE(eventually([&] { return details > 1; }));
    EXPECT_GE(numbers, tick - 1);
}

TEST_F(CraftTest, aTabIsTheTitleOfAPanelBesideOthers) {
    show(1440, 860);
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
    show(1200, 700);
    window->setFilter(QStringLiteral("state:suspended"));
    feedSome();
    EXPECT_EQ(window->workspace().search(), QStringLiteral("state:suspended"));
    EXPECT_EQ(window->filter().text(), QStringLiteral("state:suspended"));
}

TEST_F(CraftTest, aNarrowTreeLeavesOutColumnsInsteadOfScrolling) {
    show(1000, 650);
    feedSome();
    const auto* header = window->tree().findChild<QHeaderView*>();
    const auto hidden = [&](Column column) { return header->isSectionHidden(column); };
    window->resizeDocks({dock("targetsDock"), dock("detailsDock")}, {172, 280}, Qt::Horizontal);
    QApplication::processEvents();
    EXPECT_TRUE(hidden(AgeColumn));
    EXPECT_FALSE(hidden(StateColumn));
    EXPECT_FALSE(hidden(FindingsColumn));
    EXPECT_LE(header->length(), window->tree().viewport()->width());
    constexpr int padding = 16;
    const QFontMetrics metrics(header->font());
    for (int column = 0; column < ColumnCount; ++column) {
        const QString title = header->model()->headerData(column, Qt::Horizontal).toString();
        if (!hidden(static_cast<Column>(column))) {
            EXPECT_GE(header->sectionSize(column), metrics.horizontalAdvance(title) + padding)
                << title.toStdString();
        }
    }
    window->resize(1700, 900);
    QApplication::processEvents();
    EXPECT_FALSE(hidden(AgeColumn));
    EXPECT_FALSE(hidden(DispatcherColumn));
}

TEST_F(CraftTest, noColumnSaysThatItIsSortedBeforeSomebodyHasSorted) {
    show();
    const QHeaderView& header = *window->tree().header();
    for (int column = 0; column < ColumnCount; ++column)
        EXPECT_FALSE(titleOf(header, column).contains(QRegularExpression(QStringLiteral("[↑↓]")))) << column;
    EXPECT_FALSE(header.isSortIndicatorShown());
}

TEST_F(CraftTest, theArrowOfASortedColumnStandsBesideItsTitle) {
    show();
    const QHeaderView& header = *window->tree().header();
    window->tree().sortBy(AgeColumn, true);
    EXPECT_EQ(titleOf(header, AgeColumn), QStringLiteral("↓\u00a0Age")) << "numbers stand at the right";
    window->tree().sortBy(JobColumn, false);
    EXPECT_EQ(titleOf(header, AgeColumn), QStringLiteral("Age"));
    EXPECT_EQ(titleOf(header, JobColumn), QStringLiteral("Job\u00a0↑"));
    EXPECT_EQ(header.model()
                  ->headerData(JobColumn, Qt::Horizontal, Qt::AccessibleTextRole)
                  .toString()
                  .toStdString(),
              "Job, sorted upwards");
    window->tree().sortBy(-1, false);
}

TEST_F(CraftTest, aColumnThatIsAskedForIsInSight) {
    show(1200, 700);
    feedSome();
    const QHeaderView& header = *window->tree().header();
    ASSERT_TRUE(header.isSectionHidden(ResumesColumn));
    for (const int column : {CreatedColumn, SubtreeColumn, ResumesColumn}) {
        emit window->tree().header()->customContextMenuRequested(QPoint(20, 5));
        const QString title = titleOf(header, column);
        auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
        ASSERT_NE(menu, nullptr);
        for (QAction* action : menu->actions())
            if (action->text() == title)
                action->setChecked(true);
        menu->close();
        EXPECT_FALSE(header.isSectionHidden(column));
        EXPECT_GE(header.sectionViewportPosition(column), 0) << title.toStdString();
        EXPECT_LE(header.sectionViewportPosition(column) + header.sectionSize(column),
                  window->tree().viewport()->width())
            << title.toStdString();
    }
}

TEST_F(CraftTest, whereThereIsLittleToSayThereIsNothingToScroll) {
    show(1000, 650);
    feedSome();
    window->workspace().select(id(5));
    const QScrollBar* const bar = window->details().findChild<QScrollArea*>()->verticalScrollBar();
    ASSERT_TRUE(eventually([&] { return bar->maximum() > 0; })) << "a job has more to say than fits";
    window->details().askCancel(id(5));
    EXPECT_TRUE(eventually([&] { return bar->maximum() == 0; })) << "the question is short";
    window->workspace().select({});
    EXPECT_TRUE(eventually([&] { return bar->maximum() == 0; })) << "and so is the advice";
}

/// Qt's own hints lay a text out for several widths, whenever it changes.
TEST_F(CraftTest, whatWrapsAsksForNoWidthOfItsOwn) {
    WrappedLabel brief(QStringLiteral("brief"), nullptr), sermon(QString(4000, u'm'), nullptr);
    EXPECT_EQ(brief.sizeHint(), sermon.sizeHint());
    EXPECT_EQ(brief.minimumSizeHint(), sermon.minimumSizeHint());
    WrappedLabel words(QStringLiteral("one two three four five six seven eight nine ten"), nullptr);
    EXPECT_GT(words.heightForWidth(60), words.heightForWidth(600)) << "but height for the one that it gets";
}

/// However dear it is to paint; how often is not for a test to say.
TEST_F(CraftTest, whatIsNewIsPaintedInTheEnd) {
    struct Dear : QWidget {
        PaintPace pace{this};
        int news = 0, painted = 0;
        void paintEvent(QPaintEvent*) override {
            const PaintPace::Painting painting(pace);
            QTest::qSleep(10);
            painted = news;
        }
    } view;
    view.show();
    for (int i = 0; i < 5; ++i) {
        ++view.news;
        view.pace.soon();
        QApplication::processEvents();
    }
    EXPECT_TRUE(eventually([&] { return view.painted == view.news; }));
}

TEST_F(CraftTest, enterPressesTheButtonThatHasTheKeyboard) {
    show();
    feedSome();
    QApplication::setActiveWindow(window.get());
    window->details().askCancel(id(5));
    auto* keep = window->findChild<QPushButton*>(QStringLiteral("cancelKeep"));
    ASSERT_NE(keep, nullptr);
    ASSERT_TRUE(keep->isVisible());
    keep->setFocus();
    QTest::keyClick(keep, Qt::Key_Return);
    EXPECT_FALSE(keep->isVisible());
    EXPECT_TRUE(window->workspace().cancels().empty());
}

TEST_F(CraftTest, anOlderFileIsKeptByEnterAlone) {
    show();
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("old"));
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    int written = 0;
    askToReplace(window.get(), QStringLiteral("Save"), directory.filePath(QStringLiteral("new")),
                 [&] { ++written; });
    EXPECT_EQ(written, 1) << "nothing to ask";
    for (const bool replace : {false, true}) {
        askToReplace(window.get(), QStringLiteral("Save"), path, [&] { ++written; });
        auto* box = window->findChild<QMessageBox*>();
        ASSERT_NE(box, nullptr);
        if (!replace)
            QTest::keyClick(box, Qt::Key_Return);
        else
            for (QAbstractButton* button : box->buttons())
                if (box->buttonRole(button) == QMessageBox::AcceptRole)
                    button->click();
        EXPECT_TRUE(eventually([&] { return window->findChild<QMessageBox*>() == nullptr; }));
        EXPECT_EQ(written, replace ? 2 : 1);
    }
}

TEST_F(CraftTest, panelsWithNothingInThemDoNotComeBack) {
    show();
    dock("outputDock")->show();
    dock("outputDock")->raise();
    QApplication::processEvents();
    window->close();
    show();
    EXPECT_FALSE(dock("outputDock")->isVisible());
    EXPECT_TRUE(eventually([&] { return !window->findChild<FindingsPanel*>()->visibleRegion().isEmpty(); }));
}

TEST_F(CraftTest, theLegendTakesAsManyLinesAsItNeeds) {
    show(1400, 800);
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

TEST_F(CraftTest, thePlaceOfMostJobsHasAColourOfItsOwn) {
    show(1400, 800);
    std::vector<observe::JobRow> rows = family(1, 60);
    for (std::size_t i = 20; i < rows.size(); ++i)
        rows[i].site = 777; // after twenty other places
    open(rows);
    window->setView(ViewSwitch::Map);
    window->map().setColour(MapColour::Site);
    auto* legend = window->findChild<LegendBar*>();
    ASSERT_NE(legend, nullptr);
    EXPECT_TRUE(eventually([&] {
        return legend->accessibleName().contains(QStringLiteral(": reader.cpp:777, "));
    })) << legend->accessibleName().toStdString();
}

TEST_F(CraftTest, thePictureOfTheMapIsOfTheKindThatIsChosen) {
    show(1400, 800);
    feedSome();
    window->setView(ViewSwitch::Map);
    window->map().askExport();
    auto* dialog = window->findChild<QFileDialog*>();
    ASSERT_NE(dialog, nullptr);
    const auto chosen = [&] { return QFileInfo(dialog->selectedFiles().value(0)).fileName(); };
    EXPECT_EQ(chosen(), QStringLiteral("handfed-map.png"));
    for (const char* kind : {"svg", "png"}) {
        for (const QString& filter : dialog->nameFilters())
            if (filter.contains(QLatin1String(kind)))
                emit dialog->filterSelected(filter);
        EXPECT_EQ(chosen(), QStringLiteral("handfed-map.") + QLatin1String(kind));
    }
    dialog->close();
}

TEST_F(CraftTest, aPictureInSvgHasThePatterns) {
    show(1400, 800);
    observe::JobRow cancelling = job(1, 0);
    cancelling.state = JobState::Cancelling;
    open({cancelling});
    window->setView(ViewSwitch::Map);
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
    show(1400, 800);
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
    show(1400, 800);
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

TEST_F(CraftTest, theNumbersOfACancelFitBesideEachOther) {
    show(1000, 650);
    feedSome();
    window->workspace().cancel(id(1), false, {});
    const CancelCard* card = nullptr;
    ASSERT_TRUE(eventually([&] {
        card = window->details().findChild<CancelCard*>();
        return card != nullptr && card->isVisible();
    }));
    std::vector<int> lines;
    for (const char* name : {"cancelRequested", "cancelReached", "cancelFinished"}) {
        auto* label = card->findChild<QLabel*>(QLatin1String(name));
        ASSERT_NE(label, nullptr);
        label->setText(QStringLiteral("1,048,576"));
        QApplication::processEvents();
        EXPECT_GE(label->width(), label->sizeHint().width()) << name;
        lines.push_back(label->y());
    }
    EXPECT_EQ(lines, std::vector(3, lines.front()));
}

TEST_F(CraftTest, aFindingIsReadToItsEndInASmallWindow) {
    show(1000, 650);
    observe::JobRow orphan = job(30, 0);
    orphan.flags = JobFlags::launchedInGlobalScope;
    open({job(1, 0), orphan});
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
    show(1000, 640);
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

TEST_F(CraftTest, ofAJobAndItsScopesOfTheSameNameTheJobIsSelected) {
    show();
    std::vector<observe::JobRow> rows{job(1, 0), job(3, 5), job(5, 1)};
    rows[1].name = 5;
    window->selectByName(QStringLiteral("name-5"));
    open(rows);
    ASSERT_TRUE(eventually([this] { return window->workspace().selected().has_value(); }));
    EXPECT_EQ(window->workspace().selected()->id, id(5));
}

TEST_F(CraftTest, keysAndVersionAreAKeyAway) {
    show(1200, 700);
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
