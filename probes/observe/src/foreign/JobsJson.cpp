// SPDX-License-Identifier: Apache-2.0
#include "foreign/JobsJson.h"

#include "TableReader.h"
#include "Utf8.h"
#include "export/JsonNames.h"
#include "foreign/ForeignTables.h"
#include "foreign/JsonKeys.h"
#include "foreign/JsonReader.h"
#include "foreign/KnownValues.h"
#include "foreign/Text.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace coroscope::observe {

namespace {

constexpr std::size_t longestText = 4'096;
constexpr std::size_t mostProblems = 50;
constexpr std::string_view earlierMark = "When it was exported: ";
constexpr std::size_t mostRows = std::size_t{1} << JobId::indexBits;

/// The keys that are known, as far as possible in the order in which they are written; some are passed over.
enum class Key : std::uint8_t {
    id,
    number,
    kind,
    name,
    state,
    execution,
    description,
    flags,
    ageSeconds,
    inStateSeconds,
    dispatcher,
    context,
    createdAt,
    file,
    function,
    line,
    signature,
    suspendedAt,
    waitsFor,
    text,
    job,
    dueInSeconds,
    value,
    launcher,
    orphan,
    findings,
    parent,
    held,
    resumes,
    createdNs,
    stateSinceNs,
    executionSinceNs,
    lastAt,
    stackCut,
    changing,
    callStack,
    children,
    capacity,
    owner,
    count,
    waiting,
    frames,
    cut,
    note,
    finalState,
    endedNs,
    exception,
    atNs,
    what,
    schema,
    version,
    pid,
    program,
    untracked,
    dump,
    host,
    problems,
    takenAt,
    nowNs,
    processStart,
    runtimeVersion,
    redacted,
    followedEvents,
    events,
    lost,
    endedUntold,
    failedUntold,
    endText,
    sourceFormat,
    parentsTold,
    rootsTold,
    callStacks,
    resources,
    roots,
    ended,
    incidents,
    other
};
constexpr std::string_view keyNames[] = {"id",
                                         "number",
                                         "kind",
                                         "name",
                                         "state",
                                         "execution",
                                         "description",
                                         "flags",
                                         "ageSeconds",
                                         "inStateSeconds",
                                         "dispatcher",
                                         "context",
                                         "createdAt",
                                         "file",
                                         "function",
                                         "line",
                                         "signature",
                                         "suspendedAt",
                                         "waitsFor",
                                         "text",
                                         "job",
                                         "dueInSeconds",
                                         "value",
                                         "launcher",
                                         "orphan",
                                         "findings",
                                         "parent",
                                         "held",
                                         "resumes",
                                         "createdNs",
                                         "stateSinceNs",
                                         "executionSinceNs",
                                         "lastAt",
                                         "stackCut",
                                         "changing",
                                         "callStack",
                                         "children",
                                         "capacity",
                                         "owner",
                                         "count",
                                         "waiting",
                                         "frames",
                                         "cut",
                                         "note",
                                         "finalState",
                                         "endedNs",
                                         "exception",
                                         "atNs",
                                         "what",
                                         "schema",
                                         "version",
                                         "pid",
                                         "program",
                                         "untracked",
                                         "dump",
                                         "host",
                                         "problems",
                                         "takenAt",
                                         "nowNs",
                                         "processStart",
                                         "runtimeVersion",
                                         "redacted",
                                         "followedEvents",
                                         "events",
                                         "lost",
                                         "endedUntold",
                                         "failedUntold",
                                         "endText",
                                         "sourceFormat",
                                         "parentsTold",
                                         "rootsTold",
                                         "callStacks",
                                         "resources",
                                         "roots",
                                         "ended",
                                         "incidents"};

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
    std::string_view text = {}; ///< of texts only
    bool yes = false;

    std::string_view words() const noexcept { return text; }
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
class Handler : public JsonEvents {
public:
    Handler()
        : tables_(std::make_shared<ForeignTables>()) {}

