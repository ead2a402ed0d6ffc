// SPDX-License-Identifier: Apache-2.0
// Real targets: attach, follow, cancel, and what happens when they stop, fork, exit or are killed.
#include "Observer.h"
#include "Process.h"
#include "TargetProcess.h"
#include "TreeText.h"

#include <coroscope/observe/Discovery.h>
#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Source.h>

#include <coroscope/wire/SocketDirectory.h>

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <numeric>
#include <set>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::test {
namespace {

using namespace observe;
using testing::HasSubstr;

/// The agent of a target, as a stranger may call it.
Descriptor connectTo(int pid) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = wire::socketDirectory(::geteuid()) + '/' + wire::socketName(pid);
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0
               ? std::move(socket)
               : Descriptor();
}

struct LiveSourceTest : testing::Test, Observer {
    TargetProcess target;
    const Contact live{.followsEvents = true, .commandsAllowed = true, .problem = {}};

    void attachNow() { ASSERT_EQ(attachTo(target.pid()), ""); }
};

TEST_F(LiveSourceTest, SeesJobsFromBeforeTheAttachWithAllThatIsKnownOfThem) {
    target.tell("begin root -");
    target.tell("begin reader root held");
    target.tell("run reader");
    target.tell("suspend reader");
    const std::int64_t after = monotonicNow();
    attachNow();
    EXPECT_EQ(names(), "root;+reader");
    const JobRow& reader = row("reader");
    EXPECT_EQ(reader.execution, Execution::Suspended);
    EXPECT_EQ(reader.waitKind, WaitKind::Delay);
    EXPECT_EQ(reader.resumes, 1u);
    EXPECT_TRUE(reader.held);
    EXPECT_FALSE(reader.changing);
    EXPECT_EQ(source->dictionary()->site(reader.site).fileName(), "Target.cpp");
    ASSERT_EQ(source->dictionary()->stack(reader.suspendedAt).frames.size(), 1u);
    EXPECT_EQ(source->dictionary()->context(reader.context).dispatcher, "Default");
    EXPECT_LE(reader.createdAt, reader.executionSince);
    EXPECT_LT(reader.executionSince, after + 2'000'000);
    EXPECT_GT(reader.createdAt, after - 5'000'000'000);
    EXPECT_EQ(source->contact(), (Contact{.followsEvents = true, .commandsAllowed = true, .problem = {}}));
    EXPECT_EQ(source->info().program, "observe_test_target");
}

TEST_F(LiveSourceTest, NamesOfSingleJobsComeChangeAndOutliveThem) {
    target.tell("begin root -");
    target.tell("begin conn-1 root");
    target.tell("begin conn-2 root");
    attachNow();
    EXPECT_EQ(names(), "root;+conn-1;+conn-2");
    const TextId first = row("conn-1").name;
    ASSERT_TRUE(isOwnName(first));
    target.tell("run conn-1");
    target.tell("rename conn-2 conn-two");
    EXPECT_TRUE(soon([&] { return names() == "root;+conn-1;+conn-two"; }));
    EXPECT_EQ(row("conn-1").name, first) << "a job that changes keeps the number of its name";
    target.tell("end conn-1 Completed");
    ASSERT_TRUE(soon([&] { return !ended.empty(); }));
    EXPECT_EQ(source->dictionary()->text(ended.back().row.name), "conn-1");
    EXPECT_EQ(source->dictionary()->text(first), "conn-1");
    EXPECT_EQ(source->dictionary()->text(first + 1000), "");
}

TEST_F(LiveSourceTest, FollowsJobsThatComeChangeAndGo) {
    target.tell("begin root -");
    attachNow();
    target.tell("begin a root");
    target.tell("begin b a");
    EXPECT_TRUE(soon([&] { return names() == "root;+a;++b"; }));
    target.tell("run b");
    EXPECT_TRUE(soon([&] { return row("b").execution == Execution::Running; }));
    target.tell("state a Cancelling");
    EXPECT_TRUE(soon([&] { return row("a").state == JobState::Cancelling; }));
    target.tell("hold b 1");
    EXPECT_TRUE(soon([&] { return row("b").held; }));
    target.tell("end b Failed std::runtime_error: no more paper");
    EXPECT_TRUE(soon([&] { return names() == "root;+a"; }));
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].finalState, JobState::Failed);
    EXPECT_EQ(source->failureText(ended[0]), "std::runtime_error: no more paper");
    EXPECT_EQ(source->failureText({id("4"), JobState::Failed, ended[0].failure, 0}), "") << "of another job";
    EXPECT_EQ(source->dictionary()->text(ended[0].row.name), "b");
    EXPECT_EQ(ended[0].row.state, JobState::Failed);
    EXPECT_EQ(lost, 0u);
}

