// SPDX-License-Identifier: Apache-2.0
#include "Storm.h"

#include <coroscope/record/JobRecord.h>

#include <cstdlib>
#include <deque>
#include <iterator>
#include <random>
#include <source_location>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace coroscope::test {

namespace {

constexpr std::size_t mostJobs = 40; // of one thread at a time

struct StormJob {
    record::JobRecord record;
    bool held = false, cancelling = false;
};

} // namespace

Storm::Storm(unsigned threads, const std::string& file) {
    constexpr std::size_t size = mostThreads * sizeof(Produced);
    const int counts = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, counts, 0);
    ::close(counts);
    if (memory == MAP_FAILED || threads > mostThreads)
        std::abort();
    produced_ = static_cast<Produced*>(memory);
    for (unsigned i = 0; i < threads; ++i)
        threads_.emplace_back([this, i] { run(i); });
}

Storm::~Storm() {
    calm();
    ::munmap(produced_, mostThreads * sizeof(Produced));
}

std::uint64_t Storm::calm() {
    stop_ = true;
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < mostThreads; ++i)
        sum += produced_[i].done;
    return sum;
}

void Storm::run(unsigned number) {
    std::mt19937 random(number + 1);
    std::deque<StormJob> jobs;
    Produced& own = produced_[number];
    const auto step = [&own](std::uint64_t events, auto&& work) {
        own.begun.fetch_add(events, std::memory_order_release);
        work();
        own.done.fetch_add(events, std::memory_order_release);
    };
    const record::JobName names[] = {
        {record::internText("calm"), {}}, {0, "gusts from the north"}, {0, "rough"}, {}};
    const auto here = std::source_location::current();
    const StackId stack = record::internStack({&here, 1});
    const auto end = [&](StormJob& job) {
        const bool fails = random() % 16 == 0;
        step(1, [&] {
            job.record.end(fails            ? JobState::Failed
                           : job.cancelling ? JobState::Cancelled
                                            : JobState::Completed,
                           fails ? "std::runtime_error\nwet feet" : "");
        });
    };
    while (!stop_.load(std::memory_order_relaxed)) {
        if (jobs.empty() || (jobs.size() < mostJobs && random() % 3 == 0)) {
            const JobId parent = jobs.empty() || random() % 4 == 0 ? JobId{} : jobs.front().record.id();
            StormJob& job = jobs.emplace_back();
            step(1, [&] {
                job.record.begin({.kind = JobKind::Launch,
                                  .parent = parent,
                                  .launcher = parent,
                                  .name = names[random() % std::size(names)],
                                  .number = record::nextJobNumber()});
            });
            continue;
        }
        StormJob& job = jobs[random() % jobs.size()];
        switch (random() % 6) {
        case 0:
            step(1, [&] { job.record.queued(); });
            break;
        case 1:
            step(2, [&] {
                job.record.runs();
                job.record.suspends(stack, WaitKind::Event, 0);
            });
            break;
        case 2:
            step(1, [&] { job.record.renamed(names[random() % std::size(names)]); });
            break;
        case 3:
            step(1, [&] { job.record.held(job.held = !job.held); });
            break;
        case 4:
            if (!job.cancelling) {
                job.cancelling = true;
                step(1, [&] { job.record.stateChanges(JobState::Cancelling); });
            }
            break;
        default:
            // The youngest first: a parent outlives its children.
            end(jobs.back());
            jobs.pop_back();
            break;
        }
    }
    for (; !jobs.empty(); jobs.pop_back())
        end(jobs.back());
}

} // namespace coroscope::test
