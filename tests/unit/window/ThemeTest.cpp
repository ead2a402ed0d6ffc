// SPDX-License-Identifier: Apache-2.0
#include "theme/Theme.h"
#include "theme/Icons.h"

#include <QFontInfo>

#include <gtest/gtest.h>

namespace coroscope::app {
namespace {

class ThemeOf : public testing::TestWithParam<bool> {};

TEST_P(ThemeOf, textCanBeReadOnEveryGround) {
    const Tokens& t = Theme::tokens(GetParam());
    for (const QColor& ground : {t.background, t.panel, t.selection}) {
        EXPECT_GE(Theme::contrast(t.text, ground), 4.5);
        EXPECT_GE(Theme::contrast(Theme::readable(t, t.dim, ground), ground), 4.5);
        for (const auto look : {StateLook::New, StateLook::Queued, StateLook::Running, StateLook::Suspended,
                                StateLook::WaitsForChildren, StateLook::Cancelling, StateLook::Plain,
                                StateLook::Completed, StateLook::Cancelled, StateLook::Failed})
            EXPECT_GE(Theme::contrast(Theme::readable(t, Theme::stateColour(t, look), ground), ground), 4.5);
    }
    for (const QColor& ground : {t.background, t.panel})
        EXPECT_GE(Theme::contrast(t.dim, ground), 4.5) << "labels use this one as it is";
}

TEST_P(ThemeOf, chipsCanBeRead) {
    const Tokens& t = Theme::tokens(GetParam());
    for (const auto kind : {ChipKind::Proven, ChipKind::Suspected, ChipKind::Orphan, ChipKind::Neutral}) {
        const ChipColours chip = Theme::chip(t, kind);
        EXPECT_GE(Theme::contrast(chip.text, chip.fill), 4.5) << static_cast<int>(kind);
    }
}

INSTANTIATE_TEST_SUITE_P(LightAndDark, ThemeOf, testing::Bool());

TEST(Theme, contrastIsThatOfTheStandard) {
    EXPECT_NEAR(Theme::contrast(Qt::black, Qt::white), 21.0, 0.01);
    EXPECT_NEAR(Theme::contrast(QColor("#777777"), Qt::white), 4.48, 0.01);
}

TEST(Theme, bringsItsOwnFonts) {
    EXPECT_EQ(QFontInfo(Theme::text()).family(), QStringLiteral("Inter"));
    EXPECT_EQ(QFontInfo(Theme::mono()).family(), QStringLiteral("JetBrains Mono"));
}

TEST(Icons, existForEveryStateAndTakeTheColour) {
    for (const auto look : {StateLook::New, StateLook::Queued, StateLook::Running, StateLook::Suspended,
                            StateLook::WaitsForChildren, StateLook::Cancelling, StateLook::Plain,
                            StateLook::Completed, StateLook::Cancelled, StateLook::Failed}) {
        const QImage image = iconPixmap(iconName(look), Qt::red, 16, 1).toImage();
        bool red = false;
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x) {
                const QColor pixel = image.pixelColor(x, y);
                red |= pixel.alpha() > 200 && pixel.red() > 200 && pixel.green() < 60;
            }
        }
        EXPECT_TRUE(red) << qPrintable(iconName(look));
    }
}

} // namespace
} // namespace coroscope::app
