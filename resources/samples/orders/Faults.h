// SPDX-License-Identifier: Apache-2.0
// The mistakes that this program can make on request. Without them it is healthy.
#pragma once

#include <array>
#include <atomic>
#include <string_view>

namespace orders {

enum class Fault {
    Global,           ///< a metrics flush is launched in GlobalScope and forgotten
    Island,           ///< a retry loop is launched with a fresh Job() of its own, cut off from its connection
    DroppedScope,     ///< a session's recommendations run in a scope that goes out of sight with its session
    Swallow,          ///< a courier's tracker takes its cancellation for a failure and asks again
    SlowCancel,       ///< a stocktaking says goodbye in NonCancellable to whoever does not answer
    SilentSupervisor, ///< mails go out below a supervisor that nobody has given an exception handler
    Deadlock,         ///< two forklifts take two aisles in opposite order
};

class Faults {
public:
    static constexpr std::array<std::string_view, 7> names{
        "global", "island", "dropped-scope", "swallow", "slow-cancel", "silent-supervisor", "deadlock"};

    bool on(Fault fault) const noexcept { return flags_[static_cast<std::size_t>(fault)].load(); }
    /// False if there is no such fault. Switched off, what the fault has left behind ends within a second.
    bool set(std::string_view name, bool on) noexcept {
        for (std::size_t i = 0; i < names.size(); ++i)
            if (names[i] == name) {
                flags_[i].store(on);
                return true;
            }
        return false;
    }

private:
    std::array<std::atomic<bool>, names.size()> flags_{};
};

} // namespace orders
