// SPDX-License-Identifier: Apache-2.0
// Commands from observers, carried out by a thread of their own: the agent must answer even when a command
// hangs in the user's code.
#pragma once

#include <coroscope/model/Ids.h>
#include <coroscope/wire/Control.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include <sys/socket.h>

namespace coroscope::record {

/// One connection, shared by the agent and the commands that came through it. Closed with the last owner.
class Connection {
public:
    explicit Connection(int descriptor) noexcept
        : descriptor_(descriptor) {}
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    int descriptor() const noexcept { return descriptor_; }
    ucred peer{}; ///< who is at the other end, as the kernel says; written before anybody else has it
    /// Never blocks: an observer that does not read loses answers.
    void answer(std::uint64_t request, wire::AnswerKind kind) const noexcept;

private:
    int descriptor_;
};

struct Command {
    std::shared_ptr<Connection> from;
    std::uint64_t request = 0;
    JobId job;
    bool childrenOnly = false;
    std::string reason;
};

/// Hands a command to the command thread, which is started with the first one. Sends the answers.
void enqueue(Command command);

/// The slot whose owner the command thread is about to keep alive, or 0. With endsNeedFence where a fence on
/// all threads cannot be had: then jobs must order their end by themselves.
extern std::atomic<std::uint32_t> pinnedSlot;
inline constexpr std::uint32_t endsNeedFence = std::uint32_t{1} << 31;
static_assert(JobId::indexBits < 31);
void waitWhilePinnedSlowly(std::uint32_t slot) noexcept;
void prepareCommands() noexcept;
bool commandsAllowed() noexcept;

/// Called after a slot's id is cleared and before it is used again.
///
/// The command thread sets the pin and then reads the id; this clears the id and then reads the pin. One of
/// the two sees the other only if both order their store before their load. Here, at every job's end, that
/// order is free: the command thread pays for both (AsymmetricFence).
inline void waitWhilePinned(std::uint32_t slot) noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (pinnedSlot.load(std::memory_order_acquire) != 0) [[unlikely]]
        waitWhilePinnedSlowly(slot);
}

} // namespace coroscope::record
