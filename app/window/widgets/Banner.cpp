// SPDX-License-Identifier: Apache-2.0
#include "widgets/Banner.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

#include <algorithm>

namespace coroscope::app {

namespace {
constexpr qsizetype mostLines = 4; ///< of the list; more are scrolled
}

Banner::Banner(const QString& name, QWidget* parent)
    : QFrame(parent)
    , text_(new QLabel(this))
    , action_(new QPushButton(this))
    , more_(new QPlainTextEdit(this)) {
    setObjectName(QStringLiteral("banner"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 6, 12, 6);
    column->setSpacing(4);
    auto* layout = new QHBoxLayout;
    text_->setObjectName(name + QStringLiteral("Text"));
    text_->setWordWrap(true);
    text_->setTextFormat(Qt::PlainText);
    layout->addWidget(text_, 1);
    layout->addWidget(action_);
    column->addLayout(layout);
    more_->setObjectName(name + QStringLiteral("More"));
    action_->setObjectName(name + QStringLiteral("Action"));
    more_->setReadOnly(true);
    more_->setTabChangesFocus(true);
    more_->setFrameShape(QFrame::NoFrame);
    more_->document()->setDocumentMargin(0);
    more_->setAccessibleName(tr("What could not be read"));
    column->addWidget(more_);
    connect(action_, &QPushButton::clicked, this, &Banner::actionClicked);
    hide();
}

void Banner::say(const QString& sentence, const QString& action, const QStringList& more) {
    text_->setText(sentence);
    action_->setText(action);
    action_->setVisible(!action.isEmpty());
    if (more_->toPlainText() != more.join(QLatin1Char('\n')))
        more_->setPlainText(more.join(QLatin1Char('\n')));
    const auto lines = static_cast<int>(std::min(more.size(), mostLines));
    more_->setFixedHeight(lines * (more_->fontMetrics().lineSpacing() + 1) + 4);
    more_->setVisible(!more.isEmpty());
    setVisible(!sentence.isEmpty());
}

void Banner::setCalm(bool calm) {
    if (property("calm").toBool() == calm)
        return;
    setProperty("calm", calm);
    style()->unpolish(this);
    style()->polish(this);
}

QString Banner::text() const {
    return text_->text();
}

QStringList Banner::more() const {
    return more_->toPlainText().split(QLatin1Char('\n'), Qt::SkipEmptyParts);
}

} // namespace coroscope::app
