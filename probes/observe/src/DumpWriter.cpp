// SPDX-License-Identifier: Apache-2.0
// Writes dumps: every section is made in memory, compressed and written, so that none needs more than some
// megabytes. The tables come first, so that of a file that is cut off what is there can be understood.
#include "DumpWriter.h"
#include "Crc32.h"
#include "DumpTables.h"
#include "NewFile.h"
#include "RedactedDump.h"
#include "Sections.h"

#include <coroscope/observe/Dump.h>
#include <coroscope/wire/DumpFormat.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <utility>

#include <unistd.h>

namespace coroscope::observe {

namespace dump = wire::dump;

namespace {

/// Rows of one size, in as many sections as it takes. `row(i)` gives them; `each` is called after every
/// section with the number of rows written and says whether to go on.
template <class Row, class Each>
bool writeRows(SectionWriter& writer, std::uint32_t tag, std::size_t count, Row&& row, Each&& each) {
    for (std::size_t next = 0; next < count;) {
        next = writeRowSection(writer, tag, next, count, row);
        if (!each(next))
            return false;
    }
    return true;
}

bool goOn(std::size_t) {
    return true;
}

void writeInfo(SectionWriter& writer, const Dump& what) {
    using Key = dump::FieldKey;
    const SourceInfo& info = what.info;
    Fields<Key> fields(writer);
    fields.text(Key::Program, info.program);
    fields.number(Key::Pid, static_cast<std::uint64_t>(info.pid));
    fields.number(Key::ProcessStart, info.processStart);
    fields.text(Key::RuntimeVersion, info.runtimeVersion);
    if (!info.redacted)
        fields.text(Key::Host, hostOf(info));
    fields.number(Key::TakenAt, static_cast<std::uint64_t>(info.takenAt));
    fields.number(Key::TakenWallClock, static_cast<std::uint64_t>(info.takenWallClock));
    fields.text(Key::Writer, "Coroscope");
    fields.number(Key::Redacted, info.redacted);
    fields.number(Key::FollowedEvents, what.followedEvents);
    fields.number(Key::Untracked, what.untracked);
    fields.number(Key::Events, what.events);
    fields.number(Key::Lost, what.lost);
    fields.number(Key::EndedUntold, what.endedUntold);
    fields.number(Key::FailedUntold, what.failedUntold);
    if (!what.endText.empty())
        fields.text(Key::EndText, what.endText);
    if (!info.format.empty()) {
        fields.text(Key::SourceFormat, info.format);
        fields.number(Key::ParentsTold, info.parentsTold);
        fields.number(Key::RootsTold, info.rootsTold);
    }
    for (const std::string& problem : info.problems)
        fields.text(Key::Problem, problem);
    fields.number(Key::Jobs, what.jobs.size());
    fields.number(Key::Ended, what.ended.size());
    writer.write(dump::tags::info);
}

dump::Ended translateEnded(DumpTables& tables, const Dump& what, const EndedJob& job) {
    return tables.translate(job, job.failure != 0 ? tables.failure(what.failureText(job)) : 0);
}

dump::Incident translateIncident(DumpTables& tables, const Incident& incident) {
    return tables.translate(incident, tables.failure(incident.text));
}

} // namespace

std::string hostOf(const SourceInfo& info) {
    if (!info.live || !info.via.empty() || info.redacted)
        return info.host;
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

Dump takeDump(const SourceInfo& info, std::shared_ptr<const Dictionary> dictionary, const JobTree& tree,
              const EndedJobs& ended, const std::function<std::string(const EndedJob&)>& failureText) {
    Dump taken;
    taken.info = info;
    taken.info.takenAt = info.now();
    if (info.live)
        taken.info.takenWallClock = std::time(nullptr);
    taken.dictionary = std::move(dictionary);
    taken.jobs.reserve(tree.size());
    for (Node node = 0; node < tree.endNode(); ++node)
        if (tree.isLive(node))
            taken.jobs.push_back(tree.row(node));
    const std::vector<const EndedJob*> newest = ended.newestFirst();
    taken.ended.reserve(newest.size());
    // The source may be gone when the dump is saved: its texts come along, numbered anew.
    auto texts = std::make_shared<std::vector<std::string>>();
    std::uint64_t failures = 0;
    for (auto job = newest.rbegin(); job != newest.rend(); ++job) {
        taken.ended.push_back(**job);
        failures += (*job)->failed();
        if ((*job)->failure == 0)
            continue;
        texts->push_back(failureText(**job));
        taken.ended.back().failure = texts->size();
    }
    taken.failureText = [texts](const EndedJob& job) {
        return job.failure - 1 < texts->size() ? (*texts)[job.failure - 1] : std::string();
    };
    taken.incidents.assign(ended.incidents().begin(), ended.incidents().end());
    taken.resources = tree.resources();
    taken.endedUntold = ended.total() - newest.size();
    taken.failedUntold = ended.totalFailures() - failures;
    return taken;
}

bool writeDump(const Dump& what, const std::function<void(const void*, std::size_t)>& sink,
               const std::function<bool(double)>& goesOn) {
    DumpTables tables(*what.dictionary);
    // The first half of the work is to find out what the jobs name, the second to write.
    const double steps = static_cast<double>(std::max<std::size_t>(1, what.jobs.size())) * 2;
    const auto progress = [&](std::size_t step) { return goesOn(static_cast<double>(step) / steps); };
    for (std::size_t i = 0; i < what.jobs.size(); ++i) {
        tables.translate(what.jobs[i]);
        if (i % 65'536 == 0 && !progress(i))
            return false;
    }
    for (const EndedJob& job : what.ended)
        translateEnded(tables, what, job);
    for (const Incident& incident : what.incidents)
        translateIncident(tables, incident);
    for (const Resource& resource : what.resources)
        tables.translate(resource);

    dump::FileHead head{};
    std::memcpy(head.magic, dump::magic, sizeof head.magic);
    head.versionMajor = dump::versionMajor;
    head.versionMinor = dump::versionMinor;
    head.headSize = sizeof head;
    head.check = crc32(&head, offsetof(dump::FileHead, check));
    sink(&head, sizeof head);
    SectionWriter writer(sink);
    writeInfo(writer, what);
    for (std::size_t next = 0; next < tables.texts().size();)
        next = writeTextSection(writer, dump::tags::texts, next, tables.texts().size(),
                                [&](std::size_t i) -> std::string_view { return *tables.texts()[i]; });
    writeRows(
        writer, dump::tags::sites, tables.sites().size(), [&](std::size_t i) { return tables.sites()[i]; },
        goOn);
    writeRows(
        writer, dump::tags::stacks, tables.stacks().size(), [&](std::size_t i) { return tables.stacks()[i]; },
        goOn);
    writeRows(
        writer, dump::tags::callStacks, tables.callStacks().size(),
        [&](std::size_t i) { return tables.callStacks()[i]; }, goOn);
    writeRows(
        writer, dump::tags::stackRests, tables.stackRests().size(),
        [&](std::size_t i) { return tables.stackRests()[i]; }, goOn);
    writeRows(
        writer, dump::tags::callStackRests, tables.callStackRests().size(),
        [&](std::size_t i) { return tables.callStackRests()[i]; }, goOn);
    writeRows(
        writer, dump::tags::contexts, tables.contexts().size(),
        [&](std::size_t i) { return tables.contexts()[i]; }, goOn);
    if (!writeRows(
            writer, dump::tags::jobs, what.jobs.size(),
            [&](std::size_t i) { return tables.translate(what.jobs[i]); },
            [&](std::size_t written) { return progress(what.jobs.size() + written); }))
        return false;
    writeRows(
        writer, dump::tags::ended, what.ended.size(),
        [&](std::size_t i) { return translateEnded(tables, what, what.ended[i]); }, goOn);
    writeRows(
        writer, dump::tags::incidents, what.incidents.size(),
        [&](std::size_t i) { return translateIncident(tables, what.incidents[i]); }, goOn);
    writeRows(
        writer, dump::tags::resources, what.resources.size(),
        [&](std::size_t i) { return tables.translate(what.resources[i]); }, goOn);
    writer.add(dump::End{writer.sections(), 0, what.jobs.size(), what.ended.size()});
    writer.write(dump::tags::end);
    return true;
}

Result<SavedDump> saveDump(const Dump& what, const std::string& path, const SaveOptions& options) {
    if (options.redact) {
        Dump redacted = what;
        redact(redacted);
        return saveDump(redacted, path, {.redact = false, .progress = options.progress});
    }
    NewFile file(path);
    if (!file.problem().empty())
        return Problem{file.problem()};
    const bool whole = writeDump(
        what, [&file](const void* data, std::size_t size) { file.write(data, size); },
        [&](double share) {
            return file.problem().empty() && (!options.progress || options.progress(share));
        });
    if (!whole && file.problem().empty())
        return Problem{path + " was not saved."};
    if (!file.finish())
        return Problem{file.problem()};
    return SavedDump{path, what.jobs.size(), what.ended.size(), file.size()};
}

std::string suggestedFileName(const SourceInfo& info, bool redact) {
    std::string program;
    for (const char c : redact ? std::string("program") : info.program)
        program += (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                           c == '_' || (c == '.' && !program.empty())
                       ? c
                       : '_';
    char time[32] = {};
    const std::time_t taken = info.takenWallClock != 0 ? info.takenWallClock : std::time(nullptr);
    std::tm local{};
    if (::localtime_r(&taken, &local))
        std::strftime(time, sizeof time, "%Y%m%d-%H%M%S", &local);
    return program.substr(0, 64) + '-' + std::to_string(info.pid) + '-' + time + dump::fileSuffix;
}

} // namespace coroscope::observe
