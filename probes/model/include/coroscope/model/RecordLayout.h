// SPDX-License-Identifier: Apache-2.0
// The record: how the shared memory of an observed program is laid out. This is a file format: a target built
// with one version is read by observers built with another. All numbers are in the machine's byte order; all
// offsets are bytes from the start of the memory.
//
//   Header | threads | sites | stacks | contexts | site counters | texts | incidents | resources | rings |
//   slots
//
// in whatever order: the header says where each lies.
//
// Writers: the target only. Readers map it read-only and check everything they read (observe/RecordReader.h).
// Fields that change while others read are plain integers accessed through std::atomic_ref, so that the
// layout can be said in C as well.
#pragma once

#include <coroscope/model/Ids.h>
#include <coroscope/model/States.h>

#include <cstddef>
#include <cstdint>

namespace coroscope::layout {

inline constexpr char magic[16] = "Coroscope.rec01";
/// The name that the memfd shows in /proc/PID/fd ("/memfd:coroscope-record").
inline constexpr char memfdName[] = "coroscope-record";

/// Readers refuse another major version and ignore what a newer minor one adds.
inline constexpr std::uint32_t versionMajor = 1;
inline constexpr std::uint32_t versionMinor = 4;

enum class ClockKind : std::uint32_t {
    Monotonic = 0, ///< ticks are nanoseconds of CLOCK_MONOTONIC
    Tsc = 1        ///< ticks of the time stamp counter; an observer on the same machine can read it too
};

/// Where a table lies: `capacity` entries of `stride` bytes. A reader uses the stride found here, not its own
/// sizeof.
struct Table {
    std::uint64_t offset;
    std::uint64_t capacity;
    std::uint32_t stride;
    std::uint32_t reserved;
};

struct Header {
    char magic[16];
    std::uint32_t versionMajor;
    std::uint32_t versionMinor;
    std::uint32_t headerSize;
    std::uint32_t pid; ///< as the target itself sees it (its own pid namespace)
    std::uint64_t totalSize;
    std::uint64_t processStart; ///< field 22 of /proc/self/stat: tells a reused pid from this process
    std::uint32_t uid;
    ClockKind clockKind;
    // Two points in time on three clocks. Rate of the ticks: (second - first), or measured by the observer
    // itself.
    std::uint64_t ticksFirst, monotonicFirst, realtimeFirst;    // ns for the latter two
    std::uint64_t ticksSecond, monotonicSecond, realtimeSecond; // 0 until an observer has come
    Table jobs;                                                 ///< the slots. Qt makes a macro of that word
    Table threads;
    Table sites;
    Table stacks;
    Table contexts;
    Table siteCounters; ///< threads.capacity blocks of `capacity` entries each
    Table texts;        ///< bytes: of each text its 32-bit size, then (this is its TextId) UTF-8, then a zero
    Table failures;     ///< of minor version 0; empty since
    Table rings;        ///< threads.capacity rings of `capacity` events each
    char program[64];   ///< file name of the executable, zero-terminated, cut if longer
    char socketAddress[108]; ///< path of the agent's socket, empty without one
    char runtimeVersion[32];

    // What changes while the target runs; all above is written once.
    alignas(64) std::uint64_t slotsHighWater; ///< slots with a higher index were never used
    std::uint64_t untracked;                  ///< jobs that found the slab full and are not in the record
    std::uint32_t threadsHighWater;           ///< thread entries with a higher index were never used
    std::uint32_t sitesUsed;
    std::uint32_t stacksUsed;
    std::uint32_t contextsUsed;
    std::uint64_t textsUsed;       ///< bytes
    std::uint64_t failuresHead;    ///< of minor version 0
    std::uint64_t textsRefused;    ///< texts, sites, stacks and contexts that found their table full
    std::uint32_t ringsEnabled;    ///< 1 while an observer is connected
    std::uint32_t ringsEpoch;      ///< counts how often the rings were switched on
    std::uint32_t commandsAllowed; ///< 1: the target carries out cancel commands
    std::uint32_t ended;           ///< 1: the process said goodbye in good order
    // Since minor version 1.
    Table incidents;             ///< a ring of Incident
    std::uint64_t incidentsHead; ///< incidents ever begun
    // Since minor version 2.
    Table resources;                  ///< rows of Resource
    std::uint32_t resourcesHighWater; ///< rows with a higher index were never used
    std::uint32_t resourcesRefused;   ///< resources that found the table full
    char noAgentBecause[192];         ///< a sentence, where there is no agent; zero-terminated, cut if longer
    // Since minor version 3.
    Table
        modules; ///< of Module; this table and the next have memory only where creation stacks were asked for
    Table callStacks; ///< of CallStack
    std::uint32_t modulesUsed;
    std::uint32_t callStacksUsed;
    // Since minor version 4.
    Table names; ///< of OwnName, one for each slot
};

/// One live job. 128 bytes, two cache lines: what changes with every suspension is in the second.
///
/// Life of a slot: id 0 -> job word, release fence, other fields written -> id stored (release) -> ... -> id
/// 0 (then a release fence) -> next job. A reader takes id, then the fields, then id again, and drops what
/// does not match. The fields of an ended job can be read until the next one has the slot: then the job
/// word's version goes on.
struct alignas(128) Slot {
    std::uint64_t id;      ///< JobId; 0 while free
    std::uint64_t jobWord; ///< see JobWord; read-modify-write only
    std::uint64_t parent;  ///< JobId; 0 for a root
    std::uint64_t
        launcher; ///< JobId of the job whose code launched this one, else of the scope it was cut off from
    std::uint64_t number;    ///< the #number in names and logs; unique in the process, not dense
    std::uint64_t createdAt; ///< ticks
    std::uint64_t
        owner; ///< address in the target, in a free slot its last generation; means nothing to readers
    SiteId creationSite;
    TextId jobName; ///< changes only by rename, 0 without a name. With ownNameBit: see OwnName

