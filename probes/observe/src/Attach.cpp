// SPDX-License-Identifier: Apache-2.0
// Finds the way into a process: its agent, else its memory.
#include "AgentLink.h"
#include "LiveSource.h"
#include "Process.h"
#include "RecordReader.h"

#include <coroscope/observe/Source.h>

#include <cerrno>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace coroscope::observe {

namespace {

bool isOf(const RecordReader& reader, const ProcessFacts& process) {
    return reader.processStart() == process.start &&
           reader.pid() == static_cast<std::uint32_t>(process.innermostPid);
}

/// The record found in the process's open files. Without one: why not, as the second half of a sentence.
Result<std::shared_ptr<const RecordReader>> recordInFiles(const ProcessFacts& process) {
    const HeldRecords held = heldRecords(process.pid);
    if (held.denied)
        return Problem{
            "does not let this user look into it (a program with special rights, or one that forbids it)."};
    std::string problem;
    for (const std::string& path : held.paths) {
        const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
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

    auto start = [&](std::shared_ptr<const RecordReader> reader, AgentLink link, std::string silence) {
        return std::unique_ptr<Source>(std::make_unique<LiveSource>(
            *process, std::move(pidfd), std::move(reader), std::move(link), std::move(silence)));
    };
    const bool stopped = process->state == 'T' || process->state == 't';
    // Why the agent is of no use, as the second half of a sentence. A stopped one is not waited for.
    std::string silence = stopped ? "is stopped" : "";
    auto throughAgent = [&](const std::string& path) -> std::unique_ptr<Source> {
        Result<AgentLink> link = AgentLink::connect(*process, path);
        if (!link) {
            silence = link.problem();
            return nullptr;
        }
        auto reader = RecordReader::open(link->takeRecord().get());
        if (reader && isOf(**reader, *process))
            return start(*reader, *std::move(link), {});
        silence =
            reader ? "has sent the record of another process" : "cannot be observed: " + reader.problem();
        return nullptr;
    };

    if (!stopped)
        for (const std::string& path : agentSockets(*process))
            if (auto source = throughAgent(path))
                return source;
    auto reader = recordInFiles(*process);
    if (!reader)
        return Problem{label + ' ' + (silence.empty() || stopped ? reader.problem() : silence + ".")};
    const std::string address = (*reader)->socketAddress();
    if (silence.empty() && !address.empty())
        if (auto source = throughAgent(address))
            return source;
    if (silence.empty())
        silence = "has no agent";
    return start(*reader, AgentLink(),
                 label + ' ' + silence + ". Its memory is read instead; nothing can be cancelled.");
}

} // namespace coroscope::observe
