// SPDX-License-Identifier: Apache-2.0
// Dumps that other programs wrote: those in tests/data/dumps come from real runs, but for IntelliJ's.
#include "OpenedDump.h"
#include "ScratchDirectory.h"

#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Labels.h>
#include <coroscope/observe/Source.h>

#include <gmock/gmock.h>

#include <string>

#include <zlib.h>
#include <zstd.h>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string data(const std::string& name) {
    return dumpFile(name);
}
Opened text(const std::string& bytes) {
    return openedText(bytes);
}

TEST(DebugProbesDump, IsAFlatListWithStacksAndStates) {
    const Opened dump(observe::open(data("debugprobes.txt")));
    ASSERT_EQ(dump.problem, "");
    EXPECT_EQ(dump.drawn(), "reader-0 launch #1 Active suspended\n"
                            "reader-1 launch #2 Active suspended\n"
                            "reader-2 launch #3 Active suspended\n"
                            "intake launch #4 Active suspended\n"
                            "intake async #5 New not started\n"
                            "intake launch #6 Cancelling suspended\n"
                            "busy: \"quoted\" launch #7 Active running\n"
                            "intake launch #8 Active suspended\n"
                            "intake async #9 Active suspended\n"
                            "coroutine runBlocking #10 Active running\n"
                            "coroutine launch #11 Active suspended\n");
    EXPECT_THAT(dump.frames("reader-2"), ElementsAre("AppKt.readOrder App.kt:8", "AppKt.reader App.kt:9",
                                                     "AppKt$main$1$1.invokeSuspend App.kt:16"));
    EXPECT_EQ(dump.row("reader-2").suspendedAt, dump.row("reader-0").suspendedAt) << "the same stack is one";
    EXPECT_FALSE(dump.source->info().parentsTold);
    EXPECT_EQ(dump.source->info().format, "a coroutine dump of Kotlin's DebugProbes");
    EXPECT_NE(dump.source->info().takenWallClock, 0);
    EXPECT_THAT(dump.problems(), IsEmpty());
    EXPECT_FALSE(dump.row("reader-0").age(dump.source->info().now())) << "it does not say how old they are";
    EXPECT_THAT(dump.source->cancel(JobId{}, false, "").problem(), HasSubstr("nothing in it runs"));
}

TEST(DebugProbesDump, TellsWhereAJobWasCreatedIfThatWasRecorded) {
    const Opened dump(observe::open(data("debugprobes-creation.txt")));
    ASSERT_EQ(dump.problem, "");
    const JobRow& row = dump.tree.row(dump.tree.firstRoot());
    EXPECT_EQ(dump.source->dictionary()->site(row.site).shortText(), "App.kt:16")
        << "below the library's frames";
    EXPECT_EQ(dump.source->dictionary()->callStack(row.creationStack).frames.back().function, "AppKt.main");
    EXPECT_EQ(dump.source->dictionary()->stack(row.suspendedAt).frames.size(), 3u);

    const Opened old =
        text("Coroutines dump 2020/01/02 03:04:05\r\n\r\n"
             "Coroutine \"x#1\":StandaloneCoroutine{Active}@1f, state: RUNNING (Last suspension "
             "stacktrace, not an actual stacktrace)\r\n\tat A.b(A.kt:1)\r\n(Coroutine creation "
             "stacktrace)\r\n\tat kotlinx.coroutines.X.y(X.kt:2)\r\n\tat C.d(C.kt:3)");
    ASSERT_EQ(old.problem, "");
    EXPECT_EQ(old.source->dictionary()->site(old.row("x").site).shortText(), "C.kt:3");
    EXPECT_THAT(old.frames("x"), ElementsAre("A.b A.kt:1"));
    EXPECT_EQ(old.row("x").execution, Execution::Running);
}

