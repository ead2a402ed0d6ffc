// SPDX-License-Identifier: Apache-2.0
// The switch of the record, the door for commands, and interning. A coroutine library tells what its jobs do
// through JobRecord.h; nobody else needs anything from here, except a program that wants to switch the record
// off.
#pragma once

#include <coroscope/model/Ids.h>

#include <cstdint>
#include <source_location>
#include <span>
#include <string_view>

namespace coroscope::record {

/// Switches the record off for this process. Call before the first job; later it has no effect and answers
/// false. The environment variable COROSCOPE=off does the same. Threads: any.
bool disable() noexcept;

/// Starts the record unless it is on, disabled, or impossible here (AT_SECURE, no memory, in a forked child).
/// The first job does this by itself; calling it earlier makes the process visible before it has a job.
/// Answers whether the record is on. Threads: any. Never throws; why it could not start stands in
/// stoppedBecause().
bool start() noexcept;

/// From now on each job is recorded with the call stack of whoever made it, or no longer. Off unless the
/// environment variable COROSCOPE is "stacks". Starts the record; answers false where that or the stacks are
/// impossible. Threads: any. A job then costs some 50 ns more where the program and Coroscope are compiled
/// with -fno-omit-frame-pointer, else one to three microseconds (docs/guide).
bool recordCreationStacks(bool wanted) noexcept;

/// True while jobs are being recorded. In a forked child: false.
bool isOn() noexcept;

/// One sentence on why the record is off, empty while it is on.
std::string_view stoppedBecause() noexcept;

/// File descriptor of the record's memory, or -1. Owned by the record. For tests and for reading one's own
/// record.
int descriptor() noexcept;

/// Path of the agent's socket, empty without one.
std::string_view socketPath() noexcept;

/// One sentence on why nobody can connect though the record is on (its memory can be read all the same): the
/// socket's directory is not what it must be, no descriptor was left. Empty when all is well.
std::string_view withoutAgentBecause() noexcept;

/// Jobs that found the slab full and run without being recorded.
std::uint64_t untrackedJobs() noexcept;

/// What a coroutine library does for the agent's commands. `owner` is what the library gave in Birth::owner.
struct CommandHandler {
    /// Keeps `owner` alive until release. Called while the job cannot end, for a few nanoseconds: only count.
    /// False if it is being destroyed: its memory waits, but it cannot be kept any more.
    bool (*retain)(void* owner) noexcept;
    void (*release)(void* owner) noexcept;
    /// Cancels the job with all below it, or with `childrenOnly` only what is below. Runs on the command
    /// thread.
    void (*cancel)(void* owner, bool childrenOnly, std::string_view reason);
};
/// Without a handler the target answers commands with "refused". The struct must live for ever.
void setCommandHandler(const CommandHandler* handler) noexcept;

/// A command that came from outside.
struct CommandNote {
    unsigned uid = 0; ///< who gave it, as the kernel says: effective user and process when it connected
    int pid = 0;
    JobId job;
    std::uint64_t number = 0; ///< the job's #number; 0 when it had ended before
    std::string_view name;    ///< of the job, empty without one
    bool childrenOnly = false;
    std::string_view reason;
};
/// Is told of each command just before it is carried out (or comes to nothing, because the job has ended), on
/// the command thread: for the program's own log. The record keeps the commands among its incidents in any
/// case. Null ends it. The texts live as long as the call.
void setCommandLog(void (*log)(const CommandNote& command)) noexcept;

// Interning: equal contents get equal numbers, which never change in the life of the process. A table that is
// full answers 0 and counts it. Threads: any. Cost when known to the thread: a few nanoseconds.

SiteId internSite(const std::source_location& where) noexcept;
/// For places that are known by name only. Always takes a lock: keep the number.
SiteId internSite(std::string_view file, std::string_view function, std::uint32_t line) noexcept;
/// `places`: innermost first; at most layout::Stack::maxDepth are kept, `cut` counts those already left out.
StackId internStack(std::span<const std::source_location> places, std::uint32_t cut = 0) noexcept;
/// Of a single place.
StackId internStack(const std::source_location& place) noexcept;
StackId internStack(std::span<const SiteId> sites, std::uint32_t cut = 0) noexcept;
/// The last quarter of the room for texts is kept for places.
TextId internText(std::string_view text) noexcept;
std::uint32_t internContext(std::string_view dispatcher, std::string_view elements) noexcept;

/// The name of a job: interned, or its own, to be kept beside its slot. At most one of the two is given.
struct JobName {
    TextId id = 0;
    std::string_view own; ///< of which the first layout::OwnName::longest bytes are kept
};
/// Interns a name when many jobs have had it lately; until then it is the job's own, a view of `name`. One
/// that ends in a digit always is: names like "conn-4711" come and go with their jobs. Threads: any. Cost of
/// the others: a look at a filter of 64 KiB that all threads share; no lock.
JobName internName(std::string_view name) noexcept;

} // namespace coroscope::record
