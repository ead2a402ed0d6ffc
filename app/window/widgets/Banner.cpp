// SPDX-License-Identifier: Apache-2.0
#include "widgets/Banner.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace coroscope::app {

Banner::Banner(QWidget* parent)
    : QFrame(parent)
    , text_(new QLabel(this))
    , action_(new QPushButton(this)) {
    setObjectName(QStringLiteral("banner"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 6, 12, 6);
    text_->setObjectName(QStringLiteral("bannerText"));
    text_->setWordWrap(true);
    text_->setTextFormat(Qt::PlainText);
    layout->addWidget(text_, 1);
    layout->addWidget(action_);
    connect(action_, &QPushButton::clicked, this, &Banner::actionClicked);
    hide();
}

void Banner::say(const QString& sentence, const QString& action) {
    text_->setText(sentence);
    action_->setText(action);
    action_->setVisible(!action.isEmpty());
    setVisible(!sentence.isEmpty());
}

QString Banner::text() const {
    return text_->text();
}

} // namespace coroscope::app
