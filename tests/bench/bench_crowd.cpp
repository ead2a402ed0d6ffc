// SPDX-License-Identifier: Apache-2.0
// A program of empty jobs: LIVE of them wait; now and then one is resumed and ends, and a new one takes its
// place.
//   bench_crowd LIVE SECONDS        prints nanoseconds for each such round
//   bench_crowd LIVE idle           says "ready" when all wait, then does nothing
//   bench_crowd LIVE named          the same, each with a name of its own
//   bench_crowd LIVE pulse          as idle, but ends and launches one job every 2 ms
//   bench_crowd LIVE busy           the same, but does so all the time
//   bench_crowd LIVE load EVENTS    the same, but so fast as to write EVENTS a second while observed, at
//   random
//                                   places of a tree of three levels; one resumed job in eight ends, the
//                                   others wait again
// All but the first answer each byte of their input with a line: rounds, events written, seconds. They end
// with it.
#include "Figure.h"
#include "RecordCounts.h"

#include <coroscope/coroscope.h>
#include <coroscope/record/Record.h>

#include <poll.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

namespace coroscope::bench {
namespace {

using namespace std::chrono_literals;

/// The jobs, each at a place where it is resumed, and where another comes when it ends.
class Crowd {
public:
    /// With `groups` jobs between the root and the others, or none.
    Crowd(const CoroutineScope& scope, std::size_t live, std::size_t groups, bool named)
        : places_(live)
        , named_(named) {
        for (std::size_t i = 0; i < std::max<std::size_t>(groups, 1); ++i)
            scopes_.push_back(groups == 0 ? scope : CoroutineScope(scope.context() + newJob(scope.job())));
        for (std::size_t i = 0; i < live; ++i)
            launch(i);
    }
    std::size_t size() const { return places_.size(); }
    void resume(std::size_t place, bool ends) {
        if (!places_[place])
            return; // its turn has not come since it was resumed last
        const Waiting waiting = std::exchange(places_[place], {});
        waiting->resume(ends);
        if (ends)
            launch(place);
    }

private:
    using Waiting = std::optional<CancellableContinuation<bool>>; ///< for whether to end

    void launch(std::size_t place) {
        const CoroutineScope& scope = scopes_[place * scopes_.size() / places_.size()];
        const auto waits = [this, place]() -> Task<> {
            for (bool ends = false; !ends;)
                ends = co_await suspendCancellableCoroutine<bool>(
                    [&](CancellableContinuation<bool> c) { places_[place] = std::move(c); });
        };
        if (named_)
            (void)scope.launch(CoroutineName("caller " + std::to_string(place)), CoroutineStart::Undispatched,
                               waits);
        else
            (void)scope.launch(CoroutineStart::Undispatched, waits);
    }

    std::vector<Waiting> places_;
    std::vector<CoroutineScope> scopes_;
    bool named_;
};

/// Answers what the input asks; false when it has ended.
bool answer(std::uint64_t rounds, const RecordCounts& record, std::chrono::steady_clock::time_point from) {
    pollfd input{0, POLLIN, 0};
    while (::poll(&input, 1, 0) == 1) {
        char c;
        if (::read(0, &c, 1) <= 0)
            return false;
        std::printf("%llu %llu %.9f\n", static_cast<unsigned long long>(rounds),
                    static_cast<unsigned long long>(record.events()), secondsSince(from));
        std::fflush(stdout);
    }
    return true;
}

/// As many rounds as it takes to have written as much as should be by now. What a busy machine made late is
/// caught up with, but for a tenth of a second only.
Task<> load(Crowd& crowd, double eventsPerSecond) {
    const RecordCounts record(record::descriptor());
    const auto began = std::chrono::steady_clock::now();
    auto from = began;
    std::uint64_t rounds = 0, base = 0;
    std::uint32_t random = 1;
    bool observed = false;
    while (answer(rounds, record, began)) {
        co_await delay(1ms);
        const std::uint64_t written = record.events();
        const double due = secondsSince(from) * eventsPerSecond;
        if (observed != record.observed() ||
            due - static_cast<double>(written - base) > eventsPerSecond / 10) {
            observed = record.observed();
            from = std::chrono::steady_clock::now();
            base = written;
            continue;
        }
        // Three events a round, and the end and the birth of a job in one of eight.
        const auto missing = observed ? due - static_cast<double>(written - base) : eventsPerSecond / 1000;
        for (double done = 0; done < missing; done += 4) {
            random = random * 1664525 + 1013904223;
            crowd.resume(random % crowd.size(), rounds++ % 8 == 0);
        }
    }
}

Task<> pulse(Crowd& crowd, bool beats) {
    const RecordCounts record(record::descriptor());
    const auto from = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; answer(i, record, from); ++i) {
        co_await delay(2ms);
        if (beats)
            crowd.resume(i % crowd.size(), true);
    }
}

Task<> busy(Crowd& crowd) {
    const RecordCounts record(record::descriptor());
    const auto from = std::chrono::steady_clock::now();
    for (std::uint64_t rounds = 0; answer(rounds, record, from);) {
        for (int i = 0; i < 256; ++i)
            crowd.resume(rounds++ % crowd.size(), true);
        co_await yield();
    }
}

Task<> timed(Crowd& crowd, double seconds) {
    std::size_t rounds = 0;
    const auto from = std::chrono::steady_clock::now();
    double took = 0;
    while ((took = secondsSince(from)) < seconds) {
        for (int i = 0; i < 256; ++i)
            crowd.resume(rounds++ % crowd.size(), true);
        co_await yield();
    }
    std::printf("%.2f\n", took * 1e9 / static_cast<double>(rounds));
    std::fflush(stdout);
}

Task<> run(CoroutineScope scope, std::size_t live, std::string mode, double eventsPerSecond) {
    Crowd crowd(scope, live, mode == "load" ? std::max<std::size_t>(live / 1000, 1) : 0, mode == "named");
    const bool asked =
        mode == "idle" || mode == "named" || mode == "pulse" || mode == "busy" || mode == "load";
    if (asked) {
        std::puts("ready");
        std::fflush(stdout);
    }
    if (mode == "load")
        co_await load(crowd, eventsPerSecond);
    else if (mode == "busy")
        co_await busy(crowd);
    else if (asked)
        co_await pulse(crowd, mode == "pulse");
    else
        co_await timed(crowd, std::atof(mode.c_str()));
    ::_exit(0); // a million jobs need not be cancelled one by one
}

} // namespace
} // namespace coroscope::bench

int main(int count, char** arguments) {
    if (count < 3 || (count == 4) != (std::strcmp(arguments[2], "load") == 0) || count > 4) {
        std::fprintf(stderr, "usage: bench_crowd LIVE SECONDS|idle|named|pulse|busy|load EVENTS\n");
        return 2;
    }
    const auto live = static_cast<std::size_t>(std::strtoull(arguments[1], nullptr, 10));
    const std::string mode = arguments[2];
    const double events = count == 4 ? std::atof(arguments[3]) : 0;
    coroscope::runBlocking([&](coroscope::CoroutineScope scope) -> coroscope::Task<> {
        return coroscope::bench::run(scope, live, mode, events);
    });
}
