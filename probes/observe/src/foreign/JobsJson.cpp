// SPDX-License-Identifier: Apache-2.0
#include "foreign/JobsJson.h"

#include "TableReader.h"
#include "Utf8.h"
#include "export/JsonNames.h"
#include "foreign/ForeignTables.h"
#include "foreign/JsonBytes.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace coroscope::observe {

namespace {

using Json = nlohmann::json;

constexpr std::size_t longestText = 4'096;
constexpr std::size_t mostProblems = 50;
constexpr std::size_t mostRows = std::size_t{1} << JobId::indexBits;

/// What the parser is within.
enum class In : std::uint8_t {
    Document,
    Facts, ///< "dump"
    CallStacks,
    CallStack,
    Frames, ///< of what is around it
    Place,
    Resources,
    Resource,
    Jobs, ///< "roots", or "children"
    Job,
    Waits,
    Flags,
    Ended,
    EndedJob,
    Incidents,
    Incident,
    Problems,
    Other ///< nothing that is known, or wanted
};

/// A number, word or truth.
struct Scalar {
    std::uint64_t number = 0;
    const std::string* text = nullptr; ///< of texts only
    bool yes = false;

    std::string_view words() const noexcept { return text ? std::string_view(*text) : std::string_view(); }
    std::int64_t time() const noexcept {
        return saneTime(static_cast<std::int64_t>(
            std::min<std::uint64_t>(number, std::numeric_limits<std::int64_t>::max())));
    }
    template <class Number>
    Number as() const noexcept {
        return static_cast<Number>(std::min<std::uint64_t>(number, std::numeric_limits<Number>::max()));
    }
};

/// Told value by value, so that nothing but what becomes a job is ever held.
class Handler : public nlohmann::json_sax<Json> {
public:
    Handler()
        : tables_(std::make_shared<ForeignTables>()) {}

    bool null() override {
        if (in(In::Resource) && key_ == "capacity")
            resource_.capacity = observe::Resource::unlimited;
        return true;
    }
    bool boolean(bool value) override { return scalar({value ? 1u : 0u, nullptr, value}); }
    bool number_integer(number_integer_t value) override {
        return scalar({value < 0 ? 0 : static_cast<std::uint64_t>(value)});
    }
    bool number_unsigned(number_unsigned_t value) override { return scalar({value}); }
    bool number_float(number_float_t value, const string_t&) override {
        // Programs that have no whole numbers of this size write them with an exponent.
        return scalar({value >= 1 && value < 18e18 ? static_cast<std::uint64_t>(value) : 0});
    }
    bool string(string_t& value) override { return scalar({0, &value}); }
    bool binary(binary_t&) override { return true; }
    bool key(string_t& name) override {
        key_ = std::move(name);
        return true;
    }

    bool start_object(std::size_t) override {
        open_.push_back(within(objectIn()));
        switch (open_.back()) {
        case In::Job:
            beginJob();
            break;
        case In::Place:
            place_ = {};
            break;
        case In::CallStack:
            frames_.clear();
            callStack_ = {};
            break;
        case In::Resource:
            resource_ = {};
            break;
        case In::EndedJob:
            ended_ = {};
            break;
        case In::Incident:
            incident_ = {};
            break;
        default:
            break;
        }
        return true;
    }
    bool end_object() override {
        const In what = open_.back();
        open_.pop_back();
        switch (what) {
        case In::Job:
            endJob();
            break;
        case In::Place:
            endPlace();
            break;
        case In::CallStack:
            callStacks_.push_back(addStack(callStack_.cut, callStack_.note));
            break;
        case In::Resource:
            if (resource_.id && isResource(resource_.kind) && dump_.resources.size() < mostRows)
                dump_.resources.push_back(resource_);
            break;
        case In::EndedJob:
            endEnded();
            break;
        case In::Incident:
            if (incident_.job.id && dump_.incidents.size() < mostEndedRows)
                dump_.incidents.push_back(std::move(incident_));
            break;
        default:
            break;
        }
        return true;
    }
    bool start_array(std::size_t) override {
        open_.push_back(within(arrayIn()));
        if (open_.back() == In::Frames) {
            framesOf_ = key_;
            frames_.clear();
        }
        return true;
    }
    bool end_array() override {
        const In what = open_.back();
        open_.pop_back();
        if (what == In::Frames && in(In::Job) && !jobs_.empty()) {
            // "suspendedAt" is empty where "lastAt" tells more.
            if (framesOf_ == "suspendedAt" ? !frames_.empty() : true)
                jobs_.back().frames = frames_;
        }
        return true;
    }
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& error) override {
        problem(notJsonFrom(position, error.what()));
        return false;
    }

