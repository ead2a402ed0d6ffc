// SPDX-License-Identifier: Apache-2.0
#include "widgets/Cards.h"

#include "theme/Icons.h"

#include <QPainter>
#include <QVBoxLayout>

namespace coroscope::app {

QFrame* card(QWidget* parent, const QString& look) {
    auto* frame = new QFrame(parent);
    frame->setObjectName(look);
    auto* layout = new QVBoxLayout(frame);
    layout->setContentsMargins(12, 10, 12, 10);
    layout->setSpacing(6);
    return frame;
}

QLabel* dimLabel(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setProperty("dim", true);
    label->setTextFormat(Qt::PlainText); // names come from the target
    return label;
}

WrappedLabel::WrappedLabel(const QString& text, QWidget* parent)
    : QLabel(text, parent) {
    setWordWrap(true);
}

int WrappedLabel::heightForWidth(int width) const {
    constexpr std::size_t mostKept = 8;
    if (text_ != text() || format_ != textFormat() || known_.size() > mostKept) {
        known_.clear();
        text_ = text();
        format_ = textFormat();
    }
    for (const Height& each : known_)
        if (each.width == width)
            return each.height;
    known_.push_back({width, QLabel::heightForWidth(width)});
    return known_.back().height;
}

/// As narrow as there is room for. Qt would lay the text out for several widths to find one that looks well;
/// a card gives it its own.
QSize WrappedLabel::sizeHint() const {
    return {usualWidth, fontMetrics().lineSpacing()};
}
QSize WrappedLabel::minimumSizeHint() const {
    return {0, fontMetrics().lineSpacing()};
}

void WrappedLabel::changeEvent(QEvent* event) {
    known_.clear();
    QLabel::changeEvent(event);
}

void clearLayout(QLayout* layout) {
    while (QLayoutItem* item = layout->takeAt(0)) {
        if (item->layout() != nullptr)
            clearLayout(item->layout());
        if (QWidget* widget = item->widget(); widget != nullptr) {
            widget->hide();
            widget->deleteLater();
        }
        delete item;
    }
}

IconLabel::IconLabel(const QString& name, StateLook look, QWidget* parent)
    : QWidget(parent)
    , name_(name)
    , look_(look) {
    setFixedSize(16, 16);
}

void IconLabel::setState(StateLook look) {
    if (look == look_)
        return;
    look_ = look;
    name_ = iconName(look);
    update();
}

void IconLabel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.drawPixmap(QPointF(1, 1), iconPixmap(name_, Theme::stateColour(Theme::tokens(), look_), 14,
                                                 devicePixelRatioF()));
}

ElidedLabel::ElidedLabel(const QString& left, const QString& right, QWidget* parent, bool strong)
    : QWidget(parent)
    , left_(left)
    , right_(right)
    , strong_(strong) {
    setFont(Theme::mono());
    setToolTip((left + QLatin1Char(' ') + right).toHtmlEscaped());
    setAccessibleName(left + QLatin1Char(' ') + right);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QSize ElidedLabel::sizeHint() const {
    return {120, QFontMetrics(Theme::mono()).height() + 2};
}
QSize ElidedLabel::minimumSizeHint() const {
    return sizeHint();
}

void ElidedLabel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    QFont font = Theme::mono();
    const QFontMetrics plain(font);
    const int rightWidth = std::min(plain.horizontalAdvance(right_) + 2, width() * 3 / 5);
    painter.setFont(font);
    painter.setPen(palette().color(QPalette::PlaceholderText));
    painter.drawText(QRect(width() - rightWidth, 0, rightWidth, height()), Qt::AlignVCenter | Qt::AlignRight,
                     plain.elidedText(right_, Qt::ElideLeft, rightWidth));
    if (strong_)
        font.setWeight(QFont::DemiBold);
    painter.setFont(font);
    painter.setPen(palette().color(QPalette::WindowText));
    const int leftWidth = width() - rightWidth - 10;
    painter.drawText(QRect(0, 0, leftWidth, height()), Qt::AlignVCenter | Qt::AlignLeft,
                     QFontMetrics(font).elidedText(left_, Qt::ElideRight, leftWidth));
}

} // namespace coroscope::app
