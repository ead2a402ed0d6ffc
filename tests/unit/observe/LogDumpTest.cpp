// SPDX-License-Identifier: Apache-2.0
// Dumps as they lie in logs, mails and bug reports: with something in front of each line, without their tabs,
// as the forms that programs give when nobody asks for another.
#include "OpenedDump.h"

#include <coroscope/observe/Groups.h>
#include <coroscope/observe/Source.h>

#include <gmock/gmock.h>

#include <functional>
#include <string>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Each line, from 1, as `change` makes it.
std::string changed(const std::string& text, const std::function<std::string(std::string, int)>& change) {
    std::string all;
    int number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        all += change(text.substr(at, end - at), ++number) + '\n';
        at = end + 1;
    }
    return all;
}
std::string behind(const std::string& text, const std::string& prefix) {
    return changed(text, [&](const std::string& line, int) { return prefix + line; });
}

/// What tests compare: jobs with their parents and stacks, and what was found wrong.
std::string all(const Opened& dump) {
    if (!dump.source)
        return dump.problem;
    const SourceInfo& info = dump.source->info();
    std::string text = info.program + ' ' + std::to_string(info.pid) + ' ' + info.runtimeVersion + ' ' +
                       std::to_string(info.takenWallClock) + '\n' + dump.drawn() + dump.told();
    for (const std::string& problem : dump.problems())
        text += problem + '\n';
    for (Node node = 0; node < dump.tree.endNode(); ++node)
        if (dump.tree.isLive(node))
            for (const SiteText& frame :
                 dump.source->dictionary()->stack(dump.tree.row(node).suspendedAt).frames)
                text += frame.function + ' ' + frame.file + ' ' + std::to_string(frame.line) + '\n';
    return text;
}

TEST(DumpInALog, IsReadWhateverStandsInFrontOfItsLines) {
    for (const char* const file :
         {"debugprobes.txt", "debugprobes-creation.txt", "goroutines.txt", "intellij.txt", "jvm-deadlock.txt",
          "jvm-deadlock-plain.txt", "android-trace.txt", "goroutine-profile.txt"}) {
        const std::string text = contents(dumpFile(file));
        const Opened plain = openedText(text);
        ASSERT_EQ(plain.problem, "");
        for (const char* const prefix :
             {"app_1  | ", "\x1b[36mapp-1  |\x1b[0m ", "> ", "    ",
              "Nov 22 11:00:01 host orders[123]: ", "2024-05-01T12:00:00.123Z stderr F ",
              "05-01 12:00:00.123  1234  1234 I System.out: ", "[orders-7f8b9c-x2x4z] ", "18:04:00  "})
            EXPECT_EQ(all(openedText(behind(text, prefix))), all(plain)) << file << " behind " << prefix;
    }
}

TEST(DumpInALog, MayHaveAnotherTimeInFrontOfEachLine) {
    const std::string text = contents(dumpFile("goroutines.txt"));
    const Opened dump =
        openedText("2024-05-01T09:59:58.1Z INFO begins\n" +
                   changed(text,
                           [](const std::string& line, int number) {
                               return "2024-05-01T09:59:59." + std::to_string(number * 997) + "Z " + line;
                           }) +
                   "2024-05-01T10:00:00.5Z INFO goes on\n");
    EXPECT_EQ(all(dump), all(openedText(text)));
}

TEST(DumpInALog, MayHaveItInFrontOfItsFirstLineOnly) {
    const std::string text = contents(dumpFile("debugprobes.txt"));
    const Opened dump = openedText("2024-05-01 12:00:00.123 ERROR [main] c.e.App - " + text);
    EXPECT_EQ(all(dump), all(openedText(text)));
    EXPECT_NE(dump.source->info().takenWallClock, 0);
}

TEST(DumpInALog, BlanksAtTheEndsOfLinesMayBeLost) {
    const std::string text = contents(dumpFile("goroutines.txt"));
    const Opened dump = openedText(changed(
        text, [](const std::string& line, int) { return line.empty() ? std::string(">") : "> " + line; }));
    EXPECT_EQ(all(dump), all(openedText(text)));
}

