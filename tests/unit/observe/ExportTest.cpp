// SPDX-License-Identifier: Apache-2.0
// Exports: of a live process, of dumps that others wrote, and of made-up ones; what can be read again says
// the same as before.
#include "AnyDump.h"
#include "ScratchDirectory.h"
#include "TargetProcess.h"
#include "TreeText.h"

#include <coroscope/observe/Export.h>
#include <coroscope/observe/Source.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <cctype>
#include <cstdio>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

namespace coroscope::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using Json = nlohmann::json;

/// A source with its jobs in a tree.
struct Looked {
    std::unique_ptr<Source> source;
    JobTree tree;
    EndedJobs ended;

    explicit Looked(Result<std::unique_ptr<Source>> opened) {
        if (!opened) {
            ADD_FAILURE() << opened.problem();
            return;
        }
        source = *std::move(opened);
        update();
    }
    void update() {
        Batch batch;
        TreeChanges changes;
        source->read(batch);
        ended.apply(batch, tree);
        tree.apply(std::move(batch), changes);
    }
    Dump dump() const {
        return takeDump(source->info(), source->dictionary(), tree, ended,
                        [this](const EndedJob& job) { return source->failureText(job); });
    }
    const Dictionary& words() const { return *source->dictionary(); }
    Node named(const std::string& wanted) const {
        for (Node node = 0; node < tree.endNode(); ++node)
            if (tree.isLive(node) && words().text(tree.row(node).name) == wanted)
                return node;
        ADD_FAILURE() << "no job " << wanted;
        return noNode;
    }
    /// A line for each job with all that these formats hold of it.
    std::string drawnForKotlin(bool withCreation) const {
        std::string text;
        for (Node root = tree.firstRoot(); root != noNode; root = tree.nextSibling(root))
            for (const Node node : tree.subtree(root)) {
                const JobRow& row = tree.row(node);
                text += std::string(tree.path(node).size() - 1, '+') + words().text(row.name) + " #" +
                        std::to_string(row.number) + ' ' + std::string(name(row.kind)) + ' ' +
                        std::string(name(row.state)) + ' ' + std::string(name(row.execution)) + ' ' +
                        std::to_string(row.flags) + ' ' + test::drawn(words().stack(row.suspendedAt));
                if (withCreation)
                    text += " by " + test::drawn({words().callStack(row.creationStack).frames, 0}) + " at " +
                            words().site(row.site).shortText();
                text += '\n';
            }
        return text;
    }
};

std::string exported(Dump dump, const ExportOptions& options) {
    std::ostringstream out;
    const auto written = exportToStream(std::move(dump), out, options);
    EXPECT_TRUE(written) << written.problem();
    return out.str();
}

std::string data(const std::string& name) {
    return std::string(FOREIGN_DUMPS) + '/' + name;
}

/// Siblings have no order of their own.
std::vector<std::string> sortedLines(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    return lines;
}

Query query(const std::string& text) {
    QueryProblem problem;
    auto parsed = Query::parse(text, problem);
    EXPECT_TRUE(parsed) << problem.sentence;
    return *parsed;
}

/// What no format promises to keep, and what a running program could not be in.
JobRow plain(JobRow row) {
    row.jobVersion = row.executionSequence = 0;
    row.flags &= 0x3ff;
    if (row.execution != Execution::Suspended) {
        row.waitKind = WaitKind::Unknown;
        row.waitsFor = 0;
    }
    if (row.waitKind == WaitKind::Delay)
        row.waitsFor %= 10'000'000'000;
    return row;
}

std::string drawnAll(const JobRow& row, const Dictionary& words) {
    const CallStackText made = words.callStack(row.creationStack);
    return drawn(row, words) + '|' + drawn({made.frames, made.cut}) + made.note;
}

struct ExportTest : testing::Test, AnyDump {
    ScratchDirectory scratch;

    Dump liveDump(std::uint32_t jobs, std::uint32_t ended) {
        Dump made = dump(jobs, ended);
        for (JobRow& row : made.jobs) {
            row = plain(row);
            row.state = static_cast<JobState>(static_cast<int>(row.state) % 4);
            row.creationStack = below(9);
        }
        for (EndedJob& job : made.ended)
            job.row = plain(job.row);
        for (Incident& incident : made.incidents)
            incident.job = plain(incident.job);
        return made;
    }
};

