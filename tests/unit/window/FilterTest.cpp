// SPDX-License-Identifier: Apache-2.0
// The filter field in the real window: problems, completion, kept filters, the way back.
#include "HandFedSource.h"
#include "HandFedWindow.h"

#include "model/Conditions.h"
#include "model/FilterHistory.h"
#include "model/KeptFilters.h"
#include "widgets/CancelPanel.h"
#include "widgets/DetailsPanel.h"
#include "widgets/FilterField.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QInputDialog>
#include <QLabel>
#include <QMenu>
#include <QTest>

#include <gtest/gtest.h>

namespace coroscope::app {
namespace {

TEST(FilterHistory, whatIsTypedOnIsOne) {
    FilterHistory history;
    history.use(QStringLiteral("r"), true, 0);
    history.use(QStringLiteral("reader"), true, 500);
    history.use(QStringLiteral("reader age>3s"), true, 10'000);
    EXPECT_EQ(history.back(), QStringLiteral("reader"));
    EXPECT_EQ(history.back(), QString());
    EXPECT_FALSE(history.canGoBack());
    EXPECT_EQ(history.forward(), QStringLiteral("reader"));
    history.use(QStringLiteral("writer"), false, 11'000);
    EXPECT_FALSE(history.canGoForward());
    EXPECT_EQ(history.back(), QStringLiteral("reader"));
}

TEST(KeptFilters, areKeptUnderNames) {
    keptFilters::keep(QStringLiteral("slow ones"), QStringLiteral("idle>30s"));
    keptFilters::rename(QStringLiteral("slow ones"), QStringLiteral("idle"));
    ASSERT_EQ(keptFilters::all().size(), 1u);
    EXPECT_EQ(keptFilters::all()[0], std::pair(QStringLiteral("idle"), QStringLiteral("idle>30s")));
    keptFilters::forget(QStringLiteral("idle"));
    EXPECT_TRUE(keptFilters::all().empty());
}

class FilterTest : public testing::Test {
protected:
    void SetUp() override {
        window.resize(1400, 800);
        window.show();
        observe::Batch batch;
        batch.reset = true;
        batch.rows.push_back(job(1, 0));
        batch.rows.push_back(job(2, 1));
        for (std::uint32_t i = 10; i < 40; ++i) {
            batch.rows.push_back(job(i, 2));
            if (i % 10 == 0)
                batch.rows.back().execution = Execution::Running;
            batch.rows.back().createdAt = observe::monotonicNow();
        }
        feed->push(std::move(batch));
        window.workspace().open(std::make_unique<HandFedSource>(feed));
        ASSERT_TRUE(eventually([this] { return window.workspace().tree().size() == 32; }));
        QApplication::setActiveWindow(&window);
        field.setFocus();
    }
    std::size_t matches() {
        eventually([this] { return !window.workspace().rows().searching(); });
        return window.workspace().rows().matches();
    }
    QAbstractItemView* choices() const {
        for (QWidget* widget : QApplication::topLevelWidgets())
            if (widget->objectName() == QLatin1String("filterChoices") && widget->isVisible())
                return qobject_cast<QAbstractItemView*>(widget);
        return nullptr;
    }
    QStringList offered() const {
        QStringList texts;
        if (const QAbstractItemView* list = choices())
            for (int i = 0; i < list->model()->rowCount(); ++i)
                texts << list->model()->index(i, 0).data().toString();
        return texts;
    }

    std::shared_ptr<Feed> feed = std::make_shared<Feed>();
    MainWindow window{ThemeChoice::Light};
    FilterField& field = window.filter();
};

TEST_F(FilterTest, theLanguageWorksInTheField) {
    field.setFilter(QStringLiteral("state:running -#20"));
    EXPECT_EQ(matches(), 2u);
    field.setFilter(QStringLiteral("subtree>30"));
    EXPECT_EQ(matches(), 2u);
}

TEST_F(FilterTest, aProblemIsToldAndTheFilterStays) {
    field.setFilter(QStringLiteral("state:running"));
    EXPECT_EQ(matches(), 3u);
    field.setFilter(QStringLiteral("state:sleepy"));
    auto* problem = window.findChild<QLabel*>(QStringLiteral("filterProblem"));
    ASSERT_NE(problem, nullptr);
    EXPECT_TRUE(problem->isVisible());
    EXPECT_TRUE(problem->text().contains(QStringLiteral("There is no state")));
    EXPECT_EQ(matches(), 3u);
    field.setFilter(QString());
    EXPECT_FALSE(problem->isVisible());
    EXPECT_FALSE(window.workspace().searchProblem());
}

TEST_F(FilterTest, jobsComeIntoAFilterAsTheyGrowOld) {
    field.setFilter(QStringLiteral("age>1s name-1"));
    EXPECT_TRUE(eventually([this] { return window.workspace().rows().matches() == 11; }))
        << window.workspace().rows().matches();
}

TEST_F(FilterTest, keysAndThenTheValuesThatOccurAreOffered) {
    QTest::keyClicks(&field, QStringLiteral("st"));
    ASSERT_TRUE(eventually([this] { return choices() != nullptr; }));
    EXPECT_EQ(offered(), QStringList{QStringLiteral("state:suspended")});
    QTest::keyClick(&field, Qt::Key_Tab);
    EXPECT_EQ(field.text(), QStringLiteral("state:"));
    ASSERT_TRUE(eventually([this] { return offered().contains(QStringLiteral("running")); }));
    QTest::keyClicks(&field, QStringLiteral("run"));
    ASSERT_TRUE(eventually([this] { return offered() == QStringList{QStringLiteral("running")}; }));
    QTest::keyClick(&field, Qt::Key_Tab);
    EXPECT_EQ(field.text(), QStringLiteral("state:running"));
    QTest::keyClicks(&field, QStringLiteral(" state:runnin"));
    ASSERT_TRUE(eventually([this] { return choices() != nullptr; }));
    QTest::keyClicks(&field, QStringLiteral("g"));
    EXPECT_EQ(choices(), nullptr) << "it is there word for word";
    field.setText(QStringLiteral("state:running"));
    QTest::keyClicks(&field, QStringLiteral(" name:name-3"));
    ASSERT_TRUE(eventually([this] { return offered().contains(QStringLiteral("name-31")); }));
    EXPECT_FALSE(offered().contains(QStringLiteral("name-21")));
    QTest::keyClick(&field, Qt::Key_Escape);
    EXPECT_EQ(choices(), nullptr);
    EXPECT_EQ(field.text(), QStringLiteral("state:running name:name-3")) << "Esc closes only the list";
    EXPECT_TRUE(eventually([this] { return matches() == 1; }));
}

TEST_F(FilterTest, whatHasJustBeenFilteredForCanBeCancelledFromTheField) {
    QApplication::setActiveWindow(&window);
    field.setFocus();
    QTest::keyClicks(&field, QStringLiteral("name-11"));
    ASSERT_TRUE(eventually([this] { return matches() == 1; }));
    QTest::keyClick(&field, Qt::Key_Delete, Qt::ShiftModifier);
    EXPECT_TRUE(eventually([&] { return window.details().cancelPanel().isVisible(); }));
    EXPECT_EQ(field.text(), QStringLiteral("name-11"));
}

TEST_F(FilterTest, filtersCanBeUndone) {
    field.setFilter(QStringLiteral("name-11"));
    field.narrow(QStringLiteral("state:running"));
    EXPECT_EQ(field.text(), QStringLiteral("name-11 state:running"));
    EXPECT_EQ(matches(), 0u);
    QTest::keyClick(&window, Qt::Key_Left, Qt::AltModifier);
    EXPECT_EQ(field.text(), QStringLiteral("name-11"));
    EXPECT_EQ(matches(), 1u);
    QTest::keyClick(&window, Qt::Key_Right, Qt::AltModifier);
    EXPECT_EQ(field.text(), QStringLiteral("name-11 state:running"));
    field.narrow(QStringLiteral("state:running"));
    EXPECT_EQ(field.text(), QStringLiteral("name-11")) << "the same again takes it away";
    field.setFilter(QStringLiteral("a or b"));
    field.narrow(QStringLiteral("state:running"));
    EXPECT_EQ(field.text(), QStringLiteral("(a or b) state:running"));
}

TEST_F(FilterTest, aRowOffersWhatItHasInCommonWithOthers) {
    const observe::JobRow& row = window.workspace().tree().row(window.workspace().tree().find(id(11)));
    for (const Condition& condition : conditionsOf(row, window.workspace())) {
        field.setFilter(condition.filter);
        EXPECT_FALSE(window.workspace().searchProblem()) << qPrintable(condition.filter);
        EXPECT_GE(matches(), 1u) << qPrintable(condition.filter);
        EXPECT_TRUE(window.workspace().rows().matched(window.workspace().tree().find(id(11))))
            << qPrintable(condition.filter);
    }
}

TEST_F(FilterTest, theMenuKeepsFilters) {
    field.setFilter(QStringLiteral("state:running"));
    emit field.keptMenu()->aboutToShow();
    const auto action = [&](const QString& begin) -> QAction* {
        for (QAction* each : field.keptMenu()->actions())
            if (each->text().startsWith(begin))
                return each;
        return nullptr;
    };
    ASSERT_NE(action(QStringLiteral("Keep this filter")), nullptr);
    action(QStringLiteral("Keep this filter"))->trigger();
    auto* dialog = field.findChild<QInputDialog*>(QStringLiteral("filterName"));
    ASSERT_NE(dialog, nullptr);
    EXPECT_TRUE(dialog->labelText().contains(QStringLiteral("state:running"))) << "what is kept";
    EXPECT_NE(dialog->cancelButtonText(), QStringLiteral("Cancel")) << "that word ends coroutines";
    dialog->setTextValue(QStringLiteral("busy"));
    dialog->accept();
    field.setFilter(QString());
    emit field.keptMenu()->aboutToShow();
    ASSERT_NE(action(QStringLiteral("busy")), nullptr);
    action(QStringLiteral("busy"))->trigger();
    EXPECT_EQ(field.text(), QStringLiteral("state:running"));
    EXPECT_EQ(matches(), 3u);
    keptFilters::forget(QStringLiteral("busy"));
}

} // namespace
} // namespace coroscope::app
