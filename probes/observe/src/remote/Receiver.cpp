// SPDX-License-Identifier: Apache-2.0
#include "remote/Receiver.h"
#include "Utf8.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace coroscope::observe::remote {

namespace dump = wire::dump;
namespace link = wire::link;
using link::Key;

namespace {

constexpr const char* nonsense = "makes no sense";
constexpr std::size_t longestFailure = 16'384, longestIncident = 4'096, longestSentence = 2'048;
constexpr std::size_t mostIncidents = 20'000, mostTargets = 10'000, mostFrames = 1'000, mostAnswers = 10'000;
/// A proxy sends no more before some were taken.
constexpr std::size_t mostWaiting = 4 * link::mostUntakenBatches;
constexpr std::int64_t clockPeriod = 10'000'000'000, clockSlack = 1'000'000'000;

std::string sentence(std::string_view bytes) {
    return presentable(cutUtf8(bytes, longestSentence));
}

template <class Visit>
bool fieldsOf(std::string_view plain, Visit&& visit) {
    return readFields<Key>(plain, std::forward<Visit>(visit));
}

} // namespace

void ClockAhead::hear(std::int64_t there, std::int64_t here) noexcept {
    const std::int64_t ahead = saneTime(there) - here;
    if (!known_ || ahead > ahead_->load(std::memory_order_relaxed)) {
        known_ = true;
        ahead_->store(ahead, std::memory_order_relaxed);
    }
    if (since_ == 0 || ahead > best_)
        best_ = ahead;
    if (since_ == 0)
        since_ = here;
    if (here - since_ < clockPeriod)
        return;
    // News that are only slow make small differences.
    if (best_ < ahead_->load(std::memory_order_relaxed) - clockSlack)
        ahead_->store(best_, std::memory_order_relaxed);
    since_ = 0;
}

