// SPDX-License-Identifier: Apache-2.0
// What coroscopectl's exit codes mean. Scripts rely on them.
#pragma once

namespace coroscope::ctl {

enum Exit : int {
    success = 0,     ///< done; for cancel: the last job of the subtree has ended
    failure = 1,     ///< wrong usage, no such target, cannot attach, nothing saved
    notFinished = 2, ///< cancel: asked for, but some jobs were still there when the time was over
    refused = 3,     ///< cancel: the target refused, or the job was gone
};

} // namespace coroscope::ctl
