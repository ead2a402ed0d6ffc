// SPDX-License-Identifier: Apache-2.0
#include "widgets/EnterPresses.h"

#include <QApplication>
#include <QKeyEvent>
#include <QPushButton>
#include <QToolButton>

namespace coroscope::app {

EnterPresses::EnterPresses(QObject* parent)
    : QObject(parent) {
    qApp->installEventFilter(this);
}

bool EnterPresses::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() != QEvent::KeyPress)
        return false;
    const auto* key = static_cast<QKeyEvent*>(event);
    if ((key->key() != Qt::Key_Return && key->key() != Qt::Key_Enter) ||
        (key->modifiers() & ~Qt::KeypadModifier) != Qt::NoModifier)
        return false;
    auto* tool = qobject_cast<QToolButton*>(watched);
    auto* push = qobject_cast<QPushButton*>(watched);
    if (tool == nullptr && push == nullptr)
        return false;
    if (key->isAutoRepeat())
        return true; // what one press has opened is not confirmed by holding the key
    if (tool != nullptr && tool->popupMode() == QToolButton::InstantPopup && tool->menu() != nullptr)
        tool->showMenu();
    else if (push != nullptr && push->menu() != nullptr)
        push->showMenu();
    else
        qobject_cast<QAbstractButton*>(watched)->click();
    return true;
}

} // namespace coroscope::app
