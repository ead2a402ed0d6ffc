// SPDX-License-Identifier: Apache-2.0
// What the record costs the sample program while nobody observes: samples side by side, half of them without
// a record, doing the same work in the same seconds, so that whatever disturbs one disturbs the others.
#include "Figure.h"
#include "Target.h"

#include <coroscope/observe/Source.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace coroscope::bench {
namespace {

struct Crowd {
    const char* figure;
    double goal;
    std::vector<std::string> arguments; ///< of the sample
    int pairs;                          ///< side by side
    int rounds;                         ///< each with new ones: where their memory lies makes a difference
    double warmUp;                      ///< seconds until they are as full as they get
    double seconds;
};

void wait(double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

void measure(Crowd crowd) {
    crowd.arguments.insert(crowd.arguments.end(), {"--log", "/dev/null"});
    std::vector<double> ratios, without;
    for (int round = 0; round < crowd.rounds; ++round) {
        std::vector<std::unique_ptr<Target>> on, off;
        for (int i = 0; i < crowd.pairs; ++i) {
            on.push_back(std::make_unique<Target>("orders", crowd.arguments));
            off.push_back(std::make_unique<Target>("orders", crowd.arguments, "off"));
        }
        const auto cpu = [](const auto& targets) {
            double sum = 0;
            for (const auto& target : targets)
                sum += target->cpuSeconds();
            return sum;
        };
        wait(crowd.warmUp);
        const double on0 = cpu(on), off0 = cpu(off);
        wait(crowd.seconds);
        const double onTook = cpu(on) - on0, offTook = cpu(off) - off0;
        ratios.push_back(onTook / offTook);
        without.push_back(offTook / crowd.seconds / crowd.pairs);
    }
    std::fprintf(stderr, "%s: rounds from %.3f to %.3f\n", crowd.figure, quantile(ratios, 0),
                 quantile(ratios, 1));
    print(crowd.figure, median(ratios), "ratio", crowd.goal, "record off, part of a processor",
          median(without));
}

} // namespace
} // namespace coroscope::bench

int main(int count, char** arguments) {
    using namespace coroscope::bench;
    const bool isSmall = quick(count, arguments);
    Crowd own{"record.off.sample_slowdown", 1.03, {}, 4, 5, 6, 12};
    Crowd large{"record.off.sample_slowdown_160k", noGoal, {"--jobs", "160000"}, 1, 5, 6, 12};
    if (isSmall) {
        own.pairs = own.rounds = large.rounds = 1;
        own.warmUp = own.seconds = large.warmUp = large.seconds = 0.2;
        large.arguments = {"--jobs", "500"};
    }
    measure(own);
    measure(large);
}
