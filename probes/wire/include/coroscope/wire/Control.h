// SPDX-License-Identifier: Apache-2.0
// The conversation on the agent's socket: fixed-size messages in the machine's byte order, one per sendmsg on
// a SOCK_SEQPACKET connection. The agent speaks first (Hello, with the record's file descriptor attached),
// then the observer may send commands, each of which is answered once or twice.
#pragma once

#include <coroscope/model/Ids.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace coroscope::wire {

inline constexpr std::uint32_t controlMagic = 0x436f7273; // "Cors"
inline constexpr std::uint16_t protocolVersion = 1;
/// Longest reason of a cancel command, in bytes of UTF-8; longer ones are cut by the sender.
inline constexpr std::size_t maxReason = 240;

enum class MessageType : std::uint16_t { Hello = 1, Cancel = 2, Answer = 3 };

struct MessageHead {
    std::uint32_t magic = controlMagic;
    std::uint16_t version = protocolVersion;
    MessageType type{};
};

/// Agent to observer, once, with the record's descriptor (opened read-only) as SCM_RIGHTS.
struct Hello {
    MessageHead head{.type = MessageType::Hello};
    std::uint32_t pid = 0; ///< as the target sees itself
    std::uint32_t commandsAllowed = 0;
    std::uint64_t processStart = 0;
};

/// Observer to agent: cancel this job with all below it.
struct Cancel {
    MessageHead head{.type = MessageType::Cancel};
    std::uint64_t request = 0;      ///< chosen by the observer, comes back in the answers
    std::uint64_t processStart = 0; ///< must be the target's, else the answer is WrongProcess
    JobId job;
    std::uint32_t childrenOnly = 0; ///< 1: cancel what is below, not the job itself
    std::uint32_t reasonSize = 0;
    char reason[maxReason] = {}; ///< UTF-8, not zero-terminated
};

enum class AnswerKind : std::uint32_t {
    Queued = 1,       ///< accepted, not yet carried out
    Done = 2,         ///< cancel was called; the effect shows as events
    Gone = 3,         ///< the job had ended before
    WrongProcess = 4, ///< the pid has been reused
    Refused = 5,      ///< the target does not allow commands
    Busy = 6,         ///< too many commands wait already
    Malformed = 7     ///< not understood; the agent closes the connection after it
};

/// Agent to observer.
struct Answer {
    MessageHead head{.type = MessageType::Answer};
    std::uint64_t request = 0;
    AnswerKind kind{};
    std::uint32_t reserved = 0;
};

static_assert(std::is_trivially_copyable_v<Hello> && std::is_trivially_copyable_v<Cancel> &&
              std::is_trivially_copyable_v<Answer>);

} // namespace coroscope::wire
