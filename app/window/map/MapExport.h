// SPDX-License-Identifier: Apache-2.0
// The map as a picture in a file, with what one has to know of it: whose it is, from when, what the colours
// mean.
#pragma once

#include <QString>

namespace coroscope::app {

class JobCanvas;

/// What the map shows at present, as SVG where the name ends so, else as PNG with twice the pixels. Answers a
/// sentence when that failed, else nothing.
QString exportMap(JobCanvas& map, const QString& path);

} // namespace coroscope::app
