// SPDX-License-Identifier: Apache-2.0
#include "widgets/TextCache.h"

#include <algorithm>

namespace coroscope::app {

namespace {
/// Some screens full; beyond this many we start over.
constexpr qsizetype mostKept = 2'000;
constexpr qsizetype mostLetters = 200;
/// In less room than this nothing is drawn rather than an ellipsis alone.
constexpr int leastCut = 16;
} // namespace

QStaticText TextCache::prepared(const QString& text) const {
    QString line = text;
    line.replace(QLatin1Char('\n'), QLatin1Char(' '));
    QStaticText made(line);
    made.setTextFormat(Qt::PlainText); // names come from the target
    made.setPerformanceHint(QStaticText::AggressiveCaching);
    made.prepare({}, font_);
    return made;
}

TextCache::Shaped& TextCache::shaped(const QString& text) {
    if (const auto found = lines_.find(text); found != lines_.end())
        return *found;
    if (lines_.size() >= mostKept)
        lines_.clear();
    return *lines_.insert(text, {prepared(text), metrics_.horizontalAdvance(text), {}, -1});
}

void TextCache::drawAt(QPainter& painter, int x, const QRect& room, const QStaticText& text) const {
    painter.drawStaticText(x, room.top() + (room.height() - metrics_.height()) / 2, text);
}

int TextCache::draw(QPainter& painter, const QRect& room, const QString& text) {
    if (text.isEmpty() || room.width() <= 0)
        return 0;
    painter.setFont(font_);
    Shaped& line = shaped(text);
    if (line.width <= room.width()) {
        drawAt(painter, room.left(), room, line.text);
        return line.width;
    }
    if (room.width() > leastCut) {
        if (line.cutTo != room.width()) {
            line.cut = prepared(metrics_.elidedText(text, Qt::ElideRight, room.width()));
            line.cutTo = room.width();
        }
        drawAt(painter, room.left(), room, line.cut);
    }
    return room.width();
}

void TextCache::drawTabular(QPainter& painter, const QRect& room, const QString& text) {
    if (letters_.size() > mostLetters)
        letters_.clear();
    const auto letter = [this](QChar c) -> const Shaped& {
        const auto found = letters_.find(c);
        return found != letters_.end()
                   ? *found
                   : *letters_.insert(c, {prepared(QString(c)), metrics_.horizontalAdvance(c), {}, -1});
    };
    const int digit = letter(QLatin1Char('0')).width;
    const auto widthOf = [&](QChar c) { return c.isDigit() ? digit : letter(c).width; };
    int width = 0;
    for (const QChar c : text)
        width += widthOf(c);
    painter.setFont(font_);
    int x = std::max(room.left(), room.right() + 1 - width);
    for (const QChar c : text) {
        const int w = widthOf(c);
        if (x + w > room.right() + 1)
            break;
        if (c != QLatin1Char(' ')) {
            const Shaped& shape = letter(c);
            drawAt(painter, x + (w - shape.width) / 2, room, shape.text);
        }
        x += w;
    }
}

} // namespace coroscope::app
