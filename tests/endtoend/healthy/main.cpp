// SPDX-License-Identifier: Apache-2.0
// healthy PATTERNS BURSTS JOBS: runs PATTERNS innocent look-alikes, then BURSTS bursts of JOBS jobs, then a
// few patterns now and then until SIGTERM. Says on its standard output which part it is in, at the end how
// often each pattern ran, and "done" when everything has ended in good order.
#include "Actors.h"
#include "OwnThread.h"
#include "Program.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace healthy {

namespace {

void say(const std::string& text) {
    std::puts(text.c_str());
    std::fflush(stdout);
}

std::vector<Pattern*> allPatterns() {
    std::vector<Pattern*> all;
    for (const std::span<Pattern> some : {cancellations(), failures(), scopes()})
        for (Pattern& pattern : some)
            all.push_back(&pattern);
    return all;
}

struct Plan {
    long patterns;
    int bursts;
    int burstJobs;
};

class Director {
public:
    Director(Program& program, const Plan& plan)
        : program_(program)
        , plan_(plan) {}

    Task<> run(CoroutineScope scope) {
        say("part: start");
        launchActors(program_, 100);
        co_await delay(1s);
        say("part: load");
        {
            std::vector<Job> workers;
            for (int i = 0; i < 400; ++i)
                workers.push_back(
                    scope.launch(CoroutineName("worker"), [this] { return runUpTo(plan_.patterns, 0ms); }));
            co_await joinAll(std::move(workers));
        }
        say("part: bursts");
        for (int i = 0; i < plan_.bursts; ++i)
            co_await burst();
        say("part: quiet");
        for (int i = 0; i < 10; ++i)
            scope.launch(CoroutineName("worker"), [this] { return runUpTo(-1, 300ms); });
    }

    void report() const {
        for (const Pattern* pattern : patterns_)
            say("pattern: " + std::string(pattern->name) + " " + std::to_string(pattern->ran.load()));
    }

private:
    /// Runs patterns in turn, whoever is next, until `end` have begun; a negative end never comes.
    Task<> runUpTo(long end, std::chrono::milliseconds pause) {
        for (;;) {
            const long turn = next_++;
            if (end >= 0 && turn >= end)
                co_return;
            Pattern& pattern = *patterns_[static_cast<std::size_t>(turn) % patterns_.size()];
            co_await pattern.run(program_);
            ++pattern.ran;
            co_await delay(pause);
        }
    }

    Task<> burst() {
        auto body = [this](CoroutineScope scope) -> Task<> {
            std::vector<Job> some;
            for (int i = 0; i < plan_.burstJobs; ++i) {
                const Job job = scope.launch([] { return busy(); });
                if (i % 3 == 0)
                    some.push_back(job);
            }
            co_await delay(20ms);
            for (const Job& job : some)
                job.cancel("too many");
        };
        co_await supervisorScope(body);
    }
    static Task<> busy() {
        for (int i = 0; i < 4; ++i)
            co_await delay(between(1ms, 60ms));
    }

    Program& program_;
    const Plan plan_;
    const std::vector<Pattern*> patterns_ = allPatterns();
    std::atomic<long> next_{0};
};

int run(const Plan& plan, const sigset_t& end) {
    setUncaughtExceptionHandler(processHandler());
    const auto ownThread = std::make_shared<OwnThread>();
    Program program{ownThread, CoroutineScope(SupervisorJob() + CoroutineName("program")),
                    CoroutineScope(SupervisorJob() + CoroutineName("background"))};
    Director director(program, plan);
    program.scope.launch(CoroutineName("director"),
                         [&director](CoroutineScope scope) { return director.run(std::move(scope)); });
    int number = 0;
    sigwait(&end, &number);
    say("part: end");
    auto stop = [&program]() -> Task<> {
        const Job all = program.scope.job();
        co_await all.cancelAndJoin("the program ends");
        const Job background = program.background.job();
        co_await background.cancelAndJoin("the program ends");
    };
    runBlocking(stop);
    director.report();
    say("done");
    return 0;
}

} // namespace

} // namespace healthy

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("healthy PATTERNS BURSTS JOBS\n", stderr);
        return 2;
    }
    // Blocked before any thread begins: only sigwait takes it.
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigaddset(&end, SIGINT);
    pthread_sigmask(SIG_BLOCK, &end, nullptr);
    return healthy::run({std::atol(argv[1]), std::atoi(argv[2]), std::atoi(argv[3])}, end);
}