TEST(DumpInALog, WhatOthersWriteBetweenItsLinesIsNamed) {
    std::string text = behind(contents(dumpFile("goroutines.txt")), "app_1  | ");
    const std::size_t at = text.find("app_1", text.find("main.main"));
    text.insert(at, "db_1   | ready\napp_2  | listening\n");
    const Opened dump = openedText(text);
    ASSERT_EQ(dump.problem, "");
    EXPECT_THAT(dump.problems(), ElementsAre(HasSubstr("this and 1 more lines are no part of the dump.")));
    EXPECT_EQ(dump.drawn(), openedText(contents(dumpFile("goroutines.txt"))).drawn());
}

/// Such sentences stand in many a log, and an earlier dump would be lost to them.
TEST(DumpInALog, ASentenceThatNamesAJobIsNone) {
    const std::string text = contents(dumpFile("debugprobes.txt")) + '\n';
    for (const char* const line :
         {"12:00:01 WARN JobCancellationException: Parent job is Cancelling; "
          "job=\"x#1\":StandaloneCoroutine{Cancelling}@5c29bfd",
          "12:00:01 INFO cancelled: \"x#1\":StandaloneCoroutine{Cancelling}@5c29bfd",
          "12:00:01 INFO state: Coroutine was fine, state: RUNNING",
          "the Coroutine \"x#1\":StandaloneCoroutine{Active}@1f, state: RUNNING",
          "12:00:01 INFO see goroutine 7 [running]: it is busy",
          "12:00:01 INFO blocked by thread owned by \"teller\" Id=21",
          "12:00:01 INFO #7 \"closed\" by somebody", "12:00:01 INFO took 5 @ 0x12 of all"})
        EXPECT_EQ(all(openedText(text + line + '\n')), all(openedText(text))) << line;
}

TEST(GoroutineDump, WithAllFramesIsNamedAfterWhatItRuns) {
    const Opened dump(observe::open(dumpFile("goroutines-system.txt")));
    ASSERT_EQ(dump.problem, "");
    EXPECT_THAT(dump.problems(), IsEmpty());
    EXPECT_EQ(dump.row("main.main").number, 1u);
    EXPECT_EQ(dump.row("main.main").waitKind, WaitKind::Event);
    const StackText stack = dump.source->dictionary()->stack(dump.row("main.main.func1.gowrap1").suspendedAt);
    EXPECT_EQ(ownPlace(stack), "Goroutines.go:19 main.handle");
}

TEST(GoroutineDump, WithoutItsTabsHasItsPlaces) {
    const std::string text = contents(dumpFile("goroutines.txt"));
    const auto without = [&](const std::string& instead) {
        return changed(text, [&](const std::string& line, int) {
            return line.starts_with('\t') ? instead + line.substr(1) : line;
        });
    };
    EXPECT_EQ(all(openedText(without("        "))), all(openedText(text)));
    EXPECT_EQ(all(openedText(without(""))), all(openedText(text)));
}

TEST(GoroutineDump, WhatSomebodyElseWritesBetweenAFunctionAndItsPlaceIsNoPlace) {
    const Opened dump =
        openedText("goroutine 1 [running]:\nmain.f()\nlistening on :8080\n\t/a/b.go:7 +0x1\n");
    ASSERT_EQ(dump.problem, "");
    EXPECT_THAT(dump.frames("main.f"), ElementsAre("main.f b.go:7"));
    EXPECT_THAT(dump.problems(), ElementsAre("Line 3: this is no part of the dump."));
}

TEST(DebugProbesDump, WithoutItsTabsHasItsStacks) {
    const std::string text = contents(dumpFile("debugprobes-creation.txt"));
    const std::string without = changed(text, [](const std::string& line, int) {
        return line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
    });
    EXPECT_EQ(all(openedText(without)), all(openedText(text)));
}

TEST(ThreadDump, WithoutItsBlanksInFrontIsTheSame) {
    const std::string text = contents(dumpFile("jvm-deadlock.txt"));
    const std::string without = changed(text, [](const std::string& line, int) {
        return line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
    });
    const Opened dump = openedText(without);
    EXPECT_EQ(dump.drawn(), openedText(text).drawn());
    EXPECT_EQ(dump.told(), openedText(text).told());
    EXPECT_EQ(dump.frames("teller"), openedText(text).frames("teller"));
}

