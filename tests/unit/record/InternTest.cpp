// SPDX-License-Identifier: Apache-2.0
#include "OwnRecord.h"

#include <coroscope/record/JobRecord.h>
#include <coroscope/record/OwnJobs.h>
#include <coroscope/record/Record.h>

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace coroscope::record {
namespace {

using test::OwnRecord;

TEST(Intern, EqualContentsGetEqualNumbers) {
    ASSERT_TRUE(start());
    EXPECT_EQ(internText("charge"), internText(std::string("char") + "ge"));
    EXPECT_NE(internText("charge"), internText("reserve"));
    EXPECT_EQ(internText(""), 0u);
    EXPECT_EQ(internContext("Default", "x"), internContext("Default", "x"));
    EXPECT_NE(internContext("Default", "x"), internContext("Default", "y"));
    const auto a = std::source_location::current(), b = std::source_location::current();
    EXPECT_EQ(internSite(a), internSite(a));
    EXPECT_NE(internSite(a), internSite(b));
}

TEST(Intern, NumbersAgreeBetweenThreads) {
    ASSERT_TRUE(start());
    const auto place = std::source_location::current();
    SiteId there = 0;
    StackId stackThere = 0;
    const std::source_location chain[] = {place, place};
    std::thread([&] {
        there = internSite(place);
        stackThere = internStack(chain);
    }).join();
    EXPECT_EQ(there, internSite(place));
    EXPECT_EQ(stackThere, internStack(chain));
}

TEST(Intern, DeepChainsAreCutAndCounted) {
    const OwnRecord own;
    const std::vector<std::source_location> chain(40, std::source_location::current());
    const layout::Stack stack = own.stack(internStack(chain, 5));
    EXPECT_EQ(stack.depth, layout::Stack::maxDepth);
    EXPECT_EQ(stack.cut, 40 - layout::Stack::maxDepth + 5);
}

/// A job that only has a name.
struct Named {
    JobRecord job;
    explicit Named(std::string_view name) {
        job.begin({.kind = JobKind::Launch, .name = internName(name), .number = nextJobNumber()});
    }
    ~Named() { job.end(JobState::Completed); }
};

TEST(JobNames, AMillionNamesTakeNoRoomThatStays) {
    const OwnRecord own;
    const Named first("connection 0");
    const std::uint64_t before = own.header().textsUsed, refused = own.header().textsRefused;
    for (int n = 1; n < 1'000'000; ++n) {
        const std::string name = "connection " + std::to_string(n) + (n % 2 == 0 ? "" : " to the bank");
        const Named one(name);
        if (n % 1000 == 0) {
            ASSERT_EQ(own.read(one.job.id())->name, name);
        }
    }
    EXPECT_EQ(own.header().textsUsed, before);
    EXPECT_EQ(own.header().textsRefused, refused);
    EXPECT_EQ(own.read(first.job.id())->name, "connection 0");
}

TEST(JobNames, ANumberAtTheEndIsAJobsOwn) {
    const OwnRecord own;
    const std::string tooLong = std::string(layout::OwnName::longest, 'x') + "1";
    for (int n = 0; n < 200; ++n) {
        const Named one("worker-1"), other(tooLong);
        EXPECT_TRUE(isOwnName(own.read(one.job.id())->slot.jobName));
        EXPECT_EQ(own.read(one.job.id())->name, "worker-1");
    }
    // What would be cut is worth a place among the texts.
    const Named last(tooLong);
    EXPECT_EQ(own.read(last.job.id())->name, tooLong);
}

TEST(JobNames, ANameThatManyHaveIsInterned) {
    const OwnRecord own;
    const Named first("popular");
    EXPECT_TRUE(isOwnName(own.read(first.job.id())->slot.jobName));
    for (int n = 0; n < 200; ++n)
        const Named one("popular");
    const Named last("popular");
    const auto row = own.read(last.job.id());
    EXPECT_EQ(row->name, "popular");
    EXPECT_EQ(row->slot.jobName, internText("popular"));
    EXPECT_EQ(own.read(first.job.id())->name, "popular");
}

TEST(JobNames, ALongNameIsCutBetweenCharacters) {
    const OwnRecord own;
    std::string name(layout::OwnName::longest - 2, 'x');
    const Named one(name + "\u20ac and more");
    EXPECT_EQ(own.read(one.job.id())->name, name);
    name = std::string(layout::OwnName::longest - 3, 'y') + "\u20ac";
    const Named fits(name);
    EXPECT_EQ(own.read(fits.job.id())->name, name);
}

TEST(JobNames, ARenamedJobHasItsNewName) {
    const OwnRecord own;
    Named one("before");
    for (const char* name : {"after", "", "long after that, when all has been said and done"}) {
        one.job.renamed({0, name});
        EXPECT_EQ(own.read(one.job.id())->name, name);
    }
    one.job.renamed({internText("interned"), {}});
    EXPECT_EQ(own.read(one.job.id())->name, "interned");
    one.job.renamed({0, "its own again"});
    for (const OwnJob& job : ownJobs())
        if (job.id == one.job.id()) {
            EXPECT_EQ(job.name, "its own again");
        }
}

TEST(JobNames, AnIncidentTellsTheJobsOwnName) {
    const OwnRecord own;
    JobRecord job;
    job.begin({.kind = JobKind::Launch, .name = {0, "lonely"}, .number = nextJobNumber()});
    const std::uint64_t number = own.header().incidentsHead;
    job.end(JobState::Failed, "std::runtime_error\nout of stock");
    const Named next("the next one in that slot");
    const auto incident = own.incident(number);
    ASSERT_TRUE(incident);
    EXPECT_EQ(incident->name, "lonely");
    EXPECT_EQ(incident->text, "std::runtime_error\nout of stock");
}

TEST(Intern, AFullTableAnswersNoneAndCounts) {
    const OwnRecord own;
    const std::uint64_t before = own.header().textsRefused;
    std::uint64_t n = 0;
    const std::string filler(1000, 'x');
    while (internText(filler + std::to_string(n)) != 0)
        ASSERT_LT(++n, 100'000u);
    EXPECT_GT(own.header().textsRefused, before);
    EXPECT_EQ(internText("a new text after the table was full, too long for what is left" + filler), 0u);
    EXPECT_NE(internText(filler + "0"), 0u) << "what was known stays known";
    EXPECT_EQ(own.text(own.site(internSite("elsewhere.cpp", "void elsewhere()", 13)).file), "elsewhere.cpp")
        << "places have room of their own";
}

} // namespace
} // namespace coroscope::record
