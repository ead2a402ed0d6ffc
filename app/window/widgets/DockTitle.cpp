// SPDX-License-Identifier: Apache-2.0
#include "widgets/DockTitle.h"

#include "theme/Icons.h"
#include "widgets/Cards.h"

#include <QDockWidget>
#include <QEvent>
#include <QHBoxLayout>
#include <QMainWindow>
#include <QToolButton>

#include <utility>

namespace coroscope::app {

DockTitle::DockTitle(QDockWidget* dock)
    : QFrame(dock)
    , dock_(dock) {
    setObjectName(QStringLiteral("dockTitle"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 6, 6, 6);
    label_ = dimLabel(dock->windowTitle().toUpper(), this);
    label_->setFont(Theme::heading());
    close_ = new QToolButton(this);
    close_->setIconSize({12, 12});
    close_->setFixedSize(20, 20);
    close_->setAccessibleName(tr("Hide %1").arg(dock->windowTitle()));
    close_->setToolTip(tr("Hide this panel"));
    close_->setFocusPolicy(Qt::NoFocus);
    close_->setIcon(icon(QStringLiteral("close"), Theme::tokens().dim, 12));
    layout->addWidget(label_, 1);
    layout->addWidget(close_);
    connect(close_, &QToolButton::clicked, dock, &QDockWidget::close);
    connect(dock, &QDockWidget::topLevelChanged, this, &DockTitle::refit);
    connect(dock, &QDockWidget::visibilityChanged, this, &DockTitle::refit);
    connect(dock, &QDockWidget::dockLocationChanged, this, &DockTitle::refit);
    dock->installEventFilter(this);
}

/// When the last of its neighbours goes, nobody says so, but the room for the tabs is there again.
bool DockTitle::eventFilter(QObject* watched, QEvent* event) {
    if (watched == dock_ && (event->type() == QEvent::Resize || event->type() == QEvent::Show))
        QMetaObject::invokeMethod(this, &DockTitle::refit, Qt::QueuedConnection);
    return QFrame::eventFilter(watched, event);
}

void DockTitle::setText(const QString& text) {
    label_->setText(text.toUpper());
    if (dock_->windowTitle() != text)
        dock_->setWindowTitle(text);
}

/// A tab says it already where there is one.
void DockTitle::refit() {
    const auto* window = qobject_cast<QMainWindow*>(dock_->parentWidget());
    bool tabbed = false;
    if (window != nullptr && !dock_->isFloating())
        for (const QDockWidget* other : window->tabifiedDockWidgets(dock_))
            tabbed = tabbed || !other->isHidden();
    if (tabbed == std::exchange(tabbed_, tabbed))
        return;
    close_->setVisible(!tabbed);
    updateGeometry();
}

QSize DockTitle::sizeHint() const {
    return tabbed_ ? QSize(QFrame::sizeHint().width(), 0) : QFrame::sizeHint();
}

void DockTitle::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        close_->setIcon(icon(QStringLiteral("close"), Theme::tokens().dim, 12));
}

} // namespace coroscope::app