    void null() override {
        if (in(In::Resource) && key_ == Key::capacity)
            resource_.capacity = observe::Resource::unlimited;
    }
    void truth(bool value) override { scalar({value ? 1u : 0u, {}, value}); }
    void number(std::string_view digits) override {
        if (const auto value = decimal(digits)) {
            scalar({*value});
            return;
        }
        if (key_ == Key::ageSeconds || key_ == Key::inStateSeconds || key_ == Key::dueInSeconds)
            return; // they follow from others
        // Programs that have no whole numbers of this size write them with an exponent.
        const double value = std::strtod(std::string(digits).c_str(), nullptr);
        scalar({value >= 1 && value < 18e18 ? static_cast<std::uint64_t>(value) : 0});
    }
    void text(std::string_view raw, bool escaped) override {
        scalar({0, escaped ? unescaped(raw, scratch_) : raw});
    }
    void key(std::string_view name) override {
        keys_.find(name);
        beginKey();
    }
    std::size_t expectedKey(std::string_view rest) override {
        const std::size_t size = keys_.expected(rest);
        if (size != 0)
            beginKey();
        return size;
    }

    void beginObject() override {
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
    }
    void endObject() override {
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
    }
    void beginArray() override {
        open_.push_back(within(arrayIn()));
        if (open_.size() == 2)
            section_ = open_.back();
        if (open_.back() == In::Frames) {
            framesOf_ = key_;
            frames_.clear();
        }
    }
    void endArray() override {
        const In what = open_.back();
        open_.pop_back();
        if (what == In::Frames && in(In::Job) && !jobs_.empty()) {
            const StackId stack = addStack(0, {});
            takeFrames(framesOf_, stack);
            knownFrames_.add(stack);
        }
    }

    bool mayBeKnown() override {
        const bool may =
            in(In::Job) && (key_ == Key::createdAt || key_ == Key::suspendedAt || key_ == Key::lastAt);
        if (may)
            knownValues().giveUp();
        return may;
    }
    std::size_t knownLately(std::string_view rest) override {
        const auto found = knownValues().lately(rest);
        if (found)
            takeKnown(found->what);
        return found ? found->size : 0;
    }
    bool known(std::string_view value) override {
        const auto found = knownValues().find(value);
        if (found)
            takeKnown(*found);
        return found.has_value();
    }

    std::span<const std::string_view> marks() const override {
        static constexpr std::string_view keys[] = {R"({"id")",         R"(,"roots")",     R"(,"ended")",
                                                    R"(,"findings")",   R"(,"incidents")", R"(,"resources")",
                                                    R"(,"callStacks")", R"({"schema")"};
        return keys;
    }
    std::string_view resume(int mark) override {
        damaged_ = true;
        open_.clear();
        endOpenJobs();
        knownSites_.giveUp();
        knownFrames_.giveUp();
        constexpr int document = 7;
        if (mark == document)
            return {};
        open_.push_back(In::Document);
        if (mark != 0)
            return "{";
        open_.push_back(section_); // its parent is told
        return "{[";
    }
    void missing(std::string sentence) override { problem(std::move(sentence)); }

    bool foundDocument() const noexcept { return schema_; }
    std::uint64_t version() const noexcept { return version_; }

    Dump finish() {
        endOpenJobs();
        for (JobRow& row : rows_)
            resolve(row);
        for (EndedJob& job : dump_.ended)
            resolve(job.row);
        for (Incident& incident : dump_.incidents)
            resolve(incident.job);
        // Rows that were begun and have no id, or were not live.
        std::size_t live = 0;
        for (const JobRow& row : rows_) {
            if (!row.id)
                ++nameless_;
            else if (isFinal(row.state))
                dump_.ended.push_back({row.id, row.state, 0, 0, row});
            else
                rows_[live++] = row;
        }
        rows_.resize(live);
        if (nameless_ > 0)
            problem(nameless_ == 1 ? std::string("A job has no id and is left out.")
                                   : std::to_string(nameless_) + " jobs have no id and are left out.");
        if (left_ > 0)
            problem(std::to_string(left_) + " jobs are left out: there are too many.");
        if (problems_ > mostProblems)
            dump_.info.problems.push_back("There are " + std::to_string(problems_ - mostProblems) +
                                          " more such places.");
        dump_.jobs = std::move(rows_);
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
        StackId frames = 0;
        std::uint32_t cut = 0;
        TextId dispatcher = 0, context = 0;
    };
    struct PlaceParts {
        std::string file, function, signature;
        std::uint32_t line = 0;
    };
    struct StackParts {
        std::uint32_t cut = 0;
        std::string note;
    };

