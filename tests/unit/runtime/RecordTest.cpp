// SPDX-License-Identifier: Apache-2.0
// What an observer sees of the runtime's jobs: read back from the record's memory while they live.
#include "OwnRecord.h"
#include "Story.h"

#include <coroscope/record/JobRecord.h>
#include <coroscope/record/Record.h>

#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;
using Row = OwnRecord::Row;

constexpr std::uint32_t line(std::source_location here = std::source_location::current()) {
    return here.line();
}

class RuntimeRecord : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(record::start()) << record::stoppedBecause(); }
};

std::optional<Row> rowOf(const OwnRecord& own, const Job& job) {
    return own.read(job.id());
}

std::uint32_t innerLine = 0, outerLine = 0;

Task<> inner() {
    innerLine = line() + 1;
    co_await delay(5s);
}

Task<> outer() {
    outerLine = line() + 1;
    co_await inner();
}

TEST_F(RuntimeRecord, ALaunchedAndSuspendedJobShowsWhatItIsAndWhereItWaits) {
    const OwnRecord own;
    runTest([&own](CoroutineScope scope) -> Task<> {
        const std::uint32_t launchLine = line() + 1;
        Job job = scope.launch(CoroutineName("charge"), [](CoroutineScope) -> Task<> { co_await outer(); });
        std::optional<Row> row = rowOf(own, job);
        EXPECT_TRUE(row);
        if (!row)
            co_return;
        EXPECT_EQ(row->execution.execution(), Execution::Queued);
        co_await yield();

        row = rowOf(own, job);
        EXPECT_TRUE(row);
        if (!row)
            co_return;
        EXPECT_EQ(static_cast<JobKind>(row->slot.kind), JobKind::Launch);
        EXPECT_EQ(row->slot.parent, scope.job().id().value);
        EXPECT_EQ(row->slot.launcher, scope.job().id().value);
        EXPECT_EQ(row->name, "charge");
        const layout::Site site = own.site(row->slot.creationSite);
        EXPECT_EQ(site.line, launchLine);
        EXPECT_NE(own.text(site.file).find("RecordTest.cpp"), std::string::npos);
        EXPECT_EQ(row->job.state(), JobState::Active);
        EXPECT_FALSE(row->job.flags() & JobFlags::held) << "told of roots only";
        EXPECT_EQ(row->execution.execution(), Execution::Suspended);
        EXPECT_EQ(row->execution.waitKind(), WaitKind::Delay);
        const layout::Stack stack = own.stack(row->slot.suspendedAt);
        EXPECT_EQ(stack.depth, 3);
        EXPECT_EQ(own.site(stack.sites[0]).line, innerLine);
        EXPECT_EQ(own.site(stack.sites[1]).line, outerLine);
        EXPECT_EQ(own.site(stack.sites[2]).line, launchLine);

        const JobId id = job.id();
        scope.job().cancelChildren("look");
        row = own.read(id);
        EXPECT_TRUE(row && row->job.state() == JobState::Cancelling);
        co_await yield();
        EXPECT_FALSE(own.read(id));
    });
}

TEST_F(RuntimeRecord, AJobStartedUndispatchedRunsFromItsBirth) {
    const OwnRecord own;
    runTest([&own](CoroutineScope scope) -> Task<> {
        int began = 0;
        const auto body = [&](CoroutineScope mine) -> Task<> {
            ++began;
            const JobId id = mine.job().id();
            const std::optional<Row> row = own.read(id);
            EXPECT_TRUE(row && row->execution.execution() == Execution::Running && row->slot.resumes == 1u);
            EXPECT_EQ(record::runningHere(), id);
            co_await delay(1s);
        };
        const Job job = scope.launch(CoroutineStart::Undispatched, body);
        const std::optional<Row> row = rowOf(own, job);
        EXPECT_TRUE(row && row->execution.execution() == Execution::Suspended);
        EXPECT_EQ(record::runningHere(), scope.job().id());

        // Its body runs to its first suspension whatever its parent is.
        const auto below = [&](Job parent) {
            const Job late = scope.launch(CoroutineContext(parent), CoroutineStart::Undispatched, body);
            EXPECT_EQ(record::runningHere(), scope.job().id());
            return late;
        };
        const Job cancelled = newJob(scope.job());
        cancelled.cancel("before");
        const Job first = below(cancelled);
        const CompletableJob completed = newJob(scope.job());
        completed.complete();
        const Job second = below(completed);
        EXPECT_EQ(began, 3);
        co_await first.join();
        co_await second.join();
        EXPECT_FALSE(rowOf(own, first) || rowOf(own, second));
        job.cancel("enough");
    });
}

TEST_F(RuntimeRecord, AScopeAndTheJobThatAwaitsItAreBothRight) {
    const OwnRecord own;
    runTest([&own](CoroutineScope scope) -> Task<> {
        const Job waiting = scope.job();
        auto body = [&own, waiting](CoroutineScope self) -> Task<> {
            const Job job = self.job();
            auto outerRow = rowOf(own, waiting);
            auto innerRow = rowOf(own, job);
            EXPECT_TRUE(outerRow && innerRow);
            if (!outerRow || !innerRow)
                co_return;
            EXPECT_EQ(static_cast<JobKind>(innerRow->slot.kind), JobKind::CoroutineScope);
            EXPECT_EQ(innerRow->execution.execution(), Execution::Running);
            EXPECT_EQ(innerRow->slot.parent, waiting.id().value);
            EXPECT_EQ(outerRow->execution.execution(), Execution::Suspended);
            EXPECT_EQ(outerRow->execution.waitKind(), WaitKind::Scope);
            EXPECT_EQ(outerRow->slot.waitsFor, job.id().value);
            EXPECT_EQ(record::runningHere(), job.id());
        };
        co_await coroutineScope(body);
        EXPECT_EQ(record::runningHere(), waiting.id());
        const auto row = rowOf(own, waiting);
        EXPECT_TRUE(row && row->execution.execution() == Execution::Running);
    });
}

