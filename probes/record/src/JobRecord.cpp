// SPDX-License-Identifier: Apache-2.0
#include <coroscope/record/JobRecord.h>

#include "Atomic.h"
#include "Commands.h"
#include "CreationStacks.h"
#include "Memory.h"
#include "Names.h"
#include "Switch.h"
#include "ThreadRecord.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

namespace coroscope::record {

using layout::Event;
using layout::EventKind;
using layout::ExecutionWord;
using layout::JobWord;
using layout::Slot;

namespace {

layout::Slot& slotOf(JobId id) noexcept {
    return memory.slots[id.index()];
}

/// Of a job that is recorded, while the record is on.
bool usable(JobId id) noexcept {
    return id && on();
}

/// Changes the job word of `id` unless the job has ended. The version goes on from job to job in one slot, so
/// a change that comes too late fails in its compare-and-swap even when the slot is in use again.
template <class F>
bool changeJobWord(JobId id, JobWord& now, F&& change) noexcept {
    Slot& slot = slotOf(id);
    std::atomic_ref<std::uint64_t> word(slot.jobWord);
    JobWord old{word.load(std::memory_order_acquire)};
    do {
        if (get(slot.id, std::memory_order_acquire) != id.value || isFinal(old.state()))
            return false;
        now = change(old);
        if (now.flags() == old.flags() && now.state() == old.state())
            return false;
    } while (!word.compare_exchange_weak(old.bits, now.bits, std::memory_order_acq_rel,
                                         std::memory_order_acquire));
    return true;
}

void emitJobState(JobId id, JobWord word, std::uint64_t at) noexcept {
    here().emit([&] {
        return Event{at,
                     id.value,
                     word.version(),
                     EventKind::JobState,
                     static_cast<std::uint8_t>(word.state()),
                     word.flags(),
                     0};
    });
}

std::uint16_t withFlags(std::uint16_t flags, std::uint16_t setFlags, std::uint16_t clearFlags) noexcept {
    return static_cast<std::uint16_t>((flags | setFlags) & ~clearFlags);
}

struct ExecutionChange {
    Execution to;
    WaitKind wait = WaitKind::Unknown;
    StackId at = 0;
    std::uint64_t waitsFor = 0;
    std::uint64_t ranFor = 0;
};

[[gnu::noinline]] void emitExecution(ThreadRecord& thread, JobId id, ExecutionWord word, std::uint64_t time,
                                     std::uint64_t aux) noexcept {
    thread.write({time, id.value, word.sequence(), EventKind::Execution,
                  static_cast<std::uint8_t>(word.execution()), static_cast<std::uint16_t>(word.waitKind()),
                  aux});
}

/// A sequence lock with one writer: odd before the fields (release fence), even after them (release). It is
/// the upper half of the word, where counting on does not touch the rest.
template <bool plain>
void changeExecution(JobId id, ThreadRecord& thread, const ExecutionChange& change,
                     std::uint64_t time) noexcept {
    constexpr std::uint64_t one = std::uint64_t{1} << 32;
    Slot& slot = thread.slotOf(id);
    const std::uint64_t odd =
        (get(slot.executionWord) & ~(one - 1)) + ExecutionWord::of(1, change.to, change.wait).bits;
    set(slot.executionWord, odd);
    std::atomic_thread_fence(std::memory_order_release);
    set(slot.since, time);
    if (change.to == Execution::Suspended) {
        set(slot.waitsFor, change.waitsFor);
        set(slot.suspendedAt, change.at);
    }
    if (change.to == Execution::Running)
        add(slot.resumes, 1u);
    else if (change.to != Execution::Queued || change.ranFor != 0)
        add(slot.ranFor, change.ranFor);
    set(slot.executionWord, odd + one, std::memory_order_release);
    if (thread.observed<plain>()) [[unlikely]]
        emitExecution(thread, id, ExecutionWord{odd + one}, time,
                      change.to == Execution::Running ? get(thread.row().tid) : change.at);
}

void setWords(std::uint64_t* to, std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); i += 8) {
        std::uint64_t piece = 0;
        std::memcpy(&piece, text.data() + i, std::min<std::size_t>(8, text.size() - i));
        set(to[i / 8], piece);
    }
}

struct SliceEnd {
    std::uint64_t time;
    std::uint64_t ranFor;
};

