// SPDX-License-Identifier: Apache-2.0
// Scopes that are kept, moved, copied, lent and let go, each of them with somebody who stops its work; and
// jobs that are launched elsewhere than where they belong.
#include "Program.h"

#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace healthy {

namespace {

Task<> goodbyeAfterwards() {
    std::exception_ptr how;
    try {
        co_await workForEver();
    } catch (...) {
        how = std::current_exception();
    }
    auto body = []() -> Task<> { co_await delay(between(20ms, 80ms)); };
    co_await withContext(NonCancellable(), body);
    std::rethrow_exception(how);
}

/// The usual owner: what it launched is stopped when it goes, and may still be cleaning up after that.
class Page {
public:
    Page()
        : scope_(SupervisorJob() + CoroutineName("page")) {}
    Page(Page&&) = default;
    Page& operator=(Page&& other) noexcept {
        scope_.cancel("another page");
        scope_ = std::move(other.scope_);
        return *this;
    }
    Page(const Page&) = delete;
    ~Page() {
        // Nothing is left in one that was moved from.
        if (scope_.job())
            scope_.cancel("the page was closed");
    }
    void load() {
        scope_.launch([] { return goodbyeAfterwards(); });
        scope_.launch([] { return workForEver(); });
    }

private:
    CoroutineScope scope_;
};

Task<> ownerCancelsAndGoes(Program&) {
    {
        Page page;
        page.load();
        co_await work();
    }
    co_await work();
}

Task<> ownersAreMoved(Program&) {
    std::vector<Page> pages;
    for (int i = 0; i < 5; ++i) {
        pages.emplace_back();
        pages.back().load();
    }
    co_await work();
    pages.front() = std::move(pages.back());
    pages.pop_back();
    co_await work();
    const auto kept = std::make_unique<Page>(std::move(pages.front()));
    co_await work();
}

Task<> scopeIsReplaced(Program&) {
    for (int i = 0; i < 3; ++i) {
        CoroutineScope scope{CoroutineContext(newJob())};
        scope.launch([] { return goodbyeAfterwards(); });
        scope.cancel("reconnecting");
        scope = CoroutineScope{CoroutineContext(newJob())};
        scope.launch([] { return goodbyeAfterwards(); });
        const Stops atTheEnd(scope.job());
        co_await work();
    }
}

Task<> onlyTheJobIsKept(Program&) {
    Job job;
    {
        const CoroutineScope scope{CoroutineContext(newJob())};
        scope.launch([] { return workForEver(); });
        job = scope.job();
    }
    const Stops atTheEnd(job);
    co_await work();
    co_await job.cancelAndJoin("done");
}

Task<> scopesAreMadeAsNeeded(Program& program) {
    const CompletableJob owner = SupervisorJob();
    const Stops atTheEnd(owner);
    for (int i = 0; i < 3; ++i)
        CoroutineScope(owner + program.ownThread).launch([] { return workForEver(); });
    co_await work();
    co_await owner.cancelAndJoin("done");
}

Task<> letGoWhenItsWorkIsDone(Program&) {
    CompletableJob job;
    {
        job = newJob();
        const CoroutineScope scope{CoroutineContext(job)};
        for (int i = 0; i < 3; ++i)
            scope.launch([] { return work(); });
    }
    const Stops atTheEnd(job);
    job.complete();
    co_await job.join();
}

/// Lives as long as its own work: the job holds the worker, and the worker the scope.
class Worker : public std::enable_shared_from_this<Worker> {
public:
    void begin() {
        scope_.launch([self = shared_from_this()] { return self->run(); });
    }

private:
    Task<> run() {
        co_await work();
        ++done_;
    }
    CoroutineScope scope_{CoroutineContext(newJob())};
    int done_ = 0;
};
Task<> worksUntilItIsDone(Program&) {
    std::make_shared<Worker>()->begin();
    co_await work();
}

Task<> childOfTheApplication(Program& program) {
    const CompletableJob job = newJob(program.scope.job());
    const CoroutineScope scope{CoroutineContext(job)};
    scope.launch([] { return work(); });
    scope.launch([] { return work(); });
    job.complete();
    co_await job.join();
}

Task<> outlivesTheRequest(Program& program) {
    // An audit entry is written though the request is over: the application's scope owns that.
    program.background.launch([] { return work(); });
    co_return;
}

Task<> launchedWithTheApplicationsJob(Program& program) {
    auto body = [&program](CoroutineScope scope) -> Task<> {
        scope.launch(program.background.job(), [] { return work(); });
        co_return;
    };
    co_await coroutineScope(body);
}

Task<> scopeWithOtherElements(Program& program) {
    const Job job =
        (program.scope + CoroutineName("renamed") + program.ownThread).launch([] { return work(); });
    co_await job.join();
}

Task<> useScopeLater(CoroutineScope scope) {
    co_await work();
    scope.launch([] { return work(); });
}
Task<> scopeIsLent(Program&) {
    auto body = [](CoroutineScope scope) -> Task<> {
        {
            const CoroutineScope copy = scope;
            copy.launch([] { return work(); });
        }
        co_await useScopeLater(scope);
        (co_await currentScope()).launch([] { return work(); });
        CoroutineScope kept = co_await currentScope();
        kept.launch([kept](CoroutineScope) -> Task<> {
            co_await work();
            kept.launch([] { return work(); });
        });
    };
    co_await coroutineScope(body);
}

Task<> nobodyWaitsForTheResult(Program&) {
    auto body = [](CoroutineScope scope) -> Task<> {
        (void)scope.async([] { return workAndGive(1); });
        scope.launch([] { return work(); });
        co_return;
    };
    co_await coroutineScope(body);
}

Task<> dataOfItsOwn(Program& program) {
    // Results that can only be moved, and objects whose end is noticed.
    const Deferred<std::unique_ptr<int>> made = program.scope.async([]() -> Task<std::unique_ptr<int>> {
        co_await work();
        co_return std::make_unique<int>(4);
    });
    Deferred<std::unique_ptr<int>> own = made;
    const std::unique_ptr<int> value = co_await std::move(own).await();
    expect(*value == 4, "a result that can only be moved");
}

} // namespace

std::span<Pattern> scopes() {
#define PATTERN(function)                                                                                    \
    Pattern {                                                                                                \
        #function, function                                                                                  \
    }
    static Pattern all[] = {
        PATTERN(ownerCancelsAndGoes),     PATTERN(ownersAreMoved),
        PATTERN(scopeIsReplaced),         PATTERN(onlyTheJobIsKept),
        PATTERN(scopesAreMadeAsNeeded),   PATTERN(letGoWhenItsWorkIsDone),
        PATTERN(worksUntilItIsDone),      PATTERN(childOfTheApplication),
        PATTERN(outlivesTheRequest),      PATTERN(launchedWithTheApplicationsJob),
        PATTERN(scopeWithOtherElements),  PATTERN(scopeIsLent),
        PATTERN(nobodyWaitsForTheResult), PATTERN(dataOfItsOwn),
    };
    return all;
}

} // namespace healthy