TEST_F(LiveSourceTest, WaitingEndsWithTheFirstNewsThoughNobodyIsWoken) {
    target.tell("begin root -");
    attachNow();
    ASSERT_TRUE(source->contact().followsEvents);
    for (const char* job : {"begin a root", "begin b a"}) {
        read();
        target.tell(job);
        const auto from = std::chrono::steady_clock::now();
        source->wait(100'000);
        EXPECT_LT(std::chrono::steady_clock::now() - from, std::chrono::seconds(50));
    }
    read();
    EXPECT_EQ(names(), "root;+a;++b");
}

TEST_F(LiveSourceTest, KnowsWhatAJobWaitsForAndWhoHoldsIt) {
    target.tell("begin keeper -");
    target.tell("begin other -");
    target.tell("begin waiter -");
    target.tell("resource stock mutex 1");
    target.tell("owns stock keeper");
    target.tell("counts stock 0 1");
    target.tell("run waiter");
    target.tell("waits waiter stock");
    attachNow();
    const Resource* stock = tree.resource(row("waiter").resource());
    ASSERT_NE(stock, nullptr) << "with the first look";
    EXPECT_EQ(stock->kind, WaitKind::Mutex);
    EXPECT_EQ(source->dictionary()->text(stock->name), "stock");
    EXPECT_EQ(source->dictionary()->site(stock->site).fileName(), "Target.cpp");
    EXPECT_EQ(stock->capacity, 1u);
    EXPECT_EQ(stock->waiting, 1u);
    EXPECT_EQ(tree.waitsForJob(row("waiter")), row("keeper").id);

    const ResourceId gone = stock->id;
    target.tell("owns stock other");
    EXPECT_TRUE(soon([&] { return tree.waitsForJob(row("waiter")) == row("other").id; }))
        << "a change of hands is seen without any change of the waiting job";
    target.tell("run waiter");
    target.tell("gone stock");
    EXPECT_TRUE(soon([&] { return tree.resource(gone) == nullptr; }));
    EXPECT_FALSE(tree.waitsForJob(row("waiter")));

    target.tell("resource queue channel 64");
    target.tell("counts queue 64 2");
    EXPECT_TRUE(soon([&] { return tree.resources().size() == 1 && tree.resources()[0].count == 64; }));
    EXPECT_EQ(tree.resources()[0].kind, WaitKind::Channel);
    EXPECT_NE(tree.resources()[0].id, gone);
}

TEST_F(LiveSourceTest, AJobThatCameAndWentBetweenTwoLooksIsToldAsEndedWithAllThatIsKnownOfIt) {
    target.tell("begin root -");
    attachNow();
    target.tell("begin brief root");
    target.tell("run brief");
    target.tell("end brief Failed std::logic_error: too brief");
    EXPECT_TRUE(soon([&] { return !ended.empty(); }));
    ASSERT_EQ(ended.size(), 1u);
    const JobRow& brief = ended[0].row;
    EXPECT_EQ(brief.id, ended[0].id);
    EXPECT_EQ(source->dictionary()->text(brief.name), "brief");
    EXPECT_EQ(brief.parent, row("root").id);
    EXPECT_EQ(brief.resumes, 1u);
    EXPECT_LE(brief.createdAt, ended[0].at);
    EXPECT_EQ(source->failureText(ended[0]), "std::logic_error: too brief");
    EXPECT_EQ(names(), "root") << "it is not in the tree";
}

TEST_F(LiveSourceTest, TextsOfFailuresAreKeptWhenTheTargetHasOverwrittenThem) {
    attachNow();
    target.tell("begin first -");
    target.tell("end first Failed std::logic_error: the first");
    EXPECT_TRUE(soon([&] { return ended.size() == 1; }));
    const std::string text = "std::runtime_error: " + std::string(2'000, 'x');
    target.tell("begin other -");
    target.tell("incidents other 3000"); // more than the ring of incidents holds
    target.tell("end other Failed " + text);
    EXPECT_TRUE(soon([&] { return ended.size() == 2; }));
    EXPECT_EQ(source->failureText(ended[0]), "std::logic_error: the first");
    EXPECT_EQ(source->failureText(ended[1]), text);
}

TEST_F(LiveSourceTest, JobsThatFailedBeforeTheAttachAreToldAsEnded) {
    target.tell("begin root -");
    target.tell("begin early root");
    target.tell("end early Failed std::logic_error: too early");
    attachNow();
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].finalState, JobState::Failed);
    EXPECT_EQ(source->dictionary()->text(ended[0].row.name), "early");
    EXPECT_EQ(source->failureText(ended[0]), "std::logic_error: too early");
    EXPECT_EQ(names(), "root");
}