    void beginKey() {
        key_ = static_cast<Key>(keys_.last());
        if (damaged_ && key_ == Key::number && in(In::Resource))
            becomeJob();
    }

    /// What a job says of its call stack is one more than its number in the document.
    void resolve(JobRow& row) const {
        if (row.creationStack != 0)
            row.creationStack =
                row.creationStack <= callStacks_.size() ? callStacks_[row.creationStack - 1] : 0;
    }

    /// Where jobs begin was damaged: this is none of the resources.
    void becomeJob() {
        section_ = In::Jobs;
        open_ = {In::Document, In::Jobs, In::Job};
        beginJob();
        if (!jobs_.empty())
            jobs_.back().row.id = JobId{resource_.id.value};
    }

    bool in(In what) const noexcept { return !open_.empty() && open_.back() == what; }
    /// Of what is not known, nothing is.
    In within(In what) const noexcept { return in(In::Other) ? In::Other : what; }

    In objectIn() const {
        if (open_.empty())
            return In::Document;
        switch (open_.back()) {
        case In::Document:
            return key_ == Key::dump ? In::Facts : In::Other;
        case In::CallStacks:
            return In::CallStack;
        case In::Frames:
            return In::Place;
        case In::Resources:
            return In::Resource;
        case In::Jobs:
            return In::Job;
        case In::Job:
            return key_ == Key::createdAt ? In::Place : key_ == Key::waitsFor ? In::Waits : In::Other;
        case In::Resource:
            return key_ == Key::createdAt ? In::Place : In::Other;
        case In::Ended:
            return In::EndedJob;
        case In::Incidents:
            return In::Incident;
        case In::EndedJob:
        case In::Incident:
            return key_ == Key::job ? In::Job : In::Other;
        default:
            return In::Other;
        }
    }
    In arrayIn() const {
        if (open_.empty())
            return In::Other;
        switch (open_.back()) {
        case In::Document:
            return key_ == Key::roots        ? In::Jobs
                   : key_ == Key::callStacks ? In::CallStacks
                   : key_ == Key::resources  ? In::Resources
                   : key_ == Key::ended      ? In::Ended
                   : key_ == Key::incidents  ? In::Incidents
                                             : In::Other;
        case In::Facts:
            return key_ == Key::problems ? In::Problems : In::Other;
        case In::CallStack:
            return key_ == Key::frames ? In::Frames : In::Other;
        case In::Job:
            return key_ == Key::suspendedAt || key_ == Key::lastAt ? In::Frames
                   : key_ == Key::flags                            ? In::Flags
                   : key_ == Key::children && jobs_.back().inTree  ? In::Jobs
                                                                   : In::Other;
        default:
            return In::Other;
        }
    }