    bool foundDocument() const noexcept { return schema_; }
    std::uint64_t version() const noexcept { return version_; }

    Dump finish() {
        while (!jobs_.empty()) // it was cut off within them
            endJob();
        for (JobRow& row : rows_)
            resolve(row);
        for (EndedJob& job : dump_.ended)
            resolve(job.row);
        for (Incident& incident : dump_.incidents)
            resolve(incident.job);
        // Rows that were begun and have no id, or were not live.
        LargeVector<JobRow> live;
        live.reserve(rows_.size());
        for (const JobRow& row : rows_) {
            if (!row.id)
                ++nameless_;
            else if (isFinal(row.state))
                dump_.ended.push_back({row.id, row.state, 0, 0, row});
            else
                live.push_back(row);
        }
        if (nameless_ > 0)
            problem(nameless_ == 1 ? std::string("A job has no id and is left out.")
                                   : std::to_string(nameless_) + " jobs have no id and are left out.");
        if (left_ > 0)
            problem(std::to_string(left_) + " jobs are left out: there are too many.");
        if (problems_ > mostProblems)
            dump_.info.problems.push_back("There are " + std::to_string(problems_ - mostProblems) +
                                          " more such places.");
        dump_.jobs = std::move(live);
        dump_.dictionary = tables_;
        dump_.failureText = [texts = std::move(failures_)](const EndedJob& job) {
            return job.failure - 1 < texts.size() ? texts[job.failure - 1] : std::string();
        };
        return std::move(dump_);
    }

    void problem(std::string sentence) {
        if (++problems_ <= mostProblems)
            dump_.info.problems.push_back(std::move(sentence));
    }

private:
    static constexpr std::size_t mostEndedRows = 1'000'000;

    struct OpenJob {
        JobRow row;
        std::size_t at = 0; ///< in rows_; only of jobs in the tree
        bool inTree = false, parentTold = false, stateTold = false;
        std::vector<SiteId> frames;
        std::uint32_t cut = 0;
        std::string dispatcher, context;
    };
    struct PlaceParts {
        std::string file, function, signature;
        std::uint32_t line = 0;
    };
    struct StackParts {
        std::uint32_t cut = 0;
        std::string note;
    };

    /// What a job says of its call stack is one more than its number in the document.
    void resolve(JobRow& row) const {
        if (row.creationStack != 0)
            row.creationStack =
                row.creationStack <= callStacks_.size() ? callStacks_[row.creationStack - 1] : 0;
    }

    bool in(In what) const noexcept { return !open_.empty() && open_.back() == what; }
    /// Of what is not known, nothing is.
    In within(In what) const noexcept { return in(In::Other) ? In::Other : what; }

