// SPDX-License-Identifier: Apache-2.0
// What the record costs the sample program while nobody observes: two of them side by side, one without a
// record, doing the same work in the same seconds, so that whatever disturbs one disturbs the other.
#include "Figure.h"
#include "Target.h"

#include <coroscope/observe/Source.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace coroscope::bench {
namespace {

void figure(int jobs, int turns, double seconds) {
    const std::vector<std::string> arguments{"--jobs", std::to_string(jobs), "--log", "/dev/null"};
    const Target with("orders", arguments), without("orders", arguments, "off");
    const auto wait = [](double time) { std::this_thread::sleep_for(std::chrono::duration<double>(time)); };
    wait(4 * seconds); // until they are as full as they get
    std::vector<double> ratios, cpu;
    for (int i = 0; i < turns; ++i) {
        const double with0 = with.cpuSeconds(), without0 = without.cpuSeconds();
        wait(seconds);
        ratios.push_back((with.cpuSeconds() - with0) / (without.cpuSeconds() - without0));
        cpu.push_back((without.cpuSeconds() - without0) / seconds);
    }
    std::fprintf(stderr, "sample: ratios from %.3f to %.3f\n", quantile(ratios, 0), quantile(ratios, 1));
    print("record.off.sample_slowdown", median(ratios), "ratio", 1.03, "record off, part of a processor",
          median(cpu));
}

} // namespace
} // namespace coroscope::bench

int main(int count, char** arguments) {
    using namespace coroscope::bench;
    if (quick(count, arguments))
        figure(500, 1, 0.2);
    else
        figure(160'000, 21, 1);
}
