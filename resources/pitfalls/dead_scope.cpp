// SPDX-License-Identifier: Apache-2.0
// Drafts are saved while a screen is open, and one more after it. The fault: the drafts keep the scope of the
// screen. Once that is cancelled, what is launched there never runs, and nobody is told.
#include "Pitfalls.h"

#include <cstdio>
#include <string>
#include <utility>

using namespace coroscope;

namespace {

class Drafts {
public:
    explicit Drafts(CoroutineScope scope)
        : scope_(std::move(scope)) {}
    void save(std::string text) {
        scope_.launch(CoroutineName("save"), [this, text] { return write(text); });
    }

private:
    Task<> write(std::string text) {
        std::printf("saved \"%s\"\n", text.c_str());
        co_return;
    }
    CoroutineScope scope_;
};

Task<> program(CoroutineScope scope) {
    const CoroutineScope screen = scope + SupervisorJob(scope.job());
    Drafts drafts(screen);
    drafts.save("Dear all");
    co_await yield();
    screen.cancel("the screen is closed");
    drafts.save("Dear all, it is done");
    co_await yield();
    std::puts("asked to save twice");
    co_await pitfalls::stay();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([](CoroutineScope scope) { return program(std::move(scope)); });
}
