// SPDX-License-Identifier: Apache-2.0
#include "widgets/WindowAccessible.h"

#include "widgets/MainWindow.h"

#include <QApplication>

namespace coroscope::app {

namespace {
QAccessibleInterface* make(const QString&, QObject* object) {
    auto* window = qobject_cast<MainWindow*>(object);
    return window != nullptr ? new WindowAccessible(window) : nullptr;
}
} // namespace

void WindowAccessible::install(QWidget* window) {
    [[maybe_unused]] static const bool once = [] {
        QAccessible::installFactory(make);
        return true;
    }();
    // Where somebody listens from the start, Qt has asked while this was a plain window, and keeps that.
    if (QAccessible::isActive()) {
        QAccessibleInterface* known = QAccessible::queryAccessibleInterface(window);
        if (known != nullptr && dynamic_cast<WindowAccessible*>(known) == nullptr)
            QAccessible::deleteAccessibleInterface(QAccessible::uniqueId(known));
    }
}

WindowAccessible::WindowAccessible(QWidget* window)
    : QAccessibleWidget(window, QAccessible::Window) {}

QWidgetList WindowAccessible::popups() const {
    QWidgetList found;
    for (QWidget* each : QApplication::topLevelWidgets()) {
        // A list of completions has no parent, but a field that has the keyboard meanwhile.
        const QWidget* owner = each->parentWidget() != nullptr ? each->parentWidget() : each->focusProxy();
        if (each->windowType() != Qt::Popup || !each->isVisible() || owner == nullptr ||
            owner->window() != widget())
            continue;
        QAccessibleInterface* popup = QAccessible::queryAccessibleInterface(each);
        QAccessibleInterface* above = popup != nullptr ? popup->parent() : nullptr;
        if (popup != nullptr && (above == nullptr || above == this || above->indexOfChild(popup) < 0))
            found << each;
    }
    return found;
}

int WindowAccessible::childCount() const {
    return QAccessibleWidget::childCount() + static_cast<int>(popups().size());
}

QAccessibleInterface* WindowAccessible::child(int index) const {
    const int own = QAccessibleWidget::childCount();
    if (index < own)
        return QAccessibleWidget::child(index);
    const QWidgetList open = popups();
    return index - own < open.size() ? QAccessible::queryAccessibleInterface(open[index - own]) : nullptr;
}

int WindowAccessible::indexOfChild(const QAccessibleInterface* child) const {
    if (const int own = QAccessibleWidget::indexOfChild(child); own >= 0 || child == nullptr)
        return own;
    const auto at = popups().indexOf(qobject_cast<QWidget*>(child->object()));
    return at < 0 ? -1 : QAccessibleWidget::childCount() + static_cast<int>(at);
}

QAccessibleInterface* WindowAccessible::childAt(int x, int y) const {
    for (QWidget* each : popups())
        if (each->geometry().contains(x, y))
            return QAccessible::queryAccessibleInterface(each);
    return QAccessibleWidget::childAt(x, y);
}

} // namespace coroscope::app
