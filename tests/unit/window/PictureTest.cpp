// SPDX-License-Identifier: Apache-2.0
// The main panels look as somebody has approved: tests/unit/window/approved. After a change that is wanted,
// run this with COROSCOPE_RENEW_PICTURES=1 and look at what git says has changed.
#include "HandFedWindow.h"
#include "StillSource.h"

#include "map/IcicleView.h"
#include "map/MapPanel.h"
#include "map/NodeLinkView.h"
#include "theme/Theme.h"
#include "widgets/DetailsPanel.h"
#include "widgets/EmptyState.h"
#include "widgets/FindingsPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/MainWindow.h"

#include <QApplication>
#include <QDir>
#include <QImage>
#include <QProcess>
#include <QSettings>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace coroscope::app {
namespace {

constexpr int leastDifference = 40;     ///< of 255, in one colour of one pixel
constexpr double mostDifferent = 0.004; ///< share of the pixels

/// Half as large: how a line of text is smoothed differs from one version of a library to the next.
QImage smoothed(const QImage& image) {
    return image.convertToFormat(QImage::Format_RGB32)
        .scaled(image.size() / 2, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
}

/// Share of the pixels that differ; all of them when the sizes do.
double difference(const QImage& one, const QImage& other) {
    if (one.size() != other.size() || one.isNull())
        return 1;
    const QImage a = smoothed(one), b = smoothed(other);
    long different = 0;
    for (int y = 0; y < a.height(); ++y) {
        for (int x = 0; x < a.width(); ++x) {
            const QRgb p = a.pixel(x, y), q = b.pixel(x, y);
            const int most = std::max({std::abs(qRed(p) - qRed(q)), std::abs(qGreen(p) - qGreen(q)),
                                       std::abs(qBlue(p) - qBlue(q))});
            different += most > leastDifference;
        }
    }
    return static_cast<double>(different) / (static_cast<double>(a.width()) * a.height());
}

class PictureTest : public testing::TestWithParam<ThemeChoice> {
protected:
    void SetUp() override {
        qputenv("TZ", "UTC");
        ::tzset();
        QSettings().clear();
        Theme::apply(*qApp, GetParam());
        window = std::make_unique<MainWindow>(GetParam());
        window->resize(1280, 820);
        window->show();
    }
    void TearDown() override {
        window.reset();
        QSettings().clear();
        Theme::apply(*qApp, ThemeChoice::Light);
    }
    void open() {
        window->workspace().open(stillSource());
        ASSERT_TRUE(eventually([this] {
            return window->workspace().tree().size() == stillJobs &&
                   !window->workspace().findings().all().empty();
        }));
    }
    void compare(QWidget& widget, const QString& what) {
        QApplication::processEvents();
        const QString name =
            what + (GetParam() == ThemeChoice::Dark ? QStringLiteral("-dark") : QStringLiteral("-light")) +
            QStringLiteral(".png");
        const QImage seen = widget.grab().toImage().convertToFormat(QImage::Format_RGB32);
        const QString approved = QStringLiteral(COROSCOPE_APPROVED "/") + name;
        if (qEnvironmentVariableIsSet("COROSCOPE_RENEW_PICTURES")) {
            QDir().mkpath(QStringLiteral(COROSCOPE_APPROVED));
            ASSERT_TRUE(seen.save(approved, "PNG", 0));
            // It lies in a repository for ever: fewer colours make it a quarter as large.
            QProcess::execute(QStringLiteral("convert"),
                              {approved, QStringLiteral("+dither"), QStringLiteral("-colors"),
                               QStringLiteral("200"), QStringLiteral("PNG8:") + approved});
            return;
        }
        const QImage wanted(approved);
        ASSERT_FALSE(wanted.isNull()) << approved.toStdString() << " is missing";
        const double share = difference(seen, wanted);
        if (share > mostDifferent) {
            QDir().mkpath(QStringLiteral(COROSCOPE_SEEN));
            seen.save(QStringLiteral(COROSCOPE_SEEN "/") + name);
        }
        EXPECT_LE(share, mostDifferent)
            << "of the pixels differ. Approved: " << approved.toStdString() << ", seen: " COROSCOPE_SEEN "/"
            << name.toStdString()
            << ". If it is meant to look so, run this again with COROSCOPE_RENEW_PICTURES=1.";
        // What moves by a few pixels would be noticed.
        QImage moved(seen.size(), QImage::Format_RGB32);
        moved.fill(seen.pixel(0, 0));
        for (int y = 4; y < seen.height(); ++y)
            std::copy_n(seen.constScanLine(y - 4), seen.bytesPerLine(), moved.scanLine(y));
        EXPECT_GT(difference(moved, wanted), mostDifferent) << name.toStdString() << " has too little in it";
    }
    void select(std::uint32_t index) {
        window->workspace().select(id(index));
        QApplication::processEvents();
    }

    std::unique_ptr<MainWindow> window;
};

TEST_P(PictureTest, Tree) {
    open();
    window->tree().expandTo(3);
    select(9);
    compare(window->tree(), QStringLiteral("tree"));
}

TEST_P(PictureTest, Map) {
    open();
    window->setView(ViewSwitch::Map);
    window->map().setDrawing(MapPanel::Drawing::Icicle);
    select(9);
    ASSERT_TRUE(eventually([this] { return !window->map().icicle().moving(); }));
    compare(window->map(), QStringLiteral("map"));
}

TEST_P(PictureTest, Nodes) {
    open();
    window->setView(ViewSwitch::Map);
    window->map().setDrawing(MapPanel::Drawing::Nodes);
    select(9);
    ASSERT_TRUE(eventually([this] { return !window->map().nodes().moving(); }));
    compare(window->map(), QStringLiteral("nodes"));
}

/// In one theme each: their parts are in the other pictures, too.
class LightPictureTest : public PictureTest {};
class DarkPictureTest : public PictureTest {};

TEST_P(LightPictureTest, Details) {
    open();
    select(59);
    compare(window->details(), QStringLiteral("details"));
}

TEST_P(DarkPictureTest, FirstScreen) {
    auto* empty = window->findChild<EmptyState*>();
    ASSERT_NE(empty, nullptr);
    empty->setSampleFound(true);
    compare(*empty, QStringLiteral("first"));
}

std::string themeName(const testing::TestParamInfo<ThemeChoice>& each) {
    return each.param == ThemeChoice::Light ? "light" : "dark";
}
INSTANTIATE_TEST_SUITE_P(Looks, PictureTest, testing::Values(ThemeChoice::Light, ThemeChoice::Dark),
                         themeName);
INSTANTIATE_TEST_SUITE_P(Looks, LightPictureTest, testing::Values(ThemeChoice::Light), themeName);
INSTANTIATE_TEST_SUITE_P(Looks, DarkPictureTest, testing::Values(ThemeChoice::Dark), themeName);

} // namespace
} // namespace coroscope::app
