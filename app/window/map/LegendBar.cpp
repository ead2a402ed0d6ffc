// SPDX-License-Identifier: Apache-2.0
#include "map/LegendBar.h"

#include "map/MapPainter.h"
#include "theme/Theme.h"

#include <QPainter>

namespace coroscope::app {

namespace {
constexpr int side = 12;
} // namespace

LegendBar::LegendBar(JobMap& map, QWidget* parent)
    : QWidget(parent)
    , map_(map) {
    setObjectName(QStringLiteral("mapLegend"));
    connect(&map_, &JobMap::colourChanged, this, &LegendBar::refresh);
    refresh();
}

void LegendBar::refresh() {
    items_ = map_.legend();
    QStringList texts;
    for (const MapLook& item : items_)
        texts << item.text;
    setAccessibleName(tr("Colours by %1: %2").arg(nameOf(map_.colour()), texts.join(QStringLiteral(", "))));
    setToolTip(accessibleName());
    fit();
    update();
}

void LegendBar::fit() {
    const int lines = legendHeight(width() - 2 * side, items_);
    if (const int wanted = lines + measure::statusBar - legendLine; wanted != height())
        setFixedHeight(wanted);
}

void LegendBar::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fit();
}

void LegendBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), Theme::tokens().panel);
    painter.fillRect(QRectF(0, 0, width(), 1), Theme::tokens().line);
    paintLegend(painter, QRectF(rect()).adjusted(side, 4, -side, 0), items_);
}

} // namespace coroscope::app
