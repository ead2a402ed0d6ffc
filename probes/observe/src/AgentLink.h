// SPDX-License-Identifier: Apache-2.0
// The connection to a target's agent (wire/Control.h). Whatever the other end sends, it is checked.
#pragma once

#include "Process.h"

#include <coroscope/observe/Result.h>
#include <coroscope/observe/Source.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::observe {

/// A socket at which the agent of a process may listen. The directory is held open: it may be one of the
/// process's own mounts, which has no path here.
struct AgentSocket {
    Descriptor directory;
    std::string name;
};
/// Those that exist, the likely ones first. `recorded` is the path that the record gives, as the process
/// itself sees it; may be empty.
std::vector<AgentSocket> agentSockets(const ProcessFacts& process, const std::string& recorded);

/// Unconnected, called (the agent has not answered yet), or connected.
class AgentLink {
public:
    /// Calls the agent; never blocks. The problem is the second half of a sentence whose first half names the
    /// process: "does not answer". It is empty when there is no agent at all.
    static Result<AgentLink> call(const ProcessFacts& process, const AgentSocket& socket);
    /// The same over a connection that is there already. Who is at its other end is the caller's affair.
    static AgentLink over(const ProcessFacts& process, Descriptor connection);

    AgentLink() noexcept = default; ///< unconnected
    bool called() const noexcept { return socket_ && !greeted_; }
    bool connected() const noexcept { return socket_ && greeted_; }
    int descriptor() const noexcept { return socket_.get(); }

    /// Whether the agent has said Hello: then the link is connected. Never blocks. Whoever gets a problem, as
    /// of call(), has an unconnected link.
    Result<bool> greeted();
    /// Waits for it.
    void wait(int milliseconds) const;
    /// The record that came with the Hello; the caller's from now on.
    Descriptor takeRecord() noexcept { return std::move(record_); }

    /// Never blocks.
    Result<std::uint64_t> cancel(JobId job, bool childrenOnly, std::string_view reason);
    /// Appends what has come. When the other end is gone or talks nonsense the link is closed, and all that
    /// is still open is answered with a refusal.
    void receive(std::vector<CommandAnswer>& answers);
    /// Closes the link; `why` is a sentence.
    void close(const std::string& why, std::vector<CommandAnswer>& answers);

private:
    Descriptor socket_;
    Descriptor record_;
    std::string label_;
    std::uint64_t processStart_ = 0;
    std::uint32_t innermostPid_ = 0;
    bool greeted_ = false;
    std::uint64_t lastRequest_ = 0;
    std::set<std::uint64_t> open_; ///< requests without a last answer
};

} // namespace coroscope::observe