/// Ends the stretch of running; its end is the start of the next one on this thread. Where another job runs
/// here, that one goes on.
template <bool plain>
SliceEnd endSlice(ThreadRecord& thread, JobId id) noexcept {
    if (thread.running != id)
        return {thread.running ? now<plain>() : thread.stampNow<plain>(), 0};
    const std::uint64_t began = thread.stamp;
    const std::uint64_t ended = thread.stampNow<plain>();
    thread.running = {};
    if (plain || !thread.shared())
        set(thread.row().job, std::uint64_t{0});
    return {ended, ended > began ? ended - began : 0};
}

} // namespace

// The writer's half of the entry's protocol: odd word, release fence, fields, even word with release. The
// entry is taken by compare-and-swap, so two writers never share one.
std::uint64_t tellIncident(IncidentKind what, const JobFacts& facts, std::string_view text) noexcept {
    if (facts.job == 0 || !on())
        return 0;
    const std::uint64_t number =
        std::atomic_ref(memory.header->incidentsHead).fetch_add(1, std::memory_order_acq_rel);
    std::byte* const entry = memory.incidents + number % capacity::incidents * capacity::incidentSize;
    layout::Incident head = facts;
    std::atomic_ref<std::uint64_t> word(reinterpret_cast<layout::Incident*>(entry)->word);
    std::uint64_t before = word.load(std::memory_order_relaxed);
    if (before % 2 != 0 || !word.compare_exchange_strong(before, 2 * number + 1, std::memory_order_acquire,
                                                         std::memory_order_relaxed))
        return 0;
    std::atomic_thread_fence(std::memory_order_release);
    const std::string_view name = isOwnName(head.jobName) ? viewOf(facts.ownName) : std::string_view();
    head.nameSize = static_cast<std::uint8_t>(name.size());
    const std::size_t textAt = sizeof head + (name.size() + 7) / 8 * 8;
    text = text.substr(0, capacity::incidentSize - textAt);
    head.at = here().coarse();
    head.textAt = static_cast<std::uint16_t>(textAt);
    head.textSize = static_cast<std::uint16_t>(text.size());
    head.what = static_cast<std::uint8_t>(what);
    std::array<std::uint64_t, sizeof head / 8> words{};
    static_assert(sizeof words == sizeof head);
    std::memcpy(words.data(), &head, sizeof head);
    auto* const to = reinterpret_cast<std::uint64_t*>(entry);
    for (std::size_t i = 1; i < words.size(); ++i)
        set(to[i], words[i]);
    setWords(to + words.size(), name);
    setWords(to + textAt / 8, text);
    word.store(2 * (number + 1), std::memory_order_release);
    return number + 1;
}

namespace {

[[gnu::noinline]] void emitBirth(ThreadRecord& thread, JobId id, const Birth& birth, ExecutionWord word,
                                 std::uint64_t time) noexcept {
    thread.write({time, id.value, birth.site, EventKind::Created, static_cast<std::uint8_t>(birth.kind), 0,
                  birth.parent.value});
    if (word.execution() == Execution::Running)
        emitExecution(thread, id, word, time, get(thread.row().tid));
}

/// Says that `id` runs on this thread, from its last stamp on.
template <bool plain>
void occupies(ThreadRecord& thread, JobId id) noexcept {
    thread.running = id;
    if (plain || !thread.shared())
        set(thread.row().job, id.value, std::memory_order_release);
}
template <bool plain>
void countSlice(ThreadRecord& thread) noexcept {
    if (plain || !thread.shared())
        add(thread.row().slices, std::uint64_t{1});
}

template <bool plain>
void fillSlot(ThreadRecord& thread, std::uint32_t index, JobId& idOfJob, const Birth& birth,
              CallStackId stack) noexcept {
    Slot& slot = thread.table()[index];
    const std::uint64_t time = thread.coarse<plain>();
    const JobId id = JobId::of(index, get(slot.owner) + 1);
    const std::uint32_t version = JobWord{get(slot.jobWord)}.version() + 1;
    const std::uint32_t sequence = (ExecutionWord{get(slot.executionWord)}.sequence() | 1) + 1;

    // First, and before all others: readers of the ended job that was here last see by it that this one moves
    // in.
    set(slot.jobWord, JobWord::of(version, birth.flags, birth.state).bits);
    std::atomic_thread_fence(std::memory_order_release);
    set(slot.parent, birth.parent.value);
    set(slot.launcher, birth.launcher.value);
    set(slot.number, birth.number);
    set(slot.createdAt, time);
    set(slot.owner, static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(birth.owner)));
    set(slot.creationSite, birth.site);
    if (plain || birth.name.own.empty()) {
        set(slot.jobName, birth.name.id);
    } else {
        storeName(memory.names[index], ownName(birth.name.own));
        set(slot.jobName, ownNameBit);
    }
    const ExecutionWord execution = ExecutionWord::of(sequence, birth.execution, WaitKind::Unknown);
    const bool runs = birth.execution == Execution::Running;
    set(slot.executionWord, execution.bits);
    set(slot.since, time);
    set(slot.waitsFor, std::uint64_t{0});
    set(slot.suspendedAt, StackId{0});
    set(slot.resumes, runs ? 1u : 0u);
    set(slot.ranFor, std::uint64_t{0});
    set(slot.jobStateSince, time);
    set(slot.context, birth.context);
    set(slot.creationStack, stack);
    set(slot.kind, static_cast<std::uint8_t>(birth.kind));
    set(slot.id, id.value, std::memory_order_release);
    idOfJob = id;