TEST(ThreadDump, OfAProcessLookedAtFromOutsideHasItsFrames) {
    const Opened dump = openedText(
        "Deadlock Detection:\n\nNo deadlocks found.\n\n"
        "\"worker\" #51 daemon prio=5 tid=0x000001ef9091c6f0 nid=0x3cc waiting on condition "
        "[0x0000001773afe000]\n"
        "   java.lang.Thread.State: WAITING (parking)\n   JavaThread state: _thread_blocked\n"
        " - jdk.internal.misc.Unsafe.park(boolean, long) @bci=0 (Compiled frame; information may be "
        "imprecise)\n"
        " - orders.Desk$Worker.run(java.lang.Object, int[]) @bci=14, line=211 (Interpreted frame)\n\n");
    ASSERT_EQ(dump.problem, "");
    EXPECT_THAT(dump.problems(), IsEmpty());
    EXPECT_THAT(dump.frames("worker"), ElementsAre("jdk.internal.misc.Unsafe.park Unsafe",
                                                   "orders.Desk$Worker.run Desk$Worker:211"));
}

TEST(GoroutineProfile, HasAsManyAsItCounts) {
    const Opened dump(observe::open(dumpFile("goroutine-profile.txt")));
    ASSERT_EQ(dump.problem, "");
    EXPECT_THAT(dump.problems(), IsEmpty());
    EXPECT_EQ(dump.tree.totals().jobs, 10u);
    EXPECT_FALSE(dump.source->info().parentsTold);
    std::size_t workers = 0;
    for (Node node = 0; node < dump.tree.endNode(); ++node)
        workers += dump.name(node) == "main.worker";
    EXPECT_EQ(workers, 4u);
    EXPECT_EQ(dump.source->dictionary()->context(dump.row("main.handle").context).elements,
              R"({"handler":"orders", "tenant":"a b"})");
    EXPECT_EQ(dump.frames("main.handle").back(), "main.handle Goroutines.go:19");
    EXPECT_EQ(dump.row("main.handle").execution, Execution::None) << "a profile does not tell it";
}

TEST(GoroutineProfile, ACountOfMillionsOfMillionsStaysWithinBounds) {
    const Opened dump =
        openedText("goroutine profile: total 3\n1000000000000 @ 0x43a00e\n#\t0x1\tmain.f+0x1\t/a.go:1\n");
    ASSERT_EQ(dump.problem, "");
    EXPECT_LE(dump.tree.totals().jobs, 1'000'001u);
    EXPECT_THAT(dump.problems(), ElementsAre(HasSubstr("jobs are left out")));
}

TEST(JdkTextDump, HasStatesLocksAndWhoWaitsForWhom) {
    const Opened dump(observe::open(dumpFile("jvm-deadlock-plain.txt")));
    ASSERT_EQ(dump.problem, "");
    EXPECT_THAT(dump.problems(), IsEmpty());
    EXPECT_EQ(dump.source->info().format, "a thread dump of the JDK");
    EXPECT_EQ(dump.source->info().pid, 18026);
    EXPECT_EQ(dump.source->info().runtimeVersion, "Java 25.0.2+10-LTS");
    EXPECT_NE(dump.source->info().takenWallClock, 0);
    EXPECT_EQ(dump.row("teller").number, 20u);
    EXPECT_EQ(dump.row("teller").waitKind, WaitKind::Mutex);
    EXPECT_THAT(dump.told(), HasSubstr("deadlock error proven: teller thread #20"));
    EXPECT_EQ(dump.row("waiter").waitKind, WaitKind::Event) << "it has let go of what it locked";
    EXPECT_EQ(dump.row("Reference Handler").execution, Execution::Running);
    EXPECT_EQ(dump.frames("teller").front(), "Locks.transfer Locks.java:11");
}

TEST(JdkTextDump, OfOlderOnesTellsWhoWaitsByTheirFrames) {
    const Opened dump = openedText("4242\n2023-06-02T12:00:00.123456Z\n21.0.2+13-58\n\n"
                                   "#1 \"main\"\n      java.base/java.lang.Thread.sleep0(Native Method)\n"
                                   "      Main.main(Main.java:10)\n\n"
                                   "#22 \"with \"quotes\"\" virtual\n"
                                   "      java.base/java.lang.VirtualThread.park(VirtualThread.java:582)\n"
                                   "      Main.work(Main.java:20)\n\n"
                                   "#23 \"busy\"\n      Main.count(Main.java:30)\n\n#24 \"bare\"\n");
    ASSERT_EQ(dump.problem, "");
    EXPECT_THAT(dump.problems(), IsEmpty());
    EXPECT_EQ(dump.drawn(), "main thread #1 Active suspended\n"
                            "with \"quotes\" thread #22 Active suspended\n"
                            "busy thread #23 Active no code\n"
                            "bare thread #24 Active no code\n");
    EXPECT_EQ(dump.row("main").waitKind, WaitKind::Delay);
    EXPECT_THAT(dump.frames("busy"), ElementsAre("Main.count Main.java:30"));
}