    In objectIn() const {
        if (open_.empty())
            return In::Document;
        switch (open_.back()) {
        case In::Document:
            return key_ == "dump" ? In::Facts : In::Other;
        case In::CallStacks:
            return In::CallStack;
        case In::Frames:
            return In::Place;
        case In::Resources:
            return In::Resource;
        case In::Jobs:
            return In::Job;
        case In::Job:
            return key_ == "createdAt" ? In::Place : key_ == "waitsFor" ? In::Waits : In::Other;
        case In::Resource:
            return key_ == "createdAt" ? In::Place : In::Other;
        case In::Ended:
            return In::EndedJob;
        case In::Incidents:
            return In::Incident;
        case In::EndedJob:
        case In::Incident:
            return key_ == "job" ? In::Job : In::Other;
        default:
            return In::Other;
        }
    }
    In arrayIn() const {
        if (open_.empty())
            return In::Other;
        switch (open_.back()) {
        case In::Document:
            return key_ == "roots"        ? In::Jobs
                   : key_ == "callStacks" ? In::CallStacks
                   : key_ == "resources"  ? In::Resources
                   : key_ == "ended"      ? In::Ended
                   : key_ == "incidents"  ? In::Incidents
                                          : In::Other;
        case In::Facts:
            return key_ == "problems" ? In::Problems : In::Other;
        case In::CallStack:
            return key_ == "frames" ? In::Frames : In::Other;
        case In::Job:
            return key_ == "suspendedAt" || key_ == "lastAt"   ? In::Frames
                   : key_ == "flags"                           ? In::Flags
                   : key_ == "children" && jobs_.back().inTree ? In::Jobs
                                                               : In::Other;
        default:
            return In::Other;
        }
    }

    bool scalar(const Scalar& value) {
        if (open_.empty())
            return true;
        switch (open_.back()) {
        case In::Document:
            fact(value);
            break;
        case In::Facts:
            if (key_ == "host" && dump_.info.host.empty())
                dump_.info.host = short_(value);
            break;
        case In::Problems:
            problem("When it was exported: " + short_(value));
            break;
        case In::CallStack:
            if (key_ == "cut")
                callStack_.cut = value.as<std::uint32_t>();
            else if (key_ == "note")
                callStack_.note = value.words().substr(0, longestText);
            break;
        case In::Place:
            if (key_ == "file")
                place_.file = value.words();
            else if (key_ == "function")
                place_.function = value.words();
            else if (key_ == "signature")
                place_.signature = value.words();
            else if (key_ == "line")
                place_.line = value.as<std::uint32_t>();
            break;
        case In::Resource:
            resourceField(value);
            break;
        case In::Job:
            jobField(jobs_.back(), value);
            break;
        case In::Waits: {
            JobRow& row = jobs_.back().row;
            if (key_ == "kind")
                row.waitKind = json::named(value.words(), WaitKind::Select).value_or(WaitKind::Unknown);
            else if (key_ == "value")
                row.waitsFor = value.number;
            break;
        }
        case In::Flags:
            for (const auto& [flag, word] : json::flags)
                if (word == value.words())
                    jobs_.back().row.flags |= flag;
            break;
        case In::EndedJob:
            if (key_ == "id")
                ended_.id = JobId{value.number};
            else if (key_ == "finalState")
                ended_.finalState =
                    json::named(value.words(), JobState::Failed).value_or(JobState::Completed);
            else if (key_ == "endedNs")
                ended_.at = value.time();
            else if (key_ == "exception")
                exception_ = long_(value);
            break;
        case In::Incident:
            if (key_ == "number")
                incident_.number = value.number;
            else if (key_ == "atNs")
                incident_.at = value.time();
            else if (key_ == "text")
                incident_.text = long_(value);
            else if (key_ == "what")
                for (const auto& [kind, word] : json::incidents)
                    if (word == value.words())
                        incident_.what = kind;
            break;
        default:
            break;
        }
        return true;
    }

