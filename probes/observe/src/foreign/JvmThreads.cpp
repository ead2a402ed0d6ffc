// SPDX-License-Identifier: Apache-2.0
#include "foreign/JvmThreads.h"

#include "foreign/Text.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace coroscope::observe {

void takeJvmState(JobRow& row, std::string_view state, std::string_view detail, std::string_view blocker) {
    row.execution = state == "RUNNABLE"                      ? Execution::Running
                    : state == "NEW"                         ? Execution::Unstarted
                    : state.empty() || state == "TERMINATED" ? Execution::None
                                                             : Execution::Suspended;
    if (row.execution != Execution::Suspended)
        return;
    if (state == "BLOCKED" || isJvmLock(blocker))
        row.waitKind = WaitKind::Mutex;
    else if (detail == "sleeping")
        row.waitKind = WaitKind::Delay;
    else if (blocker.find("Semaphore$") != std::string_view::npos)
        row.waitKind = WaitKind::Semaphore;
    else if (!blocker.empty())
        row.waitKind = WaitKind::Event;
}

namespace {

/// What a frame says of who stands there; Unknown with `waits` false where it may do anything.
struct Parked {
    bool waits = false;
    WaitKind kind = WaitKind::Unknown;
};
Parked parkedIn(std::string_view function) {
    // "java.base/jdk.internal.misc.Unsafe.park"
    function = function.substr(function.rfind('/') + 1);
    if (function == "jdk.internal.misc.Unsafe.park" || function == "sun.misc.Unsafe.park" ||
        function.starts_with("java.lang.VirtualThread.park"))
        return {true, WaitKind::Unknown};
    if (function == "java.lang.Object.wait" || function == "java.lang.Object.wait0")
        return {true, WaitKind::Event};
    if (function == "java.lang.Thread.sleep" || function == "java.lang.Thread.sleep0" ||
        function.starts_with("java.lang.Thread.sleepNanos") ||
        function.starts_with("java.lang.VirtualThread.sleep"))
        return {true, WaitKind::Delay};
    return {};
}

} // namespace

void findParked(ForeignDump& dump) {
    std::vector<std::optional<Parked>> known; // by stack
    for (std::uint32_t i = 0; i < dump.size(); ++i) {
        JobRow& row = dump.job(i);
        if (row.kind != JobKind::Thread || row.execution != Execution::None || row.suspendedAt == 0)
            continue;
        if (row.suspendedAt >= known.size())
            known.resize(std::max<std::size_t>(std::size_t{row.suspendedAt} + 1, known.size() * 2));
        std::optional<Parked>& parked = known[row.suspendedAt];
        if (!parked) {
            const auto frames = dump.tables().framesOf(row.suspendedAt);
            parked = frames.empty() ? Parked() : parkedIn(dump.tables().site(frames.front()).function);
        }
        if (!parked->waits)
            continue;
        row.execution = Execution::Suspended;
        if (row.waitKind == WaitKind::Unknown)
            row.waitKind = parked->kind;
    }
}

bool isJvmLock(std::string_view type) {
    for (const std::string_view lock : {"ReentrantLock$", "ReentrantReadWriteLock$"})
        if (type.find(lock) != std::string_view::npos)
            return true;
    return false;
}

void JvmLocks::holds(std::uint32_t thread, std::string_view lock) {
    makeRoom(holds_);
    holds_.push_back({hashOf(lock).first, thread});
}

void JvmLocks::holdsByNumber(std::uint64_t number, std::string_view lock) {
    holders_.emplace_back(number, lock);
}

void JvmLocks::numbered(std::uint32_t thread, std::uint64_t number) {
    threads_.add(hashOf(number), thread);
}

void JvmLocks::waits(std::uint32_t thread, std::string_view lock, std::string_view name) {
    const std::uint64_t key = hashOf(lock).first;
    std::uint32_t number = numbers_.find(key, [&](std::uint32_t each) { return locks_[each].key == key; });
    if (number == HashIndex::none) {
        number = static_cast<std::uint32_t>(locks_.size());
        numbers_.add(key, number);
        locks_.push_back({key, std::string(name)});
    }
    ++locks_[number].waiters;
    waits_.push_back({number, thread});
}

