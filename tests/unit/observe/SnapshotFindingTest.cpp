// SPDX-License-Identifier: Apache-2.0
// What is found in dumps of other programs: each fault fires on the right jobs, its mended twin is silent.
#include "OpenedDump.h"

#include <gmock/gmock.h>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Opened file(const std::string& name) {
    return Opened(observe::open(dumpFile(name)));
}

TEST(SnapshotFindings, OfWorkersThatAreBlockedNameTheJobsAndQuoteTheCalls) {
    const Opened dump = file("workers-blocked.txt");
    EXPECT_EQ(dump.told(), "blocked-worker warning suspected: reads launch #1\n"
                           "blocked-worker warning suspected: pauses launch #2\n"
                           "blocked-worker warning suspected: reports launch #3\n"
                           "blocking-in-coroutine warning proven: fetches launch #4\n")
        << "what IO's workers do is no fault";
    const std::vector<Finding> found = dump.findings();
    EXPECT_THAT(found[0].evidence, AllOf(HasSubstr(" @reads#1 stands in a socket's read: "
                                                   "java.net.Socket$SocketInputStream.read (Socket.java:"),
                                         HasSubstr("called by WorkersKt.answer (Workers.kt:10)")));
    EXPECT_THAT(found[1].evidence, HasSubstr("stands in Thread.sleep: java.lang.Thread.sleep (Thread.java:"));
    EXPECT_THAT(found[2].evidence, HasSubstr("stands in FutureTask.get: "));
    EXPECT_THAT(found[3].evidence,
                AllOf(HasSubstr("stands in runBlocking: "), HasSubstr("called by WorkersKt.fetchNow (")));
    for (const Finding& finding : found)
        EXPECT_THAT(finding.evidence, HasSubstr("Judged by one snapshot"));
}