TEST(DebugProbesDump, AmongOtherLinesIsFoundAndWhatInterruptsItIsNamed) {
    std::string dump = "18:00 INFO all is well\n18:01 WARN it hangs\n" + contents(data("debugprobes.txt"));
    dump.insert(dump.find("\tat AppKt.reader("), "18:02 INFO somebody else writes here\n");
    dump.insert(dump.find("Coroutine \"intake#4\""), "Coroutine that is none, state: RUNNING\n");
    const Opened opened = text(dump + "\n18:03 INFO and on it goes\n");
    ASSERT_EQ(opened.problem, "");
    EXPECT_EQ(opened.tree.totals().jobs, 11u);
    EXPECT_EQ(opened.frames("reader-0").size(), 3u);
    EXPECT_THAT(
        opened.problems(),
        ElementsAre("Line 7: this is no part of the dump.",
                    "Line 21: this begins as a coroutine, but name, class and state are not told as usual."));
}

TEST(DebugProbesDump, OfSeveralTheLastIsShownAndThatIsSaid) {
    const std::string dump = contents(data("debugprobes.txt"));
    const Opened opened =
        text(dump + "\n18:00 INFO later\n" + dump.substr(0, dump.find("Coroutine \"reader-1")));
    EXPECT_EQ(opened.tree.totals().jobs, 1u);
    EXPECT_THAT(opened.problems(),
                ElementsAre(HasSubstr("There are 2 dumps in it. This is the last one, from line 48")));
}

TEST(JobHierarchy, IsATree) {
    const Opened dump(observe::open(data("job-hierarchy.txt")));
    ASSERT_EQ(dump.problem, "");
    EXPECT_EQ(dump.drawn(), " SupervisorJob #0 Active no code\n"
                            "+reader-0 launch #1 Active suspended\n"
                            "+reader-1 launch #2 Active suspended\n"
                            "+reader-2 launch #3 Active suspended\n"
                            "+intake launch #4 Active suspended\n"
                            "++intake launch #8 Active suspended\n"
                            "++intake async #9 Active suspended\n"
                            "+intake async #5 New not started\n"
                            "+intake launch #6 Cancelling suspended\n"
                            "+busy: \"quoted\" launch #7 Active running\n");
    EXPECT_THAT(dump.frames("reader-1"), ElementsAre("AppKt.readOrder App.kt:8"));
    EXPECT_THAT(dump.frames("busy: \"quoted\""), ElementsAre("AppKt$main$busy$1.invokeSuspend App.kt"));
    EXPECT_TRUE(dump.source->info().parentsTold);
    EXPECT_THAT(dump.problems(), IsEmpty());
}

TEST(IntelliJDump, UnfoldsWhatIsAlikeAndReadsContexts) {
    const Opened dump(observe::open(data("intellij.txt")));
    ASSERT_EQ(dump.problem, "");
    std::string nine;
    for (int i = 0; i < 9; ++i)
        nine += "++indexing launch #0 Active suspended\n+++lookup async #0 Active running\n";
    EXPECT_EQ(dump.drawn(), " runBlocking #0 Active suspended\n"
                            "+Application job #0 Active no code\n" +
                                nine +
                                "++project [demo] job #0 Cancelling no code\n"
                                "+++ launch #0 Cancelling suspended\n"
                                "other threads #0 Active no code\n"
                                "+DefaultDispatcher-worker-3 @coroutine#7 thread #0 Active running\n");
    EXPECT_EQ(dump.row("Application").flags & JobFlags::supervisor, JobFlags::supervisor);
    const ContextText context = dump.source->dictionary()->context(dump.row("lookup").context);
    EXPECT_EQ(context.dispatcher, "Dispatchers.IO.limitedParallelism(4)");
    EXPECT_THAT(context.elements, HasSubstr("Element(a=[1, 2], b=(3, 4))"));
    EXPECT_THAT(dump.frames("indexing"), ElementsAre("com.example.index.Queue.take Queue.kt:41",
                                                     "com.example.index.Indexer.run Indexer.kt:30"));
    EXPECT_THAT(dump.problems(), IsEmpty());
}

