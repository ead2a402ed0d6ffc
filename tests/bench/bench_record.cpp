// SPDX-License-Identifier: Apache-2.0
// What one event costs the observed program while somebody observes, beside reading the clock and beside a
// queue with a mutex. The observer is another process that attaches and reads.
#include "Figure.h"

#include <coroscope/model/RecordLayout.h>
#include <coroscope/observe/Source.h>
#include <coroscope/record/JobRecord.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <source_location>
#include <thread>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace coroscope::bench {
namespace {

/// Of two events at most: less than a ring holds.
std::size_t rounds = 10'000;
int turns = 200;

/// Attached until the bench ends. Forked before the record starts, so that it has nothing to do with it.
pid_t startObserver(int& goEnd) {
    int ends[2];
    if (::pipe(ends) != 0)
        std::exit(1);
    goEnd = ends[1];
    const pid_t child = ::fork();
    if (child != 0)
        return child;
    char c;
    ::close(ends[1]);
    if (::read(ends[0], &c, 1) != 1)
        ::_exit(1);
    auto source = observe::attach(::getppid());
    if (!source)
        fail(source.problem().c_str());
    observe::Batch batch;
    while (!(*source)->ended()) {
        batch.clear();
        (*source)->read(batch);
        (*source)->wait(1);
    }
    ::_exit(0);
}

double clockRead() {
#if defined(__x86_64__)
    unsigned long long sum = 0;
    const double ns = nanosecondsEach(rounds, [&](std::size_t) { sum += __rdtsc(); });
    return sum == 1 ? 0 : ns;
#else
    long sum = 0;
    const double ns = nanosecondsEach(
        rounds, [&](std::size_t) { sum += std::chrono::steady_clock::now().time_since_epoch().count(); });
    return sum == 1 ? 0 : ns;
#endif
}

/// What no record of this kind can be cheaper than: for each job two reads of the clock, and a store into
/// each field of one of a thousand slots.
double bareJob() {
    struct alignas(64) Slot {
        volatile std::uint64_t fields[16];
    };
    static std::vector<Slot> slots(1'024);
    return nanosecondsEach(rounds, [&](std::size_t i) {
        Slot& slot = slots[i % slots.size()];
        std::uint64_t time = 0;
        for (auto& field : slot.fields)
            field = i;
        for (int slice = 0; slice < 2; ++slice) {
#if defined(__x86_64__)
            time = __rdtsc();
#else
            time = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
            for (int field = 8; field < 12; ++field)
                slot.fields[field] = time;
        }
        slot.fields[0] = 0;
    });
}

/// Is born, waits, goes on and ends, while a thousand others wait.
double recordedJob() {
    static std::deque<record::JobRecord> living;
    while (living.size() < 1'000)
        living.emplace_back().begin({.kind = JobKind::Launch, .execution = Execution::Suspended});
    return nanosecondsEach(rounds, [&](std::size_t) {
        record::JobRecord& born = living.emplace_back();
        born.begin({.kind = JobKind::Launch});
        born.runs();
        born.suspends(1, WaitKind::Yield, 0);
        record::JobRecord& ends = living.front();
        ends.runs();
        ends.end(JobState::Completed);
        living.pop_front();
    });
}

/// Looked up in the own record, as any reader would.
bool ringsAreOn() {
    layout::Header header{};
    return ::pread(record::descriptor(), static_cast<void*>(&header), sizeof header, 0) == sizeof header &&
           header.ringsEnabled == 1;
}

double queueWithMutex() {
    struct Event {
        unsigned long words[4];
    };
    std::mutex lock;
    std::deque<Event> queue;
    return nanosecondsEach(rounds, [&](std::size_t i) {
        const std::lock_guard guard(lock);
        queue.push_back({{i, i, i, i}});
        if (queue.size() > 32'768)
            queue.pop_front();
    });
}

int run() {
    int go = -1;
    const pid_t observer = startObserver(go);
    record::start();
    record::JobRecord job;
    job.begin({.kind = JobKind::Launch});
    auto slice = [&](std::size_t) {
        job.runs();
        job.suspends(1, WaitKind::Yield, 0);
    };
    auto flags = [&](std::size_t i) {
        record::wokeUp();
        job.flagsChange(i % 2 == 0 ? JobFlags::shielded : std::uint16_t{0},
                        i % 2 == 0 ? std::uint16_t{0} : JobFlags::shielded);
    };
    std::vector<double> unobserved, jobs, bare;
    for (int i = 0; i < turns; ++i) {
        unobserved.push_back(nanosecondsEach(rounds, slice) / 2);
        jobs.push_back(recordedJob());
        bare.push_back(bareJob());
    }
    if (::write(go, "g", 1) != 1)
        return 1;
    // The observer is there when the rings are on: then a slice costs more.
    const auto from = std::chrono::steady_clock::now();
    while (record::isOn() && secondsSince(from) < 1.0)
        nanosecondsEach(1000, slice);
    if (!ringsAreOn())
        fail("the observer did not attach");
    // In turn, so that all of them see the same machine.
    // A pause before each: the observer has read everything, its processor has all lines of the ring, and
    // none are lost. (An observer that is overtaken does not read at all, and costs nothing.)
    std::vector<double> clock, slices, events, queue;
    const auto afterPause = [](auto&& measured) {
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
        return measured();
    };
    for (int i = 0; i < turns; ++i) {
        clock.push_back(clockRead());
        // Two events, one stamp.
        slices.push_back(afterPause([&] { return nanosecondsEach(rounds, slice) / 2; }));
        events.push_back(afterPause([&] { return nanosecondsEach(rounds, flags); }));
        queue.push_back(queueWithMutex());
    }
    if (!ringsAreOn())
        fail("the observer has gone");
    print("record.event.slice_ns", median(slices), "ns", 10, "mutex and queue", median(queue));
    print("record.event.stamp_ns", median(events), "ns", 20, "clock read", median(clock));
    print("record.slice.unobserved_ns", median(unobserved), "ns", noGoal, "clock read", median(clock));
    print("record.job_ns", median(jobs), "ns", noGoal, "bare stores and clock reads", median(bare));
    ::kill(observer, SIGKILL);
    ::waitpid(observer, nullptr, 0);
    job.end(JobState::Completed);
    return 0;
}

} // namespace
} // namespace coroscope::bench

int main(int count, char** arguments) {
    using namespace coroscope::bench;
    if (quick(count, arguments)) {
        rounds = 1000;
        turns = 1;
    }
    return run();
}