    std::uint64_t executionWord; ///< see ExecutionWord: its sequence guards since .. ranFor
    std::uint64_t since;         ///< ticks when the execution last changed
    std::uint64_t waitsFor;      ///< read by WaitKind
    StackId suspendedAt;         ///< chain of awaiting callers, innermost first
    std::uint32_t resumes;       ///< how often it was resumed
    std::uint64_t ranFor;        ///< ticks spent running so far
    std::uint64_t jobStateSince; ///< ticks of the last change of the job state
    std::uint32_t context;       ///< index into the table of contexts
    std::uint32_t spare;
    CallStackId creationStack; ///< 0 unless creation stacks were asked for
    std::uint8_t kind;         ///< JobKind
    std::uint8_t reserved[3];
};
static_assert(sizeof(Slot) == 128);

/// The name of one job alone, beside its slot: names that no other job has would fill the table of texts
/// sooner or later. Written before the slot's id or, by a rename, while `jobName` is 0; the other bits of
/// `jobName` count the renames. So whoever finds the same id and the same `jobName` before and after has read
/// the name whole.
struct alignas(64) OwnName {
    static constexpr std::uint32_t longest = 63; ///< bytes of UTF-8; longer names are cut
    std::uint8_t size;
    char bytes[longest];
};
static_assert(sizeof(OwnName) == 64);

/// jobWord: version (32) | flags (16) | spare (8) | JobState (8). The version goes on through all jobs that
/// use the slot, so that a late change meant for an earlier job can never hit a later one.
struct JobWord {
    std::uint64_t bits = 0;
    static constexpr JobWord of(std::uint32_t version, std::uint16_t flags, JobState state) noexcept {
        return {std::uint64_t{version} << 32 | std::uint64_t{flags} << 16 | static_cast<std::uint8_t>(state)};
    }
    constexpr std::uint32_t version() const noexcept { return static_cast<std::uint32_t>(bits >> 32); }
    constexpr std::uint16_t flags() const noexcept { return static_cast<std::uint16_t>(bits >> 16); }
    constexpr JobState state() const noexcept { return static_cast<JobState>(bits & 0xff); }
};

/// executionWord: sequence (32) | spare (16) | WaitKind (8) | Execution (8). An odd sequence means that the
/// guarded fields are being written; a target killed in mid-write stays odd for ever.
struct ExecutionWord {
    std::uint64_t bits = 0;
    static constexpr ExecutionWord of(std::uint32_t sequence, Execution e, WaitKind w) noexcept {
        return {std::uint64_t{sequence} << 32 | std::uint64_t{static_cast<std::uint8_t>(w)} << 8 |
                static_cast<std::uint8_t>(e)};
    }
    constexpr std::uint32_t sequence() const noexcept { return static_cast<std::uint32_t>(bits >> 32); }
    constexpr bool changing() const noexcept { return (sequence() & 1) != 0; }
    constexpr Execution execution() const noexcept { return static_cast<Execution>(bits & 0xff); }
    constexpr WaitKind waitKind() const noexcept { return static_cast<WaitKind>(bits >> 8 & 0xff); }
};

/// True if `a` is newer than `b`; versions wrap.
inline constexpr bool newer(std::uint32_t a, std::uint32_t b) noexcept {
    return static_cast<std::int32_t>(a - b) > 0;
}

/// What one thread of the target does, and its ring. Entry 0 is shared by all threads that found the table
/// full.
struct alignas(64) Thread {
    std::uint32_t tid;   ///< 0 while the entry is free
    std::uint32_t epoch; ///< counts the threads that have used this entry
    std::uint64_t job;   ///< JobId that runs on it now, or 0
    std::uint64_t spare; ///< older probes say here when it began to run that, which `since` of the job tells
    std::uint64_t ringHead; ///< events ever written; the newest `rings.capacity` are in the ring
    std::uint64_t slices;   ///< stretches of running so far
    char threadName[16];
    std::uint64_t reserved;
};
static_assert(sizeof(Thread) == 64);

/// A place in the source.
struct Site {
    TextId file;
    TextId function;
    std::uint32_t line;
    std::uint32_t column;
};
static_assert(sizeof(Site) == 16);

/// A chain of places, innermost first; deeper callers than fit are cut and counted.
struct Stack {
    static constexpr std::uint32_t maxDepth = 16;
    std::uint16_t depth;
    std::uint16_t cut; ///< callers beyond maxDepth, at most 65,535
    SiteId sites[maxDepth];
    std::uint32_t reserved[3];
};
static_assert(sizeof(Stack) == 80);

/// A file of code that was mapped into the target: its program, or a library.
struct Module {
    static constexpr std::uint16_t executable = 1; ///< flag: what was started
    TextId path;                                   ///< as the target sees it
    std::uint16_t flags;
    std::uint16_t buildIdSize;
    std::uint8_t buildId[32]; ///< of the file's GNU note; tells whether a file is the one that was mapped
    std::uint64_t bias;       ///< address in memory less address in the file
};
static_assert(sizeof(Module) == 48);

/// A native call stack: return addresses, innermost first.
struct CallStack {
    static constexpr std::uint32_t maxDepth = 31;
    static constexpr unsigned addressBits = 48;
    std::uint16_t depth;
    std::uint16_t cut; ///< not 0: there were more callers
    std::uint32_t reserved;
    /// Module (upper 16 bits) and address in its file; without a module the address in memory.
    std::uint64_t frames[maxDepth];
};
static_assert(sizeof(CallStack) == 256);

struct Context {
    TextId dispatcher;
    TextId elements; ///< the rest of the context, as text
};
static_assert(sizeof(Context) == 8);

/// Of one creation site, on one thread. Sums over the threads never go down.
struct SiteCounter {
    std::uint64_t launched;
    std::uint64_t ended;
};

/// Something that happened to a job, with what is needed to tell of it when the job's slot is in use again.
/// Entry n % capacity of the ring has the n-th one; its text follows within the entry, which is as wide as
/// the table's stride.
///
/// `word` works as a sequence lock: odd (2 * n + 1) while the n-th is being written, 2 * (n + 1) when it is
/// complete. A writer that finds the entry odd, because another one has been overtaken by the whole ring,
/// gives its own up: that number never appears.
struct Incident {
    std::uint64_t word;
    std::uint64_t job; ///< JobId; the fields below are those of its slot at the time
    std::uint64_t parent;
    std::uint64_t launcher;
    std::uint64_t number;
    std::uint64_t createdAt;
    std::uint64_t jobStateSince;
    std::uint64_t since;
    std::uint64_t waitsFor;
    std::uint64_t at; ///< ticks when it happened
    SiteId creationSite;
    TextId jobName;
    std::uint32_t context;
    StackId suspendedAt; ///< where it suspended, or went on to suspend
    std::uint32_t resumes;
    std::uint16_t flags;    ///< JobFlags
    std::uint16_t textAt;   ///< bytes from the start of the entry
    std::uint16_t textSize; ///< type, newline, message; UTF-8, cut where it does not fit
    std::uint8_t what;      ///< IncidentKind
    std::uint8_t kind;      ///< JobKind
    std::uint8_t state;     ///< JobState, the final one if the incident is an end
    std::uint8_t execution; ///< Execution
    std::uint8_t waitKind;  ///< WaitKind
    std::uint8_t nameSize;  ///< since minor version 4: of the job's own name, which follows this head
    std::uint8_t reserved[8];
};
static_assert(sizeof(Incident) == 120);

/// What jobs wait for that is no job: Slot::waitsFor names it by id. A resource has a row from the first time
/// that a job had to wait for it until it is destroyed.
///
/// Life of a row: as that of a slot, id 0 -> fields -> id (release) -> ... -> id 0, release fence -> next
/// one. The fields are stored one by one: together they need never have been so.
struct alignas(64) Resource {
    std::uint64_t id;       ///< ResourceId; 0 while free
    std::uint64_t owner;    ///< JobId of the job that holds the mutex, 0 if none or not known; in a free row
                            ///< its last generation
    std::uint64_t count;    ///< free permits; buffered elements
    std::uint64_t capacity; ///< permits in all; elements that can be buffered; ~0: no limit
    std::uint32_t waiting;  ///< jobs that wait for it
    TextId name;            ///< 0 without a name
    SiteId site;            ///< where it was created
    std::uint8_t kind;      ///< WaitKind
    std::uint8_t reserved[19];
};
static_assert(sizeof(Resource) == 64);

enum class EventKind : std::uint8_t {
    None = 0,
    Created = 1,  ///< version: creation site; aux: parent; detail: JobKind
    JobState = 2, ///< version: of the job word; detail: JobState; extra: flags
    Execution =
        3, ///< version: sequence of the execution word; detail: Execution; extra: WaitKind; aux: see below
    Ended = 4,   ///< version: of the job word; detail: final JobState; aux: 1 + number of its incident, or 0
    Renamed = 5, ///< aux: TextId
    Reparented = 6 ///< aux: the new parent
};

/// One event in a ring. `aux` of an Execution event that suspends: StackId in the lower half; of one that
/// runs: tid.
struct Event {
    std::uint64_t ticks;
    std::uint64_t job;
    std::uint32_t version;
    EventKind kind;
    std::uint8_t detail;
    std::uint16_t extra;
    std::uint64_t aux;
};
static_assert(sizeof(Event) == 32);

} // namespace coroscope::layout