void JvmLocks::finish(ForeignDump& dump) {
    for (const auto& [number, lock] : holders_) {
        const std::uint32_t thread = threads_.find(
            hashOf(number), [&](std::uint32_t each) { return dump.job(each).number == number; });
        if (thread != HashIndex::none)
            holds(thread, lock);
    }
    for (const Wait& hold : holds_)
        if (const std::uint32_t number =
                numbers_.find(hold.lock, [&](std::uint32_t each) { return locks_[each].key == hold.lock; });
            number != HashIndex::none)
            locks_[number].owner = hold.thread;
    std::vector<std::uint32_t> order(locks_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::pair(locks_[a].owner, a) < std::pair(locks_[b].owner, b);
    });
    for (const std::uint32_t number : order) {
        Lock& lock = locks_[number];
        Resource resource;
        resource.id = ResourceId{dump.resources().size() + 1};
        resource.kind = WaitKind::Mutex;
        resource.name = dump.tables().addText(lock.name);
        resource.waiting = lock.waiters;
        if (lock.owner != ForeignDump::none)
            resource.owner = dump.job(lock.owner).id;
        dump.resources().push_back(resource);
        lock.key = resource.id.value;
    }
    for (const Wait& wait : waits_) {
        dump.job(wait.thread).waitKind = WaitKind::Mutex;
        dump.job(wait.thread).waitsFor = locks_[wait.lock].key;
    }
    *this = {};
}

void ThreadTexts::add(std::uint32_t thread, std::string& name, std::string& context,
                      std::optional<std::uint64_t> number, std::size_t numberAt) {
    Thread& now = last_[oldest_];
    keep(now);
    now.job = thread;
    now.name.swap(name);
    now.context.swap(context);
    now.number = number;
    now.numberAt = numberAt;
    now.hashes = {ForeignTables::hashOfText(now.name), ForeignTables::hashOfText(now.behind())};
    for (std::size_t age = 0; age < last_.size(); ++age)
        if (const Thread& each = last_[(oldest_ + last_.size() - age) % last_.size()];
            each.job != ForeignDump::none)
            for (const std::uint64_t hash : each.hashes)
                dump_.tables().expectText(hash, static_cast<int>(age));
    oldest_ = (oldest_ + 1) % last_.size();
}

void ThreadTexts::finish() {
    for (std::size_t i = 0; i < last_.size(); ++i) // in their order
        keep(last_[(oldest_ + i) % last_.size()]);
}

void ThreadTexts::keep(Thread& thread) {
    if (thread.job == ForeignDump::none)
        return;
    ForeignTables& tables = dump_.tables();
    JobRow& row = dump_.job(thread.job);
    row.name = tables.addText(thread.name);
    row.context = thread.number
                      ? tables.addNumberedContext(std::string_view(thread.context).substr(0, thread.numberAt),
                                                  *thread.number, thread.behind())
                      : tables.addContext({}, thread.context);
    thread.job = ForeignDump::none;
}

void joinThreads(ForeignDump& dump) {
    if (!dump.has(ForeignDump::Part::Coroutines) || !dump.has(ForeignDump::Part::Threads))
        return;
    // The number of a coroutine is that of its scopes, too: the one that runs is meant.
    std::unordered_map<std::uint64_t, std::uint32_t> coroutines;
    for (std::uint32_t i = 0; i < dump.size(); ++i) {
        const JobRow& row = dump.job(i);
        if (row.kind != JobKind::Thread && row.number != 0 && row.execution == Execution::Running)
            coroutines[row.number] = i;
    }
    std::uint32_t others = ForeignDump::none;
    const std::uint32_t size = dump.size();
    for (std::uint32_t i = 0; i < size; ++i) {
        if (dump.job(i).kind != JobKind::Thread)
            continue;
        const std::string name = dump.tables().text(dump.job(i).name);
        const std::size_t at = name.rfind(" @"), hash = name.rfind('#');
        auto runs = coroutines.end();
        if (at != std::string::npos && hash != std::string::npos && hash > at)
            if (const auto number = decimal(std::string_view(name).substr(hash + 1)))
                runs = coroutines.find(*number);
        if (runs != coroutines.end()) {
            JobRow& coroutine = dump.job(runs->second);
            if (dump.job(i).suspendedAt != 0)
                coroutine.suspendedAt = dump.job(i).suspendedAt;
            if (coroutine.context == 0)
                coroutine.context = dump.tables().addContext({}, "on thread " + name.substr(0, at));
            dump.setParent(i, runs->second);
            coroutines.erase(runs);
            continue;
        }
        if (others == ForeignDump::none) {
            JobRow row;
            row.kind = JobKind::ThreadScope;
            row.state = JobState::Active;
            row.name = dump.tables().addText("other");
            others = dump.add(row);
            if (others == ForeignDump::none)
                return;
        }
        dump.setParent(i, others);
        // As old as the oldest of them: so it stands behind the coroutines, whose age is not told.
        const std::int64_t born = dump.job(i).createdAt;
        std::int64_t& since = dump.job(others).createdAt;
        if (born != 0 && (since == 0 || born < since))
            since = born;
    }
}

} // namespace coroscope::observe