TEST(IntelliJDump, SaysThatTheProgramFailedToMakeIt) {
    const Opened dump = text("---------- Coroutine dump ----------\nCoroutine dump has failed: timeout\n"
                             "- JobImpl{Active}\n\t- something new here\n");
    ASSERT_EQ(dump.problem, "");
    EXPECT_EQ(dump.drawn(), " Job #0 Active no code\n+something new here job #0 Active no code\n");
    EXPECT_THAT(
        dump.problems(),
        ElementsAre(
            HasSubstr("Line 2: the program itself had trouble with this dump: Coroutine dump has failed"),
            HasSubstr("Line 4: this job is not described as usual")));
    EXPECT_THAT(text("---------- Coroutine dump ----------\nCoroutine dump has failed: timeout\n").problem,
                HasSubstr("Coroutine dump has failed: timeout"));
}

TEST(IntelliJDump, AFoldedRowOfAMillionMillionsStaysWithinBounds) {
    const Opened dump = text("---------- Coroutine dump ----------\n-[x4000000000 of] JobImpl{Active}\n"
                             "\t-[x4000000000 of] JobImpl{Active}\n");
    EXPECT_THAT(dump.problems(), testing::Contains(HasSubstr("jobs are left out")));
    EXPECT_LE(dump.tree.totals().jobs, 2'000'000u);
}

TEST(GoroutineDump, HasTheirCreatorsAsParents) {
    const Opened dump(observe::open(data("goroutines.txt")));
    ASSERT_EQ(dump.problem, "");
    EXPECT_EQ(dump.drawn().substr(0, dump.drawn().find("+time.Sleep")),
              "main.main goroutine #1 Active running\n"
              "+main.intake goroutine #19 Active suspended\n"
              "++main.reader goroutine #5 Active suspended\n"
              "++main.reader goroutine #6 Active suspended\n"
              "++main.reader goroutine #7 Active suspended\n"
              "+main.(*stock).take goroutine #20 Active suspended\n"
              "+main.(*stock).take goroutine #21 Active suspended\n");
    EXPECT_EQ(dump.row("main.(*stock).take").waitKind, WaitKind::Mutex);
    EXPECT_EQ(dump.row("main.reader").waitKind, WaitKind::Channel);
    EXPECT_EQ(dump.source->dictionary()->site(dump.row("main.reader").site).shortText(), "main.go:25");
    EXPECT_EQ(dump.source->dictionary()->context(dump.row("main.reader").context).elements, "chan receive");
    EXPECT_THAT(dump.problems(), IsEmpty());
}

TEST(GoroutineDump, SaysHowLongTheyHaveWaited) {
    const Opened dump =
        text("SIGQUIT: quit\n\ngoroutine 7 gp=0xc1 m=3 [chan receive, 5 minutes, locked to thread]:\n"
             "main.work(...)\n\t/a/b.go:7 +0x1d\n...additional frames elided...\ncreated by main.main\n"
             "\t/a/b.go:3 +0x1\n\nrax 0x0\n");
    ASSERT_EQ(dump.problem, "");
    EXPECT_EQ(dump.row("main.work").timeInState(dump.source->info().now()), 300'000'000'000);
    EXPECT_EQ(dump.source->dictionary()->stack(dump.row("main.work").suspendedAt).cut, 1u);
    EXPECT_FALSE(dump.row("main.work").parent) << "before Go 1.21 nobody said who";
}

TEST(JdkThreadDump, HasThreadsInTheirScopesAndScopesBelowTheirOwners) {
    const Opened dump(observe::open(data("jdk-threads.json")));
    ASSERT_EQ(dump.problem, "");
    const Node scope = dump.tree.parent(dump.named("java.util.concurrent.StructuredTaskScopeImpl@5d7d1386"));
    ASSERT_NE(scope, noNode);
    EXPECT_EQ(dump.name(scope), "request") << "the thread that opened it";
    EXPECT_EQ(dump.name(dump.tree.parent(scope)), "<root>");
    EXPECT_EQ(dump.row("request").execution, Execution::Suspended);
    EXPECT_THAT(dump.frames("request"),
                testing::Contains("java.base/java.util.concurrent.StructuredTaskScopeImpl.join "
                                  "StructuredTaskScopeImpl.java:243"));
    EXPECT_GT(dump.source->info().pid, 0);
    EXPECT_THAT(dump.problems(), IsEmpty());
}

TEST(JdkThreadDump, CutOffGivesWhatStandsBeforeTheCut) {
    const std::string whole = contents(data("jdk-threads.json"));
    const Opened dump = text(whole.substr(0, whole.size() / 2));
    ASSERT_EQ(dump.problem, "");
    EXPECT_GT(dump.tree.totals().jobs, 3u);
    EXPECT_THAT(dump.problems(), ElementsAre(HasSubstr("on it is no JSON")));
}

std::string gzipped(const std::string& bytes) {
    const ScratchDirectory scratch;
    const std::string path = scratch.path() + "/packed.gz";
    const gzFile file = ::gzopen(path.c_str(), "wb");
    ::gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    ::gzclose(file);
    return contents(path);
}
std::string zstdPacked(const std::string& bytes) {
    std::string packed(::ZSTD_compressBound(bytes.size()), '\0');
    packed.resize(::ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3));
    return packed;
}

