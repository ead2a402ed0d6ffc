// SPDX-License-Identifier: Apache-2.0
// Dumps: what goes in comes out, and what happens to files that something happened to.
#include "AnyDump.h"
#include "Crc32.h"
#include "Process.h"
#include "ScratchDirectory.h"
#include "TargetProcess.h"
#include "TreeText.h"

#include <coroscope/observe/Dump.h>
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/Session.h>
#include <coroscope/wire/DumpFormat.h>

#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <random>
#include <set>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coroscope::test {
namespace {

using namespace observe;
namespace format = wire::dump;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct DumpTest : testing::Test, AnyDump {
    ScratchDirectory scratch;
    std::string path = scratch.path() + "/orders.coroscope";
    void save(const Dump& what, const SaveOptions& options = {}) {
        const auto saved = saveDump(what, path, options);
        ASSERT_TRUE(saved) << saved.problem();
    }
    std::string bytes() const {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void put(const std::string& content) const {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    }
    std::vector<std::string> filesThere() const { return scratch.names(); }

    /// What comes out of the file; `problem` when nothing does.
    struct Opened {
        std::unique_ptr<Source> source;
        Batch batch;
        std::string problem;
        const SourceInfo& info() const { return source->info(); }
        std::string problems() const {
            std::string text;
            for (const std::string& each : info().problems)
                text += each + '\n';
            return text;
        }
    };
    Opened opened() const {
        Opened opened;
        auto source = open(path);
        if (!source) {
            opened.problem = source.problem();
            return opened;
        }
        opened.source = *std::move(source);
        opened.source->read(opened.batch);
        return opened;
    }
};

struct Section {
    std::size_t at, begin, end;
    std::uint32_t tag;
};
std::vector<Section> sectionsOf(const std::string& file) {
    std::vector<Section> sections;
    for (std::size_t at = sizeof(format::FileHead); at + sizeof(format::SectionHead) <= file.size();) {
        format::SectionHead head;
        std::memcpy(&head, file.data() + at, sizeof head);
        const std::size_t begin = at + sizeof head;
        sections.push_back({at, begin, begin + head.storedSize, head.tag});
        at = sections.back().end;
    }
    return sections;
}

/// A section as a writer of another age might add it.
std::string section(std::uint32_t tag, const std::string& stored, std::uint32_t plainSize,
                    format::Encoding encoding) {
    format::SectionHead head{};
    head.mark = format::sectionMark;
    head.tag = tag;
    head.encoding = static_cast<std::uint16_t>(encoding);
    head.storedSize = static_cast<std::uint32_t>(stored.size());
    head.plainSize = plainSize;
    head.check = crc32(stored.data(), stored.size());
    head.headCheck = crc32(&head, offsetof(format::SectionHead, headCheck));
    return std::string(reinterpret_cast<const char*>(&head), sizeof head) + stored;
}

std::string ofVersion(std::string file, std::uint16_t major, std::uint16_t minor) {
    format::FileHead head;
    std::memcpy(&head, file.data(), sizeof head);
    head.versionMajor = major;
    head.versionMinor = minor;
    head.check = crc32(&head, offsetof(format::FileHead, check));
    std::memcpy(file.data(), &head, sizeof head);
    return file;
}

TEST_F(DumpTest, WhatGoesInComesOut) {
    const Dump in = dump(30'000, 12'000);
    save(in);
    const Opened out = opened();
    ASSERT_TRUE(out.source) << out.problem;
    EXPECT_THAT(out.info().problems, IsEmpty());
    const SourceInfo& info = out.info();
    EXPECT_EQ(info.program, "orders");
    EXPECT_EQ(info.pid, 4711);
    EXPECT_EQ(info.processStart, 815u);
    EXPECT_EQ(info.runtimeVersion, "0.1");
    EXPECT_EQ(info.host, "shop3");
    EXPECT_EQ(info.takenAt, 5'000'000'000);
    EXPECT_EQ(info.takenWallClock, 1'790'000'000);
    EXPECT_EQ(info.now(), info.takenAt) << "ages stand still";
    EXPECT_TRUE(out.source->contact().followsEvents);
    EXPECT_FALSE(info.live);
    EXPECT_FALSE(info.redacted);
    EXPECT_EQ(info.file, path);
    EXPECT_EQ(out.source->untrackedJobs(), 3u);
    EXPECT_EQ(out.batch.events, 1'000u);
    EXPECT_EQ(out.batch.lost, 7u);
    EXPECT_TRUE(out.batch.reset);

    const auto words = out.source->dictionary();
    ASSERT_EQ(out.batch.rows.size(), in.jobs.size());
    for (std::size_t i = 0; i < in.jobs.size(); ++i)
        ASSERT_EQ(drawn(out.batch.rows[i], *words), drawn(in.jobs[i], *in.dictionary));
    ASSERT_EQ(out.batch.ended.size(), in.ended.size());
    for (std::size_t i = 0; i < in.ended.size(); ++i) {
        const EndedJob& was = in.ended[i];
        const EndedJob& is = out.batch.ended[i];
        ASSERT_EQ(is.id, was.id);
        ASSERT_EQ(is.finalState, was.finalState);
        ASSERT_EQ(is.at, was.at);
        ASSERT_EQ(is.failed(), was.failed());
        ASSERT_EQ(drawn(is.row, *words), drawn(was.row, *in.dictionary));
        ASSERT_EQ(out.source->failureText(is), was.failure ? in.failureText(was) : "");
    }
    ASSERT_EQ(out.batch.incidents.size(), in.incidents.size());
    for (std::size_t i = 0; i < in.incidents.size(); ++i) {
        const Incident &was = in.incidents[i], &is = out.batch.incidents[i];
        ASSERT_EQ(is.number, was.number);
        ASSERT_EQ(is.what, was.what);
        ASSERT_EQ(is.at, was.at);
        ASSERT_EQ(is.text, was.text);
        ASSERT_EQ(drawn(is.job, *words), drawn(was.job, *in.dictionary));
    }
    ASSERT_TRUE(out.batch.resources);
    ASSERT_EQ(out.batch.resources->size(), in.resources.size());
    for (std::size_t i = 0; i < in.resources.size(); ++i) {
        Resource was = in.resources[i], is = (*out.batch.resources)[i];
        ASSERT_EQ(words->text(is.name), in.dictionary->text(was.name));
        ASSERT_EQ(words->site(is.site).file, in.dictionary->site(was.site).file);
        was.name = is.name;
        was.site = is.site;
        ASSERT_EQ(is, was);
    }
}

TEST_F(DumpTest, OneFromBeforeThereWereResourcesNamesNone) {
    Dump in = dump(2, 0);
    in.jobs[0].waitKind = WaitKind::Mutex; // waitsFor was the holder then, and an address
    in.jobs[1].waitKind = WaitKind::Channel;
    save(in);
    put(ofVersion(bytes(), format::versionMajor, 0));
    const Opened out = opened();
    ASSERT_EQ(out.batch.rows.size(), 2u);
    EXPECT_EQ(out.batch.rows[0].waitKind, WaitKind::Mutex);
    EXPECT_EQ(out.batch.rows[0].waitsFor, 0u);
    EXPECT_EQ(out.batch.rows[1].waitsFor, 0u);
}

TEST_F(DumpTest, OfAProgramWithoutJobsIsADumpToo) {
    save(dump(0, 0));
    const Opened out = opened();
    ASSERT_TRUE(out.source) << out.problem;
    EXPECT_THAT(out.problems(), IsEmpty());
    EXPECT_TRUE(out.batch.rows.empty());
}

TEST_F(DumpTest, CarriesTheStateThatTreeAndEndedJobsHaveAndItsFindings) {
    JobTree tree;
    EndedJobs ended;
    TreeChanges changes;
    Batch news = batch("! 1 2<1 3<2 4");
    news.rows[3].flags = JobFlags::launchedInGlobalScope;
    news.rows[3].launcher = id("2");
    news.rows[3].site = 12;
    tree.apply(news, changes);
    Batch ends = batch("-3");
    ends.ended[0].finalState = JobState::Failed;
    ends.ended[0].failure = 77;
    ends.endedUntold = 9;
    ends.failedUntold = 4;
    ended.apply(ends, tree);
    tree.apply(ends, changes);
    SourceInfo info = dump(0, 0).info;
    const auto words = std::make_shared<Program>();
    const Dump taken = takeDump(info, words, tree, ended,
                                [](const EndedJob& job) { return "failure " + std::to_string(job.failure); });
    save(taken);

    Opened out = opened();
    ASSERT_TRUE(out.source) << out.problem;
    JobTree again;
    EndedJobs endedAgain;
    endedAgain.apply(out.batch, again);
    again.apply(out.batch, changes);
    EXPECT_EQ(draw(again), draw(tree));
    EXPECT_EQ(endedAgain.total(), ended.total());
    EXPECT_EQ(endedAgain.totalFailures(), ended.totalFailures());
    const EndedJob* third = endedAgain.find(id("3"));
    ASSERT_NE(third, nullptr);
    EXPECT_EQ(third->row.parent, id("2"));
    EXPECT_EQ(out.source->failureText(*third), "failure 77");

    const auto text = [](const std::vector<Finding>& all) {
        std::string one;
        for (const Finding& f : all)
            one +=
                std::string(f.rule) + ' ' + label(f.job) + ' ' + f.title + f.evidence + f.where.file + '\n';
        return one;
    };
    EXPECT_THAT(text(findings(tree, EndedJobs(), *words, info.takenAt)), HasSubstr("orphan-global 4"));
    EXPECT_EQ(text(findings(again, EndedJobs(), *out.source->dictionary(), out.info().now())),
              text(findings(tree, EndedJobs(), *words, info.takenAt)));
}

TEST_F(DumpTest, GivesEverythingToASessionAndThenEnds) {
    save(dump(2'000, 5));
    Session session(*open(path));
    Batch all;
    EXPECT_TRUE(eventually([&] { return session.take(all); }));
    ASSERT_TRUE(all.tree);
    EXPECT_EQ(all.tree->size(), 2'000u);
    EXPECT_EQ(all.ended.size(), 5u);
    EXPECT_TRUE(eventually([&] { return session.status().ended.has_value(); }));
    EXPECT_EQ(session.status().lost, 7u);
    EXPECT_THAT(session.status().contact.problem, HasSubstr("dump of orders (pid 4711)"));
}

TEST_F(DumpTest, RedactedItNamesNothingOfTheProgramAndKeepsEqualThingsEqual) {
    Dump in = dump(3'000, 300);
    in.endText = "orders (pid 4711) was killed.";
    save(in, {.redact = true, .progress = {}});
    const Opened out = opened();
    ASSERT_TRUE(out.source) << out.problem;
    EXPECT_TRUE(out.info().redacted);
    EXPECT_EQ(out.info().program, "program");
    EXPECT_EQ(out.info().host, "");
    const Dictionary& words = *out.source->dictionary();
    std::map<std::string, std::string> names, files, functions, elements;
    const auto same = [](std::map<std::string, std::string>& known, const std::string& was,
                         const std::string& is) {
        const auto [at, added] = known.try_emplace(was, is);
        ASSERT_EQ(at->second, is);
        ASSERT_EQ(was.empty(), is.empty());
    };
    std::string everything = out.source->contact().problem + out.source->ended()->text;
    for (std::size_t i = 0; i < in.jobs.size(); ++i) {
        const JobRow &was = in.jobs[i], &is = out.batch.rows[i];
        same(names, in.dictionary->text(was.name), words.text(is.name));
        same(files, in.dictionary->site(was.site).file, words.site(is.site).file);
        same(functions, in.dictionary->site(was.site).function, words.site(is.site).function);
        same(elements, in.dictionary->context(was.context).elements, words.context(is.context).elements);
        EXPECT_EQ(words.site(is.site).line, in.dictionary->site(was.site).line);
        EXPECT_EQ(is.number, was.number);
        everything += drawn(is, words);
    }
    std::set<std::string> different;
    for (const auto& [was, is] : names)
        different.insert(is);
    EXPECT_EQ(different.size(), names.size()) << "different ones stay different";
    for (const EndedJob& job : out.batch.ended)
        everything += drawn(job.row, words) + out.source->failureText(job);
    for (const Incident& incident : out.batch.incidents)
        everything += drawn(incident.job, words) + incident.text;
    for (const char* secret :
         {"customer", "alice", "reader", "Reader", "billing", "acme", "lost", "card", "shop", "killed"})
        EXPECT_THAT(everything, Not(HasSubstr(secret)));
    EXPECT_THAT(everything, HasSubstr("std::runtime_error: message-"));
    EXPECT_THAT(everything, HasSubstr("\n\tsuppressed: exception-1: message-"));
    EXPECT_THAT(everything, HasSubstr("Default")) << "a dispatcher of ours";
    EXPECT_THAT(everything, HasSubstr("dispatcher-1"));
    EXPECT_THAT(words.site(out.batch.rows[5].site).file, EndsWith(".cpp"));
}

TEST_F(DumpTest, AddressesAreReplacedWhenItIsRedacted) {
    Dump in = dump(3, 0);
    in.jobs[0].waitKind = in.jobs[1].waitKind = in.jobs[2].waitKind = WaitKind::Event;
    in.jobs[0].waitsFor = in.jobs[2].waitsFor = 0x7f12'3456'7890;
    in.jobs[1].waitsFor = 0x7f12'3456'0000;
    save(in, {.redact = true, .progress = {}});
    const Opened out = opened();
    EXPECT_EQ(out.batch.rows[0].waitsFor, 1u);
    EXPECT_EQ(out.batch.rows[1].waitsFor, 2u);
    EXPECT_EQ(out.batch.rows[2].waitsFor, 1u);
}

// ---- Files that something happened to

TEST_F(DumpTest, ADamagedSectionLosesOnlyItself) {
    const Dump in = dump(30'000, 9'000);
    save(in);
    const std::string whole = bytes();
    const std::vector<Section> sections = sectionsOf(whole);
    std::size_t ofJobs = 0;
    for (const Section& section : sections)
        ofJobs += section.tag == format::tags::jobs;
    ASSERT_GE(ofJobs, 3u) << "else this says little";
    for (const Section& section : sections) {
        std::string damaged = whole;
        damaged[(section.begin + section.end) / 2] ^= 0x10;
        put(damaged);
        const Opened out = opened();
        ASSERT_TRUE(out.source) << out.problem;
        ASSERT_FALSE(out.info().problems.empty());
        EXPECT_THAT(out.problems(), StartsWith("Byte "));
        const bool jobs = section.tag == format::tags::jobs, ended = section.tag == format::tags::ended;
        EXPECT_EQ(out.batch.rows.size() < in.jobs.size(), jobs);
        EXPECT_GT(out.batch.rows.size(), in.jobs.size() / 2);
        EXPECT_EQ(out.batch.ended.size() < in.ended.size(), ended);
        if (jobs) {
            EXPECT_THAT(out.problems(), HasSubstr("a section of jobs is damaged"));
            EXPECT_THAT(out.problems(), HasSubstr(" of 30,000 jobs were read."));
        }
        if (section.tag == format::tags::info) {
            EXPECT_GT(out.info().takenAt, 0) << "else every age would be wrong";
        }
        if (!jobs && section.tag != format::tags::texts) {
            EXPECT_EQ(out.source->dictionary()->text(out.batch.rows.back().name),
                      in.dictionary->text(in.jobs.back().name));
        }
    }
}

TEST_F(DumpTest, ADamagedHeadOfASectionIsSteppedOver) {
    const Dump in = dump(30'000, 100);
    save(in);
    const std::string whole = bytes();
    for (const Section& section : sectionsOf(whole)) {
        std::string damaged = whole;
        damaged[section.at + 9] ^= 1;
        put(damaged);
        const Opened out = opened();
        ASSERT_TRUE(out.source) << out.problem;
        EXPECT_FALSE(out.info().problems.empty());
        if (section.tag != format::tags::jobs)
            EXPECT_EQ(out.batch.rows.size(), in.jobs.size());
        else
            EXPECT_GT(out.batch.rows.size(), in.jobs.size() / 2);
    }
}

TEST_F(DumpTest, NoByteCanChangeUnnoticed) {
    save(dump(20, 5));
    const std::string whole = bytes();
    const Descriptor file(::open(path.c_str(), O_WRONLY));
    ASSERT_TRUE(file);
    for (std::size_t i = 0; i < whole.size(); ++i) {
        const auto damaged = static_cast<char>(whole[i] ^ (1 << i % 8));
        ASSERT_EQ(::pwrite(file.get(), &damaged, 1, static_cast<off_t>(i)), 1);
        const Opened out = opened();
        ASSERT_TRUE(!out.problem.empty() || !out.info().problems.empty()) << "byte " << i;
        ASSERT_EQ(::pwrite(file.get(), &whole[i], 1, static_cast<off_t>(i)), 1);
    }
}

TEST_F(DumpTest, WhereverItIsCutOffThatIsNoticedAndWhatIsThereIsShown) {
    const Dump in = dump(30'000, 20);
    save(in);
    const std::string whole = bytes();
    const std::vector<Section> sections = sectionsOf(whole);
    std::vector<std::size_t> places{1, 7, 8, 9, 31, 32, 33};
    for (const Section& section : sections)
        for (const std::size_t at :
             {section.at, section.at + 5, section.begin, section.begin + 1, section.end - 1})
            places.push_back(at);
    std::size_t most = 0;
    for (const std::size_t place : places) {
        put(whole.substr(0, place));
        const Opened out = opened();
        if (!out.source) {
            EXPECT_THAT(out.problem, EndsWith("."));
            continue;
        }
        EXPECT_THAT(out.problems(), HasSubstr("cut off")) << place;
        most = std::max(most, out.batch.rows.size());
        if (!out.batch.rows.empty() && out.batch.rows.size() < in.jobs.size()) {
            EXPECT_THAT(out.problems(), HasSubstr(" of 30,000 jobs were read."));
        }
    }
    EXPECT_EQ(most, in.jobs.size());
    put(whole.substr(0, sections.back().at));
    EXPECT_THAT(opened().problems(), HasSubstr("The end mark is missing"));
}

TEST_F(DumpTest, OfANewerMinorVersionWhatIsKnownIsShown) {
    const Dump in = dump(500, 3);
    save(in);
    std::string file = ofVersion(bytes(), format::versionMajor, format::versionMinor + 3);
    const std::size_t end = sectionsOf(file).back().at;
    file.insert(end, section(format::tag("NEWS"), "what nobody knows yet", 21, format::Encoding::Plain));
    put(file);
    const Opened out = opened();
    ASSERT_TRUE(out.source) << out.problem;
    EXPECT_EQ(out.batch.rows.size(), 500u);
    EXPECT_EQ(out.batch.ended.size(), 3u);
    EXPECT_EQ(out.problems(), "It was written by a newer Coroscope (version 1." +
                                  std::to_string(format::versionMinor + 3) +
                                  " of the format): what that has added is not shown.\n");
}

TEST_F(DumpTest, RowsThatANewerVersionHasMadeLongerAreRead) {
    save(dump(0, 0));
    std::string file = ofVersion(bytes(), format::versionMajor, format::versionMinor + 1);
    format::Job job{};
    job.id = JobId::of(7, 1).value;
    job.number = 42;
    std::string rows;
    const format::TableHead table{0, 2, sizeof job + 16, 0};
    rows.append(reinterpret_cast<const char*>(&table), sizeof table);
    for (int i = 0; i < 2; ++i) {
        rows.append(reinterpret_cast<const char*>(&job), sizeof job).append(16, '\xaa');
        job.id = JobId::of(8, 1).value;
    }
    file.insert(
        sectionsOf(file).back().at,
        section(format::tags::jobs, rows, static_cast<std::uint32_t>(rows.size()), format::Encoding::Plain));
    put(file);
    const Opened out = opened();
    ASSERT_EQ(out.batch.rows.size(), 2u) << out.problem;
    EXPECT_EQ(out.batch.rows[1].id.index(), 8u);
    EXPECT_EQ(out.batch.rows[1].number, 42u);
}

TEST_F(DumpTest, OfANewerMajorVersionIsRefusedWithASentence) {
    save(dump(5, 0));
    put(ofVersion(bytes(), format::versionMajor + 1, 0));
    EXPECT_EQ(opened().problem, path +
                                    " was written by a newer Coroscope: it has version 2.0 of the format, "
                                    "and this one reads version 1. Open it with a Coroscope of its own age.");
}

TEST_F(DumpTest, WhatIsNoDumpIsRefusedWithASentence) {
    EXPECT_EQ(opened().problem, "There is no file " + path + ".");
    put("");
    EXPECT_EQ(opened().problem, path + " is empty.");
    put("no dump");
    EXPECT_THAT(opened().problem,
                StartsWith(path + " holds no dump that is known here: none of Coroscope, "));
    put("Coroutines dump 2026/08/14 16:18:30\n");
    EXPECT_EQ(opened().problem, path + " holds a coroutine dump of Kotlin's DebugProbes with nothing in it.");
    EXPECT_EQ(open(scratch.path()).problem(), scratch.path() + " is a directory, not a dump.");
    EXPECT_EQ(open("/dev/null").problem(), "/dev/null is not an ordinary file, so it cannot be a dump.");
    const std::string pipe = scratch.path() + "/pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_THAT(open(pipe).problem(), HasSubstr("is not an ordinary file"));
    save(dump(5, 0));
    put(bytes().substr(0, sizeof(format::FileHead)));
    EXPECT_EQ(opened().problem, path + " is a damaged dump: nothing in it can be read.");
    if (::geteuid() != 0) {
        ASSERT_EQ(::chmod(path.c_str(), 0), 0);
        EXPECT_EQ(opened().problem, path + " cannot be read: Permission denied.");
    }
}

TEST_F(DumpTest, ASectionThatClaimsToBeHugeIsNotBelieved) {
    save(dump(10, 0));
    std::string file = bytes();
    file.insert(sectionsOf(file).back().at,
                section(format::tags::jobs, "tiny", format::largestSection, format::Encoding::Zstd));
    put(file);
    const Opened out = opened();
    EXPECT_EQ(out.batch.rows.size(), 10u);
    EXPECT_THAT(out.problems(), HasSubstr("a section of jobs is damaged"));
}

TEST_F(DumpTest, TimesAndNumbersThatMakeNoSenseDoNoHarm) {
    Dump in = dump(2, 1);
    in.jobs[0].createdAt = -5;
    in.jobs[0].stateSince = std::numeric_limits<std::int64_t>::max();
    in.jobs[0].kind = static_cast<JobKind>(200);
    in.jobs[0].state = static_cast<JobState>(200);
    in.jobs[0].execution = static_cast<Execution>(200);
    in.jobs[0].waitKind = static_cast<WaitKind>(200);
    in.ended[0].finalState = JobState::Active;
    in.info.takenAt = -1;
    save(in);
    const Opened out = opened();
    ASSERT_EQ(out.batch.rows.size(), 2u);
    EXPECT_GE(out.batch.rows[0].createdAt, 0);
    EXPECT_LT(out.batch.rows[0].stateSince, std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(out.batch.rows[0].kind, JobKind::Foreign);
    EXPECT_TRUE(isFinal(out.batch.ended[0].finalState));
}

// ---- Saving

TEST_F(DumpTest, TheFileIsForThisUserOnlyAndNothingElseIsLeft) {
    auto saved = saveDump(dump(100, 2), path);
    ASSERT_TRUE(saved) << saved.problem();
    struct stat info{};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
    EXPECT_EQ(saved->bytes, static_cast<std::uint64_t>(info.st_size));
    EXPECT_EQ(saved->jobs, 100u);
    EXPECT_EQ(saved->ended, 2u);
    EXPECT_THAT(filesThere(), ElementsAre("orders.coroscope"));
}

TEST_F(DumpTest, AnOlderFileIsReplacedAsAWhole) {
    save(dump(30'000, 0));
    save(dump(7, 0));
    EXPECT_EQ(opened().batch.rows.size(), 7u);
    EXPECT_THAT(filesThere(), ElementsAre("orders.coroscope"));
}

TEST_F(DumpTest, ALinkIsFollowed) {
    const std::string link = scratch.path() + "/link";
    save(dump(1, 0));
    ASSERT_EQ(::symlink(path.c_str(), link.c_str()), 0);
    ASSERT_TRUE(saveDump(dump(9, 0), link));
    EXPECT_EQ(opened().batch.rows.size(), 9u);
    struct stat info{};
    ASSERT_EQ(::lstat(link.c_str(), &info), 0);
    EXPECT_TRUE(S_ISLNK(info.st_mode));
}

/// Files of this process may be only so large meanwhile.
struct SmallFiles {
    explicit SmallFiles(rlim_t size) {
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit small{size, before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
    }
    ~SmallFiles() { ::setrlimit(RLIMIT_FSIZE, &before); }
    rlimit before{};
};

TEST_F(DumpTest, WhenItDoesNotFitTheOlderFileStaysAndNothingIsLeftBehind) {
    save(dump(3, 0));
    const std::string before = bytes();
    {
        const SmallFiles limit(20'000);
        const auto saved = saveDump(dump(30'000, 0), path);
        ASSERT_FALSE(saved);
        EXPECT_EQ(saved.problem(), path +
                                       " cannot be written: larger than this process may make a file (ulimit "
                                       "-f). The older file of this name is as it was.");
    }
    EXPECT_EQ(bytes(), before);
    EXPECT_THAT(filesThere(), ElementsAre("orders.coroscope"));
    {
        const SmallFiles limit(20'000);
        EXPECT_THAT(saveDump(dump(30'000, 0), scratch.path() + "/new").problem(),
                    EndsWith("Nothing was left behind."));
    }
    EXPECT_THAT(filesThere(), ElementsAre("orders.coroscope"));
}

TEST_F(DumpTest, WhereNothingCanBeWrittenASentenceSaysSo) {
    EXPECT_EQ(saveDump(dump(3, 0), scratch.path() + "/no/such/place").problem(),
              scratch.path() + "/no/such/place cannot be written: No such file or directory.");
    EXPECT_EQ(saveDump(dump(3, 0), scratch.path()).problem(),
              scratch.path() + " cannot be written: Is a directory.");
    EXPECT_EQ(saveDump(dump(3, 0), "/dev/full").problem(),
              "/dev/full cannot be replaced: it is not an ordinary file.");
    struct stat info{};
    ASSERT_EQ(::stat("/dev/full", &info), 0);
    EXPECT_TRUE(S_ISCHR(info.st_mode));
}

TEST_F(DumpTest, SavingTellsHowFarItIsAndCanBeGivenUp) {
    const Dump in = dump(200'000, 0);
    std::vector<double> told;
    save(in, {.redact = false, .progress = [&](double share) { return told.push_back(share), true; }});
    EXPECT_GT(told.size(), 5u);
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    EXPECT_NEAR(told.back(), 1, 0.01);
    const std::string before = bytes();
    const auto saved =
        saveDump(in, path, {.redact = false, .progress = [](double share) { return share < 0.7; }});
    EXPECT_EQ(saved.problem(), path + " was not saved.");
    EXPECT_EQ(bytes(), before);
    EXPECT_THAT(filesThere(), ElementsAre("orders.coroscope"));
}

TEST_F(DumpTest, TheSuggestedNameSaysWhatAndWhen) {
    SourceInfo info = dump(0, 0).info;
    info.program = "../my orders";
    EXPECT_THAT(suggestedFileName(info), StartsWith("_._my_orders-4711-2026"));
    EXPECT_THAT(suggestedFileName(info), EndsWith(".coroscope"));
    EXPECT_THAT(suggestedFileName(info, true), StartsWith("program-4711-"));
}

} // namespace
} // namespace coroscope::test
