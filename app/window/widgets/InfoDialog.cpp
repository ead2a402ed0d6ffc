// SPDX-License-Identifier: Apache-2.0
#include "widgets/InfoDialog.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

namespace coroscope::app {

InfoDialog::InfoDialog(const QString& name, const QString& title, QWidget* parent)
    : QDialog(parent)
    , page_(new QVBoxLayout)
    , close_(new QPushButton(tr("Close"), this)) {
    setObjectName(name);
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(title);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 12);
    layout->addLayout(page_, 1);
    auto* buttons = new QHBoxLayout;
    buttons->setContentsMargins(16, 0, 16, 0);
    buttons->addStretch(1);
    buttons->addWidget(close_);
    layout->addLayout(buttons);
    connect(close_, &QPushButton::clicked, this, &QDialog::close);
}

} // namespace coroscope::app
