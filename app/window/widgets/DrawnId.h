// SPDX-License-Identifier: Apache-2.0
// What views call a row or box (DrawnJobs): a job by its id, a group by one that no job ever has, the group
// of those without an owner by none.
#pragma once

#include "model/Workspace.h"

namespace coroscope::app {

/// noNode for what is no longer there.
observe::Node nodeOfDrawn(const Workspace& workspace, JobId id);
JobId drawnIdOf(const Workspace& workspace, observe::Node node);

} // namespace coroscope::app
