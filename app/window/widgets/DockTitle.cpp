// SPDX-License-Identifier: Apache-2.0
#include "widgets/DockTitle.h"

#include "theme/Icons.h"
#include "widgets/Cards.h"

#include <QDockWidget>
#include <QEvent>
#include <QHBoxLayout>
#include <QToolButton>

namespace coroscope::app {

DockTitle::DockTitle(QDockWidget* dock)
    : QFrame(dock) {
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
}

void DockTitle::setText(const QString& text) {
    label_->setText(text.toUpper());
}

void DockTitle::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        close_->setIcon(icon(QStringLiteral("close"), Theme::tokens().dim, 12));
}

} // namespace coroscope::app
