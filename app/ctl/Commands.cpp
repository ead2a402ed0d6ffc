// SPDX-License-Identifier: Apache-2.0
#include "Commands.h"

#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <ostream>

namespace coroscope::ctl {

std::vector<PastCommand> pastCommands(const Snapshot& snapshot) {
    std::vector<PastCommand> all;
    for (const observe::Incident& incident : snapshot.ended.incidents())
        if (incident.what == IncidentKind::Commanded) {
            const std::size_t line = std::min(incident.text.find('\n'), incident.text.size());
            all.push_back({&incident, incident.text.substr(0, line),
                           incident.text.substr(std::min(line + 1, incident.text.size()))});
        }
    std::reverse(all.begin(), all.end());
    return all;
}

void printCommands(std::ostream& out, const Snapshot& snapshot) {
    const std::vector<PastCommand> all = pastCommands(snapshot);
    if (all.empty())
        out << "nobody has cancelled anything from outside, as far as the program remembers\n";
    for (const PastCommand& command : all)
        out << observe::durationText(snapshot.now - command.incident->at) << " ago  "
            << snapshot.label(command.incident->job) << " by " << command.who << ": " << command.reason
            << '\n';
}

} // namespace coroscope::ctl
