// SPDX-License-Identifier: Apache-2.0
// The window as screen readers and test tools see it: with the menus and lists that are open over it.
#pragma once

#include <QAccessibleWidget>
#include <QWidgetList>

namespace coroscope::app {

/// To Qt no popup is anybody's child, unless it is that of a button or of another menu: who follows the focus
/// hears of it, who looks through the tree does not. Upwards all of them lead to the program, as windows do.
class WindowAccessible : public QAccessibleWidget {
public:
    explicit WindowAccessible(QWidget* window);

    /// Makes this the interface of `window`, which calls it first of all in its constructor.
    static void install(QWidget* window);

    int childCount() const override;
    QAccessibleInterface* child(int index) const override;
    int indexOfChild(const QAccessibleInterface* child) const override;
    QAccessibleInterface* childAt(int x, int y) const override;

private:
    /// Those that nobody else has as a child.
    QWidgetList popups() const;
};

} // namespace coroscope::app
