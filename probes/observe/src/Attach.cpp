// SPDX-License-Identifier: Apache-2.0
// Finds the way into a process: its agent, else its memory.
#include "AgentLink.h"
#include "LiveSource.h"
#include "Process.h"
#include "RecordReader.h"

#include <coroscope/observe/Source.h>

#include <optional>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

namespace coroscope::observe {

namespace {

constexpr int helloMilliseconds = 1'000;
constexpr const char* mayNotLook =
    "does not let this user look into it (a program with special rights, or one that forbids it).";

bool isOf(const RecordReader& reader, const ProcessFacts& process) {
    return reader.processStart() == process.start &&
           reader.pid() == static_cast<std::uint32_t>(process.innermostPid);
}

/// The record found in the process's open files. Without one: why not, as the second half of a sentence.
Result<std::shared_ptr<const RecordReader>> recordInFiles(const ProcessFacts& process) {
    const HeldRecords held = heldRecords(process.pid);
    if (held.denied)
        return Problem{mayNotLook};
    std::string problem;
    for (const std::string& path : held.paths) {
        const Descriptor file = openHeldRecord(path);
        if (!file)
            continue;
        auto reader = RecordReader::open(file.get());
        if (!reader)
            problem = "cannot be observed: " + reader.problem() + ".";
        else if (isOf(**reader, process))
            return reader;
    }
    if (problem.empty())
        problem = "is not linked with the Coroscope runtime, or its record is switched off (COROSCOPE=off).";
    return Problem{std::move(problem)};
}

std::string withoutAgent(const RecordReader& reader) {
    const std::string because = reader.noAgentBecause();
    return because.empty() ? "has no agent" : "has no agent (" + because + ")";
}

} // namespace

Result<std::unique_ptr<Source>> attach(int pid) {
    Descriptor pidfd(pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1);
    const std::optional<ProcessFacts> process = processFacts(pid);
    if (!process)
        return Problem{"There is no process " + std::to_string(pid) + "."};
    const std::string label = processLabel(process->program, pid);
    if (process->state == 'Z')
        return Problem{label + " has ended already."};
    if (::geteuid() != 0 && process->uid != ::geteuid())
        return Problem{label + " belongs to user " + userName(process->uid) +
                       ": run Coroscope as that user or as root."};

    const bool stopped = isStopped(process->state);
    auto reader = recordInFiles(*process);
    // Why the agent is of no use, as the second half of a sentence. A stopped one is called, but not waited
    // for.
    std::string silence;
    AgentLink link;
    for (const AgentSocket& socket : agentSockets(*process, reader ? (*reader)->socketAddress() : "")) {
        Result<AgentLink> called = AgentLink::call(*process, socket);
        if (!called) {
            silence = silence.empty() ? called.problem() : silence;
            continue;
        }
        if (!stopped)
            called->wait(helloMilliseconds);
        auto greeted = called->greeted();
        if (greeted && *greeted && !reader) {
            reader = RecordReader::open(called->takeRecord().get());
            if (!reader)
                reader = Problem{"cannot be observed: " + reader.problem() + "."};
            else if (!isOf(**reader, *process))
                reader = Problem{"has sent the record of another process."};
            if (!reader)
                return Problem{label + ' ' + reader.problem()};
        }
        silence = !greeted ? greeted.problem() : *greeted ? "" : "does not answer";
        if (greeted) {
            link = *std::move(called);
            break;
        }
    }
    if (!reader)
        return Problem{label + ' ' +
                       (silence.empty() || stopped || reader.problem() == mayNotLook ? reader.problem()
                                                                                     : silence + ".")};
    return std::unique_ptr<Source>(
        std::make_unique<LiveSource>(*process, std::move(pidfd), *reader, std::move(link),
                                     silence.empty() ? withoutAgent(**reader) : silence));
}

} // namespace coroscope::observe
