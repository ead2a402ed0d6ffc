// SPDX-License-Identifier: Apache-2.0
// Every dump in tests/data/dumps, opened, saved as our own dump and as JSON, and opened again: the same jobs,
// findings and groups.
#include "AnyDump.h"
#include "OpenedDump.h"
#include "ScratchDirectory.h"

#include <coroscope/observe/Export.h>
#include <coroscope/observe/Groups.h>
#include <coroscope/observe/Labels.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace coroscope;
using namespace coroscope::observe;
using coroscope::test::Opened;

Dump taken(const Opened& opened) {
    return takeDump(opened.source->info(), opened.source->dictionary(), opened.tree, opened.ended,
                    [&](const EndedJob& job) { return opened.source->failureText(job); });
}

/// All of a row but what only the tree of a live program has.
std::string drawn(JobRow row, const Dictionary& words) {
    row.jobVersion = row.executionSequence = 0;
    if (row.execution != Execution::Suspended)
        row.waitsFor = 0; // what it waited for last
    const CallStackText creation = words.callStack(row.creationStack);
    return test::drawn(row, words) + '|' + test::drawn(StackText{creation.frames, creation.cut}) +
           creation.note;
}

/// A line for each thing that is known, sorted.
std::vector<std::string> everything(const Opened& opened) {
    const Dump dump = taken(opened);
    const Dictionary& words = *dump.dictionary;
    std::vector<std::string> lines;
    for (const JobRow& row : dump.jobs)
        lines.push_back("job " + drawn(row, words));
    for (const EndedJob& job : dump.ended)
        lines.push_back("ended " + std::string(name(job.finalState)) + ' ' + std::to_string(job.at) + ' ' +
                        drawn(job.row, words) +
                        (job.failure == 0 ? "" : exceptionText(dump.failureText(job))));
    for (const Incident& incident : dump.incidents)
        lines.push_back("incident " + std::to_string(static_cast<int>(incident.what)) + ' ' + incident.text +
                        drawn(incident.job, words));
    for (const Resource& each : dump.resources)
        lines.push_back("resource " + std::to_string(each.id.value) + ' ' + words.text(each.name) + ' ' +
                        std::to_string(each.owner.value) + ' ' + std::to_string(each.waiting));
    for (const Finding& finding : opened.findings())
        lines.push_back("finding " + std::string(finding.rule) + finding.jobName + finding.title +
                        finding.evidence + finding.advice + finding.where.function);
    for (const GroupBy by : allGroupings) {
        Grouping grouping(by, dump.info, dump.dictionary);
        for (const JobGroup& group : groupJobs(opened.tree, grouping))
            lines.push_back("group " + grouping.place(group.group).label() + ' ' +
                            countsText(group.counts, dump.info) + ' ' + std::to_string(group.oldest));
    }
    const SourceInfo& info = dump.info;
    lines.push_back(info.program + ' ' + std::to_string(info.pid) + ' ' + info.runtimeVersion + ' ' +
                    info.format + ' ' + std::to_string(info.takenWallClock) + ' ' +
                    std::to_string(info.takenAt) + (info.parentsTold ? " parents" : "") +
                    (info.rootsTold ? " roots" : ""));
    std::sort(lines.begin(), lines.end());
    return lines;
}

/// Behind what the exports say of themselves.
std::vector<std::string> problemsOf(const Opened& opened) {
    std::vector<std::string> all;
    for (const std::string& problem : opened.problems()) {
        const std::size_t mark = problem.find("ed: ");
        all.push_back(problem.starts_with("When it was ") ? problem.substr(mark + 4) : problem);
    }
    return all;
}

TEST(RoundTrip, LosesNothingOfAnyDump) {
    const test::ScratchDirectory scratch;
    std::size_t files = 0, deep = 0;
    for (const auto& entry : std::filesystem::directory_iterator(FOREIGN_DUMPS)) {
        if (entry.path().filename() == "README.md")
            continue;
        SCOPED_TRACE(entry.path().filename());
        ++files;
        const Opened first(open(entry.path()));
        ASSERT_EQ(first.problem, "");
        const std::vector<std::string> all = everything(first);
        ASSERT_GT(all.size(), 3u);
        for (Node node = 0; node < first.tree.endNode(); ++node)
            deep += first.source->dictionary()->stack(first.tree.row(node).suspendedAt).frames.size() > 16;
        for (const ExportFormat format : {ExportFormat::Dump, ExportFormat::Json}) {
            const std::string file = scratch.path() + "/again" + std::string(exportFormatInfo(format).ending);
            ASSERT_TRUE(exportToFile(taken(first), file, {.format = format}));
            const Opened again(open(file));
            ASSERT_EQ(again.problem, "");
            EXPECT_EQ(everything(again), all);
            EXPECT_EQ(problemsOf(again), problemsOf(first));
            // Once more, in the other format.
            const ExportFormat other = format == ExportFormat::Dump ? ExportFormat::Json : ExportFormat::Dump;
            const std::string more = scratch.path() + "/more" + std::string(exportFormatInfo(other).ending);
            ASSERT_TRUE(exportToFile(taken(again), more, {.format = other}));
            EXPECT_EQ(everything(Opened(open(more))), all);
        }
    }
    EXPECT_GT(files, 20u);
    EXPECT_GT(deep, 0u) << "stacks for which a row has no room";
}

} // namespace
