// SPDX-License-Identifier: Apache-2.0
// An import is told to stop. Mended: the cancellation is caught first and thrown on, and that is the end of
// it.
#include "Pitfalls.h"

#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

/// The database has gone slow after the first record.
Task<> save(int record) {
    if (record > 1)
        co_await delay(1h);
    std::printf("saved record %d\n", record);
}

Task<> importRecords() {
    for (int record = 1; record <= 4; ++record) {
        try {
            co_await save(record);
        } catch (const CancellationException&) {
            throw;
        } catch (const std::exception& e) {
            std::printf("record %d failed: %s\n", record, e.what());
        }
    }
    std::puts("import finished");
}

Task<> program(CoroutineScope scope) {
    const Job job = scope.launch(CoroutineName("import"), [] { return importRecords(); });
    co_await yield(); // it comes to record 2
    co_await job.cancelAndJoin("stop was pressed");
    co_await pitfalls::stay();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([](CoroutineScope scope) { return program(std::move(scope)); });
}
