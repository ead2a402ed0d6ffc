// SPDX-License-Identifier: Apache-2.0
#include "List.h"

#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <iomanip>
#include <ostream>

namespace coroscope::ctl {

void printTargets(std::ostream& out, const std::vector<observe::Target>& targets) {
    if (targets.empty()) {
        out << "no process here uses Coroscope's runtime\n";
        return;
    }
    std::size_t program = 7, user = 4;
    for (const observe::Target& target : targets) {
        program = std::max(program, target.program.size());
        user = std::max(user, target.user.size());
    }
    const int programWidth = static_cast<int>(program) + 2, userWidth = static_cast<int>(user) + 2;
    out << std::right << std::setw(8) << "PID" << std::setw(10) << "JOBS" << "  " << std::left
        << std::setw(userWidth) << "USER" << std::setw(14) << "RUNNING FOR" << std::setw(programWidth)
        << "PROGRAM" << "\n";
    for (const observe::Target& target : targets) {
        out << std::right << std::setw(8) << target.pid << std::setw(10)
            << (target.jobs < 0 ? std::string("?") : std::to_string(target.jobs)) << "  " << std::left
            << std::setw(userWidth) << target.user << std::setw(14)
            << (target.runsFor == 0 ? "< 1 s" : observe::durationText(target.runsFor * 1'000'000'000))
            << std::setw(programWidth) << target.program << target.problem << '\n';
    }
}

} // namespace coroscope::ctl
