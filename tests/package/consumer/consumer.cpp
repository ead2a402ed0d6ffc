// SPDX-License-Identifier: Apache-2.0
#include <coroscope/coroscope.h>
#include <coroscope/gtest/NoJobsLeft.h>
#include <coroscope/record/Record.h>
#include <coroscope/spdlog/CurrentJobFlag.h>

#include <cstdio>

using namespace coroscope;

TEST(Consumer, leavesAJobBehind) {
    static const CoroutineScope scope{CoroutineContext(newJob())};
    scope.launch(CoroutineName("forgotten"), []() -> Task<> { co_await delay(std::chrono::hours(1)); });
}

int main(int argc, char** argv) {
    const int answer = runBlocking([](CoroutineScope scope) -> Task<int> {
        auto half = scope.async([]() -> Task<int> { co_return 21; });
        co_return 2 * co_await half.await();
    });
    std::printf("%d from the consumer, recorded: %s\n", answer, record::isOn() ? "yes" : "no");
    spdlog::pattern_formatter formatter;
    formatter.add_flag<CurrentJobFlag>('*').set_pattern("%* %v");
    testing::InitGoogleTest(&argc, argv);
    failTestsThatLeaveJobs(std::chrono::milliseconds(10));
    return RUN_ALL_TESTS() == 0; // the one test must fail
}
