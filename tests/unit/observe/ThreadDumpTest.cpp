// SPDX-License-Identifier: Apache-2.0
// A JVM's threads: alone, and joined with the coroutines that they run. The examples come from real runs of
// tests/data/programs.
#include "OpenedDump.h"

#include <coroscope/observe/Waits.h>

#include <gmock/gmock.h>

#include <algorithm>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string context(const Opened& dump, const std::string& name) {
    return dump.source->dictionary()->context(dump.row(name).context).elements;
}
std::string waits(const Opened& dump, const std::string& name) {
    return describeWait(dump.tree, dump.row(name), *dump.source->dictionary(), dump.source->info().now())
        .plain(dump.tree, *dump.source->dictionary());
}

TEST(ThreadDump, HasTheThreadsOfAJvmWithStatesAgesAndStacks) {
    const Opened dump(observe::open(dumpFile("jvm-deadlock.txt")));
    ASSERT_EQ(dump.problem, "");
    EXPECT_EQ(dump.source->info().format, "a thread dump of a JVM");
    EXPECT_THAT(dump.source->info().runtimeVersion, HasSubstr("OpenJDK 64-Bit Server VM (25"));
    EXPECT_NE(dump.source->info().takenWallClock, 0);
    EXPECT_FALSE(dump.source->info().parentsTold);
    EXPECT_THAT(dump.problems(), IsEmpty());

    const JobRow& teller = dump.row("teller");
    EXPECT_EQ(teller.kind, JobKind::Thread);
    EXPECT_EQ(teller.number, 21u);
    EXPECT_EQ(teller.execution, Execution::Suspended);
    EXPECT_EQ(dump.frames("teller").size(), 5u);
    EXPECT_THAT(dump.frames("teller").front(), HasSubstr("Locks.transfer Locks.java:"));
    EXPECT_THAT(waits(dump, "teller"), HasSubstr("mutex java.lang.Object <0x"));
    EXPECT_THAT(waits(dump, "teller"), HasSubstr(", held by auditor thread #22"));
    EXPECT_THAT(waits(dump, "bystander"), HasSubstr(", held by teller thread #21 (2 wait)"));
    EXPECT_THAT(waits(dump, "buyer"), HasSubstr("ReentrantLock$NonfairSync <0x")) << "held by whom";
    EXPECT_THAT(waits(dump, "buyer"), HasSubstr(", held by seller")) << "only the list of deadlocks says so";
    EXPECT_EQ(waits(dump, "waiter"), "an event");
    EXPECT_THAT(context(dump, "waiter"), HasSubstr("WAITING (on object monitor), daemon"));
    EXPECT_EQ(dump.row("Signal Dispatcher").execution, Execution::Running);

    const auto age = teller.age(dump.source->info().now());
    ASSERT_TRUE(age);
    EXPECT_GT(*age, 1'000'000'000);
    EXPECT_LT(*age, 60'000'000'000);
    EXPECT_EQ(dump.drawn().find("teller"), dump.drawn().rfind("teller"))
        << "the deadlock's stacks add nothing";
}

TEST(ThreadDump, StacksThatComeAgainAreReadAsTheFirstTime) {
    const std::string stacks[] = {"AB", "AB", "ABC", "A", "", "AB", "CAB", "ABC", "B", "AB"};
    std::string text = "2026-11-21 21:33:46\nFull thread dump OpenJDK 64-Bit Server VM (25):\n\n";
    for (std::size_t i = 0; i < std::size(stacks); ++i) {
        const std::string number = std::to_string(i + 1);
        text += "\"t" + number + "\" #" + number + " prio=5 tid=0x1 nid=" + number +
                " waiting on condition\n   java.lang.Thread.State: WAITING (parking)\n"
                "\tat a.Park.park(Park.java:1)\n\t- parking to wait for  <0x" +
                number + "> (a a.B)\n";
        for (const char frame : stacks[i])
            text += std::string("\tat a.") + frame + ".run(" + frame + ".java:2)\n";
        text += i == 7 ? "what another thread wrote\n\n" : "\n";
    }
    std::string withReturns = text;
    for (std::size_t at = 0; (at = withReturns.find('\n', at)) != std::string::npos; at += 2)
        withReturns.insert(at, 1, '\r'); // read line by line
    for (const std::string& each : {text, withReturns}) {
        const Opened dump = openedText(each);
        for (std::size_t i = 0; i < std::size(stacks); ++i) {
            std::vector<std::string> wanted{"a.Park.park Park.java:1"};
            for (const char frame : stacks[i])
                wanted.push_back(std::string("a.") + frame + ".run " + frame + ".java:2");
            EXPECT_EQ(dump.frames("t" + std::to_string(i + 1)), wanted);
        }
        EXPECT_EQ(context(dump, "t3"), "WAITING (parking), tid 3, waits for a.B <0x3>");
        ASSERT_EQ(dump.problems().size(), 1u);
        const auto stray = std::count(text.begin(), text.begin() + text.find("what another"), '\n') + 1;
        EXPECT_THAT(dump.problems().front(), HasSubstr("Line " + std::to_string(stray) + ": "));
    }
}

TEST(ThreadDump, WhoWaitsToBeNotifiedDoesNotHoldTheMonitor) {
    const Opened dump =
        openedText("\"notified\" #1 prio=5 tid=0x1 nid=0x1 in Object.wait()\n"
                   "   java.lang.Thread.State: WAITING (on object monitor)\n"
                   "\tat java.lang.Object.wait(Object.java:1)\n\t- waiting on <0x1> (a a.B)\n"
                   "\tat a.B.c(B.java:2)\n\t- locked <0x1> (a a.B)\n\t- locked <0x2> (a a.C)\n\n"
                   "\"one\" #2 prio=5 tid=0x2 nid=0x2 waiting for monitor entry\n"
                   "   java.lang.Thread.State: BLOCKED (on object monitor)\n"
                   "\tat a.B.d(B.java:3)\n\t- waiting to lock <0x1> (a a.B)\n\n"
                   "\"other\" #3 prio=5 tid=0x3 nid=0x3 waiting for monitor entry\n"
                   "   java.lang.Thread.State: BLOCKED (on object monitor)\n"
                   "\tat a.B.d(B.java:3)\n\t- waiting to lock <0x2> (a a.C)\n\n");
    EXPECT_EQ(waits(dump, "one"), "mutex a.B <0x1>");
    EXPECT_EQ(waits(dump, "other"), "mutex a.C <0x2>, held by notified thread #1");
}

TEST(ThreadDump, SaysWhatThreadInfoSays) {
    const Opened dump(observe::open(dumpFile("jvm-thread-info.txt")));
    ASSERT_EQ(dump.problem, "");
    EXPECT_THAT(waits(dump, "teller"), HasSubstr(", held by auditor thread #22"));
    EXPECT_THAT(waits(dump, "seller"), HasSubstr(", held by buyer thread #23"));
    EXPECT_THAT(context(dump, "waiter"), HasSubstr("waits for java.lang.Object@"));
    EXPECT_THAT(dump.problems(), IsEmpty());
}

TEST(ThreadDump, OfTheJdkInJsonHasItsTimeAndWhoWaitsForWhom) {
    const Opened dump(observe::open(dumpFile("jvm-deadlock.json")));
    ASSERT_EQ(dump.problem, "");
    EXPECT_THAT(waits(dump, "auditor"), HasSubstr("mutex java.lang.Object@"));
    EXPECT_THAT(waits(dump, "auditor"), HasSubstr(", held by teller thread #21"));
    EXPECT_THAT(waits(dump, "buyer"), Not(HasSubstr("held by"))) << "it does not tell who holds such a lock";
    EXPECT_EQ(waits(dump, "waiter"), "an event") << "who waits to be notified does not own the monitor";
    const Opened time =
        openedText(R"({"threadDump": {"time": "2026-11-21T18:18:09.377Z", "threadContainers": [)"
                   R"({"container": "<root>", "threads": [{"tid": "3", "name": "main"}]}]}})");
    EXPECT_EQ(time.source->info().takenWallClock, 1'795'285'089);
}

TEST(ThreadDump, OfTheJdkInJsonHasThreadsThatWaitForTheirScopes) {
    const Opened dump(observe::open(dumpFile("jdk-threads.json")));
    EXPECT_THAT(waits(dump, "request"),
                testing::MatchesRegex("the end of its scope java.util.*StructuredTaskScope.*"));
    EXPECT_EQ(dump.row(dump.name(dump.tree.firstChild(dump.named("request")))).execution,
              Execution::WaitsForChildren);
}

TEST(ThreadDump, BesideCoroutinesShowsWhichThreadRunsWhichJob) {
    const Opened dump(observe::open(dumpFile("workers-blocked.txt")));
    ASSERT_EQ(dump.problem, "");
    EXPECT_EQ(dump.source->info().format,
              "a coroutine dump of Kotlin's DebugProbes, with the threads of its JVM");
    const Node job = dump.named("pauses");
    ASSERT_EQ(dump.tree.childCount(job), 1u);
    const Node thread = dump.tree.firstChild(job);
    const std::string name = dump.name(thread);
    EXPECT_THAT(name, testing::MatchesRegex("DefaultDispatcher-worker-[0-9]+ @pauses#2"));
    EXPECT_EQ(dump.tree.row(job).suspendedAt, dump.tree.row(thread).suspendedAt);
    EXPECT_THAT(dump.frames("pauses").back(), HasSubstr("CoroutineScheduler$Worker.run"))
        << "the whole stack of the thread";
    EXPECT_EQ(context(dump, "pauses"), "on thread " + name.substr(0, name.find(" @")));
    EXPECT_THAT(context(dump, dump.name(thread)), HasSubstr("TIMED_WAITING (sleeping), daemon, tid "));
    const Node idle = dump.named("main");
    EXPECT_EQ(dump.name(dump.tree.parent(idle)), "other");
    EXPECT_EQ(dump.tree.childCount(dump.named("waits")), 0u) << "suspended jobs are on no thread";
    EXPECT_THAT(dump.problems(), IsEmpty());
}

TEST(ThreadDump, InFrontOfIntelliJsCoroutinesBelongsToThem) {
    const Opened dump =
        openedText("\"main\" prio=0 tid=0x0 nid=0x0 waiting on condition\n"
                   "     java.lang.Thread.State: WAITING\n"
                   " on java.lang.Object@1f owned by \"pool \"a\" @scan#7\" Id=12\n"
                   "\tat a.B.c(B.kt:1)\n\n"
                   "\"pool \"a\" @scan#7\" prio=0 tid=0x0 nid=0x0 runnable (in native)\n"
                   "     java.lang.Thread.State: RUNNABLE\n\tat d.E.f(E.kt:2)\n\n"
                   "---------- Coroutine dump ----------\n"
                   "- BlockingCoroutine{Active}, state: SUSPENDED [X]\n"
                   "\t- \"scan#7\":DispatchedCoroutine{Active}, state: SUSPENDED\n"
                   "\t\t- \"scan#7\":ScopeCoroutine{Active}, state: RUNNING [Dispatchers.IO]\n"
                   "\t\t\tat d.E.f(E.kt:2)\n"
                   "---------- Other ----------\n");
    ASSERT_EQ(dump.problem, "");
    EXPECT_EQ(dump.drawn(), " runBlocking #0 Active suspended\n"
                            "+scan withContext #7 Active suspended\n"
                            "++scan coroutineScope #7 Active running\n"
                            "+++pool \"a\" @scan#7 thread #0 Active running\n"
                            "other threads #0 Active no code\n"
                            "+main thread #0 Active suspended\n");
    EXPECT_THAT(waits(dump, "main"),
                HasSubstr("mutex java.lang.Object@1f, held by pool \"a\" @scan#7 thread"));
    EXPECT_TRUE(dump.source->info().parentsTold);
    const Node thread = dump.named("pool \"a\" @scan#7");
    const JobRow& job = dump.tree.row(dump.tree.parent(thread));
    EXPECT_EQ(dump.source->dictionary()->context(job.context).elements, "Dispatchers.IO") << "as it was told";
}

TEST(ThreadDump, OfSeveralTheLastWithWhatBelongsToIt) {
    const std::string threads =
        "2026-11-21 10:00:00\nFull thread dump X VM (1):\n\n\"main\" #1 prio=5 tid=0x1 nid=0x1 "
        "runnable\n   java.lang.Thread.State: RUNNABLE\n\tat a.B.c(B.kt:1)\n\n";
    const std::string job =
        "Coroutines dump 2026/11/21 10:00:00\n\nCoroutine \"x#1\":StandaloneCoroutine{Active}@1, "
        "state: RUNNING\n\tat a.B.c(B.kt:1)\n\n";
    EXPECT_EQ(openedText(threads + job + threads + job).tree.size(), 3u) << "a job, a thread, the others";
    EXPECT_THAT(openedText(threads + job + threads + job).problems(),
                ElementsAre(HasSubstr("There are 2 dumps in it. This is the last one, from line 14 on.")));
    EXPECT_EQ(openedText(job + threads + threads).drawn(), "main thread #1 Active running\n");
    const Opened twice = openedText("\"main\" prio=5 Id=1 RUNNABLE\n\n\"a\" prio=5 Id=2 RUNNABLE\n\n"
                                    "\"main\" prio=5 Id=1 RUNNABLE\n\n");
    EXPECT_EQ(twice.drawn(), "main thread #1 Active running\n")
        << "without a head it begins with the same thread";
}

TEST(ForeignDumps, OneBehindAnotherIsReadAsIfItStoodAlone) {
    const std::vector<std::string> names{"debugprobes.txt",   "goroutines.txt",      "intellij.txt",
                                         "job-hierarchy.txt", "jvm-thread-info.txt", "jvm-mended.txt"};
    const auto hasThreads = [](const std::string& name) {
        return name.starts_with("jvm") || name.starts_with("intellij");
    };
    for (const std::string& first : names)
        for (const std::string& second : names) {
            if (first == second && first == "job-hierarchy.txt")
                continue; // without a head they are one forest
            if (hasThreads(first) || hasThreads(second))
                if (first != second && first != "goroutines.txt" && second != "goroutines.txt")
                    continue; // they are parts of one
            const std::string before = contents(dumpFile(first)), text = contents(dumpFile(second));
            const Opened alone = openedText(text);
            // Cut off within a stack, too.
            for (const std::size_t size : {before.size(), before.rfind("\tat "), before.size() / 2}) {
                const Opened both = openedText(before.substr(0, size) + "\n" + text);
                EXPECT_EQ(both.drawn(), alone.drawn()) << first << ", " << second;
                EXPECT_EQ(both.source->info().format, alone.source->info().format);
                EXPECT_EQ(both.source->info().parentsTold, alone.source->info().parentsTold);
                EXPECT_EQ(both.source->info().rootsTold, alone.source->info().rootsTold);
                EXPECT_EQ(both.told(), alone.told());
            }
        }
}

TEST(ThreadDump, InterruptedCutOffOrHostileGivesWhatIsThere) {
    std::string dump = contents(dumpFile("jvm-deadlock.txt"));
    dump.insert(dump.find("\"teller\""), "18:02 INFO somebody else writes here\n");
    const Opened interrupted = openedText(dump);
    EXPECT_THAT(interrupted.problems(), ElementsAre(HasSubstr("this is no part of the dump.")));
    EXPECT_THAT(interrupted.told(), HasSubstr("deadlock"));
    for (std::size_t cut = 0; cut < dump.size(); cut += 97)
        openedText(dump.substr(0, cut));
    const Opened hostile = openedText(
        "\"a\" #99999999999999999999 prio=5 tid=0x elapsed=99999999999999999999.9s\n\t- locked <0x1>\n"
        "\t- waiting to lock <0x\n\t- waiting to lock <0x1> (a \n\" #1 prio=\n\"\" #2 tid=0x1 Id=\n"
        "Found one Java-level deadlock:\n  which is held by \"\n  waiting to lock monitor (object ,\n"
        "  waiting for ownable synchronizer \n  which is held by \"a\"\n");
    EXPECT_EQ(hostile.problem, "");
}

TEST(ThreadDump, CutOffWithinALineSaysWhere) {
    const std::string whole = contents(dumpFile("jvm-deadlock.txt"));
    const std::size_t thread = whole.find("\n\"Signal Dispatcher\"") + 1,
                      frame = whole.find("\tat java.lang.Object.wait0");
    ASSERT_NE(frame, std::string::npos);
    const auto told = [&](std::size_t size) { return openedText(whole.substr(0, size)).problems(); };
    const auto line = [&](std::size_t size) {
        return "Line " + std::to_string(1 + std::count(whole.data(), whole.data() + size, '\n')) +
               ": the file ends within this line.";
    };
    EXPECT_THAT(told(thread + 7), ElementsAre(line(thread)));
    EXPECT_THAT(told(frame + 15), ElementsAre(line(frame)));
    EXPECT_THAT(told(whole.find('\n', frame)), IsEmpty()) << "only the end of the line is missing";
    EXPECT_THAT(told(thread), IsEmpty());
    EXPECT_THAT(openedText(whole + "\nDone.").problems(), IsEmpty());
    const std::string coroutines = contents(dumpFile("debugprobes.txt"));
    EXPECT_THAT(openedText(coroutines + "\nCorout").problems(), testing::SizeIs(1));
}

TEST(ThreadDump, OfAProcessThatIsOlderThanMostKeepsItsAges) {
    const std::string head = "Full thread dump x:\n\n";
    const auto thread = [](const char* name, const char* elapsed) {
        return '"' + std::string(name) + "\" #1 daemon prio=5 elapsed=" + elapsed +
               "s tid=0x1 nid=77 runnable\n   java.lang.Thread.State: RUNNABLE\n\tat a.B.c(B.java:1)\n\n";
    };
    const Opened dump = openedText(head + thread("young", "2.5") + thread("old", "2000000000.25"));
    ASSERT_EQ(dump.problem, "");
    const std::int64_t now = dump.source->info().now();
    EXPECT_EQ(dump.row("young").age(now), 2'500'000'000);
    EXPECT_EQ(dump.row("old").age(now), 2'000'000'000'250'000'000);
    EXPECT_GT(dump.row("old").createdAt, 0);
    EXPECT_EQ(context(dump, "old"), "RUNNABLE, daemon, tid 77");
    const Opened young = openedText(head + thread("young", "2.5"));
    EXPECT_LT(young.source->info().takenAt, std::int64_t{1} << 56) << "or no row would be a small one";
}

TEST(ThreadDump, OfAGoroutineThatRunsNamesItsThread) {
    const Opened dump =
        openedText("goroutine 7 gp=0xc1 m=3 mp=0x7 [syscall, 2 minutes]:\nmain.work(...)\n\t/a/b.go:7 "
                   "+0x1d\n\ngoroutine 8 gp=0xc2 m=nil [select]:\nmain.idle(...)\n\t/a/b.go:9 +0x1d\n\n"
                   "goroutine 9 gp=0xc3 m=4 [running]:\n\tgoroutine running on other thread; stack "
                   "unavailable\n\n");
    EXPECT_EQ(context(dump, "main.work"), "syscall, 2 minutes, on thread m3");
    EXPECT_EQ(context(dump, "main.idle"), "select");
    EXPECT_EQ(dump.tree.size(), 3u);
    EXPECT_THAT(dump.problems(), IsEmpty());
}

std::string utf16(const std::string& ascii, bool bigEndian) {
    std::string out = bigEndian ? "\xfe\xff" : "\xff\xfe";
    for (const char c : ascii) {
        out += bigEndian ? '\0' : c;
        out += bigEndian ? c : '\0';
    }
    return out;
}

TEST(Utf16, OfEitherOrderIsReadAsOtherTextIs) {
    const std::string plain = contents(dumpFile("workers-blocked.txt"));
    const std::string expected = openedText(plain).drawn();
    EXPECT_EQ(openedText(utf16(plain, false)).drawn(), expected);
    EXPECT_EQ(openedText(utf16(plain, true)).drawn(), expected);
    EXPECT_EQ(openedText("\xef\xbb\xbf" + plain).drawn(), expected) << "and UTF-8 with a mark";
    const std::string json = contents(dumpFile("jvm-deadlock.json"));
    EXPECT_EQ(openedText(utf16(json, false)).drawn(), openedText(json).drawn());
}

TEST(Utf16, PairsAndBrokenOnesBecomeCharacters) {
    const std::string head = "\"", tail = "#1\":StandaloneCoroutine{Active}\n";
    const auto name = [&](const std::string& units) {
        return openedText(utf16(head, false) + units + utf16(tail, false).substr(2)).name(0);
    };
    using namespace std::string_literals;
    EXPECT_EQ(name("\x3d\xd8\x00\xde"s), "\U0001f600");
    EXPECT_EQ(name("\xe9\x00\xac\x20"s), "\u00e9\u20ac");
    EXPECT_EQ(name("\x3d\xd8"s), "\ufffd");
    EXPECT_EQ(name("\x00\xde"s), "\ufffd");
    EXPECT_THAT(openedText(utf16(head + "a" + tail, false) + 'x').problems(),
                Contains(HasSubstr("last character is cut off")));
}

TEST(OpenOptions, TellHowFarItIsAndStop) {
    const std::string dump = contents(dumpFile("workers-blocked.txt"));
    std::string large;
    while (large.size() < 3'000'000)
        large += dump;
    std::vector<std::uint64_t> told;
    const Opened all = openedText(large, {.progress = [&](std::uint64_t read, std::uint64_t size) {
                                      EXPECT_EQ(size, 0u) << "a pipe does not say";
                                      told.push_back(read);
                                      return true;
                                  }});
    EXPECT_EQ(all.problem, "");
    EXPECT_GT(told.size(), 5u);
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    EXPECT_EQ(told.back(), large.size());
    for (const std::uint64_t after : {0, 1'000'000}) {
        const Opened stopped = openedText(large, {.progress = [&](std::uint64_t read, std::uint64_t) {
                                              return read < std::uint64_t{after};
                                          }});
        EXPECT_EQ(stopped.problem, "the text was not opened: that was stopped.");
    }
    std::uint64_t size = 0;
    EXPECT_TRUE(
        observe::open(dumpFile("jvm-deadlock.json"), {.progress = [&](std::uint64_t, std::uint64_t whole) {
                          size = whole;
                          return true;
                      }}));
    EXPECT_EQ(size, contents(dumpFile("jvm-deadlock.json")).size());
    EXPECT_THAT(observe::open(dumpFile("jvm-deadlock.json"), {.progress = [](auto, auto) { return false; }})
                    .problem(),
                HasSubstr("stopped"));
    EXPECT_THAT(observe::open(std::string(OUR_DUMPS) + "/plain.coroscope",
                              {.progress = [](auto, auto) { return false; }})
                    .problem(),
                HasSubstr("stopped"));
}

} // namespace
} // namespace coroscope::test
