// SPDX-License-Identifier: Apache-2.0
// Programs at the far end of a command: the real coroscopectl, run by env and sh as ssh would run it, looks
// at the real sample.
#include "Sample.h"

#include "Crc32.h"

#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Remote.h>
#include <coroscope/observe/Session.h>
#include <coroscope/wire/LinkFormat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <map>
#include <thread>
#include <tuple>

#include <unistd.h>

namespace {

using namespace coroscope;
using endtoend::eventually;
using endtoend::Json;
using endtoend::Sample;
using testing::AllOf;
using testing::HasSubstr;

constexpr int fewJobs = 600;

std::string quoted(const std::string& word) {
    return "'" + word + "'";
}

/// Leads to where the sample is. `before`: more words in front of coroscopectl.
std::string wayTo(const Sample& sample, const std::string& before = {}) {
    return "env XDG_RUNTIME_DIR=" + quoted(sample.directory()) +
           " XDG_STATE_HOME=" + quoted(sample.directory() + "/state") + ' ' + before + ' ' +
           quoted(COROSCOPE_CTL);
}

std::string pidOf(Sample& sample) {
    return std::to_string(sample.process().pid());
}

/// One who follows a source, as the window does.
class Follower {
public:
    explicit Follower(std::unique_ptr<observe::Source> source)
        : session(std::move(source)) {}
    void look() {
        observe::Batch batch;
        while (session.take(batch)) {
            lost += batch.lost;
            ended.apply(batch, tree);
            tree.apply(std::move(batch), changes);
        }
    }
    bool comes(const std::function<bool()>& condition) {
        return eventually([&] {
            look();
            return condition();
        });
    }
    observe::Node find(const std::string& name) const {
        const auto dictionary = session.dictionary();
        for (observe::Node node = 0; node < tree.endNode(); ++node)
            if (tree.isLive(node) && dictionary->text(tree.row(node).name) == name &&
                tree.row(node).kind == JobKind::Launch)
                return node;
        return observe::noNode;
    }
    /// What is known of every job, by its id.
    using Facts =
        std::tuple<JobId, JobState, Execution, std::uint32_t, std::uint16_t, std::string, std::string>;
    std::map<std::uint64_t, Facts> facts() const {
        std::map<std::uint64_t, Facts> all;
        const auto words = session.dictionary();
        for (observe::Node node = 0; node < tree.endNode(); ++node)
            if (tree.isLive(node)) {
                const observe::JobRow& row = tree.row(node);
                const auto frames = words->stack(row.suspendedAt).frames;
                all.emplace(row.id.value,
                            Facts{row.parent, row.state, row.execution, row.resumes, row.flags,
                                  words->text(row.name), frames.empty() ? "" : frames.front().shortText()});
            }
        return all;
    }

