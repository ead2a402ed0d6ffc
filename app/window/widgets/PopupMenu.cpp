// SPDX-License-Identifier: Apache-2.0
#include "widgets/PopupMenu.h"

#include "theme/Icons.h"
#include "theme/Theme.h"

namespace coroscope::app {

PopupMenu::PopupMenu(QWidget* over, const QString& name)
    : QMenu(over->window()) {
    setAttribute(Qt::WA_DeleteOnClose);
    setAccessibleName(name);
    setToolTipsVisible(true);
    // What a screen reader chooses is done without a click, which would have closed it.
    connect(this, &QMenu::triggered, this, &QWidget::close);
}

QAction* PopupMenu::addCancel(const QString& problem) {
    QAction* action = addAction(app::icon(QStringLiteral("cancel"), Theme::tokens().failed), tr("Cancel…"));
    action->setShortcut(Qt::Key_Delete);
    action->setEnabled(problem.isEmpty());
    action->setToolTip(problem);
    return action;
}

} // namespace coroscope::app
