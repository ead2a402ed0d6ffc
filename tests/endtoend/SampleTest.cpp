// SPDX-License-Identifier: Apache-2.0
// What coroscopectl says of the sample, and does to it, compared with what the sample itself logs.
#include "Sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <regex>
#include <set>
#include <string>

#include <unistd.h>

using namespace endtoend;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

constexpr int fewJobs = 600;

std::string pidOf(Sample& sample) {
    return std::to_string(sample.process().pid());
}

/// The job that a finding is about.
const Json* jobOf(const Json& tree, const Json& finding) {
    for (const Json* job : allJobs(tree))
        if (job->at("id") == finding.at("job"))
            return job;
    return nullptr;
}

std::vector<Json> findingsOf(const Json& tree, const std::string& rule) {
    std::vector<Json> found;
    for (const Json& finding : tree.at("findings"))
        if (finding.at("rule") == rule)
            found.push_back(finding);
    return found;
}

bool anyLine(const std::vector<std::string>& lines, const std::string& end) {
    return std::any_of(lines.begin(), lines.end(),
                       [&end](const std::string& line) { return line.ends_with(end); });
}

/// Switches a fault on, waits for its finding, and gives the tree in which it stands.
Json treeWithFinding(const Sample& sample, const std::string& fault, const std::string& rule) {
    Json tree;
    EXPECT_EQ(sample.control("fault " + fault + " on"), "ok");
    EXPECT_TRUE(eventually([&] {
        tree = sample.tree();
        return !findingsOf(tree, rule).empty();
    })) << "no finding "
        << rule;
    return tree;
}

void expectFindingGoes(const Sample& sample, const std::string& fault) {
    EXPECT_EQ(sample.control("fault " + fault + " off"), "ok");
    Json tree;
    EXPECT_TRUE(eventually([&] {
        tree = sample.tree();
        return tree.at("findings").empty();
    })) << tree.at("findings").dump(2);
}

} // namespace

TEST(Sample, isABusyServiceOfThousandsOfJobsFromManyPlaces) {
    Sample sample(6000);
    Json tree;
    EXPECT_TRUE(eventually([&] {
        tree = sample.tree();
        return tree.at("jobs").get<int>() >= 5000;
    })) << tree.at("jobs");

    std::set<std::string> places;
    for (const Json* job : allJobs(tree))
        places.insert(placeOf(*job));
    places.erase("?");
    EXPECT_GE(places.size(), 20u);
    EXPECT_EQ(allJobs(tree).size(), tree.at("jobs").get<std::size_t>());
    EXPECT_EQ(tree.at("untracked"), 0);
}

TEST(Sample, isListedByPs) {
    Sample sample(fewJobs);
    const Output output = sample.ctl({"ps", "--json"});
    ASSERT_EQ(output.status, 0) << output.text;
    const Json listed = Json::parse(output.text);
    const Json& targets = listed.is_array() ? listed : listed.at("targets");
    EXPECT_TRUE(std::any_of(targets.begin(), targets.end(), [&](const Json& target) {
        return target.at("pid") == sample.process().pid() && target.at("program") == "orders" &&
               target.at("attachable") == true;
    })) << output.text;
}

TEST(Sample, healthyItHasNoFindings) {
    Sample sample(fewJobs);
    // Long enough for orders to come through all stages: some have been audited.
    EXPECT_TRUE(eventually([&] { return anyLine(sample.log(), ": audited"); }));
    const Json tree = sample.tree();
    EXPECT_THAT(tree.at("findings"), IsEmpty()) << tree.at("findings").dump(2);
}

TEST(Sample, aGlobalScopeLaunchIsFoundOnTheRightJobAndGoesWithTheFault) {
    Sample sample(6000);
    const Json tree = treeWithFinding(sample, "global", "orphan-global");
    for (const Json& finding : findingsOf(tree, "orphan-global")) {
        const Json* job = jobOf(tree, finding);
        ASSERT_NE(job, nullptr);
        EXPECT_EQ(job->at("name"), "metrics-flush");
        EXPECT_EQ(job->at("orphan"), "global");
        EXPECT_THAT(job->at("flags"), Contains("launchedInGlobalScope"));
        EXPECT_THAT(placeOf(*job), HasSubstr("Metrics.cpp:"));
        EXPECT_EQ(finding.at("confidence"), "proven");
    }
    EXPECT_THAT(findingsOf(tree, "orphan-detached"), IsEmpty());
    EXPECT_THAT(sample.log(), Contains(EndsWith("metrics-flush: launched in GlobalScope")));
    expectFindingGoes(sample, "global");
}