    observe::Session session;
    observe::JobTree tree;
    observe::EndedJobs ended;
    observe::TreeChanges changes;
    std::uint64_t lost = 0;
};

std::unique_ptr<Follower> follow(const std::string& command, const std::string& target,
                                 const observe::RemoteOptions& options = {}) {
    auto source = observe::attachThrough(command, target, options);
    EXPECT_TRUE(source) << source.problem();
    return source ? std::make_unique<Follower>(*std::move(source)) : nullptr;
}

std::string problemOf(const std::string& command, const observe::RemoteOptions& options = {}) {
    auto source = observe::attachThrough(command, "1", options);
    return source ? "attached" : source.problem();
}

TEST(Remote, ListsTheProgramsThere) {
    Sample sample(fewJobs);
    auto targets = observe::discoverThrough(wayTo(sample));
    ASSERT_TRUE(targets) << targets.problem();
    const auto found = std::find_if(targets->begin(), targets->end(), [&](const observe::Target& target) {
        return target.pid == sample.process().pid();
    });
    ASSERT_NE(found, targets->end());
    EXPECT_EQ(found->program, "orders");
    EXPECT_TRUE(found->attachable);
    EXPECT_GT(found->jobs, fewJobs / 2);
}

TEST(Remote, ACommandThatServesOneProgramWhateverIsAskedForOffersThatOne) {
    Sample sample(fewJobs);
    // As a key's forced command does at the far end of ssh.
    const std::string way =
        wayTo(sample, quoted("sh") + " -c 'exec \"$0\" proxy --read-only " + pidOf(sample) + '\'');
    auto targets = observe::discoverThrough(way);
    ASSERT_TRUE(targets) << targets.problem();
    ASSERT_EQ(targets->size(), 1u);
    EXPECT_EQ(targets->front().pid, sample.process().pid());
    EXPECT_TRUE(targets->front().attachable);
    auto remote = follow(way, pidOf(sample));
    ASSERT_TRUE(remote);
    EXPECT_TRUE(remote->comes([&] { return remote->find("conn-1") != observe::noNode; }));
}

TEST(Remote, ShowsWhatALocalAttachShows) {
    Sample sample(fewJobs);
    auto remote = follow(wayTo(sample), pidOf(sample));
    ASSERT_TRUE(remote);
    EXPECT_EQ(remote->session.info().pid, sample.process().pid());
    EXPECT_EQ(remote->session.info().program, "orders");
    EXPECT_THAT(remote->session.info().via, HasSubstr("coroscopectl"));
    EXPECT_FALSE(remote->session.info().host.empty());
    EXPECT_TRUE(remote->session.status().contact.commandsAllowed);
    ASSERT_EQ(::setenv("XDG_RUNTIME_DIR", sample.directory().c_str(), 1), 0);
    ASSERT_TRUE(sample.process().stop()); // so that both see the same
    auto here = observe::attach(sample.process().pid());
    ASSERT_TRUE(here) << here.problem();
    Follower local(*std::move(here));
    EXPECT_TRUE(local.comes([&] { return local.tree.size() > 0; }));
    EXPECT_TRUE(remote->comes([&] { return remote->facts() == local.facts(); }));
    EXPECT_TRUE(remote->comes([&] { return remote->session.status().contact.stopped; }))
        << "and that it stands";
    sample.process().signal(SIGCONT);
    EXPECT_TRUE(remote->comes([&] { return remote->session.status().contact.commandsAllowed; }));
    // Ages: the clocks are one here.
    const observe::JobRow& root = remote->tree.row(remote->tree.firstRoot());
    const std::int64_t age = remote->session.info().now() - root.createdAt;
    EXPECT_LT(std::abs(age - (observe::monotonicNow() - root.createdAt)), 1'000'000'000);
}

TEST(Remote, CancelsAndTheProgramRemembersWhoAskedAndWhy) {
    Sample sample(fewJobs);
    auto remote = follow(wayTo(sample), pidOf(sample));
    ASSERT_TRUE(remote);
    ASSERT_TRUE(remote->comes([&] { return remote->find("conn-2") != observe::noNode; }));
    const JobId job = remote->tree.row(remote->find("conn-2")).id;
    remote->session.cancel(remote->session.nextRequest(), job, false, "from afar");
    bool done = false;
    EXPECT_TRUE(remote->comes([&] {
        for (const observe::CommandAnswer& answer : remote->session.answers())
            done |= answer.kind == observe::CommandAnswer::Kind::Done;
        return done && remote->tree.find(job) == observe::noNode;
    }));
    EXPECT_THAT(sample.ctl({"commands", pidOf(sample)}).text, HasSubstr("from afar"));
    EXPECT_THAT(endtoend::contentsOf(sample.directory() + "/state/coroscope/coroscopectl.log"),
                AllOf(HasSubstr("hands on"), HasSubstr("from afar")));
}

TEST(Remote, CtlTakesEveryVerbThroughACommand) {
    Sample sample(fewJobs);
    const std::string way = wayTo(sample);
    EXPECT_THAT(sample.ctl({"--via", way, "ps"}).text, HasSubstr("orders"));
    const endtoend::Output tree = sample.ctl({"tree", pidOf(sample), "--via", way, "--json"});
    ASSERT_EQ(tree.status, 0) << tree.text;
    EXPECT_NE(endtoend::findByName(Json::parse(tree.text), "conn-1"), nullptr);
    EXPECT_THAT(sample.ctl({"--via", way, "show", pidOf(sample), "conn-1"}).text, HasSubstr("suspended at"));
    const endtoend::Output cancelled =
        sample.ctl({"--via", way, "cancel", pidOf(sample), "conn-1", "--reason", "drain", "--yes"});
    EXPECT_EQ(cancelled.status, 0) << cancelled.text;
    EXPECT_THAT(cancelled.text, HasSubstr("all have ended"));
    EXPECT_THAT(sample.ctl({"--via", way, "commands", pidOf(sample)}).text, HasSubstr("drain"));
    EXPECT_EQ(
        sample.ctl({"--via", way, "dump", pidOf(sample), "-o", sample.directory() + "/far.coroscope"}).status,
        0);
    EXPECT_THAT(sample.ctl({"tree", sample.directory() + "/far.coroscope"}).text, HasSubstr("conn-"));
    const endtoend::Output none = sample.ctl({"--via", way, "tree", "nobody"});
    EXPECT_EQ(none.status, 1);
    EXPECT_THAT(none.text, HasSubstr("nobody"));
}

TEST(Remote, AReadOnlyLinkSaysSoAndRefuses) {
    Sample sample(fewJobs);
    auto remote = follow(wayTo(sample, "sh -c 'exec \"$@\" --read-only' sh"), pidOf(sample));
    ASSERT_TRUE(remote);
    EXPECT_TRUE(remote->comes([&] { return remote->find("conn-2") != observe::noNode; }));
    const observe::Contact contact = remote->session.status().contact;
    EXPECT_TRUE(contact.followsEvents);
    EXPECT_FALSE(contact.commandsAllowed);
    EXPECT_THAT(contact.problem, HasSubstr("read-only"));
    remote->session.cancel(remote->session.nextRequest(), remote->tree.row(remote->find("conn-2")).id, false,
                           "no");
    EXPECT_TRUE(remote->comes([&] {
        const auto answers = remote->session.answers();
        return !answers.empty() && answers.front().kind == observe::CommandAnswer::Kind::Refused;
    }));
}

TEST(Remote, WhatAShellSaysAtTheLoginIsSkipped) {
    Sample sample(fewJobs);
    auto remote = follow(wayTo(sample, "sh -c 'seq 1 2000; echo Welcome; exec \"$@\"' sh"), pidOf(sample));
    ASSERT_TRUE(remote);
    EXPECT_TRUE(remote->comes([&] { return remote->find("conn-1") != observe::noNode; }));
}

TEST(Remote, WhatDoesNotWorkGetsASentence) {
    EXPECT_THAT(problemOf("no-such-program-here"), HasSubstr("There is no program no-such-program-here"));
    EXPECT_THAT(problemOf("\"open"), HasSubstr("quotation mark"));
    EXPECT_THAT(problemOf("  "), HasSubstr("no command"));
    EXPECT_THAT(problemOf("env PATH=/nowhere /usr/bin/env"),
                AllOf(HasSubstr("exit status 127"), HasSubstr("Is coroscopectl installed there?")));
    EXPECT_THAT(problemOf("sh -c 'echo >&2 Connection refused; exit 255'"),
                AllOf(HasSubstr("exit status 255"), HasSubstr("Connection refused")));
    EXPECT_THAT(problemOf("sh -c 'yes nonsense'"),
                AllOf(HasSubstr("is not coroscopectl"), HasSubstr("nonsense")));
    EXPECT_THAT(problemOf("sh -c 'kill -9 $$'"), HasSubstr("killed by signal 9"));
    EXPECT_THAT(problemOf("sh -c 'sleep 1000'", {.patience = std::chrono::milliseconds(1'000)}),
                HasSubstr("Nothing has come through"));
    std::atomic<bool> stop = true;
    EXPECT_THAT(problemOf("sh -c 'sleep 1000'", {.stop = &stop}), HasSubstr("given up"));
    auto odd = observe::attachThrough("env", "1; rm x");
    EXPECT_THAT(odd.problem(), HasSubstr("plain name"));
}

TEST(Remote, AnotherVersionGetsASentenceOnBothSides) {
    wire::link::Hello hello{};
    std::memcpy(hello.magic, wire::link::magic, sizeof hello.magic);
    hello.versionMajor = 9;
    hello.check = observe::crc32(&hello, offsetof(wire::link::Hello, check));
    endtoend::ScratchDirectory directory;
    const std::string file = directory.path() + "/hello";
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(&hello), sizeof hello);
    EXPECT_THAT(problemOf("sh -c 'cat " + file + "; sleep 1000'"),
                AllOf(HasSubstr("newer"), HasSubstr("version 9"), HasSubstr("both sides")));
    const endtoend::Output far = endtoend::runCommand(
        {"/bin/sh", "-c", std::string(COROSCOPE_CTL) + " proxy < " + file + " | head -c 24 > " + file + "2"},
        {});
    EXPECT_THAT(far.text, AllOf(HasSubstr("version 9"), HasSubstr("both sides")));
    EXPECT_EQ(endtoend::contentsOf(file + "2").size(), sizeof hello);
}

TEST(Remote, GarbageAfterTheHelloEndsTheLinkWithASentence) {
    Sample sample(fewJobs);
    const std::string garbled = quoted(COROSCOPE_THROTTLE) + " 10000000 60000";
    auto source = observe::attachThrough(wayTo(sample, garbled), pidOf(sample));
    if (source) {
        Follower remote(*std::move(source));
        EXPECT_TRUE(remote.comes([&] { return remote.session.status().ended.has_value(); }));
        EXPECT_THAT(remote.session.status().ended->text, HasSubstr("damaged"));
    } else {
        EXPECT_THAT(source.problem(), HasSubstr("damaged"));
    }
}

TEST(Remote, TheEndOfTheProgramIsToldAsHere) {
    Sample sample(fewJobs);
    auto remote = follow(wayTo(sample), pidOf(sample));
    ASSERT_TRUE(remote);
    sample.process().signal(SIGKILL);
    ASSERT_TRUE(remote->comes([&] { return remote->session.status().ended.has_value(); }));
    EXPECT_THAT(remote->session.status().ended->text, HasSubstr("was killed or has crashed"));
    EXPECT_FALSE(remote->session.status().ended->linkLost);
    remote->look();
    EXPECT_GT(remote->tree.size(), 0u) << "what was known stays";
}

/// Its pid is in a file: it is what ssh is elsewhere.
std::string wayWithPid(const Sample& sample) {
    return wayTo(sample, "sh -c 'echo $$ > " + sample.directory() + "/link.pid; exec \"$@\"' sh");
}
pid_t linkPid(const Sample& sample) {
    return std::stoi(endtoend::contentsOf(sample.directory() + "/link.pid"));
}

TEST(Remote, ALinkThatIsKilledEndsTheSessionNotTheProgramAndCanBeMadeAgain) {
    Sample sample(fewJobs);
    auto remote = follow(wayWithPid(sample), pidOf(sample));
    ASSERT_TRUE(remote);
    ASSERT_EQ(::kill(linkPid(sample), SIGKILL), 0);
    ASSERT_TRUE(remote->comes([&] { return remote->session.status().ended.has_value(); }));
    const observe::SourceEnd end = *remote->session.status().ended;
    EXPECT_TRUE(end.linkLost);
    EXPECT_THAT(end.text, AllOf(HasSubstr("The link through"), HasSubstr("killed by signal 9")));
    EXPECT_TRUE(sample.process().isRunning());
    auto again = follow(wayWithPid(sample), pidOf(sample));
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->comes([&] { return again->find("conn-1") != observe::noNode; }));
}

TEST(Remote, ALinkThatIsStoppedIsToldThenTakenForDeadAndNothingHangs) {
    Sample sample(fewJobs);
    auto remote = follow(wayWithPid(sample), pidOf(sample), {.silence = std::chrono::milliseconds(8'000)});
    ASSERT_TRUE(remote);
    const pid_t far = linkPid(sample);
    ASSERT_EQ(::kill(far, SIGSTOP), 0);
    EXPECT_TRUE(remote->comes([&] {
        const observe::SessionStatus status = remote->session.status();
        return status.ended || (!status.contact.commandsAllowed && !status.contact.problem.empty());
    }));
    remote->session.cancel(remote->session.nextRequest(), remote->tree.row(remote->tree.firstRoot()).id,
                           false, "x");
    EXPECT_TRUE(remote->comes([&] { return !remote->session.answers().empty(); })) << "a no, not silence";
    EXPECT_TRUE(remote->comes([&] { return remote->session.status().ended.has_value(); }));
    EXPECT_THAT(remote->session.status().ended->text, HasSubstr("taken for dead"));
    EXPECT_TRUE(eventually([&] { return ::kill(far, 0) != 0; })) << "and nothing is left of it";
}

TEST(Remote, TheFarEndLeavesWithTheObserver) {
    Sample sample(fewJobs);
    auto remote = follow(wayWithPid(sample), pidOf(sample));
    ASSERT_TRUE(remote);
    const pid_t far = linkPid(sample);
    remote.reset();
    EXPECT_TRUE(eventually([&] { return ::kill(far, 0) != 0; }));
}

TEST(Remote, ASlowLinkLosesHistoryNotState) {
    Sample sample(6'000);
    // The complete state alone takes seconds at this rate, and changes go on all the while.
    auto remote = follow(wayTo(sample, quoted(COROSCOPE_THROTTLE) + " 100000 0"), pidOf(sample));
    ASSERT_TRUE(remote);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    ASSERT_TRUE(remote->comes(
        [&] { return std::chrono::steady_clock::now() > until && remote->session.status().events > 0; }));
    ASSERT_EQ(::setenv("XDG_RUNTIME_DIR", sample.directory().c_str(), 1), 0);
    ASSERT_TRUE(sample.process().stop());
    auto here = observe::attach(sample.process().pid());
    ASSERT_TRUE(here) << here.problem();
    Follower local(*std::move(here));
    EXPECT_TRUE(local.comes([&] { return local.tree.size() > 0; }));
    EXPECT_TRUE(remote->comes([&] { return remote->facts() == local.facts(); }));
    sample.process().signal(SIGCONT);
}

} // namespace
