// SPDX-License-Identifier: Apache-2.0
#include "AgentLink.h"
#include "Process.h"
#include "RecordReader.h"

#include <coroscope/observe/Discovery.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include <unistd.h>

namespace coroscope::observe {

namespace {

/// Processes whose agents listen, other users' too: the kernel shows everybody the names of all sockets.
std::set<int> listeningAgents() {
    std::set<int> pids;
    std::ifstream sockets("/proc/net/unix");
    for (std::string line; std::getline(sockets, line);) {
        const std::size_t folder = line.find("/coroscope");
        const std::size_t slash = line.rfind('/');
        if (folder == std::string::npos || !line.ends_with(".sock") || slash == folder)
            continue;
        int pid = 0;
        const char* const end = line.data() + line.size() - std::string_view(".sock").size();
        if (const auto [stop, error] = std::from_chars(line.data() + slash + 1, end, pid);
            error == std::errc() && stop == end && pid > 0)
            pids.insert(pid);
    }
    return pids;
}

Target describe(const ProcessFacts& process) {
    Target target;
    target.pid = process.pid;
    target.processStart = process.start;
    target.program = process.program;
    target.commandLine = commandLine(process.pid);
    target.uid = process.uid;
    target.user = userName(process.uid);
    target.runsFor = runsFor(process.start);
    return target;
}

/// Fills in what the record tells; false when none of those held is this process's own.
bool lookIntoRecord(const ProcessFacts& process, const HeldRecords& held, Target& target) {
    bool found = false;
    for (const std::string& path : held.paths) {
        const Descriptor file = openHeldRecord(path);
        if (!file)
            continue;
        auto reader = RecordReader::open(file.get());
        if (!reader) {
            target.problem = "Cannot be observed: " + reader.problem() + ".";
            found = true;
        } else if ((*reader)->processStart() == process.start &&
                   (*reader)->pid() == static_cast<std::uint32_t>(process.innermostPid)) {
            target.jobs = static_cast<std::int64_t>((*reader)->countJobs());
            target.attachable = true;
            target.problem.clear();
            if (isStopped(process.state))
                target.problem = "Is stopped: its jobs can be seen, but not cancelled.";
            else if (agentSockets(process, (*reader)->socketAddress()).empty())
                target.problem =
                    "Has no agent" +
                    ((*reader)->noAgentBecause().empty() ? std::string()
                                                         : " (" + (*reader)->noAgentBecause() + ')') +
                    ": its jobs can be seen, but not cancelled.";
            return true;
        }
    }
    return found;
}

} // namespace

std::vector<Target> discover() {
    std::vector<Target> targets;
    const std::set<int> listening = listeningAgents();
    for (const int pid : allProcesses()) {
        if (pid == ::getpid())
            continue;
        const HeldRecords held = heldRecords(pid);
        if (held.paths.empty() && !(held.denied && listening.contains(pid)))
            continue;
        const auto process = processFacts(pid);
        if (!process || process->state == 'Z')
            continue;
        Target target = describe(*process);
        if (!held.paths.empty()) {
            if (!lookIntoRecord(*process, held, target))
                continue;
        } else {
            target.problem = process->uid == ::geteuid() ? "Does not let this user look into it."
                                                         : "Belongs to user " + target.user +
                                                               ": run Coroscope as that user or as root.";
        }
        targets.push_back(std::move(target));
    }
    std::sort(targets.begin(), targets.end(), [](const Target& a, const Target& b) {
        return std::tie(a.processStart, a.pid) < std::tie(b.processStart, b.pid);
    });
    return targets;
}

} // namespace coroscope::observe
