// SPDX-License-Identifier: Apache-2.0
#include "DumpReader.h"
#include "Crc32.h"
#include "TableReader.h"
#include "Utf8.h"

#include <coroscope/observe/Labels.h>
#include <coroscope/wire/DumpFormat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include <unistd.h>

namespace coroscope::observe {

namespace dump = wire::dump;

namespace {

/// How far the next section is looked for behind a damaged one.
constexpr std::uint64_t farthestSearch = std::uint64_t{1} << 30;
constexpr std::uint64_t mostMarksTried = 1'000'000;
constexpr std::size_t mostProblems = 20;
constexpr std::size_t mostEarlierProblems = 100;
constexpr std::string_view earlierMark = "When it was saved: ";
constexpr std::size_t longestIncident = 4'096; ///< bytes of text: all of them are held in memory

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
    case dump::tags::stackRests:
    case dump::tags::callStackRests:
        return "a section of long stacks";
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

class Reader {
public:
    Reader(int file, std::uint64_t size, const std::function<bool(std::uint64_t)>& goesOn)
        : file_(file)
        , size_(size)
        , goesOn_(goesOn) {}

    Result<Dump> read() {
        std::uint64_t at = 0;
        if (std::string problem = readHead(at); !problem.empty())
            return Problem{std::move(problem)};
        while (at < size_ && !ended_) {
            if (goesOn_ && !goesOn_(at))
                return Problem{"was not read to its end."};
            at = readSection(at);
        }
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
    /// One that whoever saved it had.
    void earlierProblem(const std::string& text) {
        if (earlierProblems_++ < mostEarlierProblems)
            dump_.info.problems.push_back(text.starts_with(earlierMark) ? text
                                                                        : std::string(earlierMark) + text);
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
        return size_ - at >= sizeof head && readAt(file_, at, &head, sizeof head) && isSectionHead(head);
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
        if (!SectionOpener::mayBe(head))
            return false;
        stored_.resize(head.storedSize);
        return readAt(file_, begin, stored_.data(), stored_.size()) && opener_.open(head, stored_, plain_);
    }

    /// Null when all is well, else what is wrong, to follow the section's name.
    const char* take(const dump::SectionHead& head) {
        if (TableReader::knows(head.tag))
            return tables_.take(head.tag, plain());
        switch (head.tag) {
        case dump::tags::info:
            return takeInfo();
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

    std::string_view plain() const noexcept { return {plain_.data(), plain_.size()}; }

    const char* takeInfo() {
        SourceInfo& info = dump_.info;
        infoRead_ = true;
        const bool sound = readFields<dump::FieldKey>(plain(), [&](dump::FieldKey key, std::uint64_t number,
                                                                   std::string_view bytes) {
            const auto text = [&] { return presentable(bytes.substr(0, 1'024)); };
            switch (key) {
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
                info.takenAt = saneTime(static_cast<std::int64_t>(number));
                break;
            case dump::FieldKey::TakenWallClock:
                // To the year 9999: beyond that no calendar is asked.
                info.takenWallClock =
                    static_cast<std::int64_t>(std::min<std::uint64_t>(number, 253'402'300'799));
                break;
            case dump::FieldKey::Writer:
            case dump::FieldKey::CommandLine:
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
            case dump::FieldKey::SourceFormat:
                info.format = text();
                break;
            case dump::FieldKey::ParentsTold:
                info.parentsTold = number != 0;
                break;
            case dump::FieldKey::RootsTold:
                info.rootsTold = number != 0;
                break;
            case dump::FieldKey::Problem:
                earlierProblem(text());
                break;
            case dump::FieldKey::Jobs:
                jobsThere_ = number;
                break;
            case dump::FieldKey::Ended:
                endedThere_ = number;
                break;
            }
        });
        return sound ? nullptr : "makes no sense";
    }

    const char* takeJobs() {
        const auto table = tableOf(plain(), sizeof(dump::Job), jobs_);
        if (!table)
            return "makes no sense";
        if (dump_.jobs.capacity() == 0) // as many as are said to be there, if the file can have them
            dump_.jobs.reserve(
                static_cast<std::size_t>(std::min(jobsThere_, std::min(mostTableRows, size_ / 4))));
        for (std::size_t i = 0; i < table->count; ++i) {
            const JobRow row = rowOf(rowAt<dump::Job>(plain(), *table, i), namesResources_);
            if (row.id)
                dump_.jobs.push_back(row);
        }
        return nullptr;
    }

    const char* takeEnded() {
        const auto table = tableOf(plain(), sizeof(dump::Ended), endedRows_);
        if (!table)
            return "makes no sense";
        for (std::size_t i = 0; i < table->count; ++i) {
            const auto row = rowAt<dump::Ended>(plain(), *table, i);
            EndedJob job = endedOf(row, namesResources_);
            if (!job.id)
                continue;
            if ((row.marks & dump::EndedMarks::failed) != 0)
                job.failure = std::uint64_t{row.failure} + 1;
            dump_.ended.push_back(job);
        }
        return nullptr;
    }

    const char* takeIncidents() {
        const auto table = tableOf(plain(), sizeof(dump::Incident), incidents_);
        if (!table)
            return "makes no sense";
        for (std::size_t i = 0; i < table->count; ++i)
            incidentRows_.push_back(rowAt<dump::Incident>(plain(), *table, i));
        return nullptr;
    }

    const char* takeResources() {
        const auto table = tableOf(plain(), sizeof(dump::Resource), resources_);
        if (!table)
            return "makes no sense";
        for (std::size_t i = 0; i < table->count; ++i) {
            const Resource resource = resourceOf(rowAt<dump::Resource>(plain(), *table, i));
            if (resource.id)
                dump_.resources.push_back(resource);
        }
        return nullptr;
    }

    /// Their texts come with them, so that there are only as many as anybody keeps.
    void finishIncidents() {
        const std::size_t from = incidentRows_.size() - std::min(incidentRows_.size(), EndedJobs::mostOfEach);
        for (std::size_t i = from; i < incidentRows_.size(); ++i) {
            const dump::Incident& row = incidentRows_[i];
            Incident incident = incidentOf(row, namesResources_);
            incident.text = cutUtf8(tables_.dictionary()->failure(row.text), longestIncident);
            dump_.incidents.push_back(std::move(incident));
        }
        incidentRows_ = {};
    }

    void finish() {
        SourceInfo& info = dump_.info;
        tables_.finish();
        finishIncidents();
        dump_.dictionary = tables_.dictionary();
        dump_.failureText = [dictionary = tables_.dictionary()](const EndedJob& job) {
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
    const std::function<bool(std::uint64_t)>& goesOn_;
    Dump dump_;
    TableReader tables_;
    SectionOpener opener_;
    std::vector<char> stored_, plain_;
    std::uint64_t jobs_ = 0, endedRows_ = 0, incidents_ = 0, resources_ = 0;
    std::vector<dump::Incident> incidentRows_;
    std::uint64_t jobsThere_ = 0, endedThere_ = 0;
    std::uint64_t problems_ = 0, earlierProblems_ = 0, marksTried_ = 0;
    /// Before minor version 1 a job waited for the holder of a mutex, or an address.
    bool namesResources_ = true;
    bool infoRead_ = false, ended_ = false, cutOff_ = false;
};

} // namespace

bool beginsAsDump(const unsigned char* bytes, std::size_t size) noexcept {
    return size >= sizeof dump::magic && std::memcmp(bytes, dump::magic, sizeof dump::magic) == 0;
}

Result<Dump> readDump(int file, std::uint64_t size, const std::function<bool(std::uint64_t)>& goesOn) {
    return Reader(file, size, goesOn).read();
}

} // namespace coroscope::observe
