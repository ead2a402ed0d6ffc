// SPDX-License-Identifier: Apache-2.0
// What an observer and `coroscopectl proxy` say to each other on the standard streams of a command.
// docs/LINK_FORMAT.md describes it; here are its numbers.
//
//   Hello | Section | Section | ...        in each direction; the proxy speaks first
//
// A section is the dump's (DumpFormat.h). Its `index` counts the sections of this direction from 0.
#pragma once

#include <coroscope/wire/DumpFormat.h>

#include <cstddef>
#include <cstdint>

namespace coroscope::wire::link {

/// The first byte is no text; the line ends show when something on the way has changed some, as terminals do.
inline constexpr unsigned char magic[12] = {0x89, 'C', 'o', 'r', 'o', 'L', 'i', 'n', 'k', '\r', '\n', 0x1a};

/// Another major version is refused, what a newer minor one adds is ignored.
inline constexpr std::uint16_t versionMajor = 1;
inline constexpr std::uint16_t versionMinor = 1;

struct Hello {
    unsigned char magic[12];
    std::uint16_t versionMajor;
    std::uint16_t versionMinor;
    std::uint32_t reserved;
    std::uint32_t check; ///< CRC-32 of the bytes before it
};
static_assert(sizeof(Hello) == 24);

/// So much may come before the proxy's hello: what shells say at a login.
inline constexpr std::size_t longestBanner = 64u << 10;
/// No section of a link is larger, stored or plain.
inline constexpr std::uint32_t largestSection = 4u << 20;
/// The proxy begins no batch while so many bytes, or batches, of earlier ones were not taken.
inline constexpr std::size_t mostUntakenBytes = 256u << 10, mostUntakenBatches = 8;

namespace tags {
using dump::tag;
// From the proxy. Tables of a dump (TEXT, SITE, STAK, CTXT) come before the first row that names them, JOBS,
// ENDS, INCI and RSRC are news that END. of the batch completes.
inline constexpr std::uint32_t info = dump::tags::info; ///< Field after Field, once
inline constexpr std::uint32_t batchTexts =
    tag("BTXT");                                       ///< texts that ENDS, INCI and NAMS of this batch name
inline constexpr std::uint32_t names = tag("NAMS");    ///< Name after Name; since minor version 1
inline constexpr std::uint32_t batchEnd = tag("BEND"); ///< fields: the batch is complete
inline constexpr std::uint32_t status = tag("STAT");   ///< fields; at least once a second
inline constexpr std::uint32_t answer = tag("ANSW");   ///< fields: to a cancel
inline constexpr std::uint32_t over = tag("OVER");     ///< fields: the program has ended
inline constexpr std::uint32_t cannot = tag("CANT");   ///< fields: why there is nothing to observe
inline constexpr std::uint32_t targets = tag("TARG");  ///< fields: answer to `list`
inline constexpr std::uint32_t sampled = tag("SMPL");  ///< fields: answer to `sample`
inline constexpr std::uint32_t callStackMade = tag("CSTA"); ///< fields: answer to `callStack`
// To the proxy.
inline constexpr std::uint32_t taken = tag("TAKN");     ///< fields: batches were taken
inline constexpr std::uint32_t beat = tag("BEAT");      ///< empty: I am still here
inline constexpr std::uint32_t cancel = tag("CANC");    ///< fields
inline constexpr std::uint32_t list = tag("LIST");      ///< empty: which programs are there?
inline constexpr std::uint32_t sample = tag("SAMP");    ///< fields: the stack of the thread that runs a job
inline constexpr std::uint32_t callStack = tag("CSTK"); ///< fields: a call stack that a row names
} // namespace tags

/// A name that few jobs share, told once for each job that has it: rows of jobs name it by its number.
struct Name {
    std::uint32_t number; ///< with the highest bit, as in rows of jobs
    std::uint32_t text;   ///< among the batch's
};
static_assert(sizeof(Name) == 8);

/// Keys of all fields but those of `info`, which are the dump's. Times are ns of CLOCK_MONOTONIC of the
/// machine where the proxy runs.
enum class Key : std::uint32_t {
    Text = 1,    ///< a sentence, or a reason
    Clock = 2,   ///< that machine's clock when this was said
    Request = 3, ///< chosen by whoever asks, comes back in the answer
    Job = 4,
    ProcessStart = 5,
    ChildrenOnly = 6,
    Answer = 7, ///< LinkAnswer
    Batches = 8,
    At = 9,
    WallClock = 10, ///< seconds since 1970

    // Of a batch.
    Reset = 20,
    HasResources = 21,
    Events = 22,
    Lost = 23,
    EndedUntold = 24,
    FailedUntold = 25,
    Age = 26, ///< of the oldest news in it, ns

    // Of a status.
    FollowsEvents = 40,
    CommandsAllowed = 41,
    Stopped = 42,
    Untracked = 43,

    // Of a target; the pid begins one.
    Pid = 60,
    Program = 61,
    CommandLine = 62,
    User = 63,
    Uid = 64,
    RunsFor = 65,
    Jobs = 66,
    Attachable = 67,

    // Of a native stack; the line ends a frame.
    File = 80,
    Function = 81,
    Line = 82,
    Cut = 83,
    Note = 84,
    Tid = 85,
    Thread = 86,
    PausedFor = 87,
    CallStack = 88,
};

enum class LinkAnswer : std::uint64_t { Queued = 0, Done = 1, Gone = 2, Refused = 3 };

} // namespace coroscope::wire::link
