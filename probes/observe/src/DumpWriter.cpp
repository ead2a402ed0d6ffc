// SPDX-License-Identifier: Apache-2.0
// Writes dumps: every section is made in memory, compressed and written, so that none needs more than some
// megabytes. The tables come first, so that of a file that is cut off what is there can be understood.
#include "Crc32.h"
#include "DumpTables.h"
#include "NewFile.h"

#include <coroscope/observe/Dump.h>
#include <coroscope/wire/DumpFormat.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <memory>
#include <utility>

#include <unistd.h>
#include <zstd.h>

namespace coroscope::observe {

namespace dump = wire::dump;

namespace {

/// So many bytes of rows go into one section: what is lost with a damaged one.
constexpr std::size_t sectionSize = 128u << 10;
constexpr int compressionLevel = 1;

class SectionWriter {
public:
    explicit SectionWriter(NewFile& file)
        : file_(file)
        , compressor_(::ZSTD_createCCtx(), &::ZSTD_freeCCtx) {
        dump::FileHead head{};
        std::memcpy(head.magic, dump::magic, sizeof head.magic);
        head.versionMajor = dump::versionMajor;
        head.versionMinor = dump::versionMinor;
        head.headSize = sizeof head;
        head.check = crc32(&head, offsetof(dump::FileHead, check));
        file_.write(&head, sizeof head);
    }

    void add(const void* data, std::size_t size) {
        const auto* bytes = static_cast<const char*>(data);
        plain_.insert(plain_.end(), bytes, bytes + size);
    }
    template <class T>
    void add(const T& value) {
        add(&value, sizeof value);
    }
    std::size_t size() const noexcept { return plain_.size(); }
    std::uint32_t sections() const noexcept { return index_; }

