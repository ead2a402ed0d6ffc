// SPDX-License-Identifier: Apache-2.0
#include "Story.h"

#include <coroscope/gtest/NoJobsLeft.h>
#include <coroscope/record/Record.h>
#include <coroscope/spdlog/CurrentJobFlag.h>

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <sstream>
#include <string>
#include <thread>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;

Task<> innermost() {
    co_await awaitCancellation();
}
Task<> outermost() {
    co_await innermost();
}

std::string dump() {
    std::ostringstream text;
    DebugProbes::dumpCoroutines(text);
    return text.str();
}
/// The part of a dump that is about one coroutine.
std::string partOf(const std::string& text, const std::string& name) {
    const std::size_t at = text.find("\nCoroutine \"" + name + "#");
    if (at == std::string::npos)
        return {};
    return text.substr(at + 1, text.find("\n\n", at + 1) - at - 1);
}

TEST(DebugProbes, aDumpHasKotlinsFormat) {
    runTest([](CoroutineScope scope) -> Task<> {
        const Job waiting = scope.launch(CoroutineName("waiting"), [] { return outermost(); });
        const Job lazy =
            scope.launch(CoroutineName("lazy"), CoroutineStart::Lazy, [] { return outermost(); });
        co_await yield();
        const std::string text = dump();
        EXPECT_THAT(text, MatchesRegex("Coroutines dump [0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8}\n(.|\n)*"));
        EXPECT_THAT(
            partOf(text, "waiting"),
            MatchesRegex("Coroutine \"waiting#[0-9]+\":StandaloneCoroutine\\{Active\\}@[0-9a-f]+, state: "
                         "SUSPENDED\n"
                         "\tat [^\n]*awaitCancellation\\(Story.h:[0-9]+\\)\n"
                         "\tat [^\n]*innermost\\(DebugProbesTest.cpp:[0-9]+\\)\n"
                         "\tat [^\n]*outermost\\(DebugProbesTest.cpp:[0-9]+\\)\n"
                         "\tat _COROUTINE._CREATION._\\(CoroutineDebugging.kt\\)\n"
                         "\tat [^\n]*\\(DebugProbesTest.cpp:[0-9]+\\)\n?"));
        EXPECT_THAT(partOf(text, "lazy"), HasSubstr(":LazyStandaloneCoroutine{New}@"));
        EXPECT_THAT(partOf(text, "lazy"), HasSubstr(", state: CREATED\n\tat _COROUTINE"));
        EXPECT_THAT(text, ContainsRegex("TestScopeImpl\\{Active\\}@[0-9a-f]+, state: RUNNING"));
        EXPECT_THAT(text, Not(HasSubstr("JobImpl")));
        waiting.cancel();
        lazy.cancel();
    });
}

TEST(DebugProbes, printsAJobWithAllBelowItAndWhereItWaits) {
    runTest([](CoroutineScope scope) -> Task<> {
        const CompletableJob top = newJob();
        const Job middle = scope.launch(top + CoroutineName("middle"), [](CoroutineScope own) -> Task<> {
            (void)own.async(CoroutineName("leaf"), []() -> Task<int> {
                co_await outermost();
                co_return 1;
            });
            co_return;
        });
        co_await yield();
        co_await yield();
        std::ostringstream text;
        DebugProbes::printJob(top, text);
        EXPECT_THAT(
            text.str(),
            MatchesRegex(
                "JobImpl\\{Active\\}\n"
                "\t\"middle#[0-9]+\":StandaloneCoroutine\\{Completing\\}\n"
                "\t\t\"leaf#[0-9]+\":DeferredCoroutine\\{Active\\}, continuation is SUSPENDED at line "
                "[^\n]*awaitCancellation\\(Story.h:[0-9]+\\)\n"));
        std::ostringstream ofScope;
        DebugProbes::printScope(scope, ofScope);
        EXPECT_THAT(ofScope.str(), testing::StartsWith("\"coroutine#"));
        EXPECT_THROW(DebugProbes::printScope(GlobalScope, ofScope), std::logic_error);
        co_await top.cancelAndJoin();
        EXPECT_THAT(DebugProbes::jobToString(middle), HasSubstr("{Cancelled}")) << "also when it has ended";
    });
}

