// SPDX-License-Identifier: Apache-2.0
#include <coroscope/coroscope.h>
#include <coroscope/record/Record.h>

#include <cstdio>

using namespace coroscope;

int main() {
    const int answer = runBlocking([](CoroutineScope scope) -> Task<int> {
        auto half = scope.async([]() -> Task<int> { co_return 21; });
        co_return 2 * co_await half.await();
    });
    std::printf("%d from the consumer, recorded: %s\n", answer, record::isOn() ? "yes" : "no");
}