TEST_F(ExportTest, JsonReadAgainSaysAllThatWasKnown) {
    Dump in = liveDump(3'000, 900);
    std::sort(in.resources.begin(), in.resources.end(),
              [](const Resource& a, const Resource& b) { return a.id < b.id; });
    const std::string text = exported(in, {.format = ExportFormat::Json});
    EXPECT_EQ(Json::parse(text).at("schema"), "coroscope-jobs");
    auto opened = openText(text, "the export");
    ASSERT_TRUE(opened) << opened.problem();
    const SourceInfo& info = (*opened)->info();
    EXPECT_THAT(info.problems, IsEmpty());
    EXPECT_EQ(info.program, "orders");
    EXPECT_EQ(info.pid, 4711);
    EXPECT_EQ(info.processStart, 815u);
    EXPECT_EQ(info.runtimeVersion, "0.1");
    EXPECT_EQ(info.host, "shop3");
    EXPECT_EQ(info.now(), 5'000'000'000);
    EXPECT_EQ(info.takenWallClock, 1'790'000'000);
    EXPECT_TRUE((*opened)->contact().followsEvents);
    EXPECT_EQ((*opened)->untrackedJobs(), 3u);
    EXPECT_FALSE(info.live);
    Batch out;
    (*opened)->read(out);
    EXPECT_EQ(out.lost, 7u);
    EXPECT_EQ(out.events, 1'000u);

    const Dictionary& words = *(*opened)->dictionary();
    std::map<std::uint64_t, std::string> wanted, found;
    for (const JobRow& row : in.jobs)
        wanted[row.id.value] = drawnAll(row, *in.dictionary);
    for (const JobRow& row : out.rows)
        found[row.id.value] = drawnAll(row, words);
    EXPECT_EQ(out.rows.size(), in.jobs.size());
    EXPECT_EQ(found, wanted);

    ASSERT_EQ(out.ended.size(), in.ended.size());
    for (std::size_t i = 0; i < in.ended.size(); ++i) {
        const EndedJob &was = in.ended[i], &is = out.ended[i];
        EXPECT_EQ(is.id, was.id);
        EXPECT_EQ(is.finalState, was.finalState);
        EXPECT_EQ(is.at, was.at);
        EXPECT_EQ(is.row.id, was.row.id);
        if (was.row.id) {
            EXPECT_EQ(drawnAll(is.row, words), drawnAll(was.row, *in.dictionary));
        }
        EXPECT_EQ(is.failure != 0 ? (*opened)->failureText(is) : "",
                  was.failure != 0 ? in.failureText(was) : "");
    }
    ASSERT_EQ(out.incidents.size(), in.incidents.size());
    for (std::size_t i = 0; i < in.incidents.size(); ++i) {
        EXPECT_EQ(out.incidents[i].number, in.incidents[i].number);
        EXPECT_EQ(out.incidents[i].what, in.incidents[i].what);
        EXPECT_EQ(out.incidents[i].at, in.incidents[i].at);
        EXPECT_EQ(out.incidents[i].text, in.incidents[i].text);
        EXPECT_EQ(drawnAll(out.incidents[i].job, words), drawnAll(in.incidents[i].job, *in.dictionary));
    }
    ASSERT_TRUE(out.resources);
    ASSERT_EQ(out.resources->size(), in.resources.size());
    for (std::size_t i = 0; i < in.resources.size(); ++i) {
        Resource was = in.resources[i], is = (*out.resources)[i];
        EXPECT_EQ(words.text(is.name), in.dictionary->text(was.name));
        EXPECT_EQ(words.site(is.site).function, in.dictionary->site(was.site).function);
        was.name = is.name = was.site = is.site = 0;
        EXPECT_EQ(is, was);
    }
}

TEST_F(ExportTest, JsonInAnyOrderOfKeysIsReadTheSame) {
    const Dump in = liveDump(200, 60);
    const std::string text = exported(in, {.format = ExportFormat::Json});
    Looked first(openText(text, "the export"));
    // Sorted keys: "children" comes before "id", the document's head behind its jobs.
    Looked sorted(openText(nlohmann::json::parse(text).dump(), "sorted"));
    EXPECT_EQ(sorted.tree.size(), 200u);
    for (Node node = 0; node < first.tree.endNode(); ++node) {
        const Node other = sorted.tree.find(first.tree.row(node).id);
        ASSERT_NE(other, noNode);
        EXPECT_EQ(drawnAll(sorted.tree.row(other), sorted.words()),
                  drawnAll(first.tree.row(node), first.words()));
    }
    EXPECT_EQ(sorted.source->info().program, "orders");
    EXPECT_EQ(sorted.ended.size(), first.ended.size());
}

TEST_F(ExportTest, JsonThatIsCutOffOrForgedGivesWhatIsThereAndSaysSo) {
    const std::string text = exported(liveDump(300, 30), {.format = ExportFormat::Json});
    auto cut = openText(text.substr(0, text.find("\"ended\":[") - 2'000), "the export");
    ASSERT_TRUE(cut) << cut.problem();
    EXPECT_THAT((*cut)->info().problems, Contains(HasSubstr("on it is no JSON, so what follows is missing")));
    Batch batch;
    (*cut)->read(batch);
    EXPECT_EQ(batch.rows.size(), 300u);

    Looked forged(openText(R"({"schema":"coroscope-jobs","version":9,"roots":[{"id":16777217,"state":"Active",
        "kind":"launch","callStack":77,"parent":16777217,"createdNs":99999999999999999999,"name":["x"],
        "waitsFor":{"kind":"delay","value":1e300},"execution":"suspended","children":[{"children":[]},
        {"id":16777218,"state":"Failed","children":7}]}],"ended":[{"id":0},{"job":{}}],"incidents":[{}],
        "resources":[{"id":3,"kind":"delay"}],"callStacks":{"a":1}})",
                           "the forged one"));
    EXPECT_EQ(forged.tree.size(), 1u);
    EXPECT_EQ(forged.ended.size(), 1u);
    EXPECT_THAT(forged.source->info().problems,
                AllOf(Contains(HasSubstr("newer Coroscope")), Contains("A job has no id and is left out.")));
    EXPECT_TRUE(openText(R"({"schema":"coroscope-jobs"})", "one of a program without jobs"));
    auto empty = openText(R"({"schema":"coroscope-jobs",)", "the empty one");
    EXPECT_FALSE(empty);
    EXPECT_THAT(empty.problem(), HasSubstr("nothing in it"));
}

TEST_F(ExportTest, AChainOfJobsIsNoTrouble) {
    Dump in;
    in.dictionary = std::make_shared<Program>();
    in.failureText = [](const EndedJob&) { return std::string(); };
    in.info.takenAt = 5'000'000'000;
    constexpr std::uint32_t deep = 100'000;
    for (std::uint32_t i = 1; i <= deep; ++i) {
        JobRow row;
        row.id = JobId::of(i, 1);
        row.parent = i == 1 ? JobId{} : JobId::of(i - 1, 1);
        row.state = JobState::Active;
        row.number = i;
        in.jobs.push_back(row);
    }
    Looked out(openText(exported(in, {.format = ExportFormat::Json}), "the chain"));
    EXPECT_EQ(out.tree.size(), deep);
    EXPECT_EQ(out.tree.path(out.tree.find(JobId::of(deep, 1))).size(), deep);
    for (const ExportFormat format : {ExportFormat::KotlinText, ExportFormat::Markdown,
                                      ExportFormat::Graphviz, ExportFormat::TraceEvents})
        EXPECT_FALSE(exported(in, {.format = format}).empty());
}

/// Every dump that somebody else wrote, as JSON and back.
TEST_F(ExportTest, DumpsOfOthersKeepWhatTheyTellAsJson) {
    for (const char* file : {"debugprobes.txt", "debugprobes-creation.txt", "job-hierarchy.txt",
                             "intellij.txt", "goroutines.txt", "jdk-threads.json"}) {
        SCOPED_TRACE(file);
        const Looked in(observe::open(data(file)));
        Looked out(openText(exported(in.dump(), {.format = ExportFormat::Json}), "the export"));
        EXPECT_EQ(sortedLines(out.drawnForKotlin(true)), sortedLines(in.drawnForKotlin(true)));
        EXPECT_EQ(out.source->info().format, in.source->info().format);
        EXPECT_EQ(out.source->info().parentsTold, in.source->info().parentsTold);
        EXPECT_EQ(out.source->info().pid, in.source->info().pid);
        EXPECT_FALSE(out.tree.row(out.tree.firstRoot()).age(out.source->info().now()))
            << "what is not told stays so";
    }
}

TEST_F(ExportTest, KotlinsDumpIsWrittenAsKotlinWroteIt) {
    for (const char* file : {"debugprobes.txt", "debugprobes-creation.txt"}) {
        SCOPED_TRACE(file);
        const Looked in(observe::open(data(file)));
        const std::string text = exported(in.dump(), {.format = ExportFormat::KotlinText});
        const Looked out(openText(text, "the export"));
        EXPECT_EQ(out.drawnForKotlin(true), in.drawnForKotlin(true));
        EXPECT_EQ(out.source->info().takenWallClock, in.source->info().takenWallClock);
        EXPECT_EQ(out.source->info().format, in.source->info().format);
        EXPECT_THAT(out.source->info().problems, IsEmpty());
    }
    const Looked in(observe::open(data("debugprobes.txt")));
    const auto entry = [](const std::string& text, const std::string& begin) {
        const std::size_t from = text.find(begin);
        return std::regex_replace(text.substr(from, text.find("\n\n", from) - from), std::regex("@[0-9a-f]+"),
                                  "@");
    };
    std::ifstream file(data("debugprobes.txt"));
    const std::string was(std::istreambuf_iterator<char>(file), {});
    const std::string is = exported(in.dump(), {.format = ExportFormat::KotlinText});
    for (const char* begin :
         {"Coroutine \"reader-2#3\"", "Coroutine \"busy: \"quoted\"#7\"", "Coroutine \"intake#6\""})
        EXPECT_EQ(entry(is, begin), entry(was, begin));
}

TEST_F(ExportTest, AJobHierarchyIsWrittenAsKotlinWroteIt) {
    const Looked in(observe::open(data("job-hierarchy.txt")));
    const std::string text = exported(in.dump(), {.format = ExportFormat::JobHierarchy});
    const Looked out(openText(text, "the export"));
    EXPECT_EQ(out.drawnForKotlin(false), in.drawnForKotlin(false));
    std::ifstream file(data("job-hierarchy.txt"));
    std::string was(std::istreambuf_iterator<char>(file), {});
    was = std::regex_replace(was, std::regex(" at line null"), "");
    EXPECT_EQ(text + '\n', was + '\n');
    // Goroutines have no classes of Kotlin's, but theirs are read again.
    const Looked go(observe::open(data("goroutines.txt")));
    const Looked again(
        openText(exported(go.dump(), {.format = ExportFormat::JobHierarchy}), "the goroutines"));
    EXPECT_EQ(again.tree.size(), go.tree.size());
    EXPECT_EQ(again.tree.row(again.tree.firstRoot()).kind, JobKind::Goroutine);
}

/// A real process with an orphan, a mutex that two jobs want, a failure, and names that nobody should have.
struct LiveExport : testing::Test {
    TargetProcess target;
    std::unique_ptr<Looked> looked;

    void SetUp() override {
        for (const char* line :
             {"begin shop -", "begin clerk shop", "begin \"]};<b>|`*\\n%s shop",
              "begin lost - global by=clerk", "begin waiter shop", "begin keeper shop",
              "resource stock mutex 1", "owns stock keeper", "counts stock 0 1", "run waiter",
              "waits waiter stock", "run clerk", "begin a clerk", "begin berry clerk", "begin c clerk"})
            target.tell(line);
        for (const char* job : {"a", "berry", "c"}) {
            target.tell(std::string("run ") + job);
            target.tell(std::string("suspend ") + job);
        }
        looked = std::make_unique<Looked>(attach(target.pid()));
        ASSERT_TRUE(looked->source);
        target.tell("begin broken shop");
        target.tell("run broken");
        target.tell("end broken Failed std::runtime_error: no more paper");
        ASSERT_TRUE(eventually([&] {
            looked->update();
            return looked->ended.failures() == 1;
        }));
    }
    Dump dump() const { return looked->dump(); }
    JobId job(const std::string& name) const { return looked->tree.row(looked->named(name)).id; }
};

TEST_F(LiveExport, InEveryFormatTellsOfTheJobsAndIsReadAgainWhereThatCanBe) {
    for (const ExportFormatInfo& format : exportFormats()) {
        SCOPED_TRACE(format.name);
        const std::string text = exported(dump(), {.format = format.format});
        if (format.format != ExportFormat::Dump) {
            EXPECT_THAT(text, HasSubstr("clerk"));
        }
    }
    for (const ExportFormat format : {ExportFormat::Dump, ExportFormat::Json}) {
        const ScratchDirectory scratch;
        const std::string path = scratch.path() + "/x";
        ASSERT_TRUE(exportToFile(dump(), path, {.format = format}));
        Looked again(observe::open(path));
        EXPECT_EQ(again.tree.size(), looked->tree.size());
        const JobRow &was = looked->tree.row(looked->named("waiter")),
                     &is = again.tree.row(again.named("waiter"));
        EXPECT_EQ(drawn(is, again.words()).substr(0, 40), drawn(was, looked->words()).substr(0, 40));
        EXPECT_EQ(again.tree.waitsForJob(is), job("keeper"));
        EXPECT_EQ(again.ended.failures(), 1u);
        EXPECT_EQ(findings(again.tree, again.ended, again.words(), again.source->info().now()).size(), 1u);
    }
    const Looked kotlin(openText(exported(dump(), {.format = ExportFormat::KotlinText}), "x"));
    EXPECT_EQ(kotlin.tree.size(), looked->tree.size());
    EXPECT_EQ(kotlin.tree.row(kotlin.named("a")).execution, Execution::Suspended);
    const Looked hierarchy(openText(exported(dump(), {.format = ExportFormat::JobHierarchy}), "x"));
    EXPECT_EQ(hierarchy.tree.path(hierarchy.named("berry")).size(), 3u);
    EXPECT_NE(hierarchy.named("\"]};<b>|`*\\n%s"), noNode) << "names may hold anything";
}

TEST_F(LiveExport, OfASubtreeOrAFilterHasOnlyThese) {
    const auto names = [&](const ExportOptions& options) {
        const Looked out(openText(exported(dump(), options), "x"));
        std::set<std::string> all;
        for (Node node = 0; node < out.tree.endNode(); ++node)
            if (out.tree.isLive(node))
                all.insert(out.words().text(out.tree.row(node).name));
        return all;
    };
    for (const ExportFormat format : {ExportFormat::Dump, ExportFormat::Json, ExportFormat::KotlinText}) {
        EXPECT_THAT(names({.format = format, .job = job("clerk")}), ElementsAre("a", "berry", "c", "clerk"));
        EXPECT_THAT(names({.format = format, .filter = query("name:berry")}),
                    ElementsAre("berry", "clerk", "shop"));
        EXPECT_THAT(names({.format = format, .job = job("clerk"), .filter = query("name:berry")}),
                    ElementsAre("berry", "clerk"));
        EXPECT_THAT(
            names({.format = format, .job = job("clerk"), .filter = query("name:berry"), .redact = true}),
            testing::SizeIs(2));
    }
    const Json part = Json::parse(exported(dump(), {.format = ExportFormat::Json, .job = job("waiter")}));
    EXPECT_EQ(part.at("roots").at(0).at("waitsFor").at("text"), "mutex stock, held by keeper launch #6")
        << "what is around it is known, though it is not told";
    EXPECT_EQ(part.at("jobs"), looked->tree.size());
    EXPECT_EQ(part.at("shown"), 1);
    EXPECT_THAT(part.at("findings"), IsEmpty());
    EXPECT_THAT(part.at("ended"), IsEmpty()) << "what has ended was not below it";
    const Json shop = Json::parse(exported(dump(), {.format = ExportFormat::Json, .job = job("shop")}));
    EXPECT_EQ(shop.at("ended").size(), 1u);

    std::ostringstream out;
    const auto gone = exportToStream(dump(), out, {.format = ExportFormat::Json, .job = JobId::of(99, 9)});
    EXPECT_EQ(gone.problem(), "The job that was to be exported has ended.");
    const auto none =
        exportToStream(dump(), out, {.format = ExportFormat::Json, .filter = query("name:nobody")});
    EXPECT_EQ(none.problem(), "The filter matches no job.");
    EXPECT_EQ(out.str(), "");
}

TEST_F(LiveExport, RedactedNamesNothingInAnyFormat) {
    for (const ExportFormatInfo& format : exportFormats()) {
        SCOPED_TRACE(format.name);
        const std::string text = exported(dump(), {.format = format.format, .redact = true});
        for (const char* word : {"clerk", "waiter", "stock", "Target.cpp", "observe_test_target", "paper"})
            EXPECT_THAT(text, Not(HasSubstr(word)));
        if (format.format != ExportFormat::Dump) {
            EXPECT_THAT(text, HasSubstr("name-1"));
        }
        const std::string part =
            exported(dump(), {.format = format.format, .filter = query("name:clerk"), .redact = true});
        EXPECT_THAT(part, Not(HasSubstr("clerk"))) << "though the filter names it";
    }
}

TEST_F(LiveExport, OnlyConfirmedFindingsAreTold) {
    const auto rules = [&](const ExportOptions& options) {
        std::vector<std::string> all;
        const Json document = Json::parse(exported(dump(), options));
        for (const Json& finding : document.at("findings"))
            all.push_back(finding.at("rule"));
        return all;
    };
    EXPECT_THAT(rules({.format = ExportFormat::Json}), ElementsAre("orphan-global"));
    EXPECT_THAT(rules({.format = ExportFormat::Json, .confirmed = std::vector<Finding>()}), IsEmpty());
}

// Markdown

TEST_F(LiveExport, MarkdownSaysWhatIsWrongAndShowsTheTreeFolded) {
    const std::string text = exported(dump(), {.format = ExportFormat::Markdown});
    EXPECT_THAT(text, StartsWith("# Coroutines of observe\\_test\\_target (pid " +
                                 std::to_string(target.pid()) + ")\n\nTaken 20"));
    EXPECT_THAT(text, HasSubstr("## Findings (1)\n\n### 1. "));
    EXPECT_THAT(text, HasSubstr("`orphan-global`, "));
    EXPECT_THAT(text, HasSubstr("lost launch #4"));
    EXPECT_THAT(text, HasSubstr("[orphan-global]"));
    EXPECT_THAT(text, HasSubstr("## Jobs\n\n```text\nshop launch #1  "));
    EXPECT_THAT(text, testing::ContainsRegex("└─ 3 x a launch #[0-9]+  Suspended"));
    EXPECT_THAT(text, HasSubstr("## Failures (the last 1 of 1)\n\n```text\nbroken launch #"));
    EXPECT_THAT(text, HasSubstr("  std::runtime_error: no more paper\n"));
    EXPECT_THAT(text, EndsWith("```\n"));
}

TEST_F(ExportTest, MarkdownIsBoundedAndSaysWhatIsLeftOut) {
    Dump in = liveDump(20'000, 0);
    for (JobRow& row : in.jobs)
        row.site = row.id.index(); // no two are alike
    const std::string text = exported(in, {.format = ExportFormat::Markdown});
    EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 1'000);
    EXPECT_LT(text.size(), 300'000u);
    // Every job is in the tree, or counted.
    std::uint64_t there = 0;
    const std::string tree = text.substr(text.find("## Jobs"));
    const std::regex left("\\.\\.\\. and ([0-9,]+) more job"), job("#[0-9]+  [A-Z]"), folded("([0-9,]+) x ");
    std::istringstream lines(tree);
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        const auto number = [&] {
            return std::stoull(std::regex_replace(match.str(1), std::regex(","), ""));
        };
        if (std::regex_search(line, match, left))
            there += number();
        else if (std::regex_search(line, match, job))
            ++there;
    }
    EXPECT_EQ(there, 20'000u);
}

TEST_F(ExportTest, MarkdownFoldsWhatIsAlikeAndCountsIt) {
    Dump in = liveDump(1, 0);
    in.jobs.clear();
    for (std::uint32_t i = 1; i <= 301; ++i) {
        JobRow row;
        row.id = JobId::of(i, 1);
        row.parent = i == 1 ? JobId{} : JobId::of(1, 1);
        row.number = i;
        row.name = i;
        row.site = i % 100; // three of each
        row.kind = JobKind::Launch;
        row.state = JobState::Active;
        row.createdAt = i;
        in.jobs.push_back(row);
    }
    const std::string text = exported(in, {.format = ExportFormat::Markdown});
    std::size_t folded = 0;
    for (std::size_t at = text.find("├─ 3 x customer-"); at != std::string::npos;
         at = text.find("├─ 3 x customer-", at + 1))
        ++folded;
    EXPECT_EQ(folded, 25u) << text;
    EXPECT_THAT(text, HasSubstr("└─ ... and 225 more jobs here\n```"));
}

TEST_F(ExportTest, MarkdownIsNotBrokenByNames) {
    Dump in = liveDump(3, 0);
    struct Names : Program {
        std::string text(TextId) const override { return "```\n<script> | `x` ````"; }
    };
    in.dictionary = std::make_shared<Names>();
    in.info.program = "<script>*x*_y_";
    const std::string text = exported(in, {.format = ExportFormat::Markdown});
    EXPECT_THAT(text, StartsWith("# Coroutines of \\<script\\>\\*x\\*\\_y\\_ (pid 4711)"));
    EXPECT_THAT(text, HasSubstr("\n`````text\n")) << "a fence longer than what is within";
}

// Graphviz

/// Reads the part of the language that we write, strictly; what is wrong, or nothing. `nodes` by label.
std::string dotProblem(const std::string& text, std::map<std::string, std::string>& labels,
                       std::vector<std::string>& edges) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (std::isspace(static_cast<unsigned char>(c))) {
            ++at;
        } else if (c == '"') {
            std::string word = "\"";
            for (++at; at < text.size() && text[at] != '"'; ++at) {
                if (text[at] == '\n')
                    return "a line end within quotes";
                if (text[at] == '\\') {
                    ++at;
                    word += text[at] == 'n' ? '\n' : text[at];
                } else {
                    word += text[at];
                }
            }
            if (at++ == text.size())
                return "a quote is open";
            words.push_back(word);
        } else if (std::isalnum(static_cast<unsigned char>(c)) || c == '.') {
            std::string word;
            while (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '.')
                word += text[at++];
            words.push_back(word);
        } else if (text.compare(at, 2, "->") == 0) {
            words.emplace_back("->");
            at += 2;
        } else if (std::string("{}[]=,;").find(c) != std::string::npos) {
            words.emplace_back(1, c);
            ++at;
        } else {
            return std::string("a stray ") + c;
        }
    }
    std::size_t at = 0;
    const auto is = [&](const char* word) { return at < words.size() && words[at] == word && ++at; };
    if (!is("digraph") || !is("jobs") || !is("{"))
        return "no head";
    while (!is("}")) {
        if (at >= words.size())
            return "no end";
        const std::string node = words[at++];
        std::string edge;
        if (is("->"))
            edge = node + "->" + words[at++];
        std::map<std::string, std::string> attributes;
        if (is("[")) {
            do {
                const std::string key = words[at++];
                if (!is("="))
                    return "an attribute without a value at " + node;
                attributes[key] = words[at++];
            } while (is(","));
            if (!is("]"))
                return "an open list of attributes at " + node;
        }
        if (!is(";"))
            return "no ; after " + node;
        if (!edge.empty())
            edges.push_back(edge + ' ' + attributes["style"]);
        else if (node[0] == 'j')
            labels[node] = attributes["label"].substr(1);
    }
    return at == words.size() ? "" : "more behind the end";
}

TEST_F(LiveExport, GraphvizIsAGraphWithWordsAndBrokenLinksDashed) {
    const std::string text = exported(dump(), {.format = ExportFormat::Graphviz});
    std::map<std::string, std::string> labels;
    std::vector<std::string> edges;
    ASSERT_EQ(dotProblem(text, labels, edges), "") << text;
    EXPECT_EQ(labels.size(), looked->tree.size());
    const auto node = [&](const std::string& name) { return 'j' + std::to_string(job(name).value); };
    EXPECT_THAT(labels[node("\"]};<b>|`*\\n%s")], StartsWith("\"]};<b>|`*\\n%s launch #3\n"));
    EXPECT_THAT(labels[node("a")], HasSubstr("\nSuspended "));
    EXPECT_THAT(labels[node("lost")], HasSubstr("\norphan: GlobalScope\n! orphan-global"));
    EXPECT_THAT(edges, Contains(node("clerk") + "->" + node("lost") + " dashed"));
    EXPECT_THAT(edges, Contains(node("waiter") + "->" + node("keeper") + " dotted"));
    EXPECT_THAT(edges, Contains(node("shop") + "->" + node("clerk") + ' '));
    // Links lead to what is there.
    const std::string part = exported(dump(), {.format = ExportFormat::Graphviz, .job = job("waiter")});
    EXPECT_THAT(part, Not(HasSubstr("->")));
    if (std::system("command -v dot >/dev/null 2>&1") != 0)
        return;
    // Graphviz itself, and what it has understood: a line for each node and each edge.
    const ScratchDirectory scratch;
    const std::string plain = scratch.path() + "/plain";
    FILE* const dot = ::popen(("dot -Tplain -o " + plain).c_str(), "w");
    ASSERT_NE(dot, nullptr);
    std::fwrite(text.data(), 1, text.size(), dot);
    ASSERT_EQ(::pclose(dot), 0);
    std::ifstream file(plain);
    std::size_t nodes = 0, links = 0;
    for (std::string line; std::getline(file, line);) {
        nodes += line.starts_with("node j");
        links += line.starts_with("edge j");
    }
    EXPECT_EQ(nodes, labels.size());
    EXPECT_EQ(links, edges.size());
}

// Trace events

TEST_F(ExportTest, TraceEventsNestOnEachTrackAndHaveTimes) {
    Dump in = liveDump(500, 400);
    in.jobs[0].createdAt = in.jobs[0].stateSince = in.jobs[0].executionSince = 0;
    const Json trace = Json::parse(exported(in, {.format = ExportFormat::TraceEvents}));
    std::map<std::pair<int, int>, std::vector<std::pair<double, double>>> tracks;
    std::set<std::pair<int, int>> named;
    std::map<int, std::string> lastName;
    std::size_t lives = 0;
    for (const Json& event : trace.at("traceEvents")) {
        const std::pair track{event.at("pid").get<int>(), event.at("tid").get<int>()};
        const std::string phase = event.at("ph");
        if (phase == "M") {
            if (event.at("name") != "thread_name")
                continue;
            EXPECT_TRUE(named.insert(track).second) << "one name for each track";
            EXPECT_NE(track.first, track.second) << "that would be a main thread";
            // Whoever sorts a group's tracks by name has the tree's order.
            std::string& last = lastName[track.first];
            EXPECT_LT(last, event.at("args").at("name").get<std::string>());
            last = event.at("args").at("name");
            continue;
        }
        EXPECT_GE(event.at("ts").get<double>(), 0);
        if (phase == "i")
            continue;
        ASSERT_EQ(phase, "X");
        EXPECT_GT(event.at("dur").get<double>(), 0);
        EXPECT_TRUE(event.at("args").is_object());
        lives += event.at("cat") != "state";
        tracks[track].emplace_back(event.at("ts").get<double>(),
                                   event.at("ts").get<double>() + event.at("dur").get<double>());
    }
    EXPECT_EQ(lives, 900u);
    EXPECT_EQ(tracks.size(), named.size());
    for (auto& [track, slices] : tracks)
        for (std::size_t i = 1; i < slices.size(); ++i) {
            const auto &before = slices[i - 1], &here = slices[i];
            const bool within = here.first >= before.first && here.second <= before.second + 0.01;
            EXPECT_TRUE(within || here.first >= before.second - 0.01)
                << "slices of one track lie in each other or one after the other";
        }
    const double end = (5'000'000'000 - 1'000'000'000) / 1e3;
    EXPECT_NEAR(tracks.begin()->second.front().second, end, 2'000);
}

// Files

TEST_F(ExportTest, AFileIsPrivateAndThereOnlyWhenItIsComplete) {
    const Dump in = liveDump(30'000, 10);
    for (const ExportFormatInfo& format : exportFormats()) {
        if (format.format == ExportFormat::Markdown) // is through before anybody is asked
            continue;
        SCOPED_TRACE(format.name);
        const std::string path = scratch.path() + "/x" + std::string(format.ending);
        std::vector<double> told;
        auto stopped = exportToFile(in, path, {.format = format.format, .progress = [&](double share) {
                                                   told.push_back(share);
                                                   return share < 0.5;
                                               }});
        EXPECT_EQ(stopped.problem(), path + " was not saved.");
        EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
        EXPECT_THAT(scratch.names(), IsEmpty());
        auto saved = exportToFile(in, path, {.format = format.format, .progress = [](double share) {
                                                 return share >= 0 && share <= 1;
                                             }});
        ASSERT_TRUE(saved) << saved.problem();
        struct stat info{};
        ASSERT_EQ(::stat(path.c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 07777, 0600u);
        EXPECT_EQ(static_cast<std::uint64_t>(info.st_size), saved->bytes);
        EXPECT_EQ(saved->path, path);
        EXPECT_EQ(saved->jobs, 30'000u);
        EXPECT_EQ(exportFormatOf(path), format.format);
        EXPECT_EQ(exportFormatNamed(format.name), format.format);
        ::unlink(path.c_str());
    }
    auto nowhere = exportToFile(in, scratch.path() + "/no/x.json", {.format = ExportFormat::Json});
    EXPECT_THAT(nowhere.problem(), EndsWith("cannot be written: No such file or directory."));
    EXPECT_FALSE(exportFormatOf("x.pdf"));
    EXPECT_EQ(exportFormatOf("x.gv"), ExportFormat::Graphviz);
    EXPECT_THAT(suggestedFileName(in.info, ExportFormat::TraceEvents),
                testing::MatchesRegex("orders-4711-[0-9]{8}-[0-9]{6}\\.trace\\.json"));
}

} // namespace
} // namespace coroscope::test