TEST(Sample, anIslandIsFoundOnTheRightJobWithItsLauncherAndGoesWithTheFault) {
    Sample sample(fewJobs);
    const Json tree = treeWithFinding(sample, "island", "orphan-detached");
    for (const Json& finding : findingsOf(tree, "orphan-detached")) {
        const Json* job = jobOf(tree, finding);
        ASSERT_NE(job, nullptr);
        // The rule speaks of the island or of what was cut off by it: either way the retry loop is in it.
        std::string loop;
        for (const Json* inside : subtree(*job))
            if (inside->at("name").is_string())
                loop = inside->at("name");
        EXPECT_THAT(loop, testing::StartsWith("retry-conn-"));
        EXPECT_EQ(finding.at("confidence"), "proven");
        EXPECT_THAT(placeOf(*job), HasSubstr("Intake.cpp:"));
        EXPECT_THAT(sample.log(), Contains(EndsWith(loop + ": launched with a Job of its own")));
    }
    EXPECT_THAT(findingsOf(tree, "orphan-global"), IsEmpty());
    expectFindingGoes(sample, "island");
}

TEST(Sample, aDroppedScopeIsFoundAndGoesWithTheFault) {
    Sample sample(fewJobs);
    const Json tree = treeWithFinding(sample, "dropped-scope", "scope-dropped");
    EXPECT_EQ(tree.at("findings").size(), findingsOf(tree, "scope-dropped").size())
        << tree.at("findings").dump(2);
    for (const Json& finding : findingsOf(tree, "scope-dropped")) {
        const Json* job = jobOf(tree, finding);
        ASSERT_NE(job, nullptr);
        EXPECT_EQ(job->at("kind"), "SupervisorJob");
        EXPECT_THAT(placeOf(*job), HasSubstr("Errands.cpp:"));
        EXPECT_EQ(finding.at("confidence"), "proven");
        const std::string visitor = job->at("name");
        EXPECT_THAT(visitor, testing::StartsWith("visitor-"));
        EXPECT_THAT(sample.log(), Contains(EndsWith("recommend-" + visitor + ": its visitor has left")));
    }
    expectFindingGoes(sample, "dropped-scope");
}

TEST(Sample, aSwallowedCancellationIsFoundOnTheJobsThatSwallowedIt) {
    Sample sample(fewJobs);
    const Json tree = treeWithFinding(sample, "swallow", "swallowed-cancellation");
    EXPECT_EQ(tree.at("findings").size(), findingsOf(tree, "swallowed-cancellation").size())
        << tree.at("findings").dump(2);
    for (const Json& finding : findingsOf(tree, "swallowed-cancellation")) {
        EXPECT_EQ(finding.at("confidence"), "proven");
        EXPECT_EQ(finding.at("severity"), "warning");
        const std::string name = finding.at("name");
        EXPECT_THAT(name, testing::StartsWith("track-courier-"));
        EXPECT_THAT(sample.log(),
                    Contains(EndsWith(name.substr(0, name.find(' ')) + ": no answer, trying again")));
        EXPECT_THAT(finding.at("evidence").get<std::string>(), HasSubstr("has arrived"));
    }
    // The live one goes; that it happened remains true.
    EXPECT_EQ(sample.control("fault swallow off"), "ok");
    EXPECT_TRUE(eventually([&] {
        const Json after = sample.tree();
        return after.at("findings").size() == 1 && after.at("findings")[0].at("ended") == true;
    }));
}

TEST(Sample, aSlowCancellationIsFoundWithWhoHoldsItUpAndGoesWithTheFault) {
    Sample sample(fewJobs);
    const Json tree = treeWithFinding(sample, "slow-cancel", "slow-cancellation");
    EXPECT_EQ(tree.at("findings").size(), 1u) << tree.at("findings").dump(2);
    const Json finding = findingsOf(tree, "slow-cancellation").at(0);
    EXPECT_EQ(finding.at("confidence"), "suspected");
    EXPECT_THAT(finding.at("name").get<std::string>(), testing::StartsWith("shelf-"));
    EXPECT_THAT(finding.at("evidence").get<std::string>(), HasSubstr("withContext"));
    EXPECT_THAT(finding.at("evidence").get<std::string>(), HasSubstr("waits for delay at Errands.cpp:"));
    expectFindingGoes(sample, "slow-cancel");
}