    /// Ends the section made of what was added.
    void write(std::uint32_t tag) {
        dump::SectionHead head{};
        head.mark = dump::sectionMark;
        head.tag = tag;
        head.index = index_++;
        head.plainSize = static_cast<std::uint32_t>(plain_.size());
        packed_.resize(::ZSTD_compressBound(plain_.size()));
        const std::size_t packed = ::ZSTD_compressCCtx(compressor_.get(), packed_.data(), packed_.size(),
                                                       plain_.data(), plain_.size(), compressionLevel);
        const bool use = ::ZSTD_isError(packed) == 0 && packed < plain_.size() &&
                         plain_.size() <= packed * dump::largestRatio;
        head.encoding = static_cast<std::uint16_t>(use ? dump::Encoding::Zstd : dump::Encoding::Plain);
        const std::vector<char>& stored = use ? packed_ : plain_;
        head.storedSize = use ? static_cast<std::uint32_t>(packed) : head.plainSize;
        head.check = crc32(stored.data(), head.storedSize);
        head.headCheck = crc32(&head, offsetof(dump::SectionHead, headCheck));
        file_.write(&head, sizeof head);
        file_.write(stored.data(), head.storedSize);
        plain_.clear();
    }

private:
    NewFile& file_;
    std::unique_ptr<::ZSTD_CCtx, std::size_t (*)(::ZSTD_CCtx*)> compressor_;
    std::vector<char> plain_, packed_;
    std::uint32_t index_ = 0;
};

/// Rows of one size, in as many sections as it takes. `row(i)` gives them; `each` is called after every
/// section with the number of rows written and says whether to go on.
template <class Row, class Each>
bool writeRows(SectionWriter& writer, std::uint32_t tag, std::size_t count, Row&& row, Each&& each) {
    using Value = decltype(row(std::size_t{0}));
    constexpr std::size_t most = sectionSize / sizeof(Value);
    for (std::size_t first = 0; first < count; first += most) {
        const std::size_t here = std::min(most, count - first);
        writer.add(dump::TableHead{static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(here),
                                   sizeof(Value), 0});
        for (std::size_t i = first; i < first + here; ++i)
            writer.add(row(i));
        writer.write(tag);
        if (!each(first + here))
            return false;
    }
    return true;
}

bool goOn(std::size_t) {
    return true;
}

void writeTexts(SectionWriter& writer, const std::vector<const std::string*>& texts) {
    for (std::size_t first = 0; first < texts.size();) {
        std::size_t count = 0, bytes = 0;
        while (first + count < texts.size() && bytes < sectionSize)
            bytes += sizeof(std::uint32_t) + texts[first + count++]->size();
        writer.add(dump::TableHead{static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(count),
                                   sizeof(std::uint32_t), 0});
        for (std::size_t i = first; i < first + count; ++i)
            writer.add(static_cast<std::uint32_t>(texts[i]->size()));
        for (std::size_t i = first; i < first + count; ++i)
            writer.add(texts[i]->data(), texts[i]->size());
        writer.write(dump::tags::texts);
        first += count;
    }
}

class Fields {
public:
    explicit Fields(SectionWriter& writer)
        : writer_(writer) {}
    void text(dump::FieldKey key, const std::string& value) {
        writer_.add(dump::Field{static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(value.size())});
        writer_.add(value.data(), value.size());
    }
    void number(dump::FieldKey key, std::uint64_t value) {
        writer_.add(dump::Field{static_cast<std::uint32_t>(key), sizeof value});
        writer_.add(value);
    }

private:
    SectionWriter& writer_;
};

std::string hostName() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

void writeInfo(SectionWriter& writer, const Dump& what, bool redact) {
    using Key = dump::FieldKey;
    const SourceInfo& info = what.info;
    Fields fields(writer);
    fields.text(Key::Program, redact ? "program" : info.program);
    fields.number(Key::Pid, static_cast<std::uint64_t>(info.pid));
    fields.number(Key::ProcessStart, info.processStart);
    fields.text(Key::RuntimeVersion, info.runtimeVersion);
    if (!redact)
        fields.text(Key::Host, info.live ? hostName() : info.host);
    fields.number(Key::TakenAt, static_cast<std::uint64_t>(info.takenAt));
    fields.number(Key::TakenWallClock, static_cast<std::uint64_t>(info.takenWallClock));
    fields.text(Key::Writer, "Coroscope");
    fields.number(Key::Redacted, redact || info.redacted);
    fields.number(Key::FollowedEvents, what.followedEvents);
    fields.number(Key::Untracked, what.untracked);
    fields.number(Key::Events, what.events);
    fields.number(Key::Lost, what.lost);
    fields.number(Key::EndedUntold, what.endedUntold);
    fields.number(Key::FailedUntold, what.failedUntold);
    if (!what.endText.empty())
        fields.text(Key::EndText, redact ? "The program had ended." : what.endText);
    fields.number(Key::Jobs, what.jobs.size());
    fields.number(Key::Ended, what.ended.size());
    writer.write(dump::tags::info);
}

dump::Ended translateEnded(DumpTables& tables, const Dump& what, const EndedJob& job) {
    dump::Ended row{};
    if (job.row.id) {
        row.job = tables.translate(job.row);
        row.marks |= dump::EndedMarks::known;
    }
    row.job.id = job.id.value;
    row.at = job.at;
    row.finalState = static_cast<std::uint8_t>(job.finalState);
    if (job.failure != 0) {
        row.marks |= dump::EndedMarks::failed;
        row.failure = tables.failure(what.failureText(job));
    }
    return row;
}

dump::Incident translateIncident(DumpTables& tables, const Incident& incident) {
    dump::Incident row{};
    row.job = tables.translate(incident.job);
    row.number = incident.number;
    row.at = incident.at;
    row.text = tables.failure(incident.text);
    row.what = static_cast<std::uint8_t>(incident.what);
    return row;
}

} // namespace

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

Result<SavedDump> saveDump(const Dump& what, const std::string& path, const SaveOptions& options) {
    NewFile file(path);
    if (!file.problem().empty())
        return Problem{file.problem()};
    Redaction redaction;
    DumpTables tables(*what.dictionary, options.redact ? &redaction : nullptr);
    // The first half of the work is to find out what the jobs name, the second to write.
    const double steps = static_cast<double>(std::max<std::size_t>(1, what.jobs.size())) * 2;
    const auto progress = [&](std::size_t step) {
        return file.problem().empty() &&
               (!options.progress || options.progress(static_cast<double>(step) / steps));
    };
    const Problem givenUp{path + " was not saved."};
    for (std::size_t i = 0; i < what.jobs.size(); ++i) {
        tables.translate(what.jobs[i]);
        if (i % 65'536 == 0 && !progress(i))
            return file.problem().empty() ? givenUp : Problem{file.problem()};
    }
    for (const EndedJob& job : what.ended)
        translateEnded(tables, what, job);
    for (const Incident& incident : what.incidents)
        translateIncident(tables, incident);
    for (const Resource& resource : what.resources)
        tables.translate(resource);

    SectionWriter writer(file);
    writeInfo(writer, what, options.redact);
    writeTexts(writer, tables.texts());
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
        writer, dump::tags::contexts, tables.contexts().size(),
        [&](std::size_t i) { return tables.contexts()[i]; }, goOn);
    const bool whole = writeRows(
        writer, dump::tags::jobs, what.jobs.size(),
        [&](std::size_t i) { return tables.translate(what.jobs[i]); },
        [&](std::size_t written) { return progress(what.jobs.size() + written); });
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
    if (!whole && file.problem().empty())
        return givenUp;
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