const char* Receiver::take(std::uint32_t tag, std::string_view plain, std::int64_t now) {
    if (tag == dump::tags::callStacks || tag == dump::tags::callStackRests || tag == dump::tags::stackRests)
        return nonsense; // call stacks are asked for one by one, and those of jobs are short
    if (TableReader::knows(tag))
        return tables_.take(tag, plain);
    switch (tag) {
    case link::tags::info:
        return takeInfo(plain);
    case link::tags::batchTexts: {
        auto more = textsOf(plain, textRows_);
        if (!more || more->bytes.size() + texts_.bytes.size() > (1u << 30))
            return nonsense;
        texts_.append(*more);
        return nullptr;
    }
    case link::tags::names:
        return takeNames(plain);
    case dump::tags::jobs:
    case dump::tags::ended:
    case dump::tags::incidents:
    case dump::tags::resources:
        return takeRows(tag, plain);
    case link::tags::batchEnd:
        return takeBatchEnd(plain, now);
    case link::tags::status:
        return takeStatus(plain, now);
    case link::tags::answer:
        return takeAnswer(plain);
    case link::tags::over: {
        SourceEnd end{};
        const bool sound = fieldsOf(plain, [&](Key key, std::uint64_t number, std::string_view bytes) {
            if (key == Key::Text)
                end.text = sentence(bytes);
            else if (key == Key::At)
                end.at = saneTime(static_cast<std::int64_t>(number));
            else if (key == Key::WallClock)
                end.wallClock = static_cast<std::int64_t>(std::min<std::uint64_t>(number, 253'402'300'799));
        });
        over = std::move(end);
        return sound ? nullptr : nonsense;
    }
    case link::tags::cannot:
        return fieldsOf(plain,
                        [&](Key key, std::uint64_t, std::string_view bytes) {
                            if (key == Key::Text)
                                cannot = sentence(bytes);
                        })
                   ? nullptr
                   : nonsense;
    case link::tags::targets:
        return takeTargets(plain);
    case link::tags::sampled:
    case link::tags::callStackMade:
        return takeReply(plain);
    default:
        return nullptr; // of a newer minor version
    }
}

const char* Receiver::takeInfo(std::string_view plain) {
    if (info)
        return nonsense;
    using Field = dump::FieldKey;
    SourceInfo who;
    who.live = true;
    const bool sound = readFields<Field>(plain, [&](Field key, std::uint64_t number, std::string_view bytes) {
        const auto text = [&] { return presentable(bytes.substr(0, 4'096)); };
        if (key == Field::Program)
            who.program = text();
        else if (key == Field::Pid)
            who.pid = static_cast<int>(std::min<std::uint64_t>(number, std::numeric_limits<int>::max()));
        else if (key == Field::ProcessStart)
            who.processStart = number;
        else if (key == Field::RuntimeVersion)
            who.runtimeVersion = text();
        else if (key == Field::Host)
            who.host = text();
        else if (key == Field::CommandLine)
            who.commandLine = text();
    });
    who.clockAhead = clock.shared();
    info = std::move(who);
    return sound ? nullptr : nonsense;
}

const char* Receiver::takeNames(std::string_view plain) {
    const auto table = tableOf(plain, sizeof(link::Name), rows_);
    if (!table)
        return nonsense;
    for (std::size_t i = 0; i < table->count; ++i) {
        const auto name = rowAt<link::Name>(plain, *table, i);
        named_.insert_or_assign(name.number, name.text);
    }
    return nullptr;
}

std::string Receiver::batchText(std::uint32_t number, std::size_t longest) const {
    return number < texts_.size() ? presentable(cutUtf8(texts_.at(number), longest), true) : std::string();
}

std::string Receiver::nameTold(TextId number) const {
    const auto found = named_.find(number);
    return found == named_.end() ? std::string() : presentable(batchText(found->second, dump::longestText));
}

const char* Receiver::takeRows(std::uint32_t tag, std::string_view plain) {
    const auto bytes = tag == dump::tags::jobs        ? sizeof(dump::Job)
                       : tag == dump::tags::ended     ? sizeof(dump::Ended)
                       : tag == dump::tags::incidents ? sizeof(dump::Incident)
                                                      : sizeof(dump::Resource);
    const auto table = tableOf(plain, bytes, rows_);
    if (!table)
        return nonsense;
    const auto told = [this](TextId number) { return [this, number] { return nameTold(number); }; };
    for (std::size_t i = 0; i < table->count; ++i) {
        if (tag == dump::tags::jobs) {
            JobRow row = rowOf(rowAt<dump::Job>(plain, *table, i), true);
            if (!row.id)
                continue;
            if (isOwnName(row.name))
                row.name = names_->of(row.id, row.name, told(row.name));
            if (state_)
                state_->add(row);
            else
                building_.rows.push_back(row);
        } else if (tag == dump::tags::ended) {
            const auto row = rowAt<dump::Ended>(plain, *table, i);
            EndedJob job = endedOf(row, true);
            if (!job.id)
                continue;
            if ((row.marks & dump::EndedMarks::failed) != 0) {
                job.failure = 1;
                failures.keep(job.id, batchText(row.failure, longestFailure));
            }
            if (isOwnName(job.row.name))
                job.row.name = names_->ofEnded(job.id, job.row.name, job.failed(), told(job.row.name));
            names_->ended(job.id, job.failed());
            building_.ended.push_back(job);
        } else if (tag == dump::tags::incidents) {
            const auto row = rowAt<dump::Incident>(plain, *table, i);
            Incident incident = incidentOf(row, true);
            incident.text = batchText(row.text, longestIncident);
            if (isOwnName(incident.job.name))
                incident.job.name = names_->ofIncident(nameTold(incident.job.name));
            if (building_.incidents.size() >= mostIncidents)
                return nonsense;
            building_.incidents.push_back(std::move(incident));
        } else {
            const Resource resource = resourceOf(rowAt<dump::Resource>(plain, *table, i));
            if (resource.id)
                resources_.push_back(resource);
        }
    }
    return nullptr;
}

const char* Receiver::takeBatchEnd(std::string_view plain, std::int64_t now) {
    if (batches.size() >= mostWaiting)
        return "came though nobody had asked for more";
    Arrived arrived;
    bool withResources = false;
    const bool sound = fieldsOf(plain, [&](Key key, std::uint64_t number, std::string_view) {
        if (key == Key::Reset)
            building_.reset = number != 0;
        else if (key == Key::HasResources)
            withResources = number != 0;
        else if (key == Key::Events)
            building_.events = number;
        else if (key == Key::Lost)
            building_.lost = number;
        else if (key == Key::EndedUntold)
            building_.endedUntold = number;
        else if (key == Key::FailedUntold)
            building_.failedUntold = number;
        else if (key == Key::Age)
            arrived.age = saneTime(static_cast<std::int64_t>(number));
        else if (key == Key::Clock)
            arrived.sent = saneTime(static_cast<std::int64_t>(number));
    });
    if (!sound)
        return nonsense;
    if (state_) {
        JobTree tree = state_->finish();
        state_.reset();
        if (building_.reset)
            building_.tree = std::move(tree);
        else
            for (Node node = 0; node < tree.endNode(); ++node)
                building_.rows.push_back(tree.row(node));
    }
    if (withResources)
        building_.resources = std::move(resources_);
    clock.hear(arrived.sent, now);
    arrived.batch = std::exchange(building_, {});
    batches.push_back(std::move(arrived));
    resources_.clear();
    texts_ = {};
    named_.clear();
    rows_ = textRows_ = 0;
    return nullptr;
}

const char* Receiver::takeStatus(std::string_view plain, std::int64_t now) {
    Contact is;
    const bool sound = fieldsOf(plain, [&](Key key, std::uint64_t number, std::string_view bytes) {
        if (key == Key::FollowsEvents)
            is.followsEvents = number != 0;
        else if (key == Key::CommandsAllowed)
            is.commandsAllowed = number != 0;
        else if (key == Key::Stopped)
            is.stopped = number != 0;
        else if (key == Key::Untracked)
            untracked = number;
        else if (key == Key::Text)
            is.problem = sentence(bytes);
        else if (key == Key::Clock)
            clock.hear(static_cast<std::int64_t>(number), now);
    });
    contact = std::move(is);
    return sound ? nullptr : nonsense;
}

const char* Receiver::takeAnswer(std::string_view plain) {
    CommandAnswer answer;
    const bool sound = fieldsOf(plain, [&](Key key, std::uint64_t number, std::string_view bytes) {
        if (key == Key::Request)
            answer.request = number;
        else if (key == Key::Answer)
            answer.kind = number <= static_cast<std::uint64_t>(link::LinkAnswer::Refused)
                              ? static_cast<CommandAnswer::Kind>(number)
                              : CommandAnswer::Kind::Refused;
        else if (key == Key::Text)
            answer.text = sentence(bytes);
    });
    if (!sound || answers.size() >= mostAnswers)
        return nonsense;
    answers.push_back(std::move(answer));
    return nullptr;
}

const char* Receiver::takeReply(std::string_view plain) {
    std::uint64_t request = 0;
    const bool sound = fieldsOf(plain, [&](Key key, std::uint64_t number, std::string_view) {
        if (key == Key::Request)
            request = number;
    });
    if (const auto waiting = replies.find(request); sound && waiting != replies.end())
        waiting->second = std::string(plain);
    return sound ? nullptr : nonsense;
}

const char* Receiver::takeTargets(std::string_view plain) {
    std::vector<Target> all;
    const bool sound = fieldsOf(plain, [&](Key key, std::uint64_t number, std::string_view bytes) {
        if (key == Key::Pid && all.size() < mostTargets) {
            all.emplace_back();
            all.back().pid =
                static_cast<int>(std::min<std::uint64_t>(number, std::numeric_limits<int>::max()));
        }
        if (all.empty())
            return;
        Target& target = all.back();
        const auto text = [&] { return presentable(bytes.substr(0, 4'096)); };
        if (key == Key::ProcessStart)
            target.processStart = number;
        else if (key == Key::Program)
            target.program = text();
        else if (key == Key::CommandLine)
            target.commandLine = text();
        else if (key == Key::User)
            target.user = text();
        else if (key == Key::Uid)
            target.uid = static_cast<unsigned>(number);
        else if (key == Key::RunsFor)
            target.runsFor = static_cast<std::int64_t>(std::min<std::uint64_t>(number, 1'000'000'000));
        else if (key == Key::Jobs)
            target.jobs = std::max<std::int64_t>(static_cast<std::int64_t>(number), -1);
        else if (key == Key::Attachable)
            target.attachable = number != 0;
        else if (key == Key::Text)
            target.problem = sentence(bytes);
    });
    targets = std::move(all);
    return sound ? nullptr : nonsense;
}

CallStackText callStackOf(std::string_view plain) {
    CallStackText stack;
    SiteText frame;
    fieldsOf(plain, [&](Key key, std::uint64_t number, std::string_view bytes) {
        const auto text = [&] { return presentable(bytes.substr(0, wire::dump::longestText)); };
        if (key == Key::File)
            frame.file = text();
        else if (key == Key::Function)
            frame.function = text();
        else if (key == Key::Cut)
            stack.cut = static_cast<std::uint32_t>(number);
        else if (key == Key::Note)
            stack.note = text();
        else if (key == Key::Line && stack.frames.size() < mostFrames) {
            frame.line = static_cast<std::uint32_t>(number);
            stack.frames.push_back(std::exchange(frame, {}));
        }
    });
    return stack;
}

ThreadSample sampleOf(std::string_view plain) {
    ThreadSample sample;
    sample.stack = callStackOf(plain);
    fieldsOf(plain, [&](Key key, std::uint64_t number, std::string_view bytes) {
        if (key == Key::Tid)
            sample.tid = static_cast<int>(number);
        else if (key == Key::Thread)
            sample.threadName = presentable(bytes.substr(0, 256));
        else if (key == Key::PausedFor)
            sample.pausedFor = saneTime(static_cast<std::int64_t>(number));
        else if (key == Key::WallClock)
            sample.wallClock = static_cast<std::int64_t>(std::min<std::uint64_t>(number, 253'402'300'799));
    });
    return sample;
}

std::string problemOf(std::string_view plain) {
    std::string problem;
    fieldsOf(plain, [&](Key key, std::uint64_t, std::string_view bytes) {
        if (key == Key::Text)
            problem = sentence(bytes);
    });
    return problem;
}

} // namespace coroscope::observe::remote
