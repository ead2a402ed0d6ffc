// SPDX-License-Identifier: Apache-2.0
// How long from "attach" to a complete tree, and from an event to the tree.
#include "Figure.h"
#include "Target.h"

#include <coroscope/observe/Batch.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Remote.h>

#include <filesystem>
#include <memory>
#include <string>

namespace coroscope::bench {
namespace {

using Attach = std::unique_ptr<observe::Source> (*)(pid_t pid);

double attachMilliseconds(const Target& target, std::size_t atLeast, int times,
                          Attach attach = attachOrExit) {
    std::vector<double> taken;
    for (int i = 0; i < times; ++i) {
        observe::JobTree tree;
        observe::TreeChanges changes;
        observe::Batch batch;
        const auto from = std::chrono::steady_clock::now();
        const auto source = attach(target.pid());
        source->read(batch);
        tree.apply(std::move(batch), changes);
        taken.push_back(secondsSince(from) * 1e3);
        if (tree.size() < atLeast)
            fail(("only " + std::to_string(tree.size()) + " jobs").c_str());
    }
    return median(taken);
}

/// Through `coroscopectl proxy` as a child of this process: what a link costs besides its line.
std::unique_ptr<observe::Source> attachThroughOrExit(pid_t pid) {
    const std::string own = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    auto source = observe::attachThrough('"' + own + "/coroscopectl\"", std::to_string(pid));
    if (!source)
        fail(source.problem().c_str());
    return *std::move(source);
}

void attachFigures(std::size_t few, std::size_t many, int times) {
    {
        const Target target = crowd(few, "idle");
        print("attach.100k_ms", attachMilliseconds(target, few, times), "ms", 10);
        print("attach.through.100k_ms", attachMilliseconds(target, few, times, attachThroughOrExit), "ms",
              noGoal);
    }
    {
        const Target target = crowd(many, "named");
        print("attach.named.1m_ms", attachMilliseconds(target, many, times), "ms", noGoal);
    }
    const Target target = crowd(many, "idle");
    print("attach.1m_ms", attachMilliseconds(target, many, times), "ms", 100);
    print("attach.through.1m_ms", attachMilliseconds(target, many, times, attachThroughOrExit), "ms", noGoal);
    target.stop();
    print("attach.hung.1m_ms", attachMilliseconds(target, many, times), "ms", 110);
}

/// Age of what the tree has just learned, when it learned it: 99 of 100 are younger.
double lagMilliseconds(const Target& target, double seconds, double eventsPerSecond,
                       Attach attach = attachOrExit) {
    const auto source = attach(target.pid());
    observe::JobTree tree;
    observe::TreeChanges changes;
    observe::Batch everything;
    source->read(everything);
    tree.apply(std::move(everything), changes);
    std::vector<double> lags;
    std::uint64_t events = 0, lost = 0;
    const Target::Done before = target.ask();
    const auto from = std::chrono::steady_clock::now();
    while (secondsSince(from) < seconds) {
        observe::Batch batch;
        source->wait(1);
        source->read(batch);
        events += batch.events;
        lost += batch.lost;
        const std::vector<observe::EndedJob> ends = batch.ended;
        tree.apply(std::move(batch), changes);
        const auto now = observe::monotonicNow();
        for (const observe::EndedJob& ended : ends)
            lags.push_back(static_cast<double>(now - ended.at) / 1e6);
    }
    const Target::Done after = target.ask();
    const double rate = static_cast<double>(after.events - before.events) / (after.seconds - before.seconds);
    std::fprintf(stderr, "lag: %.0f events/s written, %llu read, %llu lost, %zu ends timed\n", rate,
                 static_cast<unsigned long long>(events), static_cast<unsigned long long>(lost), lags.size());
    checkRate(rate, eventsPerSecond);
    if (lags.empty())
        fail("no job has ended");
    return quantile(lags, 0.99);
}

void lagFigures(std::size_t live, double eventsPerSecond, double seconds) {
    print("lag.idle.p99_ms", lagMilliseconds(crowd(1000, "pulse"), seconds, 0), "ms", 1.5);
    print("lag.through.idle.p99_ms", lagMilliseconds(crowd(1000, "pulse"), seconds, 0, attachThroughOrExit),
          "ms", noGoal);
    const Target busy = crowd(live, "load", eventsPerSecond);
    print("lag.load.p99_ms", lagMilliseconds(busy, seconds, eventsPerSecond), "ms", 8);
}

} // namespace
} // namespace coroscope::bench

int main(int count, char** arguments) {
    using namespace coroscope::bench;
    if (quick(count, arguments)) {
        attachFigures(100, 1000, 1);
        lagFigures(1000, 10'000, 0.2);
    } else {
        attachFigures(100'000, 1'000'000, 7);
        lagFigures(1'000'000, 1'000'000, 5);
    }
}