    void scalar(const Scalar& value) {
        if (open_.empty())
            return;
        switch (open_.back()) {
        case In::Document:
            fact(value);
            break;
        case In::Facts:
            if (key_ == Key::host && dump_.info.host.empty())
                dump_.info.host = short_(value);
            break;
        case In::Problems:
            if (std::string text = short_(value); text.starts_with(earlierMark))
                problem(std::move(text));
            else
                problem(std::string(earlierMark) + text);
            break;
        case In::CallStack:
            if (key_ == Key::cut)
                callStack_.cut = value.as<std::uint32_t>();
            else if (key_ == Key::note)
                callStack_.note = value.words().substr(0, longestText);
            break;
        case In::Place:
            if (key_ == Key::file)
                place_.file = value.words().substr(0, longestText);
            else if (key_ == Key::function)
                place_.function = value.words().substr(0, longestText);
            else if (key_ == Key::signature)
                place_.signature = value.words().substr(0, longestText);
            else if (key_ == Key::line)
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
            if (key_ == Key::kind)
                row.waitKind = json::named(value.words(), WaitKind::Select).value_or(WaitKind::Unknown);
            else if (key_ == Key::value)
                row.waitsFor = value.number;
            break;
        }
        case In::Flags:
            for (const auto& [flag, word] : json::flags)
                if (word == value.words())
                    jobs_.back().row.flags |= flag;
            break;
        case In::EndedJob:
            if (key_ == Key::id)
                ended_.id = JobId{value.number};
            else if (key_ == Key::finalState)
                ended_.finalState =
                    json::named(value.words(), JobState::Failed).value_or(JobState::Completed);
            else if (key_ == Key::endedNs)
                ended_.at = value.time();
            else if (key_ == Key::exception)
                exception_ = long_(value);
            break;
        case In::Incident:
            if (key_ == Key::number)
                incident_.number = value.number;
            else if (key_ == Key::atNs)
                incident_.at = value.time();
            else if (key_ == Key::text)
                incident_.text = long_(value);
            else if (key_ == Key::what)
                for (const auto& [kind, word] : json::incidents)
                    if (word == value.words())
                        incident_.what = kind;
            break;
        default:
            break;
        }
    }

