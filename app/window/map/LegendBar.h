// SPDX-License-Identifier: Apache-2.0
// What the colours of the map mean, in a line below it.
#pragma once

#include "map/JobMap.h"

#include <QWidget>

namespace coroscope::app {

class LegendBar : public QWidget {
    Q_OBJECT
public:
    explicit LegendBar(JobMap& map, QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void refresh();
    /// As high as its lines are at this width.
    void fit();

    JobMap& map_;
    std::vector<MapLook> items_;
};

} // namespace coroscope::app
