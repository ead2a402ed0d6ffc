// SPDX-License-Identifier: Apache-2.0
// Which running processes can be observed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace coroscope::observe {

struct Target {
    int pid = 0;
    std::uint64_t processStart = 0;
    std::string program; ///< file name of the executable
    std::string commandLine;
    unsigned uid = 0;
    std::string user;
    std::int64_t runsFor = 0; ///< seconds
    std::int64_t jobs = -1;   ///< live ones, -1 when not known
    bool attachable = false;
    std::string problem; ///< one sentence on why not, or on what will be missing ("does not answer; ...")
};

/// All targets on this machine that this user may see, oldest first: the socket directory joined with the
/// records found in /proc. Costs some milliseconds: not for the window's thread. Leaves itself out.
std::vector<Target> discover();

} // namespace coroscope::observe
