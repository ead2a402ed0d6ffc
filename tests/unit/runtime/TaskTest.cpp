// SPDX-License-Identifier: Apache-2.0
#include "Story.h"

#include <memory>
#include <string>
#include <utility>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

Task<std::unique_ptr<int>> makes(int n) {
    co_return std::make_unique<int>(n);
}

Task<int> noteThat(bool& begun) {
    begun = true;
    co_return 1;
}

TEST(Task, RunsOnlyWhenAwaited) {
    runTest([](CoroutineScope) -> Task<> {
        bool begun = false;
        Task<int> task = noteThat(begun);
        EXPECT_FALSE(begun);
        EXPECT_EQ(co_await std::move(task), 1);
        EXPECT_TRUE(begun);
    });
}

TEST(Task, GivesValuesThatCanOnlyBeMoved) {
    runTest([](CoroutineScope) -> Task<> {
        const std::unique_ptr<int> p = co_await makes(5);
        EXPECT_EQ(*p, 5);
    });
}

TEST(Task, OneThatIsNeverAwaitedIsDestroyed) {
    auto alive = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = alive;
    {
        struct Makes {
            static Task<> task(std::shared_ptr<int> p) {
                EXPECT_TRUE(p);
                co_return;
            }
        };
        const Task<> task = Makes::task(std::move(alive));
        EXPECT_FALSE(watched.expired());
    }
    EXPECT_TRUE(watched.expired());
}

TEST(Task, LocalsGoBeforeTheCallerGoesOn) {
    runTest([](CoroutineScope) -> Task<> {
        struct Helper {
            static Task<> run(std::shared_ptr<int> p) {
                auto copy = p;
                co_await delay(1ms);
            }
        };
        auto p = std::make_shared<int>(1);
        co_await Helper::run(p);
        EXPECT_EQ(p.use_count(), 1);
    });
}

TEST(Task, ExceptionsPassThroughAwaitingCallers) {
    runTest([](CoroutineScope) -> Task<> {
        struct Helper {
            static Task<int> fails(int depth) {
                if (depth == 0)
                    throw Boom("deep");
                co_return co_await fails(depth - 1);
            }
        };
        std::string what;
        try {
            const int n = co_await Helper::fails(20);
            static_cast<void>(n);
        } catch (const Boom& e) {
            what = e.what();
        }
        EXPECT_EQ(what, "deep");
    });
}

} // namespace
} // namespace coroscope::test
