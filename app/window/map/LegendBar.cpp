// SPDX-License-Identifier: Apache-2.0
#include "map/LegendBar.h"

#include "map/MapPainter.h"
#include "theme/Theme.h"

#include <QPainter>

namespace coroscope::app {

LegendBar::LegendBar(JobMap& map, QWidget* parent)
    : QWidget(parent)
    , map_(map) {
    setObjectName(QStringLiteral("mapLegend"));
    setFixedHeight(measure::statusBar);
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
    update();
}

void LegendBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), Theme::tokens().panel);
    painter.fillRect(QRectF(0, 0, width(), 1), Theme::tokens().line);
    paintLegend(painter, QRectF(rect()).adjusted(12, 4, -12, 0), items_);
}

} // namespace coroscope::app
