// SPDX-License-Identifier: Apache-2.0
#include "widgets/SourceExcerpt.h"

#include "theme/Theme.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace coroscope::app {

namespace {
constexpr int margin = 6;
int lineHeight() {
    return QFontMetrics(Theme::mono()).height() + 3;
}
} // namespace

SourceExcerpt::SourceExcerpt(const Sources::Excerpt& excerpt, std::uint32_t line, QWidget* parent)
    : QWidget(parent)
    , excerpt_(excerpt)
    , line_(line) {
    setObjectName(QStringLiteral("sourceExcerpt"));
    setCursor(Qt::PointingHandCursor);
    setFocusPolicy(Qt::TabFocus);
    setToolTip(tr("%1:%2: click to open it in your editor").arg(excerpt.file).arg(line).toHtmlEscaped());
    const auto at = static_cast<qsizetype>(line - excerpt.firstLine);
    setAccessibleName(tr("Source line %1: %2").arg(line).arg(excerpt.lines.value(at).trimmed()));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QSize SourceExcerpt::sizeHint() const {
    return {160, lineHeight() * static_cast<int>(excerpt_.lines.size()) + 2 * margin};
}
QSize SourceExcerpt::minimumSizeHint() const {
    return sizeHint();
}

void SourceExcerpt::paintEvent(QPaintEvent*) {
    const Tokens& t = Theme::tokens();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(hasFocus() ? t.accent : t.line);
    painter.setBrush(t.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setFont(Theme::mono());
    const QFontMetrics metrics(Theme::mono());
    // Deep code begins at the left like any other.
    qsizetype indent = 400;
    for (const QString& each : excerpt_.lines) {
        qsizetype blanks = 0;
        while (blanks < each.size() && each[blanks] == QLatin1Char(' '))
            ++blanks;
        if (blanks < each.size())
            indent = std::min(indent, blanks);
    }
    const auto last = excerpt_.firstLine + static_cast<std::uint32_t>(excerpt_.lines.size());
    const int numbers = metrics.horizontalAdvance(QString::number(last)) + 2 * margin;
    int y = margin;
    for (qsizetype i = 0; i < excerpt_.lines.size(); ++i, y += lineHeight()) {
        const std::uint32_t number = excerpt_.firstLine + static_cast<std::uint32_t>(i);
        const bool marked = number == line_;
        const QColor ground = marked ? QColor(Theme::mix(t.cancelling, t.panel, 0.16).rgb()) : t.panel;
        if (marked)
            painter.fillRect(QRect(1, y, width() - 2, lineHeight()), ground);
        painter.setPen(Theme::readable(t, t.dim, ground));
        painter.drawText(QRect(0, y, numbers - margin, lineHeight()), Qt::AlignRight | Qt::AlignVCenter,
                         QString::number(number));
        painter.setPen(t.text);
        const QRect code(numbers + 2, y, width() - numbers - margin - 2, lineHeight());
        painter.drawText(code, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                         metrics.elidedText(excerpt_.lines[i].mid(indent), Qt::ElideRight, code.width()));
    }
}

void SourceExcerpt::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton && rect().contains(event->position().toPoint()))
        emit opened();
}

void SourceExcerpt::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space)
        emit opened();
    else
        QWidget::keyPressEvent(event);
}

} // namespace coroscope::app
