// SPDX-License-Identifier: Apache-2.0
// Draws boxes of the icicle, on the screen, in a small overview, or in a picture to be saved.
#pragma once

#include "map/JobMap.h"

#include <QPainter>
#include <QPainterPath>
#include <QRectF>

#include <vector>

namespace coroscope::app {

namespace measure {
inline constexpr double mapRow = 24;
} // namespace measure

struct MapStyle {
    QRectF area; ///< that is drawn on
    double rowHeight = measure::mapRow;
    double top = 0; ///< pixels of the map above the area
    bool labels = true;
    bool folds = false; ///< what several are merged into says how many
    bool ended = false; ///< the target is no more
    JobId selected;
    observe::Node selectedGroup = observe::noNode;
    observe::Node hovered = observe::noNode; ///< of a box
};

/// Where a box lies on the area, all of the rows that it stands for.
QRectF rectOf(const MapBox& box, const MapStyle& style);
void paintBoxes(QPainter& painter, const JobMap& map, const std::vector<MapBox>& boxes,
                const MapStyle& style);
/// The same, each where it is said to be.
void paintBoxes(QPainter& painter, const JobMap& map, const std::vector<MapBox>& boxes,
                const std::vector<QRectF>& rects, const MapStyle& style);
/// From who launched a job to that job, which belongs to nobody. A faint one is one of many.
void paintBrokenLink(QPainter& painter, const QPainterPath& path, bool strong);
/// Height of a line of the legend.
inline constexpr int legendLine = 20;
/// What the whole legend takes where it is so wide.
int legendHeight(int width, const std::vector<MapLook>& items);
/// The colours' meaning, in as many lines as fit into the area.
void paintLegend(QPainter& painter, const QRectF& area, const std::vector<MapLook>& items);

} // namespace coroscope::app
