// SPDX-License-Identifier: Apache-2.0
// A large program in which nothing is wrong. It does on purpose what looks like the faults that Coroscope
// finds, each in a function that is named for it, and checks of itself that it works.
#pragma once

#include <coroscope/coroscope.h>

#include <atomic>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace healthy {

using namespace coroscope;
using namespace std::chrono_literals;

/// What all patterns may use. Lives longer than every job.
struct Program {
    DispatcherPtr ownThread;   ///< a dispatcher that does not come with the runtime
    CoroutineScope scope;      ///< everything hangs below it
    CoroutineScope background; ///< for work that outlives the request that asked for it
};

/// Something healthy that looks like a fault. Returns when all that it launched has ended, except for what it
/// gave to Program::background.
struct Pattern {
    std::string_view name;
    Task<> (*run)(Program& program);
    std::atomic<long> ran{0};

    Pattern(std::string_view n, Task<> (*r)(Program&))
        : name(n)
        , run(r) {}
};

std::span<Pattern> cancellations(); ///< Cancellations.cpp
std::span<Pattern> failures();      ///< Failures.cpp
std::span<Pattern> scopes();        ///< Scopes.cpp

/// Ends the program with a sentence and status 3 if something is not as it should be.
void expect(bool condition, std::string_view what);

/// Failures that the process-wide handler has seen.
long seenByTheProcess();
/// Failures that handlers in a context have seen.
long seenByHandlers();
CoroutineExceptionHandler countingHandler();
CoroutineExceptionHandler processHandler();

std::chrono::milliseconds between(std::chrono::milliseconds least, std::chrono::milliseconds most);

/// Stops a job at the end of the block, however that comes.
class Stops {
public:
    explicit Stops(Job job)
        : job_(std::move(job)) {}
    Stops(const Stops&) = delete;
    Stops& operator=(const Stops&) = delete;
    ~Stops() { job_.cancel("its owner is gone"); }

private:
    Job job_;
};

/// Works until it is stopped.
Task<> workForEver();
/// Works for a moment.
Task<> work();
Task<int> workAndGive(int value);
[[noreturn]] void failWith(const char* what);
Task<> failSoon();
Task<int> failSoonInsteadOfGiving();

} // namespace healthy
