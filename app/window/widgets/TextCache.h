// SPDX-License-Identifier: Apache-2.0
// Single lines that are drawn again and again, sixty times a second: each is shaped once.
#pragma once

#include <QFont>
#include <QFontMetrics>
#include <QHash>
#include <QPainter>
#include <QRect>
#include <QStaticText>
#include <QString>

namespace coroscope::app {

/// The lines of one font that were drawn last. Threads: the window's.
class TextCache {
public:
    explicit TextCache(const QFont& font)
        : font_(font)
        , metrics_(font) {}

    int width(const QString& text) { return shaped(text).width; }
    /// With the painter's pen, in the middle of the room's height, from its left on, and cut where it has no
    /// more room. Answers the width it took.
    int draw(QPainter& painter, const QRect& room, const QString& text);
    /// Right-aligned, digits in cells of equal width, so that running numbers do not tremble.
    void drawTabular(QPainter& painter, const QRect& room, const QString& text);

private:
    struct Shaped {
        QStaticText text;
        int width = 0;
        QStaticText cut; ///< to `cutTo`
        int cutTo = -1;
    };
    Shaped& shaped(const QString& text);
    QStaticText prepared(const QString& text) const;
    void drawAt(QPainter& painter, int x, const QRect& room, const QStaticText& text) const;

    QFont font_;
    QFontMetrics metrics_;
    QHash<QString, Shaped> lines_;
    QHash<QChar, Shaped> letters_; ///< of running numbers
};

} // namespace coroscope::app