TEST(Sample, aFailureThatNobodySawIsFoundWithItsException) {
    Sample sample(fewJobs);
    const Json tree = treeWithFinding(sample, "silent-supervisor", "silent-supervisor-failure");
    EXPECT_EQ(tree.at("findings").size(), 1u) << "one place, one finding";
    const Json finding = findingsOf(tree, "silent-supervisor-failure").at(0);
    EXPECT_EQ(finding.at("confidence"), "proven");
    EXPECT_EQ(finding.at("ended"), true);
    EXPECT_THAT(finding.at("name").get<std::string>(), testing::StartsWith("mail-"));
    EXPECT_THAT(finding.at("evidence").get<std::string>(), HasSubstr("the mail server answered 550"));
    EXPECT_THAT(finding.at("where").dump(), HasSubstr("Errands.cpp"));
}

TEST(Sample, twoForkliftsThatWaitForEachOtherAreFoundAndGoWithTheFault) {
    Sample sample(fewJobs);
    const auto parked = [&sample](const std::string& forklift) {
        const std::vector<std::string> log = sample.log();
        return std::count_if(log.begin(), log.end(), [&forklift](const std::string& line) {
            return line.ends_with(forklift + ": parked");
        });
    };
    ASSERT_TRUE(eventually([&] { return findByName(sample.tree(), "forklift-2") != nullptr; }));
    EXPECT_THAT(sample.tree().at("findings"), IsEmpty());

    const Json tree = treeWithFinding(sample, "deadlock", "deadlock");
    EXPECT_EQ(tree.at("findings").size(), 1u) << tree.at("findings").dump(2);
    const Json finding = findingsOf(tree, "deadlock").at(0);
    EXPECT_EQ(finding.at("severity"), "error");
    EXPECT_EQ(finding.at("confidence"), "proven");
    const Json* job = jobOf(tree, finding);
    ASSERT_NE(job, nullptr);
    EXPECT_THAT(job->at("name").get<std::string>(), testing::StartsWith("forklift-"));
    EXPECT_THAT(placeOf(*job), HasSubstr("Warehouse.cpp:"));
    const std::string evidence = finding.at("evidence");
    EXPECT_THAT(evidence, HasSubstr("These 2 jobs wait in a circle"));
    EXPECT_THAT(evidence,
                testing::ContainsRegex(
                    "forklift-1 launch #[0-9]+ waits for mutex aisle-south at Warehouse.cpp:[0-9]+, "
                    "held by forklift-2 launch #[0-9]+"));
    EXPECT_THAT(evidence,
                testing::ContainsRegex(
                    "forklift-2 launch #[0-9]+ waits for mutex aisle-north at Warehouse.cpp:[0-9]+, "
                    "held by forklift-1 launch #[0-9]+"));
    EXPECT_EQ(parked("forklift-1"), 1) << "those of before the fault";
    expectFindingGoes(sample, "deadlock");
    EXPECT_TRUE(eventually([&] { return parked("forklift-1") == 2 && parked("forklift-2") == 2; }));
}

TEST(Sample, cancellingAConnectionCleansItUpAndLeavesItsSiblingsAlone) {
    Sample sample(fewJobs);
    const auto connectionAlive = [&](const std::string& name, std::size_t since) {
        return anyLine(sample.logSince(since), name + ": heartbeat");
    };
    ASSERT_TRUE(eventually([&] { return connectionAlive("conn-1", 0) && connectionAlive("conn-2", 0); }));
    const Json before = sample.tree();
    const Json* connection = findByName(before, "conn-1"); // the outermost of that name: parents come first
    ASSERT_NE(connection, nullptr);
    EXPECT_GE(subtree(*connection).size(), 3u);
    const Output output = sample.ctl(
        {"cancel", pidOf(sample), "#" + connection->at("number").dump(), "--reason", "maintenance", "--yes"});
    ASSERT_EQ(output.status, 0) << output.text;

    // coroscopectl answers once the whole subtree has ended, so by now the log must tell the same.
    const std::vector<std::string> log = sample.log();
    EXPECT_THAT(log, Contains(EndsWith("conn-1: cleanup done")));
    EXPECT_THAT(log, Not(Contains(EndsWith("conn-2: cleanup done"))));
    EXPECT_TRUE(eventually([&] { return connectionAlive("conn-2", log.size()); })) << "a sibling has stopped";
    EXPECT_FALSE(connectionAlive("conn-1", log.size()));

    const Json tree = sample.tree();
    EXPECT_EQ(findByName(tree, "conn-1"), nullptr);
    EXPECT_NE(findByName(tree, "conn-2"), nullptr);
}

