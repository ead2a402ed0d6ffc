// SPDX-License-Identifier: Apache-2.0
// Programs on another machine or in a container, reached by running a command: `ssh host`, `docker exec -i
// NAME`. `coroscopectl proxy` is run by it at the far end and talks over its standard streams.
#pragma once

#include <coroscope/observe/Discovery.h>
#include <coroscope/observe/Result.h>
#include <coroscope/observe/Source.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::observe {

struct RemoteOptions {
    /// Set from another thread: give up, within some tenths of a second.
    const std::atomic<bool>* stop = nullptr;
    /// Hears what the command says on its standard error, as it comes, on another thread.
    std::function<void(std::string_view)> said = {};
    /// Problems quote what it has said there.
    bool quote = true;
    /// The command has the caller's terminal, so that it can ask for a password there.
    bool useTerminal = false;
    /// How long the command may be silent before the program is there, and afterwards, until the link is
    /// taken for dead.
    std::chrono::milliseconds patience{30'000}, silence{60'000};
};

/// Attaches to a program at the far end of `command`, which is split as splitWords() does and run without a
/// shell; "coroscopectl proxy" and the target are appended, or only "proxy" and the target when the last word
/// is a path to coroscopectl. `target`: a pid there, or the name of a program that runs once.
///
/// The source is like one of this machine, with these differences: SourceInfo::host and `via` say where it
/// is; Session gives a program's end and the link's end alike; times are of that machine's clock, so ages
/// count to info().now(). The problem is a sentence with what the command has said.
Result<std::unique_ptr<Source>> attachThrough(const std::string& command, const std::string& target,
                                              const RemoteOptions& options = {});

/// As discover(), at the far end.
Result<std::vector<Target>> discoverThrough(const std::string& command, const RemoteOptions& options = {});

/// The far end: serves one observer on these descriptors until it leaves, or the program has ended. `open`
/// finds the program; without it only discover() is served. Answers a sentence when the other side could not
/// be understood.
struct ProxyOptions {
    bool readOnly = false; ///< refuses commands
    /// Hears of each command in a sentence: who asks, what for.
    std::function<void(const std::string&)> log = {};
};
std::string serveProxy(int input, int output, const std::function<Result<std::unique_ptr<Source>>()>& open,
                       const ProxyOptions& options = {});

} // namespace coroscope::observe