TEST_F(RuntimeRecord, ABodyThatHasReturnedWaitsForItsChildren) {
    const OwnRecord own;
    runTest([&own](CoroutineScope scope) -> Task<> {
        const Job job = scope.launch([](CoroutineScope inner) -> Task<> {
            inner.launch([]() -> Task<> { co_await delay(1s); });
            co_return;
        });
        co_await delay(1ms);
        const auto row = rowOf(own, job);
        EXPECT_TRUE(row && row->job.state() == JobState::Completing);
        EXPECT_TRUE(row && row->execution.execution() == Execution::WaitsForChildren);
    });
}

TEST_F(RuntimeRecord, OrphansAreFlaggedWithTheJobThatLaunchedThem) {
    const OwnRecord own;
    runTest([&own](CoroutineScope scope) -> Task<> {
        const CoroutineContext here = CoroutineContext(scope.context().dispatcher());
        const Job global = GlobalScope.launch(here, []() -> Task<> { co_await delay(1s); });
        const CompletableJob fresh = newJob();
        const Job island = scope.launch(fresh, []() -> Task<> { co_await delay(1s); });
        const auto g = rowOf(own, global);
        const auto i = rowOf(own, island);
        const auto f = rowOf(own, fresh);
        EXPECT_TRUE(g && i && f);
        if (!g || !i || !f)
            co_return;
        EXPECT_TRUE(g->job.flags() & JobFlags::launchedInGlobalScope);
        EXPECT_EQ(g->slot.parent, 0u);
        EXPECT_EQ(g->slot.launcher, scope.job().id().value);
        EXPECT_TRUE(i->job.flags() & JobFlags::parentFromContext);
        EXPECT_EQ(i->slot.parent, fresh.id().value);
        EXPECT_EQ(i->slot.launcher, scope.job().id().value);
        EXPECT_EQ(static_cast<JobKind>(f->slot.kind), JobKind::Job);
        EXPECT_EQ(f->execution.execution(), Execution::None);
        co_await global.join();
        co_await island.join();
    });
}

TEST_F(RuntimeRecord, TheScopeOfABodyIsNoHandleButACopyOfItIs) {
    const OwnRecord own;
    runTest([&own](CoroutineScope scope) -> Task<> {
        const CoroutineContext here = CoroutineContext(scope.context().dispatcher());
        std::optional<CoroutineScope> copy;
        bool copies = false;
        JobId id;
        (void)GlobalScope.launch(here, [&](CoroutineScope self) -> Task<> {
            id = co_await
                [](CoroutineScope moved) -> Task<JobId> { co_return moved.job().id(); }(std::move(self));
            co_await delay(1s);
            const CoroutineScope mine = co_await currentScope();
            copy = mine;
            copies = true;
            co_await delay(1s);
        });
        co_await delay(500ms);
        auto row = own.read(id);
        EXPECT_TRUE(row && !(row->job.flags() & JobFlags::held));
        co_await delay(1s);
        EXPECT_TRUE(copies);
        row = own.read(id);
        EXPECT_TRUE(row && (row->job.flags() & JobFlags::held));
        copy.reset();
        row = own.read(id);
        EXPECT_TRUE(row && !(row->job.flags() & JobFlags::held));
        co_await delay(1s); // it ends in its dispatcher's time
    });
}

TEST_F(RuntimeRecord, AShieldedSectionIsMarked) {
    const OwnRecord own;
    runTest([&own](CoroutineScope scope) -> Task<> {
        const Job job = scope.job();
        auto body = [&own, job](CoroutineScope) -> Task<> {
            const auto row = rowOf(own, job);
            EXPECT_TRUE(row && (row->job.flags() & JobFlags::shielded));
            const Job section = co_await currentJob();
            const auto inside = rowOf(own, section);
            EXPECT_TRUE(inside && (inside->job.flags() & JobFlags::shielded));
            EXPECT_TRUE(inside && inside->slot.parent == job.id().value);
        };
        co_await withContext(NonCancellable(), body);
        const auto row = rowOf(own, job);
        EXPECT_TRUE(row && !(row->job.flags() & JobFlags::shielded));
    });
}

TEST_F(RuntimeRecord, ARootThatNobodyCanReachAnyMoreIsGone) {
    const OwnRecord own;
    JobId id;
    {
        const CompletableJob job = newJob();
        id = job.id();
        EXPECT_TRUE(own.read(id));
    }
    EXPECT_FALSE(own.read(id));
}

TEST_F(RuntimeRecord, AScopeOfAJobThatHasEndedNamesNoOtherJob) {
    const OwnRecord own;
    const CompletableJob ended = newJob();
    const std::uint32_t index = ended.id().index();
    ended.complete();
    std::vector<CompletableJob> others;
    const auto another = [&] { return JobId{own.slot(index).id}; };
    for (int i = 0; i < 100'000 && !another(); ++i) {
        others.push_back(newJob());
        if (others.size() == 500 && !another()) {
            for (const CompletableJob& job : others)
                job.complete();
            others.clear();
        }
    }
    ASSERT_TRUE(another()) << "the slot should have been used again";
    const CoroutineScope scope(CoroutineContext(ended) + CoroutineName("of the ended one"));
    const auto row = own.read(another());
    EXPECT_TRUE(row && row->name.empty()) << (row ? row->name : "gone");
    for (const CompletableJob& job : others)
        job.complete();
}

} // namespace
} // namespace coroscope::test
