// SPDX-License-Identifier: Apache-2.0
// The near end of a link: a command that runs, and a thread that hears what comes through it.
#pragma once

#include "remote/Command.h"
#include "remote/Frames.h"
#include "remote/Receiver.h"

#include <coroscope/observe/Remote.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace coroscope::observe::remote {

/// Threads: any.
class Link {
public:
    /// `arguments` are what follows "proxy".
    static Result<std::shared_ptr<Link>> start(const std::string& command,
                                               const std::vector<std::string>& arguments,
                                               const RemoteOptions& options);
    ~Link(); ///< ends the command; takes at most some tenths of a second

    const std::string& command() const noexcept { return command_; }

    /// Waits until `condition`, which looks at what was received, says so. Empty then; else why it never
    /// will: the link has ended, was silent for too long, or nobody wants it any more.
    std::string await(const std::function<bool(Receiver&)>& condition);
    /// Waits until there may be something new.
    void wait(std::chrono::milliseconds atMost);

    /// `use` looks at what was received, and may take it out.
    template <class F>
    auto with(F&& use) {
        const std::lock_guard guard(lock_);
        return use(received_);
    }
    /// `fill` adds one section to what is sent.
    void send(const std::function<void(SectionWriter&)>& fill);
    /// Sends a question that `fill` makes out of a request number, and waits for the answer's fields.
    Result<std::string> ask(const std::function<void(SectionWriter&, std::uint64_t)>& fill);
    std::uint64_t nextRequest();

    /// Why nothing comes any more, as a sentence; empty while the link lives.
    std::string dead() const;
    /// For so long nothing has come, in ns.
    std::int64_t silentFor() const;

private:
    Link(std::string command, Command process, const RemoteOptions& options);
    void run();
    void serve();
    bool readOutput();
    bool takeBytes(std::string_view bytes);
    void readErrors();
    void die(std::string why);
    std::string endText();
    std::string saidText() const;
    void wake() const noexcept;

    const std::string command_;
    const RemoteOptions options_;
    Descriptor wake_;
    Command process_;

    mutable std::mutex lock_; ///< guards what follows
    std::condition_variable changed_;
    Receiver received_;
    FrameWriter outgoing_;
    std::string dead_;
    bool stop_ = false;
    bool greeted_ = false;
    std::int64_t lastHeard_ = 0;
    std::uint64_t news_ = 0, newsSeen_ = 0;
    std::uint64_t lastRequest_ = 0;
    std::string said_; ///< the end of what came on its standard error

    // The thread's own.
    HelloFinder finder_;
    FrameReader frames_;
    std::vector<char> bytes_;
    bool errorsOpen_ = true;

    std::thread thread_; ///< last: it uses all of the above
};

} // namespace coroscope::observe::remote
