// SPDX-License-Identifier: Apache-2.0
// Drafts are saved while a screen is open, and one more after it. Mended: the drafts have no scope. Saving
// suspends; who asks for it decides in which scope it runs, and learns what came of it.
#include "Pitfalls.h"

#include <cstdio>
#include <string>
#include <utility>

using namespace coroscope;

namespace {

class Drafts {
public:
    Task<> save(std::string text) {
        std::printf("saved \"%s\"\n", text.c_str());
        co_return;
    }
};

Task<> program(CoroutineScope scope) {
    const CoroutineScope screen = scope + SupervisorJob(scope.job());
    Drafts drafts;
    screen.launch(CoroutineName("save"), [&drafts] { return drafts.save("Dear all"); });
    co_await yield();
    screen.cancel("the screen is closed");
    co_await drafts.save("Dear all, it is done");
    std::puts("asked to save twice");
    co_await pitfalls::stay();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([](CoroutineScope scope) { return program(std::move(scope)); });
}