    if (runs) {
        occupies<plain>(thread, id);
        countSlice<plain>(thread);
    }
    thread.countLaunch<plain>(birth.site);
    if (thread.observed<plain>()) [[unlikely]]
        emitBirth(thread, id, birth, execution, time);
}

/// With all that is rare: it needs a frame, and what is in it.
[[gnu::noinline]] void beginAnyhow(JobId& idOfJob, const Birth& birth) noexcept {
    if (!on() && !start())
        return;
    const CallStackId stack =
        processSwitch.load(std::memory_order_relaxed)->has(Switch::stacks) ? creationStackHere() : 0;
    ThreadRecord& thread = here();
    const std::uint32_t index = thread.slots.allocate();
    if (index == 0) {
        std::atomic_ref(memory.header->untracked).fetch_add(1, std::memory_order_relaxed);
        return;
    }
    fillSlot<false>(thread, index, idOfJob, birth, stack);
}

} // namespace

void JobRecord::begin(const Birth& birth) noexcept {
    ThreadRecord* const thread = threadRecord;
    if (thread && thread->plainWithoutStacks() && thread->slots.ready() && birth.name.own.empty()) [[likely]]
        fillSlot<true>(*thread, thread->slots.take(), id_, birth, 0);
    else
        beginAnyhow(id_, birth);
}

void JobRecord::stateChanges(JobState state, std::uint16_t setFlags, std::uint16_t clearFlags) noexcept {
    if (!usable(id_))
        return;
    JobWord now;
    if (!changeJobWord(id_, now, [&](JobWord old) {
            return JobWord::of(old.version() + 1, withFlags(old.flags(), setFlags, clearFlags), state);
        }))
        return;
    const std::uint64_t time = here().coarse();
    set(slotOf(id_).jobStateSince, time);
    emitJobState(id_, now, time);
}

void JobRecord::flagsChange(std::uint16_t setFlags, std::uint16_t clearFlags) noexcept {
    if (!usable(id_))
        return;
    JobWord now;
    if (changeJobWord(id_, now, [&](JobWord old) {
            return JobWord::of(old.version() + 1, withFlags(old.flags(), setFlags, clearFlags), old.state());
        }))
        emitJobState(id_, now, here().coarse());
}

void JobRecord::held(bool byAnyone) noexcept {
    flagsChange(byAnyone ? JobFlags::held : std::uint16_t{0}, byAnyone ? std::uint16_t{0} : JobFlags::held);
}

void JobRecord::approach() const noexcept {
    if (const ThreadRecord* const thread = plainHere(); thread && id_)
        __builtin_prefetch(&thread->slotOf(id_).executionWord, 1);
}

