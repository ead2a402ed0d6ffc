// SPDX-License-Identifier: Apache-2.0
// What the programs of this folder share: a place to stop at for whoever wants to look into them.
#pragma once

#include <coroscope/coroscope.h>

#include <atomic>
#include <cstdio>
#include <string_view>

namespace pitfalls {

/// True from main() on while somebody wants to look: the program was given --stay, and its input has not
/// ended.
inline std::atomic<bool> staying{false};

/// For main().
inline void begin(int count, char** arguments) {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    staying = count > 1 && std::string_view(arguments[1]) == "--stay";
}

/// With --stay: waits until the standard input ends. Everything is as it is at this point until then.
inline coroscope::Task<> stay() {
    if (!staying)
        co_return;
    std::puts("(staying until the input ends)");
    auto readInput = []() -> coroscope::Task<> {
        while (std::getchar() != EOF) {
        }
        co_return;
    };
    co_await coroscope::withContext(coroscope::Dispatchers::IO(), readInput);
    staying = false;
}

/// How many coroutines that have one of these have not come to their end.
inline std::atomic<int> atWork{0};
struct AtWork {
    AtWork() { ++atWork; }
    AtWork(const AtWork&) = delete;
    AtWork& operator=(const AtWork&) = delete;
    ~AtWork() { --atWork; }
};

} // namespace pitfalls