TEST(Sample, aCommandIsLoggedByBothSidesWithWhoAndWhy) {
    Sample sample(fewJobs);
    ASSERT_TRUE(eventually([&] { return anyLine(sample.log(), "conn-2: heartbeat"); }));
    EXPECT_THAT(sample.ctl({"commands", pidOf(sample)}).text, HasSubstr("nobody has cancelled anything"));
    ASSERT_EQ(sample.ctl({"cancel", pidOf(sample), "conn-2", "--reason", "a drain", "--yes"}).status, 0);
    const std::string me = "user " + std::to_string(::geteuid());
    const std::vector<std::string> log = sample.log();
    EXPECT_THAT(log,
                Contains(testing::ContainsRegex(me + " \\(pid [0-9]+\\) cancels conn-2#[0-9]+: a drain")));
    EXPECT_THAT(sample.ctl({"commands", pidOf(sample)}).text,
                testing::ContainsRegex(" ago  conn-2 launch #[0-9]+ by " + me + ", pid [0-9]+: a drain"));
    const Json all = Json::parse(sample.ctl({"commands", pidOf(sample), "--json"}).text);
    ASSERT_EQ(all.at("commands").size(), 1u);
    EXPECT_EQ(all.at("commands")[0].at("name"), "conn-2");
    EXPECT_EQ(all.at("commands")[0].at("reason"), "a drain");
    const std::string ours = contentsOf(sample.directory() + "/state/coroscope/coroscopectl.log");
    EXPECT_THAT(ours, testing::ContainsRegex("Z " + me + " cancels conn-2 launch #[0-9]+ in orders \\(pid " +
                                             pidOf(sample) + "\\), [0-9]+ jobs; reason: a drain\n"));
    EXPECT_THAT(ours, testing::ContainsRegex("cancelled conn-2 [^\n]*: all have ended\n"));
}

TEST(Sample, theNameInALineOfItsLogFindsTheJob) {
    Sample sample(fewJobs);
    ASSERT_TRUE(eventually([&] { return anyLine(sample.log(), "conn-2: open"); }));
    const std::vector<std::string> lines = sample.log(); // the match refers to one of them
    std::smatch found;
    for (const std::string& line : lines)
        if (std::regex_search(line, found, std::regex(R"(\[(conn-2#([0-9]+))\] conn-2: open)")))
            break;
    ASSERT_EQ(found.size(), 3u) << "a line says which job wrote it";
    const std::string name = found[1], number = found[2];
    const Json* job = nullptr;
    const Json tree = sample.tree();
    for (const Json* each : allJobs(tree))
        if (each->at("number").dump() == number)
            job = each;
    ASSERT_NE(job, nullptr);
    EXPECT_EQ(job->at("name"), "conn-2");
    EXPECT_NE(sample.ctl({"cancel", pidOf(sample), "else#" + number, "--reason", "no", "--yes"}).status, 0);
    const Output output = sample.ctl({"cancel", pidOf(sample), name, "--reason", "from the log", "--yes"});
    EXPECT_EQ(output.status, 0) << output.text;
    EXPECT_THAT(sample.log(), Contains(EndsWith("conn-2: cleanup done")));
}

TEST(Sample, cancellingAJobThatIsNotThereSaysSo) {
    Sample sample(fewJobs);
    const Output output =
        sample.ctl({"cancel", pidOf(sample), "#999999999", "--reason", "a mistake", "--yes"});
    EXPECT_NE(output.status, 0);
    EXPECT_THAT(output.text, HasSubstr("no live job"));
    EXPECT_EQ(sample.control("faults"),
              "global=off island=off dropped-scope=off swallow=off slow-cancel=off silent-supervisor=off "
              "deadlock=off");
}

TEST(Sample, sigtermEndsItInGoodOrder) {
    Sample sample(fewJobs);
    ASSERT_TRUE(eventually([&] { return anyLine(sample.log(), "conn-1: heartbeat"); }));
    sample.process().signal(SIGTERM);
    EXPECT_EQ(sample.process().wait(), 0);
    const std::vector<std::string> log = sample.log();
    EXPECT_THAT(log,
                AllOf(Contains(EndsWith("conn-1: cleanup done")), Contains(EndsWith("conn-2: cleanup done")),
                      Contains(EndsWith("partition-0: cleanup done"))));
    ASSERT_FALSE(log.empty());
    EXPECT_THAT(log.back(), EndsWith("all jobs ended"));
}