// Each of these has two halves that are compiled from one text: the plain one needs neither a frame nor a
// look at what is seldom otherwise, the other is right wherever there is a record.
namespace {

template <bool plain>
void queuedOn(ThreadRecord& thread, JobId id) noexcept {
    changeExecution<plain>(id, thread, {.to = Execution::Queued}, thread.coarse<plain>());
}

template <bool plain>
void runsOn(ThreadRecord& thread, JobId id) noexcept {
    if (thread.stamp == 0) [[unlikely]]
        thread.stampNow<plain>();
    occupies<plain>(thread, id);
    countSlice<plain>(thread);
    changeExecution<plain>(id, thread, {.to = Execution::Running}, thread.stamp);
}

template <bool plain>
void suspendsOn(ThreadRecord& thread, JobId id, StackId at, WaitKind kind, std::uint64_t waitsFor) noexcept {
    const SliceEnd slice = endSlice<plain>(thread, id);
    changeExecution<plain>(
        id, thread,
        {.to = Execution::Suspended, .wait = kind, .at = at, .waitsFor = waitsFor, .ranFor = slice.ranFor},
        slice.time);
}

template <bool plain>
void leavesOn(ThreadRecord& thread, JobId id, Execution to) noexcept {
    const SliceEnd slice = endSlice<plain>(thread, id);
    changeExecution<plain>(id, thread, {.to = to, .ranFor = slice.ranFor}, slice.time);
}

template <bool plain>
void continuesOn(ThreadRecord& thread, JobId id) noexcept {
    // It may have ended, or wait: then others ran in what is called at its end, or while it is on its way
    // out.
    const Slot& slot = thread.slotOf(id);
    if (get(slot.id) != id.value || ExecutionWord{get(slot.executionWord)}.execution() != Execution::Running)
        return;
    if (thread.stamp == 0) [[unlikely]]
        thread.stampNow<plain>();
    occupies<plain>(thread, id);
}

/// Runs `general` where there is a record but not all is plain.
template <auto general, class... A>
[[gnu::noinline]] void anyhow(JobId id, A... arguments) noexcept {
    if (on())
        general(here(), id, arguments...);
}

template <auto plainly, auto general, class... A>
void tell(JobId id, A... arguments) noexcept {
    if (!id)
        return;
    if (ThreadRecord* const thread = plainHere()) [[likely]]
        plainly(*thread, id, arguments...);
    else
        anyhow<general>(id, arguments...);
}

} // namespace

void JobRecord::queued() noexcept {
    tell<queuedOn<true>, queuedOn<false>>(id_);
}

void JobRecord::runs() noexcept {
    tell<runsOn<true>, runsOn<false>>(id_);
}

void JobRecord::suspends(StackId at, WaitKind kind, std::uint64_t waitsFor) noexcept {
    tell<suspendsOn<true>, suspendsOn<false>>(id_, at, kind, waitsFor);
}

void JobRecord::givesWay() noexcept {
    tell<leavesOn<true>, leavesOn<false>>(id_, Execution::Queued);
}

void JobRecord::waitsForChildren() noexcept {
    tell<leavesOn<true>, leavesOn<false>>(id_, Execution::WaitsForChildren);
}

void JobRecord::continuesHere() noexcept {
    tell<continuesOn<true>, continuesOn<false>>(id_);
}

void JobRecord::renamed(const JobName& name) noexcept {
    if (!usable(id_))
        return;
    Slot& slot = slotOf(id_);
    if (get(slot.id) != id_.value)
        return; // it has ended, and another job may be here
    TextId now = name.id;
    if (!name.own.empty()) {
        const TextId before = get(slot.jobName);
        set(slot.jobName, TextId{0});
        std::atomic_thread_fence(std::memory_order_release);
        storeName(memory.names[id_.index()], ownName(name.own));
        now = ownNameBit | (before + 1);
    }
    set(slot.jobName, now, std::memory_order_release);
    ThreadRecord& thread = here();
    thread.emit([&] { return Event{thread.coarse(), id_.value, 0, EventKind::Renamed, 0, 0, now}; });
}

void JobRecord::contextChanges(std::uint32_t context) noexcept {
    if (usable(id_))
        set(slotOf(id_).context, context);
}

std::string_view JobFacts::name() const noexcept {
    return isOwnName(jobName) ? viewOf(ownName) : internedText(jobName);
}

JobFacts JobRecord::facts() const noexcept {
    JobFacts facts{};
    if (!usable(id_))
        return facts;
    Slot& slot = slotOf(id_);
    if (get(slot.id) != id_.value)
        return facts;
    const JobWord job{get(slot.jobWord)};
    const ExecutionWord execution{get(slot.executionWord)};
    facts.job = id_.value;
    facts.parent = get(slot.parent);
    facts.launcher = get(slot.launcher);
    facts.number = get(slot.number);
    facts.createdAt = get(slot.createdAt);
    facts.jobStateSince = get(slot.jobStateSince);
    facts.since = get(slot.since);
    facts.waitsFor = get(slot.waitsFor);
    facts.creationSite = get(slot.creationSite);
    facts.jobName = get(slot.jobName, std::memory_order_acquire);
    if (isOwnName(facts.jobName))
        facts.ownName = loadName(memory.names[id_.index()]);
    facts.context = get(slot.context);
    facts.suspendedAt = get(slot.suspendedAt);
    facts.resumes = get(slot.resumes);
    facts.flags = job.flags();
    facts.kind = get(slot.kind);
    facts.state = static_cast<std::uint8_t>(job.state());
    facts.execution = static_cast<std::uint8_t>(execution.execution());
    facts.waitKind = static_cast<std::uint8_t>(execution.waitKind());
    return facts;
}

