// SPDX-License-Identifier: Apache-2.0
#include "Program.h"

#include <cstdio>
#include <cstdlib>
#include <random>
#include <stdexcept>

namespace healthy {

namespace {

std::atomic<long> byTheProcess{0};
std::atomic<long> byHandlers{0};

} // namespace

void expect(bool condition, std::string_view what) {
    if (condition)
        return;
    std::printf("broken: %.*s\n", static_cast<int>(what.size()), what.data());
    std::fflush(stdout);
    std::_Exit(3);
}

long seenByTheProcess() {
    return byTheProcess.load();
}

long seenByHandlers() {
    return byHandlers.load();
}

CoroutineExceptionHandler countingHandler() {
    return CoroutineExceptionHandler(
        [](const CoroutineContext&, const std::exception_ptr&) { ++byHandlers; });
}

CoroutineExceptionHandler processHandler() {
    return CoroutineExceptionHandler(
        [](const CoroutineContext&, const std::exception_ptr&) { ++byTheProcess; });
}

std::chrono::milliseconds between(std::chrono::milliseconds least, std::chrono::milliseconds most) {
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::chrono::milliseconds(
        std::uniform_int_distribution<std::chrono::milliseconds::rep>(least.count(), most.count())(random));
}

Task<> workForEver() {
    for (;;)
        co_await delay(between(20ms, 60ms));
}

Task<> work() {
    co_await delay(between(1ms, 15ms));
    co_await yield();
}

Task<int> workAndGive(int value) {
    co_await delay(between(1ms, 15ms));
    co_return value;
}

void failWith(const char* what) {
    throw std::runtime_error(what);
}

Task<> failSoon() {
    co_await delay(between(1ms, 10ms));
    failWith("the stock has no answer");
}

Task<int> failSoonInsteadOfGiving() {
    co_await delay(between(1ms, 10ms));
    failWith("the price has no answer");
}

} // namespace healthy
