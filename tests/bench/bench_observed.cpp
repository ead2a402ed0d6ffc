// SPDX-License-Identifier: Apache-2.0
// What being observed costs the observed program: its processor time for the same work, with and without an
// observer, in turn within one process.
#include "Figure.h"
#include "RecordCounts.h"
#include "Target.h"

#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Session.h>

#include <cstdio>
#include <thread>

#include <unistd.h>

namespace coroscope::bench {
namespace {

/// Does what the window does with what it is told, sixty times a second.
class Observer {
public:
    explicit Observer(const Target& target)
        : session_(attachOrExit(target.pid())) {}
    void watch(double seconds) {
        const auto from = std::chrono::steady_clock::now();
        while (secondsSince(from) < seconds) {
            if (session_.take(batch_))
                tree_.apply(std::move(batch_), changes_);
            std::this_thread::sleep_for(std::chrono::milliseconds(16));
        }
    }
    observe::SessionStatus status() const { return session_.status(); }

private:
    observe::Session session_;
    observe::JobTree tree_;
    observe::TreeChanges changes_;
    observe::Batch batch_;
};

constexpr double settling = 0.3;

/// The median of `cost` with an observer over that without, in pairs that follow each other.
template <class Cost>
double slowdown(const Target& target, int pairs, double seconds, Cost cost) {
    std::vector<double> ratios;
    double events = 0;
    for (int i = 0; i < pairs; ++i) {
        double with = 0;
        {
            Observer observer(target);
            observer.watch(settling);
            const observe::SessionStatus before = observer.status();
            with = cost([&] { observer.watch(seconds); });
            const observe::SessionStatus after = observer.status();
            events += static_cast<double>(after.events + after.lost - before.events - before.lost);
        }
        const auto wait = [](double time) {
            std::this_thread::sleep_for(std::chrono::duration<double>(time));
        };
        wait(settling);
        ratios.push_back(with / cost([&] { wait(seconds); }));
    }
    std::fprintf(stderr, "observed: %.0f events/s, ratios from %.3f to %.3f\n", events / (pairs * seconds),
                 quantile(ratios, 0), quantile(ratios, 1));
    if (events == 0)
        fail("the observer has seen nothing");
    return median(ratios);
}

/// The sample's work comes at a rate of its own, which a busy machine disturbs: so it is counted in stretches
/// of running.
void sampleFigure(int jobs, int pairs, double seconds) {
    const Target sample("orders", {"--jobs", std::to_string(jobs), "--log", "/dev/null"});
    std::this_thread::sleep_for(std::chrono::duration<double>(2 * seconds)); // until it is as full as it gets
    const int descriptor = sample.record();
    const RecordCounts record(descriptor);
    ::close(descriptor);
    const double ratio = slowdown(sample, pairs, seconds, [&](auto&& passTime) {
        const std::uint64_t before = record.slices();
        const double cpu = sample.cpuSeconds();
        std::uint64_t done = 0;
        while (done == 0) { // on a busy machine its turn may not have come
            passTime();
            done = record.slices() - before;
        }
        return (sample.cpuSeconds() - cpu) / static_cast<double>(done);
    });
    print("attach.target.slowdown", ratio, "ratio", 1.05, "DebugProbes, quoted", 1.3);
}

/// Jobs that do nothing but be resumed, end and be launched, as fast as it goes.
void emptyJobsFigure(std::size_t live, int pairs, double seconds) {
    const Target crowd = bench::crowd(live, "busy");
    const double ratio = slowdown(crowd, pairs, seconds, [&](auto&& passTime) {
        const std::uint64_t before = crowd.ask().rounds;
        const double cpu = crowd.cpuSeconds();
        std::uint64_t done = 0;
        while (done == 0) { // on a busy machine its turn may not have come
            passTime();
            done = crowd.ask().rounds - before;
        }
        return (crowd.cpuSeconds() - cpu) / static_cast<double>(done);
    });
    print("attach.target.slowdown_empty", ratio, "ratio", noGoal);
}

} // namespace
} // namespace coroscope::bench

int main(int count, char** arguments) {
    using namespace coroscope::bench;
    if (quick(count, arguments)) {
        sampleFigure(500, 1, 0.3);
        emptyJobsFigure(100, 1, 0.1);
    } else {
        sampleFigure(160'000, 15, 2);
        emptyJobsFigure(1000, 15, 0.5);
    }
}
