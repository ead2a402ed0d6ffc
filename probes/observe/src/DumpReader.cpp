// SPDX-License-Identifier: Apache-2.0
#include "DumpReader.h"
#include "Crc32.h"
#include "Utf8.h"

#include <coroscope/observe/Labels.h>
#include <coroscope/wire/DumpFormat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include <unistd.h>
#include <zstd.h>

namespace coroscope::observe {

namespace dump = wire::dump;

namespace {

constexpr std::uint64_t mostRows = std::uint64_t{1} << JobId::indexBits; ///< of each table
constexpr std::uint64_t mostTextBytes = std::uint64_t{1} << 30;
constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max() / 2;
/// How far the next section is looked for behind a damaged one.
constexpr std::uint64_t farthestSearch = std::uint64_t{1} << 30;
constexpr std::uint64_t mostMarksTried = 1'000'000;
constexpr std::size_t mostProblems = 20;
constexpr std::size_t longestIncident = 4'096; ///< bytes of text: all of them are held in memory

template <class T>
T valueAt(const char* bytes) noexcept {
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

/// All of `size` bytes at `offset`, unless the file ends or fails before.
bool readAt(int file, std::uint64_t offset, void* into, std::size_t size) noexcept {
    auto* bytes = static_cast<char*>(into);
    while (size > 0) {
        const ssize_t got = ::pread(file, bytes, size, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        bytes += got;
        offset += static_cast<std::uint64_t>(got);
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

/// A table whose rows may be spread over several sections, some of which may be missing.
template <class Part>
class Spread {
public:
    void add(std::uint32_t first, Part part) {
        if (!parts_.empty() && parts_.back().first > first)
            sorted_ = false;
        parts_.push_back({first, std::move(part)});
    }
    void finish() {
        if (!sorted_)
            std::sort(parts_.begin(), parts_.end(),
                      [](const Piece& a, const Piece& b) { return a.first < b.first; });
    }
    /// The part that has this row, and the row's number there.
    std::pair<const Part*, std::size_t> find(std::uint32_t row) const noexcept {
        auto after =
            std::upper_bound(parts_.begin(), parts_.end(), row,
                             [](std::uint32_t wanted, const Piece& piece) { return wanted < piece.first; });
        if (after == parts_.begin())
            return {nullptr, 0};
        const Piece& piece = *--after;
        const std::size_t at = row - piece.first;
        return at < piece.part.size() ? std::pair{&piece.part, at}
                                      : std::pair{static_cast<const Part*>(nullptr), at};
    }

private:
    struct Piece {
        std::uint32_t first;
        Part part;
    };
    std::vector<Piece> parts_;
    bool sorted_ = true;
};

/// Texts of one section in one piece of memory.
struct Texts {
    std::vector<std::uint32_t> ends; ///< in `bytes`
    std::string bytes;

    std::size_t size() const noexcept { return ends.size(); }
    std::string_view at(std::size_t i) const noexcept {
        const std::uint32_t begin = i == 0 ? 0 : ends[i - 1];
        return std::string_view(bytes).substr(begin, ends[i] - begin);
    }
};

/// The dictionary of a dump. Numbers that mean nothing, or are lost, give empty answers.
class DumpDictionary : public Dictionary {
public:
    std::string text(TextId id) const override { return presentable(raw(id)); }
    std::string failure(TextId id) const { return presentable(raw(id), true); }
    SiteText site(SiteId id) const override {
        const auto [part, at] = sites.find(id);
        if (id == 0 || !part)
            return {};
        const dump::Site& row = (*part)[at];
        return {text(row.file), text(row.function), row.line};
    }
    StackText stack(StackId id) const override {
        StackText stack;
        const auto [part, at] = stacks.find(id);
        if (id == 0 || !part)
            return stack;
        const dump::Stack& row = (*part)[at];
        for (std::uint32_t i = 0; i < std::min(row.depth, dump::Stack::depthHere); ++i)
            stack.frames.push_back(site(row.sites[i]));
        stack.cut = row.cut;
        return stack;
    }
    CallStackText callStack(CallStackId id) const override {
        CallStackText stack;
        const auto [part, at] = callStacks.find(id);
        if (id == 0 || !part)
            return stack;
        const dump::CallStack& row = (*part)[at];
        for (std::uint32_t i = 0; i < std::min(row.depth, dump::CallStack::depthHere); ++i)
            stack.frames.push_back(site(row.sites[i]));
        stack.cut = row.cut;
        stack.note = text(row.note);
        return stack;
    }
    ContextText context(std::uint32_t id) const override {
        const auto [part, at] = contexts.find(id);
        if (id == 0 || !part)
            return {};
        return {text((*part)[at].dispatcher), text((*part)[at].elements)};
    }

    Spread<Texts> texts;
    Spread<std::vector<dump::Site>> sites;
    Spread<std::vector<dump::Stack>> stacks;
    Spread<std::vector<dump::CallStack>> callStacks;
    Spread<std::vector<dump::Context>> contexts;

private:
    std::string_view raw(TextId id) const noexcept {
        const auto [part, at] = texts.find(id);
        return id == 0 || !part ? std::string_view() : part->at(at);
    }
};

const char* nameOf(std::uint32_t tag) noexcept {
    switch (tag) {
    case dump::tags::info:
        return "the section that says whose dump it is";
    case dump::tags::texts:
        return "a section of names";
    case dump::tags::sites:
        return "a section of source places";
    case dump::tags::stacks:
        return "a section of stacks";
    case dump::tags::callStacks:
        return "a section of call stacks";
    case dump::tags::contexts:
        return "a section of contexts";
    case dump::tags::jobs:
        return "a section of jobs";
    case dump::tags::ended:
        return "a section of ended jobs";
    case dump::tags::incidents:
        return "a section of incidents";
    case dump::tags::resources:
        return "a section of mutexes, semaphores and channels";
    case dump::tags::end:
        return "the end mark";
    default:
        return "a section";
    }
}

/// An enumerator that a newer writer may know and we do not.
template <class E>
E known(std::uint8_t value, E last, E otherwise) noexcept {
    return value <= static_cast<std::uint8_t>(last) ? static_cast<E>(value) : otherwise;
}

std::int64_t time(std::int64_t value) noexcept {
    return std::clamp<std::int64_t>(value, 0, latest);
}

JobRow rowOf(const dump::Job& job, bool namesResources) noexcept {
    JobRow row;
    row.id = JobId{job.id};
    row.parent = JobId{job.parent};
    row.launcher = JobId{job.launcher};
    row.number = job.number;
    row.createdAt = time(job.createdAt);
    row.stateSince = time(job.stateSince);
    row.executionSince = time(job.executionSince);
    row.jobVersion = job.jobVersion;
    row.executionSequence = job.executionSequence;
    row.site = job.site;
    row.suspendedAt = job.suspendedAt;
    row.name = job.name;
    row.context = job.context;
    row.resumes = job.resumes;
    row.creationStack = job.creationStack;
    row.flags = job.flags;
    row.kind = known(job.kind, JobKind::Produce, JobKind::Foreign);
    row.state = known(job.state, JobState::Failed, JobState::Active);
    row.execution = known(job.execution, Execution::WaitsForChildren, Execution::None);
    row.waitKind = known(job.waitKind, WaitKind::Select, WaitKind::Unknown);
    row.waitsFor = row.waitKind == WaitKind::Delay
                       ? std::min(job.waitsFor, static_cast<std::uint64_t>(latest))
                   : isResource(row.waitKind) && !namesResources ? 0
                                                                 : job.waitsFor;
    row.held = (job.marks & dump::JobMarks::held) != 0;
    row.changing = (job.marks & dump::JobMarks::changing) != 0;
    return row;
}

class Reader {
public:
    Reader(int file, std::uint64_t size)
        : file_(file)
        , size_(size)
        , dictionary_(std::make_shared<DumpDictionary>())
        , decompressor_(::ZSTD_createDCtx(), &::ZSTD_freeDCtx) {}

    Result<Dump> read() {
        std::uint64_t at = 0;
        if (std::string problem = readHead(at); !problem.empty())
            return Problem{std::move(problem)};
        while (at < size_ && !ended_)
            at = readSection(at);
        if (dump_.ended.empty() && dump_.jobs.empty() && !infoRead_)
            return Problem{"is a damaged dump: nothing in it can be read."};
        finish();
        return std::move(dump_);
    }

private:
    void problem(std::string text) {
        ++problems_;
        if (problems_ <= mostProblems)
            dump_.info.problems.push_back(std::move(text));
    }
    static std::string place(std::uint64_t at) { return "Byte " + countText(at) + ": "; }

    std::string readHead(std::uint64_t& at) {
        dump::FileHead head{};
        if (size_ < sizeof head || !readAt(file_, 0, &head, sizeof head))
            return "is the very beginning of a dump: it was cut off after " + countText(size_) + " bytes.";
        at = sizeof head;
        if (head.check != crc32(&head, offsetof(dump::FileHead, check))) {
            problem(place(0) + "the head of the file is damaged.");
            return {};
        }
        const std::string version =
            std::to_string(head.versionMajor) + '.' + std::to_string(head.versionMinor);
        if (head.versionMajor != dump::versionMajor)
            return "was written by " +
                   std::string(head.versionMajor > dump::versionMajor ? "a newer" : "an older") +
                   " Coroscope: it has version " + version + " of the format, and this one reads version " +
                   std::to_string(dump::versionMajor) + ". Open it with a Coroscope of its own age.";
        if (head.versionMinor > dump::versionMinor)
            problem("It was written by a newer Coroscope (version " + version +
                    " of the format): what that has added is not shown.");
        at = std::max<std::uint64_t>(head.headSize, sizeof head);
        namesResources_ = head.versionMinor > 0;
        return {};
    }

    /// A section begins here, as far as its head tells.
    bool headAt(std::uint64_t at, dump::SectionHead& head) const noexcept {
        return size_ - at >= sizeof head && readAt(file_, at, &head, sizeof head) &&
               head.mark == dump::sectionMark &&
               head.headCheck == crc32(&head, offsetof(dump::SectionHead, headCheck));
    }

    /// Reads what begins there, or says what is wrong with it; answers where to go on.
    std::uint64_t readSection(std::uint64_t at) {
        dump::SectionHead head{};
        if (!headAt(at, head)) {
            if (size_ - at < sizeof head) {
                cutOff_ = true;
                problem("The file ends at byte " + countText(size_) + ": it was cut off.");
                return size_;
            }
            const std::uint64_t next = nextSection(at + 1);
            problem(place(at) + "damaged; " + countText(next - at) + " bytes are skipped.");
            return next;
        }
        const std::uint64_t begin = at + sizeof head;
        if (head.storedSize > size_ - begin) {
            cutOff_ = true;
            problem("The file ends at byte " + countText(size_) + " in the middle of " + nameOf(head.tag) +
                    ": it was cut off.");
            return size_;
        }
        const char* damage = load(head, begin) ? take(head) : "is damaged";
        if (damage)
            problem(place(at) + nameOf(head.tag) + ' ' + damage + '.');
        return begin + head.storedSize;
    }

    std::uint64_t nextSection(std::uint64_t from) {
        const std::uint64_t end = std::min(size_, from + farthestSearch);
        std::vector<char> block(1u << 16);
        for (std::uint64_t at = from; at + sizeof(dump::SectionHead) <= end;) {
            const std::size_t here =
                static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), end - at));
            if (!readAt(file_, at, block.data(), here))
                break;
            for (std::size_t i = 0; i + sizeof dump::sectionMark <= here; ++i) {
                dump::SectionHead head{};
                if (valueAt<std::uint32_t>(block.data() + i) != dump::sectionMark)
                    continue;
                if (++marksTried_ > mostMarksTried)
                    return size_;
                if (headAt(at + i, head))
                    return at + i;
            }
            at += here < block.size() ? here : here - sizeof dump::sectionMark + 1;
        }
        return size_;
    }

    /// The section's plain bytes into plain_.
    bool load(const dump::SectionHead& head, std::uint64_t begin) {
        if (head.storedSize > dump::largestSection || head.plainSize > dump::largestSection ||
            head.plainSize > std::uint64_t{head.storedSize} * dump::largestRatio)
            return false;
        stored_.resize(head.storedSize);
        if (!readAt(file_, begin, stored_.data(), stored_.size()) ||
            crc32(stored_.data(), stored_.size()) != head.check)
            return false;
        if (head.encoding == static_cast<std::uint16_t>(dump::Encoding::Plain)) {
            std::swap(plain_, stored_);
            return plain_.size() == head.plainSize;
        }
        if (head.encoding != static_cast<std::uint16_t>(dump::Encoding::Zstd))
            return false;
        plain_.resize(head.plainSize);
        return ::ZSTD_decompressDCtx(decompressor_.get(), plain_.data(), plain_.size(), stored_.data(),
                                     stored_.size()) == plain_.size();
    }

    /// Null when all is well, else what is wrong, to follow the section's name.
    const char* take(const dump::SectionHead& head) {
        switch (head.tag) {
        case dump::tags::info:
            return takeInfo();
        case dump::tags::texts:
            return takeTexts();
        case dump::tags::sites:
            return takeRows(dictionary_->sites, sites_);
        case dump::tags::stacks:
            return takeRows(dictionary_->stacks, stacks_);
        case dump::tags::callStacks:
            return takeRows(dictionary_->callStacks, callStacks_);
        case dump::tags::contexts:
            return takeRows(dictionary_->contexts, contexts_);
        case dump::tags::jobs:
            return takeJobs();
        case dump::tags::ended:
            return takeEnded();
        case dump::tags::incidents:
            return takeIncidents();
        case dump::tags::resources:
            return takeResources();
        case dump::tags::end:
            ended_ = true;
            return nullptr;
        default:
            return nullptr; // of a newer minor version
        }
    }

    const char* takeInfo() {
        SourceInfo& info = dump_.info;
        infoRead_ = true;
        std::size_t at = 0;
        while (plain_.size() - at >= sizeof(dump::Field)) {
            const auto field = valueAt<dump::Field>(plain_.data() + at);
            at += sizeof field;
            if (field.size > plain_.size() - at)
                return "makes no sense";
            const char* const bytes = plain_.data() + at;
            at += field.size;
            const std::uint64_t number = field.size == 8 ? valueAt<std::uint64_t>(bytes) : 0;
            const auto text = [&] { return presentable({bytes, std::min<std::size_t>(field.size, 1'024)}); };
            switch (static_cast<dump::FieldKey>(field.key)) {
            case dump::FieldKey::Program:
                info.program = text();
                break;
            case dump::FieldKey::Pid:
                info.pid = static_cast<int>(std::min<std::uint64_t>(number, std::numeric_limits<int>::max()));
                break;
            case dump::FieldKey::ProcessStart:
                info.processStart = number;
                break;
            case dump::FieldKey::RuntimeVersion:
                info.runtimeVersion = text();
                break;
            case dump::FieldKey::Host:
                info.host = text();
                break;
            case dump::FieldKey::TakenAt:
                info.takenAt = time(static_cast<std::int64_t>(number));
                break;
            case dump::FieldKey::TakenWallClock:
                // To the year 9999: beyond that no calendar is asked.
                info.takenWallClock =
                    static_cast<std::int64_t>(std::min<std::uint64_t>(number, 253'402'300'799));
                break;
            case dump::FieldKey::Writer:
                break;
            case dump::FieldKey::Redacted:
                info.redacted = number != 0;
                break;
            case dump::FieldKey::FollowedEvents:
                dump_.followedEvents = number != 0;
                break;
            case dump::FieldKey::Untracked:
                dump_.untracked = number;
                break;
            case dump::FieldKey::Events:
                dump_.events = number;
                break;
            case dump::FieldKey::Lost:
                dump_.lost = number;
                break;
            case dump::FieldKey::EndedUntold:
                dump_.endedUntold = number;
                break;
            case dump::FieldKey::FailedUntold:
                dump_.failedUntold = number;
                break;
            case dump::FieldKey::EndText:
                dump_.endText = text();
                break;
            case dump::FieldKey::Jobs:
                jobsThere_ = number;
                break;
            case dump::FieldKey::Ended:
                endedThere_ = number;
                break;
            }
        }
        return nullptr;
    }

    /// The rows of the section, `bytes` each at least; nothing when the section is too small for them, or
    /// there are too many.
    std::optional<dump::TableHead> tableOf(std::size_t bytes, std::uint64_t& rowsSoFar) const {
        if (plain_.size() < sizeof(dump::TableHead))
            return std::nullopt;
        const auto head = valueAt<dump::TableHead>(plain_.data());
        const std::uint64_t room = plain_.size() - sizeof head;
        if (head.stride < bytes || std::uint64_t{head.count} * head.stride > room ||
            head.count > mostRows - rowsSoFar)
            return std::nullopt;
        rowsSoFar += head.count;
        return head;
    }
    template <class Row>
    Row rowAt(const dump::TableHead& table, std::size_t i) const noexcept {
        return valueAt<Row>(plain_.data() + sizeof table + i * table.stride);
    }

    const char* takeTexts() {
        const auto table = tableOf(sizeof(std::uint32_t), texts_);
        if (!table || table->stride != sizeof(std::uint32_t))
            return "makes no sense";
        Texts texts;
        texts.ends.reserve(table->count);
        const std::size_t begin = sizeof *table + std::size_t{table->count} * table->stride;
        const std::uint64_t room = plain_.size() - begin;
        std::uint64_t end = 0;
        for (std::size_t i = 0; i < table->count; ++i) {
            const auto size = rowAt<std::uint32_t>(*table, i);
            end += size;
            if (size > dump::longestText || end > room)
                return "makes no sense";
            texts.ends.push_back(static_cast<std::uint32_t>(end));
        }
        textBytes_ += end;
        if (textBytes_ > mostTextBytes)
            return "has more text than a dump may have";
        texts.bytes.assign(plain_.data() + begin, static_cast<std::size_t>(end));
        dictionary_->texts.add(table->first, std::move(texts));
        return nullptr;
    }

    template <class Row>
    const char* takeRows(Spread<std::vector<Row>>& into, std::uint64_t& rowsSoFar) {
        const auto table = tableOf(sizeof(Row), rowsSoFar);
        if (!table)
            return "makes no sense";
        std::vector<Row> rows;
        rows.reserve(table->count);
        for (std::size_t i = 0; i < table->count; ++i)
            rows.push_back(rowAt<Row>(*table, i));
        into.add(table->first, std::move(rows));
        return nullptr;
    }

    const char* takeJobs() {
        const auto table = tableOf(sizeof(dump::Job), jobs_);
        if (!table)
            return "makes no sense";
        if (dump_.jobs.capacity() == 0) // as many as are said to be there, if the file can have them
            dump_.jobs.reserve(static_cast<std::size_t>(std::min(jobsThere_, std::min(mostRows, size_ / 4))));
        for (std::size_t i = 0; i < table->count; ++i) {
            const JobRow row = rowOf(rowAt<dump::Job>(*table, i), namesResources_);
            if (row.id)
                dump_.jobs.push_back(row);
        }
        return nullptr;
    }

    const char* takeEnded() {
        const auto table = tableOf(sizeof(dump::Ended), endedRows_);
        if (!table)
            return "makes no sense";
        for (std::size_t i = 0; i < table->count; ++i) {
            const auto row = rowAt<dump::Ended>(*table, i);
            const JobState state = known(row.finalState, JobState::Failed, JobState::Completed);
            EndedJob job{JobId{row.job.id}, isFinal(state) ? state : JobState::Completed, 0, time(row.at)};
            if (!job.id)
                continue;
            if ((row.marks & dump::EndedMarks::known) != 0)
                job.row = rowOf(row.job, namesResources_);
            if ((row.marks & dump::EndedMarks::failed) != 0)
                job.failure = std::uint64_t{row.failure} + 1;
            dump_.ended.push_back(job);
        }
        return nullptr;
    }

    const char* takeIncidents() {
        const auto table = tableOf(sizeof(dump::Incident), incidents_);
        if (!table)
            return "makes no sense";
        for (std::size_t i = 0; i < table->count; ++i)
            incidentRows_.push_back(rowAt<dump::Incident>(*table, i));
        return nullptr;
    }

    const char* takeResources() {
        const auto table = tableOf(sizeof(dump::Resource), resources_);
        if (!table)
            return "makes no sense";
        for (std::size_t i = 0; i < table->count; ++i) {
            const auto row = rowAt<dump::Resource>(*table, i);
            const WaitKind kind = known(row.kind, WaitKind::Select, WaitKind::Unknown);
            if (row.id != 0 && isResource(kind))
                dump_.resources.push_back({ResourceId{row.id}, kind, JobId{row.owner}, row.count,
                                           row.capacity, row.waiting, row.name, row.site});
        }
        return nullptr;
    }

    /// Their texts come with them, so that there are only as many as anybody keeps.
    void finishIncidents() {
        const std::size_t from = incidentRows_.size() - std::min(incidentRows_.size(), EndedJobs::mostOfEach);
        for (std::size_t i = from; i < incidentRows_.size(); ++i) {
            const dump::Incident& row = incidentRows_[i];
            dump_.incidents.push_back(
                {row.number, known(row.what, IncidentKind::Commanded, IncidentKind::Unknown), time(row.at),
                 rowOf(row.job, namesResources_),
                 std::string(cutUtf8(dictionary_->failure(row.text), longestIncident))});
        }
        incidentRows_ = {};
    }

    void finish() {
        SourceInfo& info = dump_.info;
        dictionary_->texts.finish();
        dictionary_->sites.finish();
        dictionary_->stacks.finish();
        dictionary_->callStacks.finish();
        dictionary_->contexts.finish();
        finishIncidents();
        dump_.dictionary = dictionary_;
        dump_.failureText = [dictionary = dictionary_](const EndedJob& job) {
            return job.failure == 0 ? std::string()
                                    : dictionary->failure(static_cast<TextId>(job.failure - 1));
        };
        if (!ended_ && !cutOff_)
            problem("The end mark is missing: the file was cut off at byte " + countText(size_) + ".");
        if (problems_ > mostProblems)
            info.problems.push_back("And " + countText(problems_ - mostProblems) + " more damaged places.");
        missing("jobs", dump_.jobs.size(), jobsThere_);
        missing("ended jobs", dump_.ended.size(), endedThere_);
        if (!infoRead_)
            info.program = "unknown program";
        // Without its own time a dump is as old as the last that happened in it.
        if (info.takenAt == 0) {
            for (const JobRow& row : dump_.jobs)
                info.takenAt = std::max({info.takenAt, row.createdAt, row.stateSince, row.executionSince});
            for (const EndedJob& job : dump_.ended)
                info.takenAt = std::max(info.takenAt, job.at);
        }
    }

    void missing(const char* what, std::uint64_t read, std::uint64_t there) {
        if (read < there)
            dump_.info.problems.push_back(countText(read) + " of " + countText(there) + ' ' + what +
                                          " were read.");
    }

    const int file_;
    const std::uint64_t size_;
    Dump dump_;
    std::shared_ptr<DumpDictionary> dictionary_;
    std::unique_ptr<::ZSTD_DCtx, std::size_t (*)(::ZSTD_DCtx*)> decompressor_;
    std::vector<char> stored_, plain_;
    std::uint64_t sites_ = 0, stacks_ = 0, callStacks_ = 0, contexts_ = 0, texts_ = 0, jobs_ = 0,
                  endedRows_ = 0;
    std::uint64_t incidents_ = 0, resources_ = 0;
    std::vector<dump::Incident> incidentRows_;
    std::uint64_t textBytes_ = 0, jobsThere_ = 0, endedThere_ = 0;
    std::uint64_t problems_ = 0, marksTried_ = 0;
    /// Before minor version 1 a job waited for the holder of a mutex, or an address.
    bool namesResources_ = true;
    bool infoRead_ = false, ended_ = false, cutOff_ = false;
};

} // namespace

bool beginsAsDump(const unsigned char* bytes, std::size_t size) noexcept {
    return size >= sizeof dump::magic && std::memcmp(bytes, dump::magic, sizeof dump::magic) == 0;
}

Result<Dump> readDump(int file, std::uint64_t size) {
    return Reader(file, size).read();
}

} // namespace coroscope::observe