TEST(DebugProbes, canBeAskedBeforeTheFirstJob) {
    EXPECT_TRUE(record::start());
    EXPECT_THAT(dump(), MatchesRegex("Coroutines dump [^\n]*\n*"));
}

TEST(DebugProbes, canBeAskedWhileJobsComeAndGo) {
    std::atomic<bool> done{false};
    std::thread reader([&] {
        do {
            const std::string text = dump();
            EXPECT_TRUE(text.starts_with("Coroutines dump "));
        } while (!done);
    });
    runBlocking(Dispatchers::Default(), [](CoroutineScope scope) -> Task<> {
        for (int i = 0; i < 5000; ++i) {
            scope.launch(CoroutineName("short"), []() -> Task<> { co_await yield(); });
            if (i % 100 == 0)
                co_await yield();
        }
    });
    done = true;
    reader.join();
}

/// A scope that outlives the tests.
CoroutineScope& leftBehind() {
    static CoroutineScope scope{CoroutineContext(SupervisorJob())};
    return scope;
}

TEST(NoJobsLeft, aTestThatLeavesAJobFailsAndShowsItsSubtree) {
    leftBehind();
    EXPECT_NONFATAL_FAILURE(
        {
            const coroscope::NoJobsLeft watch(20ms);
            leftBehind().launch(CoroutineName("forgotten"), [](CoroutineScope own) -> Task<> {
                own.launch(CoroutineName("below"), [] { return outermost(); });
                co_await outermost();
            });
        },
        "\n\"forgotten#");
    leftBehind().job().cancelChildren("seen");
}

TEST(NoJobsLeft, jobsFromBeforeAndJobsThatAreJustEndingAreNotMeant) {
    leftBehind().launch(CoroutineName("older"), [] { return outermost(); });
    {
        const coroscope::NoJobsLeft watch(60s);
        leftBehind().launch([]() -> Task<> { co_await delay(50ms); });
        runBlocking([]() -> Task<> { co_await yield(); });
    }
    leftBehind().job().cancelChildren("done");
}

TEST(CurrentJobFlag, aLogLineSaysWhichJobWroteIt) {
    std::ostringstream text;
    auto logger =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<CurrentJobFlag>('*').set_pattern("[%*] %v");
    logger->set_formatter(std::move(formatter));
    std::string own;
    runTest([&](CoroutineScope scope) -> Task<> {
        const Job job = scope.launch(CoroutineName("charge"), [&](CoroutineScope inner) -> Task<> {
            const Job self = inner.job();
            own = self.toString();
            co_await yield();
            logger->info("charged");
        });
        co_await job.join();
        const Job unnamed = scope.launch([&]() -> Task<> {
            logger->info("unnamed");
            co_return;
        });
        co_await unnamed.join();
    });
    logger->info("outside");
    const std::string name = own.substr(1, own.find('"', 1) - 1);
    EXPECT_THAT(name, testing::StartsWith("charge#"));
    EXPECT_THAT(text.str(), testing::StartsWith("[" + name + "] charged\n[coroutine#"));
    EXPECT_THAT(text.str(), testing::EndsWith("[-] outside\n"));
}

std::string& traceId() {
    thread_local std::string id = "-";
    return id;
}

class TraceIdFlag final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& into) override {
        into.append(traceId().data(), traceId().data() + traceId().size());
    }
    std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
        return spdlog::details::make_unique<TraceIdFlag>();
    }
};

TEST(AsContextElement, S109_aTraceIdIsInEachLineOfTheLogAfterEveryHop) {
    std::ostringstream text;
    auto logger =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<TraceIdFlag>('*').set_pattern("[%*] %v");
    logger->set_formatter(std::move(formatter));
    runBlocking([&](CoroutineScope scope) -> Task<> {
        const Job job = scope.launch(asContextElement(traceId, "r-17"), [&]() -> Task<> {
            logger->info("comes");
            auto loads = [&]() -> Task<> {
                logger->info("loads");
                co_await delay(1ms);
                logger->info("has loaded");
            };
            co_await withContext(Dispatchers::IO(), loads);
            logger->info("goes");
        });
        co_await job.join();
        logger->info("outside");
    });
    EXPECT_EQ(text.str(), "[r-17] comes\n[r-17] loads\n[r-17] has loaded\n[r-17] goes\n[-] outside\n");
}

} // namespace
} // namespace coroscope::test
