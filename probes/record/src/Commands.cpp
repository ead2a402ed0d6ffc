// SPDX-License-Identifier: Apache-2.0
#include "Commands.h"
#include "Atomic.h"
#include "Memory.h"
#include "Switch.h"
#include "Threads.h"

#include <coroscope/record/AsymmetricFence.h>
#include <coroscope/record/JobRecord.h>
#include <coroscope/record/Record.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include <sys/socket.h>
#include <unistd.h>

namespace coroscope::record {

std::atomic<std::uint32_t> pinnedSlot{endsNeedFence};

namespace {

constexpr std::size_t mostWaiting = 1024;

std::atomic<const CommandHandler*> handler{nullptr};
std::atomic<void (*)(const CommandNote&)> commandLog{nullptr};

struct Queue {
    std::mutex lock;
    std::condition_variable filled;
    std::deque<Command> commands;
    bool threadRuns = false;
};
// Never destroyed: its thread runs until the process ends.
Queue& queue() {
    static Queue& q = *new Queue;
    return q;
}

void pin(std::uint32_t slot) noexcept {
    pinnedSlot.store(slot | (AsymmetricFence::isCheap() ? 0 : endsNeedFence), std::memory_order_seq_cst);
}

/// What ended before this has cleared its id, and what ends later sees the pin.
void pinBeforeAllEnds(std::uint32_t slot) noexcept {
    const bool endsKnow = (pinnedSlot.load(std::memory_order_relaxed) & endsNeedFence) != 0;
    pin(slot);
    AsymmetricFence::heavy();
    if (endsKnow || AsymmetricFence::isCheap())
        return;
    // They make no fence yet, and it was the last time that they need not.
    pin(slot);
    AsymmetricFence::waitForAllStores();
}

/// The owner of a job that has not ended, kept alive; else null.
void* keepAlive(const CommandHandler& h, JobId job) noexcept {
    if (!job || job.index() >= get(memory.header->slotsHighWater, std::memory_order_acquire))
        return nullptr;
    layout::Slot& slot = memory.slots[job.index()];
    pinBeforeAllEnds(job.index());
    void* owner = nullptr;
    if (get(slot.id, std::memory_order_acquire) == job.value) {
        owner = reinterpret_cast<void*>(static_cast<std::uintptr_t>(get(slot.owner)));
        if (owner && !h.retain(owner))
            owner = nullptr;
    }
    // The bit stays as it is: ends come to know of a change by pinBeforeAllEnds alone, which waits for them.
    pinnedSlot.fetch_and(endsNeedFence, std::memory_order_release);
    return owner;
}

/// Who, when, which job, why: for whoever looks at the record later, and for the program's log. `facts` has
/// no job when that had ended before.
void note(const Command& command, const JobFacts& facts) noexcept {
    const ucred& who = command.from->peer;
    try {
        if (facts.job != 0)
            tellIncident(IncidentKind::Commanded, facts,
                         "user " + std::to_string(who.uid) + ", pid " + std::to_string(who.pid) +
                             (command.childrenOnly ? ", only what is below it\n" : "\n") + command.reason);
        if (auto* const log = commandLog.load(std::memory_order_acquire))
            log({.uid = who.uid,
                 .pid = who.pid,
                 .job = command.job,
                 .number = facts.number,
                 .name = facts.name(),
                 .childrenOnly = command.childrenOnly,
                 .reason = command.reason});
    } catch (...) {
        // A log that fails keeps nobody from being cancelled.
    }
}

/// Nothing when the job has ended meanwhile: then its slot may be another's.
JobFacts factsOf(JobId job) noexcept {
    const JobFacts facts = JobRecord(job).facts();
    std::atomic_thread_fence(std::memory_order_acquire);
    return get(memory.slots[job.index()].id) == job.value ? facts : JobFacts{};
}

wire::AnswerKind carryOut(const Command& command) noexcept {
    const CommandHandler* const h = handler.load(std::memory_order_acquire);
    if (!h)
        return wire::AnswerKind::Refused;
    void* const owner = keepAlive(*h, command.job);
    note(command, owner ? factsOf(command.job) : JobFacts{});
    if (!owner)
        return wire::AnswerKind::Gone;
    try {
        h->cancel(owner, command.childrenOnly, command.reason);
    } catch (...) {
        // A completion handler of the user threw; the library has reported it. The cancel itself was called.
    }
    h->release(owner);
    return wire::AnswerKind::Done;
}

void run() {
    Queue& q = queue();
    for (;;) {
        Command command;
        {
            std::unique_lock guard(q.lock);
            q.filled.wait(guard, [&] { return !q.commands.empty(); });
            command = std::move(q.commands.front());
            q.commands.pop_front();
        }
        command.from->answer(command.request, carryOut(command));
    }
}

} // namespace

Connection::~Connection() {
    ::close(descriptor_);
}

void Connection::answer(std::uint64_t request, wire::AnswerKind kind) const noexcept {
    wire::Answer message;
    message.request = request;
    message.kind = kind;
    ::send(descriptor_, &message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void waitWhilePinnedSlowly(std::uint32_t slot) noexcept {
    if (pinnedSlot.load(std::memory_order_relaxed) & endsNeedFence)
        std::atomic_thread_fence(std::memory_order_seq_cst);
    while ((pinnedSlot.load(std::memory_order_acquire) & ~endsNeedFence) == slot) {
    }
}

void prepareCommands() noexcept {
    AsymmetricFence::prepare();
    pin(0);
}

bool commandsAllowed() noexcept {
    return handler.load(std::memory_order_acquire) != nullptr;
}

void enqueue(Command command) {
    Queue& q = queue();
    {
        const std::lock_guard guard(q.lock);
        const Connection& from = *command.from;
        if (!commandsAllowed() ||
            !(q.threadRuns = q.threadRuns || startServiceThread("coroscope-cmd", run))) {
            from.answer(command.request, wire::AnswerKind::Refused);
            return;
        }
        if (q.commands.size() >= mostWaiting) {
            from.answer(command.request, wire::AnswerKind::Busy);
            return;
        }
        from.answer(command.request, wire::AnswerKind::Queued); // before the command thread can say Done
        q.commands.push_back(std::move(command));
    }
    q.filled.notify_one();
}

void setCommandLog(void (*log)(const CommandNote&)) noexcept {
    commandLog.store(log, std::memory_order_release);
}

void setCommandHandler(const CommandHandler* h) noexcept {
    handler.store(h, std::memory_order_release);
    if (on())
        set(memory.header->commandsAllowed, h ? 1u : 0u);
}

} // namespace coroscope::record
