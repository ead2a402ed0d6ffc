// SPDX-License-Identifier: Apache-2.0
// The dump: the jobs of one program at one moment, in a file. docs/DUMP_FORMAT.md describes it for readers in
// any language; here are its numbers.
//
//   FileHead | Section | Section | ... | Section with the tag `end`
//   Section: SectionHead | storedSize bytes
//
// All numbers are little-endian. Tables name their row's size, so that a newer writer can append fields.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace coroscope::wire::dump {

static_assert(std::endian::native == std::endian::little, "rows are copied into the file as they are");

/// The first byte is no text, and the line ends show when a transfer has changed some.
inline constexpr unsigned char magic[8] = {0x89, 'C', 'o', 'r', 'o', '\r', '\n', 0x1a};
inline constexpr char fileSuffix[] = ".coroscope";

/// Readers refuse a newer major version and ignore what a newer minor one adds.
inline constexpr std::uint16_t versionMajor = 1;
inline constexpr std::uint16_t versionMinor = 3;

struct FileHead {
    unsigned char magic[8];
    std::uint16_t versionMajor;
    std::uint16_t versionMinor;
    std::uint32_t headSize; ///< the first section begins here
    std::uint64_t reserved[1];
    std::uint32_t reserved32;
    std::uint32_t check; ///< CRC-32 of the bytes before it
};
static_assert(sizeof(FileHead) == 32);

inline constexpr std::uint32_t tag(const char (&text)[5]) noexcept {
    std::uint32_t value = 0;
    for (int i = 3; i >= 0; --i)
        value = value << 8 | static_cast<unsigned char>(text[i]);
    return value;
}
inline constexpr std::uint32_t sectionMark = tag("\xc5"
                                                 "SEC");

namespace tags {
inline constexpr std::uint32_t info = tag("INFO");       ///< Field after Field
inline constexpr std::uint32_t texts = tag("TEXT");      ///< TableHead, sizes, then the bytes of all of them
inline constexpr std::uint32_t sites = tag("SITE");      ///< TableHead, Site rows
inline constexpr std::uint32_t stacks = tag("STAK");     ///< TableHead, Stack rows
inline constexpr std::uint32_t callStacks = tag("CSTK"); ///< TableHead, CallStack rows; since minor version 2
inline constexpr std::uint32_t stackRests =
    tag("STKR"); ///< TableHead, StackRest rows of stacks; since minor version 3
inline constexpr std::uint32_t callStackRests = tag("CSTR"); ///< the same of call stacks
inline constexpr std::uint32_t contexts = tag("CTXT");       ///< TableHead, Context rows
inline constexpr std::uint32_t jobs = tag("JOBS");           ///< TableHead, Job rows
inline constexpr std::uint32_t ended = tag("ENDS");          ///< TableHead, Ended rows
inline constexpr std::uint32_t incidents = tag("INCI");      ///< TableHead, Incident rows
inline constexpr std::uint32_t resources = tag("RSRC"); ///< TableHead, Resource rows; since minor version 1
inline constexpr std::uint32_t end = tag("END.");       ///< End: the file is complete
} // namespace tags

enum class Encoding : std::uint16_t { Plain = 0, Zstd = 1 };

struct SectionHead {
    std::uint32_t mark; ///< sectionMark: lets a reader go on behind a damaged place
    std::uint32_t tag;
    std::uint16_t encoding; ///< Encoding
    std::uint16_t reserved;
    std::uint32_t index; ///< counts the sections of the file from 0
    std::uint32_t storedSize;
    std::uint32_t plainSize; ///< after decompression
    std::uint32_t check;     ///< CRC-32 of the stored bytes
    std::uint32_t headCheck; ///< CRC-32 of the bytes of this head before it
};
static_assert(sizeof(SectionHead) == 32);

/// What a reader must be ready for, and may refuse beyond.
inline constexpr std::uint32_t largestSection = 64u << 20; ///< bytes, stored and plain
inline constexpr std::uint32_t largestRatio =
    256; ///< plain to stored; what would shrink more is stored plain
inline constexpr std::uint32_t longestText = 64u << 10; ///< bytes

/// Before the rows of a table.
struct TableHead {
    std::uint32_t first; ///< number of the first row: a table may be spread over several sections
    std::uint32_t count;
    std::uint32_t stride; ///< bytes from one row to the next, at least the size of the row known here
    std::uint32_t reserved;
};
static_assert(sizeof(TableHead) == 16);