namespace {

// The slot is freed in this order: final job word (late changes stop there), id to 0 (readers stop there), a
// look at the command thread's pin (it stops there), only then may another job have the slot.
template <bool plain>
void freeSlot(ThreadRecord& thread, Slot& slot, JobId id) noexcept {
    const SiteId site = get(slot.creationSite);
    set(slot.id, std::uint64_t{0});
    waitWhilePinned(id.index());
    std::atomic_thread_fence(std::memory_order_release);
    set(slot.owner, id.generation());
    thread.countEnd<plain>(site);
    thread.slots.free(id.index());
}

[[gnu::noinline]] void tellEndAndFree(ThreadRecord& thread, JobId id, JobWord word, std::uint64_t time,
                                      std::uint64_t incident) noexcept {
    thread.emit([&] {
        return Event{
            time,         id.value, word.version(), EventKind::Ended, static_cast<std::uint8_t>(word.state()),
            word.flags(), incident,
        };
    });
    freeSlot<false>(thread, thread.slotOf(id), id);
}

/// A plain store: a change by another thread that comes between is lost, with the job.
JobWord storeEnd(Slot& slot, JobState state) noexcept {
    const JobWord old{get(slot.jobWord)};
    const JobWord now = JobWord::of(old.version() + 1, old.flags(), state);
    set(slot.jobWord, now.bits, std::memory_order_release);
    return now;
}

template <bool plain>
std::uint64_t timeOfEnd(ThreadRecord& thread, JobId id) noexcept {
    return thread.running == id ? endSlice<plain>(thread, id).time : thread.coarse<plain>();
}

[[gnu::noinline]] void endAnyhow(const JobRecord& job, JobState state, std::string_view failure) noexcept {
    const JobId id = job.id();
    if (!on() || get(slotOf(id).id) != id.value)
        return;
    ThreadRecord& thread = here();
    const std::uint64_t time = timeOfEnd<false>(thread, id);
    std::uint64_t incident = 0;
    if (!failure.empty()) {
        JobFacts facts = job.facts();
        facts.state = static_cast<std::uint8_t>(state);
        incident = tellIncident(IncidentKind::Failed, facts, failure);
    }
    tellEndAndFree(thread, id, storeEnd(thread.slotOf(id), state), time, incident);
}

} // namespace

void JobRecord::end(JobState finalState, std::string_view failure) noexcept {
    const JobId id = id_;
    ThreadRecord* const thread = threadRecord;
    if (!id)
        return;
    if (!thread || !thread->plain() || !failure.empty()) [[unlikely]]
        return endAnyhow(*this, finalState, failure);
    Slot& slot = thread->slotOf(id);
    if (get(slot.id) != id.value)
        return;
    const std::uint64_t time = timeOfEnd<true>(*thread, id);
    const JobWord word = storeEnd(slot, finalState);
    if (thread->observed<true>()) [[unlikely]]
        return tellEndAndFree(*thread, id, word, time, 0);
    freeSlot<true>(*thread, slot, id);
}

std::uint64_t nextJobNumber() noexcept {
    constexpr std::uint64_t block = 32;
    static std::atomic<std::uint64_t> next{1};
    static constinit thread_local std::uint64_t number = 0, last = 0;
    if (number == last) {
        number = next.fetch_add(block, std::memory_order_relaxed);
        last = number + block;
    }
    return number++;
}

JobId runningHere() noexcept {
    if (!on())
        return {};
    const ThreadRecord* thread = threadRecord;
    return thread ? thread->running : JobId{};
}

void wokeUp() noexcept {
    ThreadRecord* const thread = threadRecord;
    if (!thread)
        return;
    if (thread->running) // it runs a loop of its own, whose jobs begin now
        thread->stampNow();
    else
        thread->stamp = 0;
}

} // namespace coroscope::record