TEST(SnapshotFindings, ThatAreLookedForInStepsAreTheSame) {
    std::string threads = "Full thread dump OpenJDK 64-Bit Server VM (25):\n\n";
    for (int i = 1; i < 1'500; ++i)
        threads += "\"DefaultDispatcher-worker-" + std::to_string(i) + "\" #" + std::to_string(i) +
                   " prio=5 tid=0x1 nid=1 sleeping\n   java.lang.Thread.State: WAITING (parking)\n"
                   "\tat a.B.c(B.java:1)\n\n";
    std::vector<Opened> dumps;
    dumps.push_back(openedText(threads));
    for (const char* const name : {"workers-blocked.txt", "jvm-deadlock.txt", "intellij.txt"})
        dumps.push_back(file(name));
    for (const Opened& dump : dumps) {
        const SourceInfo& info = dump.source->info();
        FindingSearch search(dump.tree, dump.ended, *dump.source->dictionary(), info.now(),
                             settingsFor(info));
        int steps = 1;
        while (!search.step(std::chrono::nanoseconds(0)))
            ++steps;
        EXPECT_GT(steps, 3);
        std::string told;
        for (const Finding& finding : search.take())
            told += std::string(finding.rule) + ' ' + finding.jobName + ' ' + finding.evidence + '\n';
        std::string atOnce;
        for (const Finding& finding : dump.findings())
            atOnce += std::string(finding.rule) + ' ' + finding.jobName + ' ' + finding.evidence + '\n';
        EXPECT_NE(told, "");
        EXPECT_EQ(told, atOnce);
    }
}

TEST(SnapshotFindings, OfDeadlocksNameThreadsAndLocks) {
    const std::string monitors = "deadlock error proven: teller thread #21\n",
                      locks = "deadlock error proven: buyer thread #23\n";
    EXPECT_EQ(file("jvm-deadlock.txt").told(), monitors + locks);
    EXPECT_EQ(file("jvm-thread-info.txt").told(), monitors + locks);
    EXPECT_EQ(file("jvm-deadlock.json").told(), monitors) << "who holds a ReentrantLock is not in it";
    EXPECT_THAT(
        file("jvm-deadlock.json").findings().front().evidence,
        AllOf(HasSubstr("These 2 jobs wait in a circle: teller thread #21 waits for mutex java.lang.Object@"),
              HasSubstr("held by auditor thread #22"), Not(HasSubstr("since"))));
}

TEST(SnapshotFindings, OfAScopeWhoseOwnerHoldsWhatIsWantedInItAreADeadlock) {
    EXPECT_EQ(file("jvm-scope-deadlock.json").told(), "deadlock error proven: request thread #22\n");
    EXPECT_THAT(file("jvm-scope-deadlock.json").findings().front().evidence,
                AllOf(HasSubstr("These 3 jobs wait in a circle: request thread #22 waits for scope"),
                      HasSubstr("held by request thread #22")));
    EXPECT_EQ(file("jvm-scope-mended.json").told(), "");
}

TEST(SnapshotFindings, ALockThatIsTriedForATimeIsNoDeadlock) {
    const auto threads = [](const std::string& state) {
        return openedText("\"a\" prio=5 Id=1 " + state +
                          " on x.ReentrantLock$Sync@1 owned by \"b\" Id=2\n\n" +
                          "\"b\" prio=5 Id=2 WAITING on x.ReentrantLock$Sync@2 owned by \"a\" Id=1\n\n");
    };
    EXPECT_EQ(threads("WAITING").told(), "deadlock error proven: a thread #1\n");
    EXPECT_EQ(threads("TIMED_WAITING").told(), "");
}

TEST(SnapshotFindings, AreNoneWhereAllIsWell) {
    for (const char* healthy :
         {"workers-mended.txt", "jvm-mended.txt", "jvm-mended.json", "lazy-mended.txt", "debugprobes.txt",
          "debugprobes-creation.txt", "goroutines.txt", "jdk-threads.json", "job-hierarchy.txt"}) {
        const Opened dump = file(healthy);
        ASSERT_EQ(dump.problem, "") << healthy;
        EXPECT_EQ(dump.told(), "") << healthy;
    }
}

TEST(SnapshotFindings, OfAThreadOfTheUserInterfaceAreOnlyWhileItRunsACoroutineThatBlocks) {
    const auto thread = [](const std::string& name, const std::string& caller) {
        return openedText("\"" + name +
                          "\" prio=0 tid=0x0 nid=0x0 waiting on condition\n     java.lang.Thread.State: "
                          "WAITING\n\tat java.lang.Object.wait(Object.java:1)\n" +
                          caller +
                          "\n---------- Coroutine dump ----------\n- JobImpl{Active}\n"
                          "\t- \"x#7\":StandaloneCoroutine{Active}, state: RUNNING\n");
    };
    const std::string ours = "\tat a.B.c(B.kt:1)\n",
                      idle = "\tat java.awt.EventQueue.getNextEvent(E.java:1)\n";
    EXPECT_EQ(thread("AWT-EventQueue-0 @x#7", ours).told(),
              "blocked-worker warning suspected: x launch #7\n");
    EXPECT_EQ(thread("AWT-EventQueue-0", ours).told(), "");
    EXPECT_EQ(thread("AWT-EventQueue-0 @x#7", idle + ours).told(), "") << "a dialog that runs on it";
    EXPECT_EQ(thread("DefaultDispatcher-worker-1", ours).told(),
              "blocked-worker warning suspected: DefaultDispatcher-worker-1 thread\n");
    EXPECT_EQ(thread("DefaultDispatcher-worker-1", "").told(), "") << "nobody's code has called it";
    EXPECT_EQ(thread("pool-1-thread-1 @x#7", ours).told(), "") << "it may be there to be blocked";
}

TEST(SnapshotFindings, OfJobsNeverStartedAreAHintWhereNobodyIsLeftToStartThem) {
    const Opened dump = file("lazy-unstarted.txt");
    EXPECT_EQ(dump.told(), "lazy-never-started hint suspected: part async #9\n");
    EXPECT_THAT(dump.findings().front().evidence, HasSubstr("order launch #8 has done its own work"));
    EXPECT_THAT(dump.findings().front().evidence, HasSubstr("There are 2, and none was started."));
    const std::string lazy = contents(dumpFile("lazy-unstarted.txt"));
    EXPECT_EQ(openedText(lazy + "\t\"starter#12\":StandaloneCoroutine{Active}\n").told(), "")
        << "that one may start them";
    std::string working = lazy;
    working.replace(working.find("Completing"), 10, "Active");
    EXPECT_EQ(openedText(working).told(), "");
}

TEST(SnapshotFindings, OfCirclesNameWhoStandsAboveItself) {
    const Opened dump = file("intellij.txt");
    EXPECT_EQ(dump.told(), "circular-reference error proven: launch\n");
    EXPECT_THAT(dump.findings().front().evidence,
                HasSubstr("Below launch, below project [demo] job stands project [demo] job once more."));
    std::string mended = contents(dumpFile("intellij.txt"));
    mended.erase(mended.find("\t\t\t\t- CIRCULAR"),
                 mended.find('\n', mended.find("- CIRCULAR")) - mended.find("\t\t\t\t- CIRCULAR"));
    EXPECT_EQ(openedText(mended).told(), "");
}

TEST(SnapshotFindings, OfRootsOnlySayWhatIsKnown) {
    const std::string head = "---------- Coroutine dump ----------\n",
                      job = "\"x\":StandaloneCoroutine{Active}\n";
    EXPECT_EQ(openedText(head + "- " + job).told(), "orphan-root hint suspected: x launch\n");
    EXPECT_EQ(openedText(head + "- JobImpl{Active}\n\t- " + job).told(), "");
    EXPECT_EQ(openedText(head + "- BlockingCoroutine{Active}\n").told(), "");
    EXPECT_EQ(openedText(job).told(), "") << "a job hierarchy begins with the job that was asked for";
    EXPECT_EQ(openedText("Coroutines dump 2026/01/01 00:00:00\n\nCoroutine " + job.substr(0, job.size() - 1) +
                         "@1, state: SUSPENDED\n")
                  .told(),
              "")
        << "such a dump tells no parents";
}

TEST(SnapshotFindings, OfManyAlikeBeginAtTheThreshold) {
    const auto jobs = [](int count) {
        std::string text = "Coroutines dump 2026/01/01 00:00:00\n";
        for (int i = 1; i <= count + 500; ++i)
            text += "\nCoroutine \"x#" + std::to_string(i) +
                    "\":StandaloneCoroutine{Active}@1, state: SUSPENDED\n\tat " +
                    (i <= count ? "a.Pool.get(Pool.kt:7)"
                                : "a.Other.get(Other.kt:" + std::to_string(i % 4 + 1) + ")") +
                    '\n';
        return openedText(text);
    };
    const Opened many = jobs(1'000);
    EXPECT_EQ(many.told(), "leak-by-growth hint suspected: x launch #1\n");
    EXPECT_THAT(
        many.findings().front().evidence,
        HasSubstr("1,000 of 1,500 jobs that wait have this stack, at Pool.kt:7; 1,000 or more are told of."));
    EXPECT_EQ(jobs(999).told(), "");
}

TEST(SnapshotFindings, OfARunBlockingInACoroutineWhoseThreadIsNotThereAreAHint) {
    const std::string dump = contents(dumpFile("workers-blocked.txt"));
    const Opened alone = openedText(dump.substr(0, dump.find("Full thread dump")));
    EXPECT_EQ(alone.told(), "blocking-in-coroutine hint proven: fetches launch #4\n")
        << "which dispatcher the others are on is not known";
}

} // namespace
} // namespace coroscope::test
