// SPDX-License-Identifier: Apache-2.0
#include "widgets/DropHint.h"

#include "theme/Theme.h"

#include <QPainter>

#include <algorithm>

namespace coroscope::app {

DropHint::DropHint(QWidget* window)
    : QWidget(window) {
    setObjectName(QStringLiteral("dropHint"));
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setFocusPolicy(Qt::NoFocus);
    hide();
}

void DropHint::offer(const QString& sentence) {
    sentence_ = sentence;
    setAccessibleName(sentence);
    fit();
    show();
    raise();
    update();
}

void DropHint::fit() {
    setGeometry(parentWidget()->rect());
}

void DropHint::paintEvent(QPaintEvent*) {
    constexpr int edge = 4, side = 18, high = 44;
    const Tokens& t = Theme::tokens();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QColor veil = t.background;
    veil.setAlphaF(0.72f);
    painter.fillRect(rect(), veil);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(t.accent, 2, Qt::DashLine));
    painter.drawRoundedRect(rect().adjusted(edge, edge, -edge, -edge), measure::radius, measure::radius);
    painter.setFont(Theme::title());
    const QFontMetrics metrics = painter.fontMetrics();
    const QString text =
        metrics.elidedText(sentence_, Qt::ElideMiddle, std::max(0, width() - 2 * (2 * edge + side)));
    QRect plate(0, 0, metrics.horizontalAdvance(text) + 2 * side, high);
    plate.moveCenter(rect().center());
    painter.setPen(QPen(t.line, 1));
    painter.setBrush(t.panel);
    painter.drawRoundedRect(QRectF(plate).adjusted(0.5, 0.5, -0.5, -0.5), measure::radius, measure::radius);
    painter.setPen(t.text);
    painter.drawText(plate, Qt::AlignCenter | Qt::TextSingleLine, text);
}

} // namespace coroscope::app
