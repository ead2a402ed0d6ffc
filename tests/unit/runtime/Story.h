// SPDX-License-Identifier: Apache-2.0
// Tests that read as a story: every step says its number, and they must come in order.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <coroscope/coroscope.h>

namespace coroscope::test {

class Story {
public:
    void expect(int step) {
        EXPECT_EQ(step, last_ + 1) << "step " << step << " came after step " << last_;
        last_ = step;
    }
    void finish(int step) {
        expect(step);
        finished_ = true;
    }
    ~Story() { EXPECT_TRUE(finished_) << "the story ended at step " << last_; }

private:
    std::atomic<int> last_{0};
    bool finished_ = false;
};

class Boom : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Suspends until cancelled.
inline Task<> awaitCancellation() {
    co_await suspendCancellableCoroutine<void>([](CancellableContinuation<void>) {});
}

/// what() of what `e` holds, or "nothing".
inline std::string messageOf(const std::exception_ptr& e) {
    const std::exception* known = standardExceptionIn(e);
    return known ? known->what() : "nothing";
}

/// The process-wide handler for as long as this lives.
class UncaughtHere {
public:
    explicit UncaughtHere(CoroutineExceptionHandler::Function f)
        : before_(setUncaughtExceptionHandler(CoroutineExceptionHandler(std::move(f)))) {}
    ~UncaughtHere() { setUncaughtExceptionHandler(std::move(before_)); }
    UncaughtHere(const UncaughtHere&) = delete;
    UncaughtHere& operator=(const UncaughtHere&) = delete;

private:
    CoroutineExceptionHandler before_;
};

} // namespace coroscope::test