TEST_F(LiveSourceTest, AFailureIsToldOnceWhereEventsAndIncidentsBothTellIt) {
    attachNow();
    for (int i = 0; i < 50; ++i) {
        target.tell("begin a -");
        if (i % 2)
            read();
        target.tell("end a Failed std::logic_error: " + std::to_string(i));
        if (i % 3)
            read();
    }
    EXPECT_TRUE(soon([&] { return ended.size() >= 50; }));
    read();
    EXPECT_EQ(ended.size(), 50u);
    std::set<std::string> texts;
    for (const EndedJob& job : ended)
        texts.insert(source->failureText(job));
    EXPECT_EQ(texts.size(), 50u);
}

TEST_F(LiveSourceTest, HowAJobFailedIsKnownThoughItsEventWasLost) {
    target.tell("begin a -");
    attachNow();
    target.tell("end a Failed std::logic_error: unheard");
    target.tell("churn 100000");
    EXPECT_TRUE(soon([&] { return named("a") == noNode; }));
    EXPECT_GT(lost, 0u);
    const auto a = std::find_if(ended.begin(), ended.end(), [](const EndedJob& job) { return job.failed(); });
    ASSERT_NE(a, ended.end());
    EXPECT_EQ(a->finalState, JobState::Failed);
    EXPECT_EQ(source->failureText(*a), "std::logic_error: unheard");
}

TEST_F(LiveSourceTest, TellsIncidentsFromBeforeTheAttachAndNewOnesEachOnce) {
    target.tell("begin root - held");
    target.tell("begin a root by=root");
    target.tell("suspend a");
    target.tell("incident a 3 std::runtime_error: no more paper");
    target.tell("begin b root");
    target.tell("end b Failed std::runtime_error: gone before we came");
    attachNow();
    std::vector<Incident> all = std::move(incidents);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].what, IncidentKind::SwallowedCancellation);
    EXPECT_EQ(all[0].job.id, row("a").id);
    EXPECT_EQ(all[0].job.parent, row("root").id);
    EXPECT_EQ(all[0].job.launcher, row("root").id);
    EXPECT_EQ(all[0].job.site, row("a").site);
    EXPECT_EQ(source->dictionary()->text(all[0].job.name), "a");
    EXPECT_EQ(all[0].job.context, row("a").context);
    EXPECT_EQ(all[0].job.number, row("a").number);
    EXPECT_EQ(all[0].job.suspendedAt, row("a").suspendedAt);
    EXPECT_EQ(all[0].job.createdAt, row("a").createdAt);
    EXPECT_EQ(all[0].job.execution, Execution::Suspended);
    EXPECT_EQ(all[0].job.state, JobState::Active);
    EXPECT_EQ(all[0].text, "std::runtime_error: no more paper");
    EXPECT_GE(all[0].at, row("a").createdAt);
    EXPECT_LE(all[0].at, monotonicNow());
    EXPECT_EQ(all[1].what, IncidentKind::Failed);
    EXPECT_EQ(all[1].job.state, JobState::Failed);
    EXPECT_EQ(all[1].text, "std::runtime_error: gone before we came");
    EXPECT_GT(all[1].number, all[0].number);

    incidents.clear();
    target.tell("incident root 5 late");
    EXPECT_TRUE(soon([&] { return incidents.size() == 1; }));
    target.tell("begin c root");
    EXPECT_TRUE(soon([&] { return names() == "root;+a;+c"; }));
    ASSERT_EQ(incidents.size(), 1u);
    EXPECT_EQ(incidents[0].what, IncidentKind::CancellationBecameFailure);
    EXPECT_EQ(incidents[0].text, "late");
}