    static std::string short_(const Scalar& value) { return presentable(cutUtf8(value.words(), 1'024)); }
    static std::string long_(const Scalar& value) {
        return presentable(cutUtf8(value.words(), longestText), true);
    }

    void fact(const Scalar& value) {
        SourceInfo& info = dump_.info;
        if (key_ == "schema")
            schema_ = value.words() == json::schema;
        else if (key_ == "version")
            version_ = value.number;
        else if (key_ == "pid")
            info.pid = value.as<int>();
        else if (key_ == "program")
            info.program = short_(value);
        else if (key_ == "untracked")
            dump_.untracked = value.number;
        else if (key_ == "takenAt")
            info.takenWallClock = static_cast<std::int64_t>(
                std::min<std::uint64_t>(value.number, 253'402'300'799)); // the year 9999
        else if (key_ == "nowNs")
            info.takenAt = value.time();
        else if (key_ == "host")
            info.host = short_(value);
        else if (key_ == "processStart")
            info.processStart = value.number;
        else if (key_ == "runtimeVersion")
            info.runtimeVersion = short_(value);
        else if (key_ == "redacted")
            info.redacted = value.yes;
        else if (key_ == "followedEvents")
            dump_.followedEvents = value.yes;
        else if (key_ == "events")
            dump_.events = value.number;
        else if (key_ == "lost")
            dump_.lost = value.number;
        else if (key_ == "endedUntold")
            dump_.endedUntold = value.number;
        else if (key_ == "failedUntold")
            dump_.failedUntold = value.number;
        else if (key_ == "endText")
            dump_.endText = short_(value);
        else if (key_ == "sourceFormat")
            info.format = short_(value);
        else if (key_ == "parentsTold")
            info.parentsTold = value.yes;
    }

    void resourceField(const Scalar& value) {
        if (key_ == "id")
            resource_.id = ResourceId{value.number};
        else if (key_ == "kind")
            resource_.kind = json::named(value.words(), WaitKind::Select).value_or(WaitKind::Unknown);
        else if (key_ == "owner")
            resource_.owner = JobId{value.number};
        else if (key_ == "count")
            resource_.count = value.number;
        else if (key_ == "capacity")
            resource_.capacity = value.number;
        else if (key_ == "waiting")
            resource_.waiting = value.as<std::uint32_t>();
        else if (key_ == "name")
            resource_.name = tables_->addText(value.words());
    }

    void jobField(OpenJob& job, const Scalar& value) {
        JobRow& row = job.row;
        if (key_ == "id") {
            row.id = JobId{value.number};
        } else if (key_ == "number") {
            row.number = value.number;
        } else if (key_ == "kind") {
            row.kind = json::named(value.words(), JobKind::ThreadScope).value_or(JobKind::Foreign);
        } else if (key_ == "name") {
            row.name = tables_->addText(value.words());
        } else if (key_ == "state") {
            row.state = json::named(value.words(), JobState::Failed).value_or(JobState::Active);
            job.stateTold = true;
        } else if (key_ == "execution") {
            row.execution = json::named(value.words(), Execution::WaitsForChildren).value_or(Execution::None);
        } else if (key_ == "dispatcher") {
            job.dispatcher = value.words();
        } else if (key_ == "context") {
            job.context = value.words();
        } else if (key_ == "launcher") {
            row.launcher = JobId{value.number};
        } else if (key_ == "parent") {
            row.parent = JobId{value.number};
            job.parentTold = true;
        } else if (key_ == "held") {
            row.held = value.yes;
        } else if (key_ == "changing") {
            row.changing = value.yes;
        } else if (key_ == "resumes") {
            row.resumes = value.as<std::uint32_t>();
        } else if (key_ == "createdNs") {
            row.createdAt = value.time();
        } else if (key_ == "stateSinceNs") {
            row.stateSince = value.time();
        } else if (key_ == "executionSinceNs") {
            row.executionSince = value.time();
        } else if (key_ == "stackCut") {
            job.cut = value.as<std::uint32_t>();
        } else if (key_ == "callStack") {
            // Looked up at the end: keys may come in any order.
            row.creationStack = value.as<std::uint32_t>();
            row.creationStack += row.creationStack != std::numeric_limits<std::uint32_t>::max();
        }
    }

    void beginJob() {
        OpenJob job;
        // The last thing on `open_` is the job itself.
        job.inTree = open_.size() >= 2 && open_[open_.size() - 2] == In::Jobs;
        job.row.state = JobState::Active;
        if (job.inTree) {
            if (rows_.size() >= mostRows) {
                ++left_;
                job.inTree = false;
                open_.back() = In::Other;
                return;
            }
            job.at = rows_.size();
            rows_.emplace_back(); // in the order in which jobs begin: parents first
        }
        jobs_.push_back(std::move(job));
    }

    void endJob() {
        OpenJob job = std::move(jobs_.back());
        jobs_.pop_back();
        JobRow& row = job.row;
        frames_ = std::move(job.frames);
        row.suspendedAt = addStack(job.cut, {});
        row.context = tables_->addContext(job.dispatcher, job.context);
        if (row.waitKind == WaitKind::Delay)
            row.waitsFor = static_cast<std::uint64_t>(saneTime(static_cast<std::int64_t>(
                std::min<std::uint64_t>(row.waitsFor, std::numeric_limits<std::int64_t>::max()))));
        if (job.inTree) {
            if (!job.parentTold && !jobs_.empty() && jobs_.back().inTree)
                row.parent = jobs_.back().row.id;
            if (!row.id && job.at + 1 == rows_.size()) {
                // Or two characters would take up as much room as a job.
                rows_.pop_back();
                ++nameless_;
                return;
            }
            rows_[job.at] = row;
        } else if (in(In::EndedJob)) {
            ended_.row = row;
        } else if (in(In::Incident)) {
            incident_.job = row;
        }
    }

    void endPlace() {
        const SiteId site = tables_->addSite(
            place_.file, place_.signature.empty() ? place_.function : place_.signature, place_.line);
        if (in(In::Frames))
            frames_.push_back(site);
        else if (in(In::Job) && !jobs_.empty())
            jobs_.back().row.site = site;
        else if (in(In::Resource))
            resource_.site = site;
    }

    void endEnded() {
        if (!isFinal(ended_.finalState))
            ended_.finalState = JobState::Completed;
        if (ended_.id && dump_.ended.size() < mostEndedRows) {
            if (!exception_.empty()) {
                failures_.push_back(std::move(exception_));
                ended_.failure = failures_.size();
            }
            dump_.ended.push_back(ended_);
        }
        exception_.clear();
    }

    StackId addStack(std::uint32_t cut, std::string_view note) {
        if (frames_.empty() && cut == 0 && note.empty())
            return 0;
        // Most jobs stand at the same few places.
        std::pair<std::vector<SiteId>, std::string> key{frames_, note};
        key.first.push_back(cut);
        const auto [at, added] = stacks_.try_emplace(std::move(key), 0);
        if (added)
            at->second = tables_->addStack(frames_, cut, note);
        return at->second;
    }

    std::shared_ptr<ForeignTables> tables_;
    Dump dump_;
    LargeVector<JobRow> rows_;
    std::vector<In> open_;
    std::string key_;
    std::vector<OpenJob> jobs_;
    PlaceParts place_;
    std::vector<SiteId> frames_;
    std::string framesOf_;
    StackParts callStack_;
    std::vector<StackId> callStacks_; ///< by their numbers in the document
    std::map<std::pair<std::vector<SiteId>, std::string>, StackId> stacks_;
    Resource resource_;
    EndedJob ended_;
    std::string exception_;
    std::vector<std::string> failures_;
    Incident incident_;
    bool schema_ = false;
    std::uint64_t version_ = 0, nameless_ = 0, left_ = 0, problems_ = 0;
};

} // namespace

bool beginsJobsJson(std::string_view beginning) {
    const std::size_t first = beginning.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && beginning[first] == '{' &&
           (beginning.find('"' + std::string(json::schema) + '"') != std::string_view::npos ||
            // Somebody has sorted the keys, and its name is at the end.
            beginning.find("\"executionSinceNs\"") != std::string_view::npos);
}

Result<Dump> readJobsJson(ByteSource& bytes) {
    Handler handler;
    const bool whole = Json::sax_parse(JsonBytes(bytes), JsonBytes(), &handler,
                                       nlohmann::detail::input_format_t::json, false);
    if (handler.version() > json::version)
        handler.problem("It was written by a newer Coroscope (version " + std::to_string(handler.version()) +
                        " of its JSON): what that has changed is not understood.");
    if (!bytes.problem().empty())
        handler.problem(bytes.problem());
    Dump dump = handler.finish();
    // A program may have no jobs.
    if (!whole && dump.jobs.empty() && dump.ended.empty())
        return Problem{"holds jobs as JSON with nothing in it." +
                       (dump.info.problems.empty() ? std::string() : ' ' + dump.info.problems.front())};
    return dump;
}

} // namespace coroscope::observe