    static std::string short_(const Scalar& value) { return presentable(cutUtf8(value.words(), 1'024)); }
    static std::string long_(const Scalar& value) {
        return presentable(cutUtf8(value.words(), longestText), true);
    }

    void fact(const Scalar& value) {
        SourceInfo& info = dump_.info;
        if (key_ == Key::schema)
            schema_ = value.words() == json::schema;
        else if (key_ == Key::version)
            version_ = value.number;
        else if (key_ == Key::pid)
            info.pid = value.as<int>();
        else if (key_ == Key::program)
            info.program = short_(value);
        else if (key_ == Key::untracked)
            dump_.untracked = value.number;
        else if (key_ == Key::takenAt)
            info.takenWallClock = static_cast<std::int64_t>(
                std::min<std::uint64_t>(value.number, 253'402'300'799)); // the year 9999
        else if (key_ == Key::nowNs)
            info.takenAt = value.time();
        else if (key_ == Key::host)
            info.host = short_(value);
        else if (key_ == Key::processStart)
            info.processStart = value.number;
        else if (key_ == Key::runtimeVersion)
            info.runtimeVersion = short_(value);
        else if (key_ == Key::redacted)
            info.redacted = value.yes;
        else if (key_ == Key::followedEvents)
            dump_.followedEvents = value.yes;
        else if (key_ == Key::events)
            dump_.events = value.number;
        else if (key_ == Key::lost)
            dump_.lost = value.number;
        else if (key_ == Key::endedUntold)
            dump_.endedUntold = value.number;
        else if (key_ == Key::failedUntold)
            dump_.failedUntold = value.number;
        else if (key_ == Key::endText)
            dump_.endText = short_(value);
        else if (key_ == Key::sourceFormat)
            info.format = short_(value);
        else if (key_ == Key::parentsTold)
            info.parentsTold = value.yes;
        else if (key_ == Key::rootsTold)
            info.rootsTold = value.yes;
    }

    void resourceField(const Scalar& value) {
        if (key_ == Key::id)
            resource_.id = ResourceId{value.number};
        else if (key_ == Key::kind)
            resource_.kind = json::named(value.words(), WaitKind::Select).value_or(WaitKind::Unknown);
        else if (key_ == Key::owner)
            resource_.owner = JobId{value.number};
        else if (key_ == Key::count)
            resource_.count = value.number;
        else if (key_ == Key::capacity)
            resource_.capacity = value.number;
        else if (key_ == Key::waiting)
            resource_.waiting = value.as<std::uint32_t>();
        else if (key_ == Key::name)
            resource_.name = tables_->addText(value.words());
    }

    void jobField(OpenJob& job, const Scalar& value) {
        JobRow& row = job.row;
        if (key_ == Key::id) {
            row.id = JobId{value.number};
        } else if (key_ == Key::number) {
            row.number = value.number;
        } else if (key_ == Key::kind) {
            row.kind = json::named(value.words(), JobKind::ThreadScope).value_or(JobKind::Foreign);
        } else if (key_ == Key::name) {
            row.name = tables_->addText(value.words());
        } else if (key_ == Key::state) {
            row.state = json::named(value.words(), JobState::Failed).value_or(JobState::Active);
            job.stateTold = true;
        } else if (key_ == Key::execution) {
            row.execution = json::named(value.words(), Execution::WaitsForChildren).value_or(Execution::None);
        } else if (key_ == Key::dispatcher) {
            job.dispatcher = tables_->addText(value.words());
        } else if (key_ == Key::context) {
            job.context = tables_->addText(value.words());
        } else if (key_ == Key::launcher) {
            row.launcher = JobId{value.number};
        } else if (key_ == Key::parent) {
            row.parent = JobId{value.number};
            job.parentTold = true;
        } else if (key_ == Key::held) {
            row.held = value.yes;
        } else if (key_ == Key::changing) {
            row.changing = value.yes;
        } else if (key_ == Key::resumes) {
            row.resumes = value.as<std::uint32_t>();
        } else if (key_ == Key::createdNs) {
            row.createdAt = value.time();
        } else if (key_ == Key::stateSinceNs) {
            row.stateSince = value.time();
        } else if (key_ == Key::executionSinceNs) {
            row.executionSince = value.time();
        } else if (key_ == Key::stackCut) {
            job.cut = value.as<std::uint32_t>();
        } else if (key_ == Key::callStack) {
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
            makeRoom(rows_);
            rows_.emplace_back(); // in the order in which jobs begin: parents first
        }
        jobs_.push_back(std::move(job));
    }

    /// It was cut off, or damaged, within them.
    void endOpenJobs() {
        while (!jobs_.empty()) {
            if (!jobs_.back().stateTold)
                jobs_.back().row.id = {}; // what is there of it may be wrong
            endJob();
        }
    }

    void endJob() {
        OpenJob job = std::move(jobs_.back());
        jobs_.pop_back();
        JobRow& row = job.row;
        row.suspendedAt = job.frames;
        if (job.cut != 0) {
            const std::span<const SiteId> frames = tables_->framesOf(job.frames);
            frames_.assign(frames.begin(), frames.end());
            row.suspendedAt = addStack(job.cut, {});
        }
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
        else if (in(In::Job) && !jobs_.empty()) {
            jobs_.back().row.site = site;
            knownSites_.add(site);
        } else if (in(In::Resource))
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

    KnownValues& knownValues() noexcept { return key_ == Key::createdAt ? knownSites_ : knownFrames_; }
    void takeKnown(std::uint32_t what) {
        if (key_ == Key::createdAt)
            jobs_.back().row.site = what;
        else
            takeFrames(key_, what);
    }
    void takeFrames(Key of, StackId stack) {
        // "suspendedAt" is empty where "lastAt" tells more.
        if (of != Key::suspendedAt || stack != 0)
            jobs_.back().frames = stack;
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
    Key key_ = Key::other;
    JsonKeys keys_{keyNames};
    In section_ = In::Jobs;
    bool damaged_ = false;
    std::string scratch_;
    std::vector<OpenJob> jobs_;
    PlaceParts place_;
    std::vector<SiteId> frames_;
    Key framesOf_ = Key::other;
    StackParts callStack_;
    std::vector<StackId> callStacks_; ///< by their numbers in the document
    std::map<std::pair<std::vector<SiteId>, std::string>, StackId> stacks_;
    KnownValues knownSites_, knownFrames_;
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

bool mentionsJobsJson(std::string_view line) {
    const std::size_t at = line.find("{\"schema\":");
    return at != std::string_view::npos &&
           line.find('"' + std::string(json::schema) + '"', at) != std::string_view::npos;
}

Result<Dump> readJobsJson(ByteSource& bytes) {
    Handler handler;
    const bool whole = readJson(bytes, handler, 2 * mostRows + 64);
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
