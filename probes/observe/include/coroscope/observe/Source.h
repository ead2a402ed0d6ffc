// SPDX-License-Identifier: Apache-2.0
// Where jobs come from: a live process, or a file.
#pragma once

#include <coroscope/observe/Batch.h>
#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/JobRow.h>
#include <coroscope/observe/Result.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::observe {

/// Who the source is.
struct SourceInfo {
    int pid = 0;
    std::uint64_t processStart = 0;
    std::string program;
    std::string commandLine; ///< of a live process, else empty
    std::string runtimeVersion;
    bool live = false; ///< a process, as opposed to a file

    // Of a process that is reached through a command (Remote.h); else empty.
    std::string via; ///< the command
    /// By how many ns the clock there is ahead of this machine's, as last known.
    std::shared_ptr<const std::atomic<std::int64_t>> clockAhead;

    // Of a file; of a live process the file is empty and the times are 0.
    std::string file;                ///< its path
    std::string host;                ///< the machine it was taken on, or is reached at; may be empty
    std::int64_t takenAt = 0;        ///< CLOCK_MONOTONIC ns of that machine
    std::int64_t takenWallClock = 0; ///< the same moment, seconds since 1970
    bool redacted = false;           ///< names and places are pseudonyms
    /// What wrote it, when it was not Coroscope: "a dump of Go's goroutines". Such a dump has no times but
    /// those that it tells: 0 in a row is "not known".
    std::string format;
    bool parentsTold = true; ///< whether the format says which job is whose child
    bool rootsTold = false;  ///< whether it has all jobs above a job, so that a root is known to be one
    /// What of it could not be read, in sentences.
    std::vector<std::string> problems;

    /// What ages are counted to.
    std::int64_t now() const noexcept;
};

/// What can be had of a source at present. Of a process this changes: one that was stopped goes on, an agent
/// hangs up and answers again. Of a file: as it was when the file was made.
struct Contact {
    bool followsEvents = false; ///< false: the target does not answer, its memory is scanned again and again
    bool commandsAllowed = false; ///< cancel can work
    bool stopped = false;         ///< the process is stopped: nothing in it runs
    std::string problem;          ///< a sentence on what is missing and why; empty when nothing is
    friend bool operator==(const Contact&, const Contact&) = default;
};

/// The target's answer to a cancel command.
struct CommandAnswer {
    enum class Kind { Queued, Done, Gone, Refused };
    std::uint64_t request = 0;
    Kind kind = Kind::Queued;
    std::string text; ///< a sentence when Refused
};

/// The stack of a thread at one moment.
struct ThreadSample {
    int tid = 0; ///< as this machine counts threads
    std::string threadName;
    std::int64_t pausedFor = 0; ///< ns for which the thread stood still
    std::int64_t wallClock = 0; ///< seconds since 1970
    CallStackText stack;
};

struct SourceEnd {
    std::int64_t at = 0;        ///< CLOCK_MONOTONIC ns of the target's machine
    std::int64_t wallClock = 0; ///< seconds since 1970
    std::string text;           ///< a sentence: "orders (pid 4711) was killed", "... has exited"
    bool linkLost = false;      ///< only the way to it is gone: the program itself may be there still
};

/// One observed program. Threads: one at a time, except dictionary(), info(), failureText() and sample().
class Source {
public:
    virtual ~Source() = default;

    virtual const SourceInfo& info() const = 0;
    virtual std::shared_ptr<const Dictionary> dictionary() const = 0;
    /// As of the last read().
    virtual Contact contact() const = 0;

    /// Appends what is new to `batch`. The first call gives the complete state (batch.reset). Never blocks.
    virtual void read(Batch& batch) = 0;

    /// Waits until there may be something new, at most so long. A file returns at once.
    virtual void wait(int milliseconds) = 0;

    /// Set once the source can give nothing new any more; what was read stays valid.
    virtual std::optional<SourceEnd> ended() const = 0;

    /// Asks the target to cancel a job with all below it, or only what is below. Answers with a request
    /// number whose outcome comes through answers(); the effect itself comes as rows. Never blocks.
    virtual Result<std::uint64_t> cancel(JobId job, bool childrenOnly, std::string_view reason) = 0;
    virtual std::vector<CommandAnswer> answers() = 0;

    /// Type and message of a failed job's exception, then a line for each suppressed one. Empty when it is no
    /// longer kept; those of the last 10,000 failures are. Threads: any.
    virtual std::string failureText(const EndedJob& job) const = 0;

    /// The native stack of the thread that runs this job now. The thread is stopped for it, for some tenths
    /// of a millisecond as a rule; `pausedFor` tells. Takes up to seconds where there is much debug
    /// information. The problem says why it cannot be had: the job does not run, the system forbids it.
    /// Threads: any.
    virtual Result<ThreadSample> sample(JobId job) const = 0;

    /// Jobs that the target does not record because its slab is full.
    virtual std::uint64_t untrackedJobs() const = 0;

    /// How old the news of the last read() were when they came here, in ns: 0 where nothing lies between.
    virtual std::int64_t delay() const { return 0; }
};

/// CLOCK_MONOTONIC of this machine in nanoseconds. What ages are counted to is SourceInfo::now().
std::int64_t monotonicNow() noexcept;

/// Attaches to a running process: through its agent, or, when that does not answer, by reading its memory
/// through /proc; then the source goes on trying the agent, and follows events as soon as it answers. The
/// problem says what is wrong and what to do. Takes at most about two seconds.
Result<std::unique_ptr<Source>> attach(int pid);

struct OpenOptions {
    /// Called now and then with the bytes of the file that were read, as they are stored, and with its size;
    /// 0 where that is not known. Threads: the one that opens. False gives up: the problem then says so.
    std::function<bool(std::uint64_t read, std::uint64_t size)> progress;
};

/// Opens a file: a dump, known by its content whatever its name is, ours or one that Kotlin, IntelliJ, Go or
/// the JDK wrote (docs/FOREIGN_DUMPS.md), also packed with gzip or zstd. Of a damaged one what can be read is
/// shown, and SourceInfo::problems says what is missing; the problem of one that gives nothing is a sentence
/// for a person. Reads all of it: some seconds at most.
Result<std::unique_ptr<Source>> open(const std::string& path, const OpenOptions& options = {});

/// The same for what comes through a pipe, up to its end. `name` is what it is called in sentences; `stream`
/// stays the caller's.
Result<std::unique_ptr<Source>> openStream(int stream, const std::string& name,
                                           const OpenOptions& options = {});
/// The same for a text: what somebody has copied.
Result<std::unique_ptr<Source>> openText(std::string_view text, const std::string& name,
                                         const OpenOptions& options = {});

} // namespace coroscope::observe
