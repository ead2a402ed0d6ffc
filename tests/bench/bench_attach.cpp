// SPDX-License-Identifier: Apache-2.0
// How long from "attach" to a complete tree, and from an event to the tree. The target is bench_crowd, which
// lies beside this program.
#include "Figure.h"

#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Source.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::bench {
namespace {

std::string besideMe(const char* program) {
    char path[4096] = {};
    if (::readlink("/proc/self/exe", path, sizeof path - 1) <= 0)
        std::exit(1);
    const std::string whole(path);
    return whole.substr(0, whole.rfind('/') + 1) + program;
}

/// bench_crowd, ready.
class Target {
public:
    Target(std::size_t live, const char* mode) {
        int in[2], out[2];
        if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
            std::exit(1);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(in[0], 0);
            ::dup2(out[1], 1);
            const std::string program = besideMe("bench_crowd");
            ::execl(program.c_str(), program.c_str(), std::to_string(live).c_str(), mode, nullptr);
            ::_exit(127);
        }
        keepOpen_ = in[1];
        ::close(in[0]);
        ::close(out[1]);
        char ready[6] = {};
        if (::read(out[0], ready, sizeof ready) <= 0 || std::strncmp(ready, "ready", 5) != 0) {
            std::fprintf(stderr, "the target did not start\n");
            std::exit(1);
        }
        ::close(out[0]);
    }
    ~Target() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        ::close(keepOpen_);
    }
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
    int keepOpen_ = -1;
};

std::unique_ptr<observe::Source> attachOrExit(pid_t pid) {
    auto source = observe::attach(pid);
    if (!source) {
        std::fprintf(stderr, "%s\n", source.problem().c_str());
        std::exit(1);
    }
    return *std::move(source);
}

double attachMilliseconds(const Target& target, std::size_t atLeast) {
    std::vector<double> times;
    for (int i = 0; i < 5; ++i) {
        observe::JobTree tree;
        observe::TreeChanges changes;
        observe::Batch batch;
        const auto from = std::chrono::steady_clock::now();
        const auto source = attachOrExit(target.pid());
        source->read(batch);
        tree.apply(batch, changes);
        times.push_back(secondsSince(from) * 1e3);
        if (tree.size() < atLeast) {
            std::fprintf(stderr, "only %zu jobs of %zu\n", tree.size(), atLeast);
            std::exit(1);
        }
    }
    return median(times);
}

void attachFigures() {
    {
        const Target target(100'000, "idle");
        print("attach.100k_ms", attachMilliseconds(target, 100'000), "ms", 10);
    }
    const Target target(1'000'000, "idle");
    print("attach.1m_ms", attachMilliseconds(target, 1'000'000), "ms", 100);
    ::kill(target.pid(), SIGSTOP);
    print("attach.hung.1m_ms", attachMilliseconds(target, 1'000'000), "ms", 110);
}

/// Age of what the tree has just learned, when it learned it.
void lagFigures() {
    const Target target(1000, "pulse");
    const auto source = attachOrExit(target.pid());
    observe::JobTree tree;
    observe::TreeChanges changes;
    observe::Batch batch;
    source->read(batch);
    tree.apply(batch, changes);
    std::vector<double> lags;
    const auto from = std::chrono::steady_clock::now();
    while (secondsSince(from) < 5) {
        source->wait(1);
        batch.clear();
        source->read(batch);
        tree.apply(batch, changes);
        const auto now = observe::monotonicNow();
        for (const observe::EndedJob& ended : batch.ended)
            lags.push_back(static_cast<double>(now - ended.at) / 1e6);
    }
    print("lag.idle.p99_ms", quantile(lags, 0.99), "ms", 1.5);
}

} // namespace
} // namespace coroscope::bench

int main() {
    coroscope::bench::attachFigures();
    coroscope::bench::lagFigures();
}