TEST_F(LiveSourceTest, OfMoreIncidentsThanTheTargetKeepsTheNewestAreTold) {
    target.tell("begin a -");
    target.tell("incidents a 5000");
    attachNow();
    ASSERT_EQ(incidents.size(), 2048u);
    EXPECT_EQ(incidents.front().number, 5000u - 2048u);
    EXPECT_EQ(incidents.back().number, 4999u);
    EXPECT_EQ(incidents.back().text, "4999");
}

TEST_F(LiveSourceTest, CountsEventsExactlyWhenItIsTooSlowAndIsCompleteAllTheSame) {
    attachNow();
    target.tell("churn 1000");
    read();
    EXPECT_EQ(events, 1'000u);
    EXPECT_EQ(lost, 0u);
    target.tell("churn 100000");
    target.tell("begin late -");
    read();
    EXPECT_EQ(events + lost, 101'001u);
    EXPECT_GT(lost, 0u);
    EXPECT_TRUE(soon([&] { return names() == "late"; }));
}

TEST_F(LiveSourceTest, SeesAHundredThousandJobs) {
    target.tell("begin root -");
    target.tell("many 100000 root");
    attachNow();
    EXPECT_EQ(tree.totals().jobs, 100'001u);
    EXPECT_EQ(tree.childCount(tree.firstRoot()), 100'000u);
}

TEST_F(LiveSourceTest, CancelReachesTheTargetAndIsAnswered) {
    target.tell("begin root -");
    target.tell("begin a root");
    attachNow();
    const auto request = source->cancel(row("a").id, false, "three in the morning");
    ASSERT_TRUE(request);
    std::vector<CommandAnswer::Kind> kinds;
    EXPECT_TRUE(soon([&] {
        for (const CommandAnswer& answer : source->answers())
            kinds.push_back(answer.kind);
        return kinds.size() == 2 && row("a").state == JobState::Cancelling;
    }));
    EXPECT_THAT(kinds, testing::ElementsAre(CommandAnswer::Kind::Queued, CommandAnswer::Kind::Done));
    EXPECT_NE(row("a").flags & JobFlags::cancelledByObserver, 0);
    EXPECT_EQ(target.tell("log"), "cancelled a 0 three in the morning;");
}

TEST_F(LiveSourceTest, CancelOfAJobThatHasEndedIsAnsweredGone) {
    target.tell("begin a -");
    attachNow();
    const JobId gone = row("a").id;
    target.tell("end a Completed");
    target.tell("begin b -");
    ASSERT_TRUE(source->cancel(gone, true, std::string(1'000, 'x')));
    std::vector<CommandAnswer> answers;
    EXPECT_TRUE(soon([&] {
        for (CommandAnswer& answer : source->answers())
            answers.push_back(answer);
        return answers.size() == 2;
    }));
    EXPECT_EQ(answers.back().kind, CommandAnswer::Kind::Gone);
}

TEST_F(LiveSourceTest, TwoObserversSeeTheSame) {
    attachNow();
    auto other = attach(target.pid());
    ASSERT_TRUE(other);
    target.tell("begin a -");
    EXPECT_TRUE(soon([&] { return names() == "a"; }));
    other = Problem{"closed"};
    target.tell("begin b a");
    EXPECT_TRUE(soon([&] { return names() == "a;+b"; }));
    EXPECT_FALSE(source->ended());
}

TEST_F(LiveSourceTest, WhenTheTargetExitsAllThatWasKnownStays) {
    target.tell("begin a -");
    attachNow();
    target.write("exit");
    EXPECT_TRUE(soon([&] { return source->ended().has_value(); }));
    EXPECT_THAT(source->ended()->text, HasSubstr("observe_test_target (pid "));
    EXPECT_THAT(source->ended()->text, HasSubstr(") has exited."));
    EXPECT_EQ(names(), "a");
    const auto refused = source->cancel(row("a").id, false, "");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.problem(), source->ended()->text);
}

TEST_F(LiveSourceTest, WhenTheTargetIsKilledItsLastNewsAreStillRead) {
    target.tell("begin a -");
    attachNow();
    target.tell("begin b a");
    target.signal(SIGKILL);
    EXPECT_TRUE(soon([&] { return source->ended().has_value(); }));
    EXPECT_THAT(source->ended()->text, HasSubstr("was killed"));
    EXPECT_EQ(names(), "a;+b");
}

TEST_F(LiveSourceTest, CommandsThatWaitForAnAnswerAreRefusedWhenTheTargetDies) {
    target.tell("begin a -");
    attachNow();
    target.signal(SIGSTOP);
    target.waitForState('T');
    ASSERT_TRUE(source->cancel(row("a").id, false, ""));
    target.signal(SIGKILL);
    std::vector<CommandAnswer> answers;
    EXPECT_TRUE(soon([&] {
        for (CommandAnswer& answer : source->answers())
            answers.push_back(answer);
        return !answers.empty();
    }));
    EXPECT_EQ(answers.front().kind, CommandAnswer::Kind::Refused);
    EXPECT_FALSE(answers.front().text.empty());
}

TEST_F(LiveSourceTest, AStoppedTargetIsReadThroughItsMemoryAndGoesLiveWhenItContinues) {
    target.tell("begin a -");
    target.signal(SIGSTOP);
    target.waitForState('T');
    attachNow();
    EXPECT_EQ(names(), "a");
    EXPECT_FALSE(source->contact().followsEvents);
    EXPECT_FALSE(source->contact().commandsAllowed);
    EXPECT_TRUE(source->contact().stopped);
    EXPECT_THAT(source->contact().problem, HasSubstr("is stopped. Its memory is read instead"));
    const auto refused = source->cancel(row("a").id, false, "");
    EXPECT_EQ(refused.problem(), source->contact().problem);
    target.signal(SIGCONT);
    target.tell("begin b a");
    EXPECT_TRUE(soon([&] { return names() == "a;+b"; }));
    EXPECT_TRUE(soon([&] { return source->contact() == live; })) << source->contact().problem;
    read();
    const std::uint64_t before = events + lost;
    target.tell("churn 100");
    read();
    EXPECT_EQ(events + lost, before + 100) << "each event is counted from then on";
    ASSERT_TRUE(source->cancel(row("a").id, false, "it goes on"));
    EXPECT_TRUE(soon([&] { return row("a").state == JobState::Cancelling; }));
    EXPECT_EQ(target.tell("log"), "cancelled a 0 it goes on;");
}

TEST_F(LiveSourceTest, WhatChangedBeforeTheAgentAnsweredIsSeenToo) {
    target.tell("begin a -");
    target.tell("begin b -");
    target.signal(SIGSTOP);
    target.waitForState('T');
    attachNow();
    target.signal(SIGCONT);
    target.tell("end b Completed");
    target.tell("begin c a");
    target.tell("state a Completing");
    EXPECT_TRUE(soon([&] { return source->contact() == live; }));
    EXPECT_TRUE(soon([&] { return names() == "a;+c" && row("a").state == JobState::Completing; }));
    ASSERT_EQ(ended.size(), 1u);
}

TEST_F(LiveSourceTest, WhileTheTargetIsStoppedItSaysSoAndTakesNoCommands) {
    target.tell("begin a -");
    attachNow();
    target.signal(SIGSTOP);
    EXPECT_TRUE(soon([&] { return source->contact().stopped; }));
    EXPECT_TRUE(source->contact().followsEvents);
    EXPECT_FALSE(source->contact().commandsAllowed);
    EXPECT_THAT(source->contact().problem,
                HasSubstr("is stopped. Nothing can be cancelled until it goes on."));
    EXPECT_EQ(source->cancel(row("a").id, false, "").problem(), source->contact().problem);
    target.signal(SIGCONT);
    EXPECT_TRUE(soon([&] { return source->contact() == live; }));
    ASSERT_TRUE(source->cancel(row("a").id, false, "awake"));
    EXPECT_TRUE(soon([&] { return row("a").state == JobState::Cancelling; }));
    EXPECT_EQ(target.tell("log"), "cancelled a 0 awake;") << "what was refused is not done later";
}

TEST_F(LiveSourceTest, AnAgentThatIsSilentIsHeardWhenItAnswersAtLast) {
    target.tell("begin a -");
    std::vector<Descriptor> others;
    while (others.size() < 64) { // as many as an agent serves
        others.push_back(connectTo(target.pid()));
        ASSERT_TRUE(others.back());
        char byte = 0;
        ASSERT_GT(::recv(others.back().get(), &byte, 1, 0), 0);
    }
    attachNow();
    EXPECT_EQ(names(), "a");
    EXPECT_THAT(source->contact().problem, HasSubstr("does not answer. Its memory is read instead"));
    target.tell("begin b a");
    EXPECT_TRUE(soon([&] { return names() == "a;+b"; })) << "scanned again and again";
    others.clear();
    EXPECT_TRUE(soon([&] { return source->contact() == live; })) << source->contact().problem;
}

TEST_F(LiveSourceTest, AnAgentThatHangsUpIsCalledAgain) {
    target.tell("begin a -");
    attachNow();
    target.tell("hang-up");
    EXPECT_TRUE(soon([&] { return !source->contact().followsEvents; }));
    EXPECT_FALSE(source->ended());
    target.tell("begin b a");
    EXPECT_TRUE(soon([&] { return names() == "a;+b"; }));
    EXPECT_TRUE(soon([&] { return source->contact() == live; })) << source->contact().problem;
}

TEST_F(LiveSourceTest, AProgramThatStartsItselfAnewIsAnotherTarget) {
    target.tell("begin a -");
    attachNow();
    target.write("exec-self");
    EXPECT_EQ(target.readLine(), "ready");
    target.tell("begin other -");
    EXPECT_TRUE(soon([&] { return source->ended().has_value(); }));
    EXPECT_THAT(source->ended()->text, HasSubstr("has started another program"));
    EXPECT_EQ(names(), "a") << "and what it does now is not this one's";
}

TEST_F(LiveSourceTest, TheTargetMayStopAndGoOnWhileAttached) {
    attachNow();
    target.signal(SIGSTOP);
    target.waitForState('T');
    read();
    EXPECT_FALSE(source->ended());
    target.signal(SIGCONT);
    target.tell("begin a -");
    EXPECT_TRUE(soon([&] { return names() == "a"; }));
}

TEST_F(LiveSourceTest, AForkedChildIsNoTargetThoughItHasInheritedTheRecord) {
    target.tell("begin a -");
    const int child = std::stoi(target.tell("fork"));
    const auto attached = attach(child);
    EXPECT_FALSE(attached);
    EXPECT_THAT(attached.problem(), HasSubstr("is not linked with the Coroscope runtime"));
    ::kill(child, SIGKILL);
}

TEST_F(LiveSourceTest, AProcessThatStartsAnotherProgramHasEndedAsATarget) {
    target.tell("begin a -");
    attachNow();
    target.write("exec");
    EXPECT_TRUE(soon([&] { return source->ended().has_value(); }));
    EXPECT_THAT(source->ended()->text, HasSubstr("has started another program"));
    EXPECT_EQ(names(), "a");
}

TEST_F(LiveSourceTest, FindingsComeFromTheRealRecord) {
    target.tell("begin root -");
    target.tell("begin audit - global by=root");
    target.tell("begin own - job");
    target.tell("begin island own detached by=root");
    attachNow();
    auto found = [&] {
        std::vector<std::string> text;
        for (const Finding& finding : findings(tree, EndedJobs(), *source->dictionary(), monotonicNow()))
            text.push_back(std::string(finding.rule) + ' ' + nameOf(tree.find(finding.job)));
        return text;
    };
    EXPECT_THAT(found(), testing::ElementsAre("orphan-detached island", "orphan-global audit"));
    target.tell("end audit Completed");
    target.tell("end island Completed");
    EXPECT_TRUE(soon([&] { return found().empty(); }));
}

TEST_F(LiveSourceTest, IsListedByDiscoverWithItsJobs) {
    target.tell("begin a -");
    auto listed = [&]() -> std::optional<Target> {
        for (const Target& each : discover())
            if (each.pid == target.pid())
                return each;
        return std::nullopt;
    };
    auto entry = listed();
    ASSERT_TRUE(entry);
    EXPECT_TRUE(entry->attachable);
    EXPECT_EQ(entry->program, "observe_test_target");
    EXPECT_EQ(entry->jobs, 1);
    EXPECT_EQ(entry->problem, "");
    EXPECT_EQ(entry->uid, ::geteuid());
    const int child = std::stoi(target.tell("fork"));
    for (const Target& each : discover())
        EXPECT_NE(each.pid, child);
    ::kill(child, SIGKILL);
    target.signal(SIGSTOP);
    target.waitForState('T');
    EXPECT_THAT(listed()->problem, HasSubstr("stopped"));
    target.signal(SIGKILL);
    EXPECT_TRUE(eventually([&] { return !listed(); })) << "what a killed target leaves behind is ignored";
}

TEST(Attach, SaysWhatIsWrong) {
    EXPECT_EQ(attach(-1).problem(), "There is no process -1.");
    EXPECT_EQ(attach(0).problem(), "There is no process 0.");
    EXPECT_EQ(attach(2'000'000'000).problem(), "There is no process 2000000000.");
    TargetProcess plain({"sleep", "100"});
    EXPECT_TRUE(eventually([&] {
        const std::string problem = attach(plain.pid()).problem();
        return problem.starts_with("sleep (pid ") &&
               problem.ends_with("is not linked with the Coroscope runtime, or its record is switched off "
                                 "(COROSCOPE=off).");
    }));
    const auto ended = [] {
        const pid_t child = ::fork();
        if (child == 0)
            ::_exit(0);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
        auto attached = attach(child);
        ::waitpid(child, nullptr, 0);
        return attached;
    }();
    EXPECT_THAT(ended.problem(), HasSubstr("has ended already."));
}

TEST(Attach, NamesTheUserWhoseProcessItIs) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can play another user here";
    TargetProcess target;
    int answer[2];
    ASSERT_EQ(::pipe(answer), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        if (::setresuid(65'534, 65'534, 65'534) != 0)
            ::_exit(1);
        const std::string problem = attach(target.pid()).problem();
        const bool listed = [&] {
            for (const Target& each : discover())
                if (each.pid == target.pid())
                    return !each.attachable && !each.problem.empty();
            return false;
        }();
        const std::string text = problem + (listed ? " listed" : " not listed");
        (void)!::write(answer[1], text.data(), text.size());
        ::_exit(0);
    }
    ::close(answer[1]);
    char text[1'000] = {};
    const ssize_t size = ::read(answer[0], text, sizeof text);
    ::close(answer[0]);
    ::waitpid(child, nullptr, 0);
    const std::string said(text, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    EXPECT_THAT(said, HasSubstr("belongs to user root: run Coroscope as that user or as root."));
    EXPECT_THAT(said, testing::EndsWith(" listed"));
}

} // namespace
} // namespace coroscope::test
