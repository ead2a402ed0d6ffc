// SPDX-License-Identifier: Apache-2.0
// Texts that are laid out once and drawn, or measured, many times.
#include "theme/Theme.h"
#include "widgets/Cards.h"
#include "widgets/TextCache.h"

#include <QImage>
#include <QPainter>

#include <gtest/gtest.h>

#include <functional>

namespace coroscope::app {
namespace {

QImage drawn(const std::function<void(QPainter&)>& draw) {
    QImage image(300, 25, QImage::Format_RGB32);
    image.fill(Qt::white);
    QPainter painter(&image);
    painter.setPen(Qt::black);
    draw(painter);
    return image;
}

/// Columns from the left that have no ink, and those that end it.
std::pair<int, int> ink(const QImage& image) {
    int first = image.width(), last = -1;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            if (qGray(image.pixel(x, y)) < 200) {
                first = std::min(first, x);
                last = std::max(last, x);
            }
    return {first, last};
}

TEST(TextCache, drawsWhereAndAsThePainterWould) {
    const QRect room(4, 0, 290, 25);
    const QString text = QStringLiteral("reader-311 <b>launch</b> &amp; #40219");
    const QImage expected = drawn([&](QPainter& painter) {
        painter.setFont(Theme::text());
        painter.drawText(room, Qt::AlignVCenter | Qt::TextSingleLine, text);
    });
    TextCache cache(Theme::text());
    int width = 0;
    for (int again = 0; again < 3; ++again)
        EXPECT_EQ(drawn([&](QPainter& painter) { width = cache.draw(painter, room, text); }), expected)
            << again;
    EXPECT_EQ(width, QFontMetrics(Theme::text()).horizontalAdvance(text));
    EXPECT_EQ(cache.width(text), width);
}

TEST(TextCache, aLineBreakStaysOnTheLine) {
    TextCache cache(Theme::text());
    const QRect room(4, 0, 290, 25);
    EXPECT_EQ(drawn([&](QPainter& painter) { cache.draw(painter, room, QStringLiteral("two\nlines")); }),
              drawn([&](QPainter& painter) { cache.draw(painter, room, QStringLiteral("two lines")); }));
}

TEST(TextCache, isCutAtTheRoomsEndWhateverRoomItHadBefore) {
    TextCache cache(Theme::text());
    const QString text = QStringLiteral("a name that is much longer than its column");
    for (const int width : {60, 120, 60, 400}) {
        const QImage image =
            drawn([&](QPainter& painter) { cache.draw(painter, QRect(0, 0, width, 25), text); });
        const int last = ink(image).second;
        EXPECT_LT(last, width);
        EXPECT_GT(last, std::min(width, cache.width(text)) - 20);
    }
    EXPECT_EQ(ink(drawn([&](QPainter& painter) { cache.draw(painter, QRect(0, 0, 10, 25), text); })).second,
              -1);
}

TEST(TextCache, takesThePensColourEachTime) {
    TextCache cache(Theme::text());
    const auto colour = [&](QColor pen) {
        return drawn([&](QPainter& painter) {
            painter.setPen(pen);
            cache.draw(painter, QRect(0, 0, 290, 25), QStringLiteral("MMMM"));
        });
    };
    EXPECT_EQ(colour(Qt::black), colour(Qt::black));
    EXPECT_NE(colour(Qt::black), colour(Qt::red));
}

TEST(TextCache, digitsOfRunningNumbersDoNotTremble) {
    TextCache cache(Theme::text());
    const auto number = [&](const QString& text) {
        return ink(drawn([&](QPainter& painter) { cache.drawTabular(painter, QRect(0, 0, 290, 25), text); }));
    };
    // The 8 stands where the 1 stood, give or take what the one is narrower.
    const auto [firstOnes, lastOnes] = number(QStringLiteral("111.1 s"));
    const auto [firstEights, lastEights] = number(QStringLiteral("888.1 s"));
    EXPECT_EQ(lastOnes, lastEights);
    EXPECT_NEAR(firstOnes, firstEights, 4);
    EXPECT_GT(lastOnes, 280);
}

TEST(TextCache, forgetsRatherThanGrows) {
    TextCache cache(Theme::text());
    for (int i = 0; i < 10'000; ++i)
        cache.width(QString::number(i));
    EXPECT_EQ(cache.width(QStringLiteral("17")),
              QFontMetrics(Theme::text()).horizontalAdvance(QStringLiteral("17")));
}

TEST(WrappedLabel, isAsHighAsALabelThatForgets) {
    WrappedLabel label(QString(), nullptr);
    QLabel plain;
    plain.setWordWrap(true);
    const auto same = [&] {
        for (int again = 0; again < 2; ++again)
            for (const int width : {60, 100, 300, 60})
                EXPECT_EQ(label.heightForWidth(width), plain.heightForWidth(width)) << width;
    };
    same();
    for (const QString& text : {QStringLiteral("one two three four five six seven eight nine ten"),
                                QStringLiteral("<b>one</b> two"), QStringLiteral("short")}) {
        label.setText(text);
        plain.setText(text);
        same();
        label.setTextFormat(Qt::PlainText);
        plain.setTextFormat(Qt::PlainText);
        same();
        label.setTextFormat(Qt::AutoText);
        plain.setTextFormat(Qt::AutoText);
    }
    label.setFont(Theme::title());
    plain.setFont(Theme::title());
    same();
}

} // namespace
} // namespace coroscope::app
