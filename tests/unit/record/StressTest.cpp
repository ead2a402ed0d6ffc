// SPDX-License-Identifier: Apache-2.0
// Readers beside writers: what a reader accepts must be whole.
#include "OwnRecord.h"

#include <coroscope/record/JobRecord.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

namespace coroscope::record {
namespace {

using test::OwnRecord;

/// Writes rows whose fields all say the same number; a reader that sees two numbers has read a torn row.
TEST(RecordStress, NoTornRows) {
    const OwnRecord own;
    constexpr std::uint64_t rounds = 30'000;
    constexpr std::uint64_t enough =
        500; // on a busy machine the readers come late: the writer waits for them
    std::array<std::atomic<std::uint64_t>, 64> published{};
    std::atomic<bool> done{false};
    std::atomic<std::uint64_t> looked{0};

    std::thread writer([&] {
        // Each job lives for as many rounds as there are places, and changes in each of them.
        std::array<std::optional<JobRecord>, 64> live;
        std::array<std::uint32_t, 64> resumed{};
        for (std::uint64_t n = 1; n <= rounds || looked < enough; ++n) {
            auto& place = live[n % live.size()];
            if (place)
                place->end(JobState::Completed);
            resumed[n % live.size()] = 0;
            JobRecord& one = place.emplace();
            const std::string name = "the name of " + std::to_string(n);
            one.begin({.kind = static_cast<JobKind>(n % 11),
                       .parent = {n},
                       .launcher = {n},
                       .site = static_cast<SiteId>(n % 1000),
                       .name = {0, name},
                       .context = static_cast<std::uint32_t>(n),
                       .number = n});
            published[n % published.size()].store(one.id().value);
            for (std::size_t i = 0; i < live.size(); i += 7)
                if (auto& other = live[(n + i) % live.size()]) {
                    const std::uint32_t times = ++resumed[(n + i) % live.size()];
                    other->runs();
                    other->suspends(times, WaitKind::Event, times);
                }
        }
        for (auto& place : live)
            if (place)
                place->end(JobState::Completed);
        done = true;
    });
    std::vector<std::thread> readers;
    for (int r = 0; r < 2; ++r)
        readers.emplace_back([&] {
            while (!done)
                for (auto& slot : published) {
                    const JobId id{slot.load()};
                    if (!id)
                        continue;
                    const auto row = own.read(id);
                    if (!row)
                        continue;
                    const std::uint64_t n = row->slot.number;
                    ASSERT_EQ(row->slot.parent, n);
                    ASSERT_EQ(row->slot.launcher, n);
                    ASSERT_EQ(row->name, "the name of " + std::to_string(n));
                    ASSERT_EQ(row->slot.context, n);
                    ASSERT_EQ(row->slot.creationSite, n % 1000);
                    ASSERT_EQ(row->slot.kind, n % 11);
                    ASSERT_GE(row->slot.since, row->slot.createdAt);
                    ASSERT_LE(row->slot.ranFor, row->slot.since - row->slot.createdAt);
                    if (row->execution.execution() == Execution::Suspended) {
                        ASSERT_EQ(row->slot.waitsFor, row->slot.suspendedAt);
                        ASSERT_EQ(row->slot.waitsFor, row->slot.resumes);
                    }
                    ++looked;
                }
        });
    writer.join();
    for (auto& reader : readers)
        reader.join();
    EXPECT_GE(looked, enough);
}

/// One job that changes all the time, so that readers meet the writer in mid-write again and again.
TEST(RecordStress, NoTornExecutionOfABusyJob) {
    const OwnRecord own;
    JobRecord job;
    job.begin({.kind = JobKind::Foreign});
    // On one processor the two meet only when the system changes between them, some hundreds of times a
    // second.
    constexpr std::uint64_t enough = 200'000, few = 20;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    std::atomic<std::uint64_t> whole{0};
    std::atomic<bool> torn{false};
    const auto goOn = [&] {
        return !torn && whole < enough && (whole < few || std::chrono::steady_clock::now() < until);
    };
    std::thread reader([&] {
        std::uint32_t last = 0;
        while (goOn()) {
            const auto row = own.read(job.id());
            if (!row || row->execution.execution() != Execution::Suspended)
                continue;
            if (row->slot.waitsFor != row->slot.resumes || row->slot.suspendedAt != row->slot.resumes)
                torn = true;
            // A look counts only if the writer was at work since the last one.
            if (row->execution.sequence() != last)
                ++whole;
            last = row->execution.sequence();
        }
    });
    for (std::uint32_t times = 1; goOn(); ++times) {
        job.runs();
        job.suspends(times, WaitKind::Event, times);
    }
    reader.join();
    EXPECT_FALSE(torn);
    job.end(JobState::Completed);
}

/// Handles that are dropped while their jobs end and slots are used again.
TEST(RecordStress, LateChangesNeverReachTheNextJob) {
    const OwnRecord own;
    std::atomic<JobRecord*> shared{nullptr};
    std::atomic<bool> done{false};
    std::thread late([&] {
        while (!done)
            if (JobRecord* job = shared.exchange(nullptr)) {
                job->held(true); // must do nothing: by now the job may have ended, its slot may be another's
                delete job;
            }
    });
    for (int i = 0; i < 60'000; ++i) {
        auto* job = new JobRecord;
        job->begin({.kind = JobKind::Launch});
        JobRecord bystander;
        bystander.begin({.kind = JobKind::Launch});
        job->end(JobState::Completed);
        delete shared.exchange(job);
        const auto row = own.read(bystander.id());
        ASSERT_TRUE(row);
        ASSERT_FALSE(row->job.flags() & JobFlags::held);
        bystander.end(JobState::Completed);
    }
    done = true;
    late.join();
    delete shared.load();
}

} // namespace
} // namespace coroscope::record