TEST(JdkTextDump, KnowsWhoHoldsALockWhereThatIsTold) {
    const Opened dump = openedText(
        "#1 \"one\" WAITING 2025-06-02T12:00:00.12Z\n"
        "    at java.base/jdk.internal.misc.Unsafe.park(Native Method)\n"
        "    - parking to wait for <java.util.concurrent.locks.ReentrantLock$NonfairSync@1f>, owner #2\n\n"
        "#2 \"two\" virtual WAITING 2025-06-02T12:00:00.13Z\n"
        "    at java.base/java.lang.VirtualThread.park(VirtualThread.java:582)\n"
        "    - parking to wait for <java.util.concurrent.locks.ReentrantLock$NonfairSync@2f>, owner #1\n");
    ASSERT_EQ(dump.problem, "");
    EXPECT_THAT(dump.told(), HasSubstr("deadlock error proven"));
}

TEST(AndroidTrace, HasTheThreadsOfEachProcessWithTheirLocks) {
    const Opened dump(observe::open(dumpFile("android-trace.txt")));
    ASSERT_EQ(dump.problem, "");
    EXPECT_THAT(dump.problems(), IsEmpty());
    EXPECT_EQ(dump.source->info().program, "com.example.app");
    EXPECT_EQ(dump.source->info().pid, 12345);
    EXPECT_NE(dump.source->info().takenWallClock, 0);
    EXPECT_EQ(dump.drawn(), "com.example.app threads #12345 Active no code\n"
                            "+main thread #1 Active suspended\n"
                            "+Signal Catcher thread #6 Active running\n"
                            "+DefaultDispatcher-worker-1 thread #21 Active suspended\n"
                            "+Timer \"a\" thread #22 Active suspended\n"
                            "system_server threads #222 Active no code\n"
                            "+main thread #1 Active running\n");
    EXPECT_THAT(dump.told(), HasSubstr("deadlock error proven: main thread #1"));
    EXPECT_EQ(dump.row("Timer \"a\"").waitKind, WaitKind::Event) << "it waits in wait(), with a limit";
    EXPECT_THAT(
        dump.frames("DefaultDispatcher-worker-1"),
        ElementsAre("com.example.Store.save Store.kt:30",
                    "kotlinx.coroutines.scheduling.CoroutineScheduler$Worker.run CoroutineScheduler.kt:684"));
}

TEST(AndroidTrace, OfTheSameProcessOnceMoreIsAnotherOne) {
    const std::string text = contents(dumpFile("android-trace.txt"));
    const Opened dump = openedText(text + '\n' + text);
    EXPECT_EQ(dump.drawn(), openedText(text).drawn());
    EXPECT_THAT(dump.problems(), ElementsAre(HasSubstr("There are 2 dumps in it.")));
}

TEST(OtherFiles, WithHalfOfABeginningHoldNone) {
    for (const char* const text :
         {"----- pid 5", "\"x\" prio=5 tid=", "\"x\" prio=5 tid=7", "#1 \"", "#1 \"x\" WAITING ",
          "goroutine profile: total ", "Coroutine x, state: ", "goroutine 1 [", "12\n2024-05-01T00:00:00.Z"})
        EXPECT_EQ(openedText(text).tree.totals().jobs, 0u) << text;
}

TEST(OtherFiles, ABinaryProfileOfGoIsToldHowToBeTaken) {
    const std::string bytes = "Z\x04\x08\x01\x10\x02`\x01\n\x04\x08\x01\x10\x02\"\x10";
    EXPECT_THAT(openedText(bytes + "2\tgoroutine2\x05"
                                   "count")
                    .problem,
                HasSubstr("?debug=2"));
}

} // namespace
} // namespace coroscope::test
