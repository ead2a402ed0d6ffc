// SPDX-License-Identifier: Apache-2.0
// A menu of what was clicked.
#pragma once

#include <QMenu>

namespace coroscope::app {

/// Belongs to the window that `over` is in, so that screen readers find it there (WindowAccessible), and
/// deletes itself once it is closed. `name` is what they call it.
class PopupMenu : public QMenu {
    Q_OBJECT
public:
    PopupMenu(QWidget* over, const QString& name);

    /// With the sign and the key of a cancel; with a problem it cannot be chosen, and the tooltip says why.
    QAction* addCancel(const QString& problem);
};

} // namespace coroscope::app
