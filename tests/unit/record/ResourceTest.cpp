// SPDX-License-Identifier: Apache-2.0
// What jobs wait for that is no job: its row, written through Resource and read back as an observer reads it.
#include "OwnRecord.h"

#include <coroscope/record/CRecord.h>
#include <coroscope/record/JobRecord.h>
#include <coroscope/record/Resource.h>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace coroscope::record {
namespace {

using test::OwnRecord;

TEST(Resource, ItsRowSaysWhatItIsWhoHasItAndHowManyWait) {
    const OwnRecord own;
    JobRecord holder;
    holder.begin({.kind = JobKind::Launch});
    Resource mutex;
    mutex.owner(holder.id());
    mutex.end();
    EXPECT_FALSE(mutex.id()) << "without a row nothing happens";
    mutex.begin({.kind = WaitKind::Mutex,
                 .capacity = 1,
                 .site = internSite(std::source_location::current()),
                 .name = internText("stock")});
    ASSERT_TRUE(mutex.id());
    auto row = own.resource(mutex.id());
    ASSERT_TRUE(row);
    EXPECT_EQ(static_cast<WaitKind>(row->kind), WaitKind::Mutex);
    EXPECT_EQ(row->owner, 0u);
    EXPECT_EQ(row->capacity, 1u);
    EXPECT_EQ(row->count, 0u);
    EXPECT_EQ(row->waiting, 0u);
    EXPECT_EQ(own.text(row->name), "stock");
    EXPECT_NE(own.site(row->site).line, 0u);
    mutex.owner(holder.id());
    mutex.count(3);
    mutex.waiting(2);
    row = own.resource(mutex.id());
    EXPECT_EQ(row->owner, holder.id().value);
    EXPECT_EQ(row->count, 3u);
    EXPECT_EQ(row->waiting, 2u);
    const ResourceId before = mutex.id();
    mutex.begin({.kind = WaitKind::Channel});
    EXPECT_EQ(mutex.id(), before) << "it has a row already";
    mutex.end();
    EXPECT_FALSE(own.resource(before));
    holder.end(JobState::Completed);
}

TEST(Resource, AnIdNeverComesBack) {
    ASSERT_TRUE(start());
    std::set<ResourceId> seen;
    std::uint32_t again = 0;
    for (int i = 0; i < 1'000; ++i) {
        Resource resource;
        resource.begin({.kind = WaitKind::Channel});
        again += seen.contains(ResourceId::of(resource.id().index(), resource.id().generation() - 1));
        EXPECT_TRUE(seen.insert(resource.id()).second);
        Resource late(resource.id());
        resource.end();
        late.owner(JobId{7});
        late.end();
    }
    EXPECT_GT(again, 0u) << "rows are used again";
}

TEST(Resource, OfTooManyTheOthersGoWithoutARowAndAreCounted) {
    const OwnRecord own;
    const std::uint32_t refused = own.header().resourcesRefused;
    std::vector<std::unique_ptr<Resource>> all;
    std::uint32_t without = 0;
    for (std::uint64_t i = 0; i < own.header().resources.capacity + 10; ++i) {
        all.push_back(std::make_unique<Resource>());
        all.back()->begin({.kind = WaitKind::Semaphore, .capacity = i});
        without += !all.back()->id();
    }
    EXPECT_GE(without, 10u);
    EXPECT_EQ(own.header().resourcesRefused - refused, without);
    all.back()->owner(JobId{1});
    all[5]->end();
    all.back()->begin({.kind = WaitKind::Semaphore});
    EXPECT_TRUE(all.back()->id()) << "the next one that waits for it";
    for (auto& resource : all)
        resource->end();
}

TEST(Resource, ManyThreadsComeAndGo) {
    const OwnRecord own;
    std::atomic<bool> stop = false;
    // A row that is there is whole: its fields were written before its id and after the last one's.
    std::thread reader([&] {
        while (!stop)
            for (std::uint32_t i = 1; i < own.header().resourcesHighWater; ++i)
                if (const auto row = own.resourceAt(i); row && row->name != 0) {
                    EXPECT_EQ(row->site, row->name);
                    EXPECT_EQ(row->capacity, row->name);
                }
    });
    std::vector<std::thread> threads;
    for (std::uint32_t t = 1; t <= 3; ++t)
        threads.emplace_back([t] {
            for (std::uint32_t i = 0; i < 20'000; ++i) {
                const std::uint32_t number = i * 4 + t;
                Resource resource;
                resource.begin(
                    {.kind = WaitKind::Channel, .capacity = number, .site = number, .name = number});
                ASSERT_TRUE(resource.id());
                resource.count(number);
                resource.end();
            }
        });
    for (auto& thread : threads)
        thread.join();
    stop = true;
    reader.join();
}

TEST(Resource, TheInterfaceForCTellsTheSame) {
    const OwnRecord own;
    EXPECT_EQ(coroscope_resource_begin(COROSCOPE_WAIT_DELAY, 1, 0, 0), 0u) << "no resource";
    const coroscope_resource queue =
        coroscope_resource_begin(COROSCOPE_WAIT_CHANNEL, 8, 0, coroscope_text("queue"));
    ASSERT_NE(queue, 0u);
    coroscope_resource_counts(queue, 5, 2);
    coroscope_resource_owner(queue, 4711);
    const auto row = own.resource(ResourceId{queue});
    ASSERT_TRUE(row);
    EXPECT_EQ(own.text(row->name), "queue");
    EXPECT_EQ(row->capacity, 8u);
    EXPECT_EQ(row->count, 5u);
    EXPECT_EQ(row->waiting, 2u);
    EXPECT_EQ(row->owner, 4711u);
    coroscope_resource_end(queue);
    coroscope_resource_counts(queue, 6, 3);
    coroscope_resource_end(queue);
    EXPECT_FALSE(own.resource(ResourceId{queue}));
}

} // namespace
} // namespace coroscope::record
