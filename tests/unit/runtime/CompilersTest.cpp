// SPDX-License-Identifier: Apache-2.0
// The expressions in which g++ 12 destroys temporaries twice (docs/COMPILERS.md): those that the library lets
// through must be sound on every compiler. Each counts what is constructed against what is destroyed.
#include "Story.h"

#include <utility>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

int living = 0;

/// Not trivially destructible, and counts.
class Counted {
public:
    explicit Counted(int n)
        : number(n) {
        ++living;
    }
    Counted(const Counted& o)
        : number(o.number) {
        ++living;
    }
    Counted(Counted&& o) noexcept
        : number(o.number) {
        ++living;
    }
    Counted& operator=(const Counted&) = default;
    Counted& operator=(Counted&&) = default;
    ~Counted() { --living; }
    int number;
};

class Compilers : public testing::Test {
protected:
    void SetUp() override { living = 0; }
    void TearDown() override { EXPECT_EQ(living, 0); }
};

Task<int> use(Counted c) {
    co_await yield();
    co_return c.number;
}

Task<Counted> give(int n) {
    co_await yield();
    co_return Counted(n);
}

TEST_F(Compilers, ANamedCallableIsMovedIntoAScope) {
    runTest([](CoroutineScope) -> Task<> {
        auto body = [c = Counted(3)](CoroutineScope) -> Task<int> {
            co_await yield();
            co_return c.number;
        };
        EXPECT_EQ(co_await coroutineScope(moved(body)), 3);
    });
}

TEST_F(Compilers, ANamedCallableIsKeptByReference) {
    runTest([](CoroutineScope) -> Task<> {
        auto body = [c = Counted(3)](CoroutineScope) -> Task<int> {
            co_await yield();
            co_return c.number;
        };
        EXPECT_EQ(co_await withContext(CoroutineName("x"), body), 3);
        EXPECT_EQ(co_await withTimeout(1s, body), 3);
        EXPECT_EQ(living, 1);
    });
}

TEST_F(Compilers, ATemporaryLambdaWithReferencesIsSafe) {
    runTest([](CoroutineScope) -> Task<> {
        const Counted c(4);
        const int n = co_await coroutineScope([&c](CoroutineScope) -> Task<int> {
            co_await yield();
            co_return c.number;
        });
        EXPECT_EQ(n, 4);
    });
}

TEST_F(Compilers, TemporariesOfClassesWithConstructorsAreSafe) {
    runTest([](CoroutineScope) -> Task<> { EXPECT_EQ(co_await use(Counted(5)), 5); });
}

TEST_F(Compilers, AnAwaitedValueIsBoundFirst) {
    runTest([](CoroutineScope) -> Task<> {
        const Counted c = co_await give(6);
        EXPECT_EQ(c.number, 6);
        EXPECT_EQ(living, 1);
    });
}

TEST_F(Compilers, ALaunchedCallableWithCapturesIsDestroyedOnce) {
    runTest([](CoroutineScope scope) -> Task<> {
        const Job job = scope.launch([c = Counted(7)](CoroutineScope) -> Task<> {
            co_await yield();
            EXPECT_EQ(c.number, 7);
        });
        co_await job.join();
        EXPECT_EQ(living, 0);
    });
}

#if !COROSCOPE_DOUBLE_FREES_TEMPORARIES
TEST_F(Compilers, SoundCompilersTakeTemporaryLambdasWithCaptures) {
    runTest([](CoroutineScope scope) -> Task<> {
        const Counted c(8);
        EXPECT_EQ(co_await coroutineScope([c]() -> Task<int> { co_return c.number; }), 8);
        EXPECT_EQ(co_await scope.async([c]() -> Task<int> { co_return c.number; }).await(), 8);
    });
}
#endif

} // namespace
} // namespace coroscope::test
