// SPDX-License-Identifier: Apache-2.0
// Whoever does not see the window finds all of it: menus and lists that open over it, and a name for
// everything that the keyboard reaches.
#include "HandFedWindow.h"

#include "map/JobCanvas.h"
#include "map/MapPanel.h"
#include "widgets/FilterField.h"
#include "widgets/JobTreeView.h"
#include "widgets/StartDialog.h"
#include "widgets/ThroughDialog.h"

#include <QAccessible>
#include <QApplication>
#include <QContextMenuEvent>
#include <QHeaderView>
#include <QMenu>
#include <QPointer>
#include <QPushButton>
#include <QTest>

#include <gtest/gtest.h>

#include <vector>

namespace coroscope::app {
namespace {

class AccessTest : public HandFedWindow {
protected:
    void SetUp() override {
        QAccessible::setActive(true);
        show();
        open(family(1, 19));
    }
    void TearDown() override {
        window.reset();
        QAccessible::setActive(false);
    }
    /// Of that role and visible, from the window downwards, as a program sees it that only goes from child to
    /// child.
    QAccessibleInterface* find(QAccessible::Role role, const QString& name) const {
        std::vector<QAccessibleInterface*> left{QAccessible::queryAccessibleInterface(window.get())};
        while (!left.empty()) {
            QAccessibleInterface* at = left.back();
            left.pop_back();
            if (at == nullptr || !at->isValid() || at->state().invisible)
                continue;
            if (at->role() == role && at->text(QAccessible::Name).startsWith(name))
                return at;
            for (int i = 0; i < at->childCount(); ++i)
                left.push_back(at->child(i));
        }
        return nullptr;
    }
};

TEST_F(AccessTest, theMenuOfAJobIsFoundInTheWindowAndDoesWhatIsChosen) {
    window->workspace().select(id(5));
    ASSERT_EQ(find(QAccessible::PopupMenu, QStringLiteral("name-5 ")), nullptr);
    QContextMenuEvent asked(QContextMenuEvent::Keyboard, QPoint(30, 30),
                            window->tree().mapToGlobal(QPoint(30, 30)));
    QApplication::sendEvent(window->tree().viewport(), &asked);
    QAccessibleInterface* menu = nullptr;
    ASSERT_TRUE(eventually(
        [&] { return (menu = find(QAccessible::PopupMenu, QStringLiteral("name-5 "))) != nullptr; }));
    const QPointer<QWidget> shown = qobject_cast<QWidget*>(menu->object());
    QAccessibleInterface* pin = find(QAccessible::MenuItem, QStringLiteral("Pin"));
    ASSERT_NE(pin, nullptr);
    ASSERT_NE(pin->actionInterface(), nullptr);
    pin->actionInterface()->doAction(QAccessibleActionInterface::pressAction());
    EXPECT_TRUE(window->tree().pinned(id(5)));
    EXPECT_TRUE(eventually([&] { return shown == nullptr; })) << "it is closed, as after a click";
    EXPECT_EQ(find(QAccessible::PopupMenu, QStringLiteral("name-5 ")), nullptr);
}

TEST_F(AccessTest, theMenusOfTreeAndMapOfferNoCancelWhereNoneIsTaken) {
    {
        const std::lock_guard lock(feed->mutex);
        feed->contact.commandsAllowed = false;
        feed->contact.problem = "handfed takes no commands today.";
    }
    ASSERT_TRUE(eventually([&] { return !window->workspace().cancelProblem().isEmpty(); }));
    window->workspace().select(id(5));
    const auto disabled = [&](QWidget& view) {
        QContextMenuEvent asked(QContextMenuEvent::Keyboard, QPoint(30, 30),
                                view.mapToGlobal(QPoint(30, 30)));
        QApplication::sendEvent(&view, &asked);
        QAccessibleInterface* cancel = nullptr;
        EXPECT_TRUE(eventually(
            [&] { return (cancel = find(QAccessible::MenuItem, QStringLiteral("Cancel…"))) != nullptr; }));
        const bool is = cancel != nullptr && cancel->state().disabled;
        if (QWidget* menu = QApplication::activePopupWidget())
            menu->close();
        return is;
    };
    EXPECT_TRUE(disabled(*window->tree().viewport()));
    window->setView(ViewSwitch::Map);
    EXPECT_TRUE(disabled(window->map().canvas()));
}

TEST_F(AccessTest, theColumnsAndTheCompletionsAreFoundWhileTheyAreOpen) {
    QHeaderView* header = window->tree().header();
    emit header->customContextMenuRequested(QPoint(10, 5));
    EXPECT_TRUE(
        eventually([&] { return find(QAccessible::PopupMenu, QStringLiteral("Columns")) != nullptr; }));
    QAccessibleInterface* age = find(QAccessible::MenuItem, QStringLiteral("Age"));
    if (age == nullptr)
        age = find(QAccessible::CheckBox, QStringLiteral("Age"));
    ASSERT_NE(age, nullptr);
    QApplication::activePopupWidget()->close();
    window->filter().setFocus();
    QTest::keyClicks(&window->filter(), QStringLiteral("state:"));
    EXPECT_TRUE(
        eventually([&] { return find(QAccessible::List, QStringLiteral("Completions")) != nullptr; }));
}

/// What the keyboard reaches and has no name would be "button", "text" to who listens.
std::string nameless(const QWidget& within) {
    QStringList found;
    for (QWidget* each : within.findChildren<QWidget*>()) {
        if (each->focusPolicy() == Qt::NoFocus || !each->isVisibleTo(&within) ||
            each->focusProxy() != nullptr || each->objectName().startsWith(QLatin1String("qt_")))
            continue;
        QAccessibleInterface* seen = QAccessible::queryAccessibleInterface(each);
        if (seen != nullptr && seen->text(QAccessible::Name).trimmed().isEmpty() &&
            seen->text(QAccessible::Description).trimmed().isEmpty())
            found << QStringLiteral("%1 “%2” in “%3”")
                         .arg(QLatin1String(each->metaObject()->className()), each->objectName(),
                              each->parentWidget()->objectName());
    }
    return found.join(u'\n').toStdString();
}

TEST_F(AccessTest, whatTheKeyboardReachesHasAName) {
    window->workspace().select(id(5));
    QApplication::processEvents();
    EXPECT_EQ(nameless(*window), "");
    window->setView(ViewSwitch::Map);
    QApplication::processEvents();
    EXPECT_EQ(nameless(*window), "") << "with the map";
    window->askAttach();
    window->askStart();
    window->askThrough({});
    QApplication::processEvents();
    for (QWidget* each : QApplication::topLevelWidgets())
        if (each != window.get() && each->isVisible() && each->isWindow()) {
            EXPECT_EQ(nameless(*each), "") << each->windowTitle().toStdString();
        }
    QWidget other;
    new QPushButton(&other);
    EXPECT_NE(nameless(other), "") << "one without a name would be seen";
}

} // namespace
} // namespace coroscope::app
