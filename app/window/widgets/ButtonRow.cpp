// SPDX-License-Identifier: Apache-2.0
#include "widgets/ButtonRow.h"

#include <QBoxLayout>
#include <QEvent>
#include <QPushButton>

namespace coroscope::app {

namespace {
constexpr int gap = 8;
} // namespace

ButtonRow::ButtonRow(QWidget* parent)
    : QWidget(parent)
    , layout_(new QBoxLayout(QBoxLayout::LeftToRight, this)) {
    layout_->setContentsMargins(0, 0, 0, 0);
    layout_->setSpacing(gap);
    layout_->addStretch(1);
}

void ButtonRow::add(QPushButton* button) {
    button->setMinimumWidth(1); // side by side they must not keep the panel from getting narrower
    layout_->insertWidget(static_cast<int>(buttons_.size()), button);
    buttons_.push_back(button);
}

void ButtonRow::arrange() {
    int wanted = -gap;
    for (const QPushButton* button : buttons_)
        wanted += gap + (button->isHidden() ? -gap : button->sizeHint().width());
    const auto direction = wanted > width() ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight;
    if (layout_->direction() != direction)
        layout_->setDirection(direction);
}

/// Texts change, too.
bool ButtonRow::event(QEvent* event) {
    if (event->type() == QEvent::LayoutRequest)
        arrange();
    return QWidget::event(event);
}

void ButtonRow::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    arrange();
}

} // namespace coroscope::app
