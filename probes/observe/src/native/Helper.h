// SPDX-License-Identifier: Apache-2.0
// A process that does for an observer what might go wrong: it reads the debug information of strangers' files
// and stops strangers' threads. If it crashes or hangs, the observer has one answer less, and a thread that
// it held runs on: the system lets go of it.
//
// It is the observer's own program, started anew under another name: whatever links this library is ready for
// that before its main() begins (HelperMain.cpp).
#pragma once

#include "Process.h"

#include <chrono>
#include <optional>
#include <string>

#include <sys/types.h>

namespace coroscope::observe::native {

/// The name that the helper is started with, and known by in lists of processes.
inline constexpr char helperName[] = "coroscope-helper";

/// What the helper does instead of main(). Does not return.
void serveAsHelper() noexcept;

/// Threads: one at a time.
class Helper {
public:
    Helper() noexcept = default;
    ~Helper(); ///< ends the process
    Helper(const Helper&) = delete;
    Helper& operator=(const Helper&) = delete;

    /// Sends a request; starts the process first if there is none. False when that does not work.
    bool send(const std::string& message);
    /// The next answer. Nothing when none comes in time or the process is gone; it is ended then.
    std::optional<std::string> receive(std::chrono::milliseconds atMost);

private:
    bool start();
    void stop() noexcept;

    pid_t pid_ = -1;
    Descriptor socket_;
};

} // namespace coroscope::observe::native
