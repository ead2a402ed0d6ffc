// SPDX-License-Identifier: Apache-2.0
// What is being opened, and how far that is.
#pragma once

#include "model/Workspace.h"

#include <QString>

namespace coroscope::app {

/// "Opening /tmp/threads.txt… 43 % of 324.0 MB"; while nothing is being opened it means nothing.
QString openingText(const Workspace& workspace);

} // namespace coroscope::app
