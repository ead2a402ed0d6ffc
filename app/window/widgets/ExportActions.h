// SPDX-License-Identifier: Apache-2.0
// What the menus of a job offer to take it along: the tree's, and the map's.
#pragma once

#include <coroscope/model/Ids.h>

#include <functional>

class QMenu;

namespace coroscope::app {

class Workspace;

/// "Copy as Markdown" and "Copy as Kotlin text", which go to the clipboard once they are ready, and "Export
/// this subtree…", which calls `ask`.
void addExportActions(QMenu& menu, Workspace& workspace, JobId job, std::function<void()> ask);

} // namespace coroscope::app
