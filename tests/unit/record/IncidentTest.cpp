// SPDX-License-Identifier: Apache-2.0
// The ring of incidents, written by the library and read back as an observer reads it.
#include "OwnRecord.h"

#include <coroscope/record/JobRecord.h>

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace coroscope::record {
namespace {

using test::OwnRecord;

TEST(Incident, AFailureIsToldWithAllThatIsKnownOfTheJob) {
    JobRecord parent, job;
    parent.begin({.kind = JobKind::Job});
    const OwnRecord own;
    job.begin({.kind = JobKind::Async,
               .flags = JobFlags::supervisor | JobFlags::held,
               .parent = parent.id(),
               .launcher = parent.id(),
               .site = internSite(std::source_location::current()),
               .name = {internText("charge"), {}},
               .context = internContext("Default", "x"),
               .number = 77});
    const JobId id = job.id();
    job.runs();
    job.suspends(5, WaitKind::Delay, 99);
    job.stateChanges(JobState::Cancelling);
    const layout::Slot slot = own.read(id)->slot;
    const std::uint64_t number = own.header().incidentsHead;
    job.end(JobState::Failed, "std::runtime_error\ncard declined");
    const auto incident = own.incident(number);
    ASSERT_TRUE(incident);
    EXPECT_EQ(incident->text, "std::runtime_error\ncard declined");
    const layout::Incident& head = incident->head;
    EXPECT_EQ(static_cast<IncidentKind>(head.what), IncidentKind::Failed);
    EXPECT_EQ(head.job, id.value);
    EXPECT_EQ(head.parent, parent.id().value);
    EXPECT_EQ(head.launcher, parent.id().value);
    EXPECT_EQ(head.number, 77u);
    EXPECT_EQ(head.createdAt, slot.createdAt);
    EXPECT_EQ(head.jobStateSince, slot.jobStateSince);
    EXPECT_EQ(head.since, slot.since);
    EXPECT_EQ(head.waitsFor, 99u);
    EXPECT_EQ(head.creationSite, slot.creationSite);
    EXPECT_EQ(head.jobName, slot.jobName);
    EXPECT_EQ(head.context, slot.context);
    EXPECT_EQ(head.suspendedAt, 5u);
    EXPECT_EQ(head.resumes, 1u);
    EXPECT_EQ(head.flags, JobFlags::supervisor | JobFlags::held);
    EXPECT_EQ(static_cast<JobKind>(head.kind), JobKind::Async);
    EXPECT_EQ(static_cast<JobState>(head.state), JobState::Failed);
    EXPECT_EQ(static_cast<Execution>(head.execution), Execution::Suspended);
    EXPECT_EQ(static_cast<WaitKind>(head.waitKind), WaitKind::Delay);
    EXPECT_GE(head.at, head.createdAt);
    parent.end(JobState::Completed);
}

TEST(Incident, AnEndWithoutFailureTellsNothing) {
    JobRecord job;
    job.begin({.kind = JobKind::Launch});
    const OwnRecord own;
    const std::uint64_t number = own.header().incidentsHead;
    job.end(JobState::Cancelled);
    EXPECT_EQ(own.header().incidentsHead, number);
    EXPECT_EQ(tellIncident(IncidentKind::Failed, job.facts(), "after the end"), 0u)
        << "no facts, no incident";
    EXPECT_EQ(own.header().incidentsHead, number);
}

TEST(Incident, FactsThatWereKeptCanBeToldAfterTheEnd) {
    JobRecord job;
    job.begin({.kind = JobKind::Async, .number = 3});
    const OwnRecord own;
    const JobFacts kept = job.facts();
    const JobId id = job.id();
    job.end(JobState::Completed);
    const std::uint64_t told = tellIncident(IncidentKind::UnseenFailure, kept, "x");
    ASSERT_NE(told, 0u);
    ASSERT_TRUE(own.incident(told - 1));
    EXPECT_EQ(own.incident(told - 1)->head.job, id.value);
}

TEST(Incident, ATextThatIsTooLongIsCut) {
    JobRecord job;
    job.begin({.kind = JobKind::Launch});
    const OwnRecord own;
    const std::uint64_t number = own.header().incidentsHead;
    job.end(JobState::Failed, std::string(5'000, 'x'));
    ASSERT_TRUE(own.incident(number));
    const std::string text = own.incident(number)->text;
    EXPECT_EQ(text.size(), own.header().incidents.stride - sizeof(layout::Incident));
    EXPECT_EQ(text, std::string(text.size(), 'x'));
}

TEST(Incident, TheRingKeepsTheNewest) {
    JobRecord job;
    job.begin({.kind = JobKind::Launch});
    const OwnRecord own;
    const std::uint64_t capacity = own.header().incidents.capacity, first = own.header().incidentsHead;
    for (std::uint64_t i = 0; i <= capacity; ++i)
        tellIncident(IncidentKind::Failed, job.facts(), std::to_string(i));
    EXPECT_FALSE(own.incident(first));
    ASSERT_TRUE(own.incident(first + 1));
    EXPECT_EQ(own.incident(first + 1)->text, "1");
    EXPECT_EQ(own.incident(first + capacity)->text, std::to_string(capacity));
    job.end(JobState::Completed);
}

/// Each writer's incidents say the same number in all fields and in the text; whoever sees two has read a
/// torn one. The ring is overtaken many times.
TEST(IncidentStress, NoTornIncidents) {
    JobRecord one;
    one.begin({.kind = JobKind::Launch});
    const OwnRecord own;
    JobFacts facts = one.facts();
    constexpr std::uint64_t each = 30'000, writers = 4;
    std::atomic<std::uint64_t> running{writers};
    std::vector<std::thread> threads;
    for (std::uint64_t w = 0; w < writers; ++w)
        threads.emplace_back([&running, facts, w]() mutable {
            for (std::uint64_t i = 0; i < each; ++i) {
                const std::uint64_t n = w * each + i + 1;
                facts.job = facts.parent = facts.launcher = facts.number = facts.waitsFor = n;
                facts.creationSite = facts.suspendedAt = facts.resumes = static_cast<std::uint32_t>(n);
                facts.jobName = ownNameBit;
                facts.ownName.size = static_cast<std::uint8_t>(
                    std::to_string(n).copy(facts.ownName.bytes, layout::OwnName::longest));
                tellIncident(IncidentKind::Failed, facts, std::string(n % 300 + 20, '0' + n % 10));
            }
            running.fetch_sub(1);
        });
    std::uint64_t seen = 0;
    while (running.load() != 0 || seen == 0) {
        const std::uint64_t head =
            std::atomic_ref(const_cast<std::uint64_t&>(own.header().incidentsHead)).load();
        // The newest are being written, the oldest overwritten.
        for (const std::uint64_t back : {1u, 2u, 3u, 2'046u, 2'047u, 2'048u}) {
            const auto incident = head >= back ? own.incident(head - back) : std::nullopt;
            if (!incident || incident->head.number == 0)
                continue;
            ++seen;
            const layout::Incident& read = incident->head;
            const std::uint64_t n = read.number;
            ASSERT_EQ(read.job, n);
            ASSERT_EQ(read.parent, n);
            ASSERT_EQ(read.launcher, n);
            ASSERT_EQ(read.waitsFor, n);
            ASSERT_EQ(read.creationSite, n);
            ASSERT_EQ(read.resumes, n);
            ASSERT_EQ(incident->name, std::to_string(n));
            ASSERT_EQ(incident->text, std::string(n % 300 + 20, '0' + n % 10));
        }
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_GT(seen, 0u);
    one.end(JobState::Completed);
}

} // namespace
} // namespace coroscope::record