TEST(PackedDumps, AreUnpackedWhateverTheyHold) {
    for (const char* name : {"debugprobes.txt", "goroutines.txt", "intellij.txt", "jdk-threads.json"}) {
        const std::string plain = contents(data(name)), expected = text(plain).drawn();
        EXPECT_EQ(text(gzipped(plain)).drawn(), expected) << name;
        EXPECT_EQ(text(zstdPacked(plain)).drawn(), expected) << name;
        EXPECT_EQ(text(gzipped(plain.substr(0, 100)) + gzipped(plain.substr(100))).drawn(), expected) << name;
    }
    const std::string ours = contents(std::string(OUR_DUMPS) + "/plain.coroscope");
    ASSERT_EQ(text(ours).problem, "");
    EXPECT_EQ(text(gzipped(ours)).drawn(), text(ours).drawn());
}

TEST(PackedDumps, CutOffOrDamagedGiveWhatCanBeRead) {
    // Random names, so that half of what is packed is half of the dump.
    std::string plain = "Coroutines dump 2026/01/01 00:00:00\n";
    std::uint64_t random = 7;
    for (int i = 0; i < 20'000; ++i) {
        random = random * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
        plain += "\nCoroutine \"" + std::to_string(random) + '#' + std::to_string(i) +
                 "\":StandaloneCoroutine{Active}@1, state: SUSPENDED\n";
    }
    for (const auto pack : {gzipped, zstdPacked}) {
        std::string packed = pack(plain);
        const Opened cut = text(packed.substr(0, packed.size() / 2));
        ASSERT_EQ(cut.problem, "");
        EXPECT_GT(cut.tree.totals().jobs, 1'000u);
        EXPECT_LT(cut.tree.totals().jobs, 20'000u);
        EXPECT_THAT(cut.problems(), testing::Contains(HasSubstr("was cut off")));
    }
}

TEST(OtherFiles, AreRefusedWithWhatCouldBeRead) {
    EXPECT_THAT(text("hello\nworld\n").problem, HasSubstr("the text holds no dump that is known here"));
    EXPECT_THAT(text("").problem, HasSubstr("is empty"));
    EXPECT_THAT(text("\xff\xfe\x43").problem, HasSubstr("cut off"));
    EXPECT_THAT(text("{\"threadDump\": {\"threadContainers\": []}}").problem,
                HasSubstr("holds a thread dump of the JDK with nothing in it"));
    EXPECT_THAT(text(std::string(3'000'000, 'x')).problem, HasSubstr("holds no dump"));
}

} // namespace
} // namespace coroscope::test