/// One fact in the section `info`, followed by `size` bytes: UTF-8, or a number of 8 bytes.
struct Field {
    std::uint32_t key; ///< FieldKey
    std::uint32_t size;
};
enum class FieldKey : std::uint32_t {
    Program = 1,
    Pid = 2,
    ProcessStart = 3,
    RuntimeVersion = 4,
    Host = 5,
    TakenAt = 6,        ///< ns of CLOCK_MONOTONIC on that machine: ages are counted to it
    TakenWallClock = 7, ///< seconds since 1970
    Writer = 8,
    Redacted = 9,        ///< 1: names and places are pseudonyms
    FollowedEvents = 10, ///< 0: read from the memory of a program that did not answer
    Untracked = 11,
    Events = 12,
    Lost = 13,
    EndedUntold = 14,  ///< jobs that ended and are not among `ended`
    FailedUntold = 15, ///< the same for those that failed
    EndText = 16,      ///< the program had ended before: how
    Jobs = 17,         ///< rows of `jobs` in the whole file
    Ended = 18,        ///< rows of `ended` in the whole file
    CommandLine = 19,  ///< only on a link (LinkFormat.h)
    // Since minor version 3, of what another program wrote.
    SourceFormat = 20, ///< its format, in words; without it the dump is our own program's
    ParentsTold = 21,  ///< 0: that does not say which job is whose child
    RootsTold = 22,    ///< 1: that has all jobs above a job
    Problem = 23,      ///< what of it could not be read; any number of these
};

/// Row 0 of texts, sites, stacks and contexts stands for "none" and is in the file.
struct Site {
    std::uint32_t file;     ///< text
    std::uint32_t function; ///< text
    std::uint32_t line;
};
static_assert(sizeof(Site) == 12);

struct Stack {
    static constexpr std::uint32_t depthHere = 16; ///< a stride has room for (stride - 8) / 4
    std::uint32_t depth;
    std::uint32_t cut;              ///< callers that are not here
    std::uint32_t sites[depthHere]; ///< innermost first
};
static_assert(sizeof(Stack) == 72);

/// A native call stack with its inlined functions. A place whose line is 0 is the file of the code, with the
/// symbol or the address in it.
struct CallStack {
    static constexpr std::uint32_t depthHere = 48; ///< a stride has room for (stride - 16) / 4
    std::uint32_t depth;
    std::uint32_t cut;  ///< callers that are not here, as far as they were counted
    std::uint32_t note; ///< text: what of it is not known, and why
    std::uint32_t reserved;
    std::uint32_t sites[depthHere]; ///< innermost first
};
static_assert(sizeof(CallStack) == 208);

/// A frame for which a row of a stack has no room: callers beyond those there, in their order.
struct StackRest {
    std::uint32_t stack;
    std::uint32_t site;
};
static_assert(sizeof(StackRest) == 8);

struct Context {
    std::uint32_t dispatcher; ///< text
    std::uint32_t elements;   ///< text
};

/// A job. Times are ns of the same clock as FieldKey::TakenAt; enumerators are those of model/States.h.
struct Job {
    std::uint64_t id;
    std::uint64_t parent;
    std::uint64_t launcher;
    std::uint64_t number;
    std::int64_t createdAt;
    std::int64_t stateSince;
    std::int64_t executionSince;
    std::uint64_t waitsFor;
    std::uint32_t jobVersion;
    std::uint32_t executionSequence;
    std::uint32_t site;
    std::uint32_t suspendedAt; ///< stack
    std::uint32_t name;        ///< text
    std::uint32_t context;
    std::uint32_t resumes;
    std::uint16_t flags; ///< JobFlags
    std::uint8_t kind, state, execution, waitKind;
    std::uint8_t marks; ///< JobMarks
    std::uint8_t reserved;
    std::uint32_t creationStack; ///< call stack
};
static_assert(sizeof(Job) == 104);
namespace JobMarks {
inline constexpr std::uint8_t held = 1;
inline constexpr std::uint8_t changing = 2;
} // namespace JobMarks

/// A job that had ended, in the order of their ends.
struct Ended {
    Job job; ///< all zero but its id when nothing more was known
    std::int64_t at;
    std::uint32_t failure; ///< text: type and message, then a line for each suppressed one
    std::uint8_t finalState;
    std::uint8_t marks; ///< EndedMarks
    std::uint8_t reserved[2];
};
static_assert(sizeof(Ended) == 120);
namespace EndedMarks {
inline constexpr std::uint8_t known = 1;  ///< `job` is more than an id
inline constexpr std::uint8_t failed = 2; ///< it ended with an exception, though its text may be lost
} // namespace EndedMarks

/// Something that happened to a job, in the order in which it did.
struct Incident {
    Job job; ///< as it was then
    std::uint64_t number;
    std::int64_t at;
    std::uint32_t text; ///< of the exception
    std::uint8_t what;  ///< IncidentKind
    std::uint8_t reserved[3];
};
static_assert(sizeof(Incident) == 128);

/// A mutex, semaphore or channel that jobs had to wait for.
struct Resource {
    std::uint64_t id;
    std::uint64_t owner; ///< id of the job that held the mutex; 0 if none or not known
    std::uint64_t count;
    std::uint64_t capacity; ///< ~0: no limit
    std::uint32_t waiting;
    std::uint32_t name; ///< text
    std::uint32_t site;
    std::uint8_t kind; ///< WaitKind
    std::uint8_t reserved[3];
};
static_assert(sizeof(Resource) == 48);

struct End {
    std::uint32_t sections; ///< before this one
    std::uint32_t reserved;
    std::uint64_t jobs;
    std::uint64_t ended;
};
static_assert(sizeof(End) == 24);

} // namespace coroscope::wire::dump
