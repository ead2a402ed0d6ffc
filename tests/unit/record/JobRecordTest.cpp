// SPDX-License-Identifier: Apache-2.0
// Every field of a job's slot, written through JobRecord and read back as an observer reads it.
#include "OwnRecord.h"

#include <coroscope/record/JobRecord.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace coroscope::record {
namespace {

using test::OwnRecord;

TEST(JobRecord, BirthFillsEveryField) {
    const OwnRecord own;
    JobRecord parent;
    parent.begin({.kind = JobKind::SupervisorJob, .execution = Execution::None, .number = 1});
    JobRecord job;
    const auto here = std::source_location::current();
    const std::uint64_t number = nextJobNumber();
    job.begin({.kind = JobKind::Async,
               .state = JobState::New,
               .flags = JobFlags::lazyStart | JobFlags::held,
               .execution = Execution::Unstarted,
               .parent = parent.id(),
               .launcher = parent.id(),
               .site = internSite(here),
               .name = {internText("reader"), {}},
               .context = internContext("Default", ""),
               .number = number});
    const auto row = own.read(job.id());
    ASSERT_TRUE(row);
    EXPECT_EQ(row->slot.parent, parent.id().value);
    EXPECT_EQ(row->slot.launcher, parent.id().value);
    EXPECT_EQ(row->slot.number, number);
    EXPECT_EQ(row->name, "reader");
    EXPECT_EQ(static_cast<JobKind>(row->slot.kind), JobKind::Async);
    EXPECT_EQ(row->job.state(), JobState::New);
    EXPECT_EQ(row->job.flags(), JobFlags::lazyStart | JobFlags::held);
    EXPECT_EQ(row->execution.execution(), Execution::Unstarted);
    const layout::Site site = own.site(row->slot.creationSite);
    EXPECT_EQ(site.line, here.line());
    EXPECT_EQ(own.text(site.file), here.file_name());
    EXPECT_EQ(own.text(site.function), here.function_name());
    EXPECT_NE(row->slot.createdAt, 0u);
    job.end(JobState::Cancelled);
    parent.end(JobState::Completed);
}

TEST(JobRecord, ExecutionGoesItsWay) {
    const OwnRecord own;
    JobRecord job;
    job.begin({.kind = JobKind::Launch});
    job.queued();
    EXPECT_EQ(own.read(job.id())->execution.execution(), Execution::Queued);
    job.runs();
    EXPECT_EQ(own.read(job.id())->execution.execution(), Execution::Running);
    EXPECT_EQ(runningHere(), job.id());
    EXPECT_EQ(own.thread(own.entryOfThisThread()).job, job.id().value);
    EXPECT_EQ(own.read(job.id())->slot.resumes, 1u);

    const std::source_location inner = std::source_location::current(),
                               outer = std::source_location::current();
    const std::source_location chain[] = {inner, outer};
    job.suspends(internStack(chain), WaitKind::Delay, 12345);
    const auto row = own.read(job.id());
    EXPECT_EQ(row->execution.execution(), Execution::Suspended);
    EXPECT_EQ(row->execution.waitKind(), WaitKind::Delay);
    EXPECT_EQ(row->slot.waitsFor, 12345u);
    EXPECT_GT(row->slot.ranFor, 0u);
    EXPECT_FALSE(runningHere());
    EXPECT_EQ(own.thread(own.entryOfThisThread()).job, 0u);
    const layout::Stack stack = own.stack(row->slot.suspendedAt);
    ASSERT_EQ(stack.depth, 2);
    EXPECT_EQ(own.site(stack.sites[0]).column, inner.column());
    EXPECT_EQ(own.site(stack.sites[1]).column, outer.column());

    job.runs();
    job.waitsForChildren();
    EXPECT_EQ(own.read(job.id())->execution.execution(), Execution::WaitsForChildren);
    EXPECT_EQ(own.read(job.id())->slot.resumes, 2u);
    job.end(JobState::Completed);
    EXPECT_FALSE(own.read(job.id()));
}

TEST(JobRecord, AJobMayBeBornRunning) {
    const OwnRecord own;
    JobRecord outer;
    outer.begin({.kind = JobKind::Launch});
    outer.runs();
    const std::uint64_t slices = own.thread(own.entryOfThisThread()).slices;
    JobRecord job;
    job.begin({.kind = JobKind::Launch, .execution = Execution::Running});
    EXPECT_EQ(runningHere(), job.id());
    EXPECT_EQ(own.thread(own.entryOfThisThread()).job, job.id().value);
    EXPECT_EQ(own.thread(own.entryOfThisThread()).slices, slices + 1);
    const auto born = own.read(job.id());
    ASSERT_TRUE(born);
    EXPECT_EQ(born->execution.execution(), Execution::Running);
    EXPECT_EQ(born->slot.resumes, 1u);
    EXPECT_EQ(born->slot.since, own.read(outer.id())->slot.since)
        << "in the stretch of running of who made it";

    job.suspends(0, WaitKind::Callback, 0);
    const auto waits = own.read(job.id());
    EXPECT_GT(waits->slot.ranFor, 0u);
    EXPECT_EQ(waits->slot.since, born->slot.since + waits->slot.ranFor);
    outer.continuesHere();
    EXPECT_EQ(runningHere(), outer.id());
    outer.suspends(0, WaitKind::Callback, 0);
    const auto after = own.read(outer.id());
    EXPECT_EQ(after->slot.since, waits->slot.since + after->slot.ranFor)
        << "what the other one took is not counted twice";
    job.end(JobState::Completed);
    outer.end(JobState::Completed);
}

TEST(JobRecord, WhatIsToldOfAnotherJobTakesNothingFromTheOneThatRuns) {
    using namespace std::chrono_literals;
    const OwnRecord own;
    JobRecord running, other;
    running.begin({.kind = JobKind::Launch});
    other.begin({.kind = JobKind::Launch});
    running.runs();
    const std::uint64_t began = own.read(running.id())->slot.since;
    std::this_thread::sleep_for(5ms);
    other.suspends(0, WaitKind::Event, 1);
    const auto waits = own.read(other.id());
    EXPECT_EQ(waits->slot.ranFor, 0u);
    EXPECT_GT(waits->slot.since, began) << "now, not when the running one began";
    EXPECT_EQ(runningHere(), running.id());
    running.suspends(0, WaitKind::Event, 2);
    const auto after = own.read(running.id());
    EXPECT_EQ(after->slot.ranFor, after->slot.since - began);
    other.end(JobState::Completed);
    running.end(JobState::Completed);
}

TEST(JobRecord, AThreadThatWokeUpCountsNoTimeOfItsRest) {
    using namespace std::chrono_literals;
    const OwnRecord own;
    JobRecord job, inner;
    job.begin({.kind = JobKind::Launch});
    inner.begin({.kind = JobKind::Launch});
    const auto ranFor = [&](const JobRecord& one) { return own.read(one.id())->slot.ranFor; };
    const auto run = [](JobRecord& one) {
        one.runs();
        one.suspends(0, WaitKind::Callback, 0);
    };
    // How long a rest is in ticks: seen by a job that rests while it runs.
    job.runs();
    std::this_thread::sleep_for(50ms);
    job.suspends(0, WaitKind::Callback, 0);
    const std::uint64_t rest = ranFor(job);

    std::this_thread::sleep_for(50ms);
    wokeUp();
    run(inner);
    const std::uint64_t first = ranFor(inner);
    EXPECT_LT(first, rest / 2);
    // In a loop that a running job has for itself.
    job.runs();
    std::this_thread::sleep_for(50ms);
    wokeUp();
    run(inner);
    EXPECT_LT(ranFor(inner) - first, rest / 2);
    job.continuesHere();
    wokeUp();
    JobRecord born;
    born.begin({.kind = JobKind::Launch});
    EXPECT_GT(own.read(born.id())->slot.createdAt, own.read(job.id())->slot.since);
    born.end(JobState::Completed);
    job.suspends(0, WaitKind::Callback, 0);
    inner.end(JobState::Completed);
    job.end(JobState::Completed);
}

TEST(JobRecord, JobStateAndExecutionAreSeparateThings) {
    const OwnRecord own;
    JobRecord job;
    job.begin({.kind = JobKind::Launch});
    job.suspends(0, WaitKind::Callback, 0);
    job.stateChanges(JobState::Cancelling, JobFlags::cancelledByObserver);
    const auto row = own.read(job.id());
    EXPECT_EQ(row->job.state(), JobState::Cancelling);
    EXPECT_EQ(row->execution.execution(), Execution::Suspended);
    EXPECT_TRUE(row->job.flags() & JobFlags::cancelledByObserver);
    EXPECT_GE(row->slot.jobStateSince, row->slot.createdAt);
    job.flagsChange(JobFlags::shielded, JobFlags::cancelledByObserver);
    EXPECT_EQ(own.read(job.id())->job.flags(), JobFlags::shielded);
    EXPECT_EQ(own.read(job.id())->job.state(), JobState::Cancelling);
    job.end(JobState::Cancelled);
}

TEST(JobRecord, AChangeAfterTheEndHitsNobody) {
    const OwnRecord own;
    JobRecord old;
    old.begin({.kind = JobKind::Launch, .flags = JobFlags::held});
    const JobId oldId = old.id();
    old.end(JobState::Completed);
    // Use slots until the same one comes again.
    for (;;) {
        JobRecord job;
        job.begin({.kind = JobKind::Launch, .flags = JobFlags::held});
        const bool same = job.id().index() == oldId.index();
        if (same) {
            EXPECT_NE(job.id(), oldId);
            old.held(false);
            old.stateChanges(JobState::Cancelling);
            old.end(JobState::Failed, "late");
            const auto row = own.read(job.id());
            ASSERT_TRUE(row);
            EXPECT_TRUE(row->job.flags() & JobFlags::held);
            EXPECT_EQ(row->job.state(), JobState::Active);
        }
        job.end(JobState::Completed);
        if (same)
            break;
    }
}

TEST(JobRecord, ASlotRestsBeforeItsThreadUsesItAgain) {
    JobRecord first;
    first.begin({.kind = JobKind::Launch});
    const JobId firstId = first.id();
    first.end(JobState::Completed);
    std::uint64_t others = 0;
    for (;; ++others) {
        JobRecord job;
        job.begin({.kind = JobKind::Launch});
        const JobId id = job.id();
        job.end(JobState::Completed);
        if (id.index() == firstId.index()) {
            EXPECT_EQ(id.generation(), firstId.generation() + 1);
            break;
        }
        ASSERT_LT(others, 100'000u);
    }
    EXPECT_GE(others, 256u) << "a slot must rest before it is used again";
}

TEST(JobRecord, AThreadsSlotsGoRoundAmongItsOwnAndThoseOfOthers) {
    const OwnRecord own;
    // More than a thread keeps for itself, again and again, ended by others: no slot is lost, none is had
    // twice.
    constexpr std::size_t many = 3000;
    std::vector<JobRecord> jobs(many);
    std::uint32_t highWater = 0;
    for (int round = 0; round < 20; ++round) {
        std::vector<std::uint32_t> slots;
        for (JobRecord& job : jobs) {
            std::destroy_at(&job);
            std::construct_at(&job)->begin({.kind = JobKind::Launch});
            slots.push_back(job.id().index());
        }
        std::sort(slots.begin(), slots.end());
        ASSERT_EQ(std::unique(slots.begin(), slots.end()), slots.end());
        if (round == 4)
            highWater = own.header().slotsHighWater;
        std::thread other([&] {
            for (std::size_t i = 0; i < many; i += 2)
                jobs[i].end(JobState::Completed);
        });
        other.join();
        for (std::size_t i = 1; i < many; i += 2)
            jobs[i].end(JobState::Completed);
    }
    EXPECT_EQ(own.header().slotsHighWater, highWater) << "new slots though there were free ones";
}

TEST(JobRecord, CountersOfASiteAddUp) {
    const OwnRecord own;
    const SiteId site = internSite(std::source_location::current());
    auto work = [site] {
        for (int i = 0; i < 1000; ++i) {
            JobRecord job;
            job.begin({.kind = JobKind::Launch, .site = site});
            if (i % 2 == 0)
                job.end(JobState::Completed);
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back(work);
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(own.counters(site).launched, 4000u);
    EXPECT_EQ(own.counters(site).ended, 2000u);
}

TEST(JobRecord, NumbersAreUniqueAcrossThreads) {
    std::vector<std::vector<std::uint64_t>> seen(4);
    std::vector<std::thread> threads;
    for (auto& mine : seen)
        threads.emplace_back([&mine] {
            for (int i = 0; i < 1000; ++i)
                mine.push_back(nextJobNumber());
        });
    for (auto& thread : threads)
        thread.join();
    std::vector<std::uint64_t> all;
    for (auto& mine : seen)
        all.insert(all.end(), mine.begin(), mine.end());
    std::sort(all.begin(), all.end());
    EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
}

} // namespace
} // namespace coroscope::record
