// SPDX-License-Identifier: Apache-2.0
// A Source read by a thread of its own, for callers that must never wait (the window).
#pragma once

#include <coroscope/observe/JobHistory.h>
#include <coroscope/observe/Source.h>
#include <coroscope/observe/TimeHistory.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace coroscope::observe {

struct SessionStatus {
    std::uint64_t events = 0;   ///< since the attach
    double eventsPerSecond = 0; ///< over the last second or so
    std::uint64_t lost = 0;     ///< since the attach
    std::uint64_t untracked = 0;
    double lagMilliseconds = 0; ///< age of the oldest news not yet taken
    Contact contact;
    std::optional<SourceEnd> ended;
};

class Session {
public:
    /// Starts the reader thread. The source's first complete state comes with the first take().
    explicit Session(std::unique_ptr<Source> source);
    ~Session(); ///< stops the thread; takes at most some milliseconds

    const SourceInfo& info() const;
    std::shared_ptr<const Dictionary> dictionary() const;

    /// Waits until the source has been read once and take() gives what it had. Of a file that is soon; a link
    /// may let one wait for long.
    void waitForFirstLook() const;

    /// Moves out what is new, several changes of one job folded into one. False when there is nothing. Costs
    /// the caller microseconds: the folding is done on the reader thread.
    bool take(Batch& batch);
    SessionStatus status() const;
    /// Nobody takes for a while: what waits until the next take() is no lag.
    void rest();

    /// How it went since the attach, whoever takes or not. Copies it when it is different from what `into`
    /// has, and then answers true. Of a file nothing is known.
    bool timeHistory(TimeHistory& into) const;
    /// From now on jobHistory() is about this job; it comes some milliseconds later.
    void watch(JobId job);
    /// As timeHistory(): false while there is nothing new.
    bool jobHistory(JobHistory& into) const;

    /// As Source::cancel; the command is sent from the reader thread.
    void cancel(std::uint64_t request, JobId job, bool childrenOnly, std::string reason);
    /// A new number for cancel().
    std::uint64_t nextRequest();
    /// Answers to cancel(), including those for commands that could not be sent (Refused with a sentence).
    std::vector<CommandAnswer> answers();

    std::string failureText(const EndedJob& job) const;
    /// As Source::sample: waits, so not for the window's thread. The session must outlive the call.
    Result<ThreadSample> sample(JobId job) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace coroscope::observe
