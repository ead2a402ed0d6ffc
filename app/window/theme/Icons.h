// SPDX-License-Identifier: Apache-2.0
// Our own SVG icons, coloured when they are drawn.
#pragma once

#include "theme/Theme.h"

#include <QColor>
#include <QIcon>
#include <QPixmap>
#include <QString>

namespace coroscope::app {

/// The icon ":/icons/NAME.svg" with its black replaced by `colour`; `size` in logical pixels. Kept after the
/// first use. Threads: the window's.
QPixmap iconPixmap(const QString& name, const QColor& colour, int size, qreal pixelRatio);
QIcon icon(const QString& name, const QColor& colour, int size = 16);
QString iconName(StateLook look);

} // namespace coroscope::app
