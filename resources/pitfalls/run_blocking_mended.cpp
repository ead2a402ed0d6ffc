// SPDX-License-Identifier: Apache-2.0
// A document is saved on the thread that also paints. Mended: who can await does. The thread paints while the
// disk works.
#include "Pitfalls.h"

#include <chrono>
#include <cstdio>
#include <utility>

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

Task<> write(CompletableDeferred<void> disk) {
    co_await disk.await();
}

Task<> save(CompletableDeferred<void> disk) {
    co_await write(disk);
    std::puts("saved");
}

Task<> paint() {
    std::puts("painted");
    co_return;
}

Task<> program(CoroutineScope scope) {
    const auto ui = newSingleThreadContext("ui");
    const auto disk = newCompletableDeferred<void>();
    const Job saving = scope.launch(ui + CoroutineName("save"), [disk] { return save(disk); });
    const Job painting = scope.launch(ui + CoroutineName("paint"), [] { return paint(); });
    co_await pitfalls::stay();
    auto painted = [&painting]() -> Task<> { co_await painting.join(); };
    const bool inTime = co_await withTimeoutOrNull(3s, painted);
    if (!inTime)
        std::puts("frozen");
    disk.complete();
    co_await saving.join();
    co_await painting.join();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([](CoroutineScope scope) { return program(std::move(scope)); });
}
