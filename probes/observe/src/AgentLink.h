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

/// Paths at which the agent of this process may listen, the likely ones first.
std::vector<std::string> agentSockets(const ProcessFacts& process);

class AgentLink {
public:
    /// Connects and waits for the Hello, at most one second. The problem is the second half of a sentence
    /// whose first half names the process: "does not answer". It is empty when there is no agent at all.
    static Result<AgentLink> connect(const ProcessFacts& process, const std::string& path);

    AgentLink() noexcept = default; ///< not connected
    bool connected() const noexcept { return static_cast<bool>(socket_); }
    int descriptor() const noexcept { return socket_.get(); }
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
    std::uint64_t lastRequest_ = 0;
    std::set<std::uint64_t> open_; ///< requests without a last answer
};

} // namespace coroscope::observe
