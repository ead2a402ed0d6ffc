// SPDX-License-Identifier: Apache-2.0
#include "LiveSource.h"
#include "native/Sample.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <utility>

#include <poll.h>
#include <sys/stat.h>
#include <sys/types.h>

namespace coroscope::observe {

namespace {

constexpr std::int64_t millisecond = 1'000'000;
constexpr std::int64_t firstScrub = 10 * millisecond;
constexpr std::int64_t scrubEvery = 1'000 * millisecond;
/// A scrub looks at so many slots in one read() at least, and needs so many reads at most; after a loss
/// fewer.
constexpr std::uint32_t scrubStep = 4'096, scrubSteps = 64, scrubStepsAfterLoss = 32;
/// Without events the memory is scanned so often, or less often where that takes long.
constexpr std::int64_t scanEvery = 50 * millisecond;
/// The resources are looked at so often, or less often where that takes long.
constexpr std::int64_t resourcesEvery = 50 * millisecond;
/// Nobody wakes us when a ring has something new. Its head is looked at so often, unless there were so many
/// events at the last read that taking them together costs less than the wait is worth.
constexpr std::int64_t glimpseEvery = millisecond / 2;
constexpr std::uint64_t manyEvents = 100;
/// After the agent has hung up: time for the process to end before it is looked for.
constexpr std::int64_t hangUpGrace = 300 * millisecond;
/// The process is looked at so often, and an agent that does not listen is called again so often.
constexpr std::int64_t contactEvery = 200 * millisecond, callEvery = 1'000 * millisecond;
/// Incidents looked at in one read(), and those not complete that are looked at again.
constexpr std::uint64_t mostIncidents = 65'536;
constexpr std::ptrdiff_t mostUnfinished = 64;

} // namespace

LiveSource::LiveSource(const ProcessFacts& facts, Descriptor process,
                       std::shared_ptr<const RecordReader> reader, AgentLink link, std::string silence)
    : facts_(facts)
    , label_(processLabel(facts.program, facts.pid))
    , process_(std::move(process))
    , reader_(std::move(reader))
    , dictionary_(std::make_shared<RecordDictionary>(reader_, names_, facts.pid))
    , link_(std::move(link))
    , silence_(std::move(silence))
    , clock_(reader_->clock()) {
    info_.pid = facts.pid;
    info_.processStart = facts.start;
    info_.program = facts.program;
    info_.commandLine = commandLine(facts.pid);
    info_.runtimeVersion = reader_->runtimeVersion();
    info_.live = true;
    contact_.stopped = isStopped(facts.state);
    sayContact();
    noteRingHeads();
}

Result<ThreadSample> LiveSource::sample(JobId job) const {
    return native::sampleJob(facts_, *reader_, job);
}

void LiveSource::noteRingHeads() {
    ringsRead_.resize(reader_->threadsHighWater());
    for (std::uint32_t i = 0; i < ringsRead_.size(); ++i)
        ringsRead_[i] = reader_->ringHead(i);
}

void LiveSource::read(Batch& batch) {
    if (ended_)
        return;
    const bool gone =
        processIsGone(); // asked first: what was written before the end is seen by the reads below
    closing_ = gone || programWasReplaced();
    if (!started_) {
        started_ = true;
        batch.clear();
        batch.reset = true;
        batch.tree = readAllSlots();
        nextScrub_ = monotonicNow() + firstScrub;
    }
    const std::uint64_t eventsBefore = batch.events + batch.lost;
    readRings(batch);
    const std::int64_t before = monotonicNow();
    if (closing_) {
        scan(0, reader_->slotsHighWater());
    } else if (link_.connected()) {
        scrub(before);
    } else if (before >= nextScrub_) {
        scan(0, reader_->slotsHighWater());
        nextScrub_ = before + std::max(scanEvery, 5 * (monotonicNow() - before));
    }
    readSlots(batch);
    readIncidents(batch);
    endTheVanished(batch);
    if (closing_)
        readSlots(batch);
    if (closing_ || before >= nextResources_)
        readResources(batch);
    busy_ = batch.events + batch.lost - eventsBefore > manyEvents;

    if (!closing_)
        keepContact();
    if (gone)
        finish(label_ + (reader_->saidGoodbye()
                             ? " has exited."
                             : " was killed or has crashed: it ended without saying goodbye."));
    else if (closing_)
        finish(label_ +
               (reader_->saidGoodbye() ? " has exited." : " has started another program in its place."));
}

/// Hears what the agent says, and tries to reach it while it says nothing.
void LiveSource::keepContact() {
    const std::int64_t now = monotonicNow();
    if (link_.connected()) {
        link_.receive(answers_);
        if (!link_.connected()) {
            linkLostAt_ = now;
            nextCall_ = now + callEvery;
            silence_ = "does not answer";
            nextContact_ = 0;
        }
    } else if (link_.called()) {
        hearHello();
    } else if (now >= nextCall_) {
        callAgain(now);
    }
    if (now < nextContact_)
        return;
    nextContact_ = now + contactEvery;
    contact_.stopped = isStopped(processState(facts_.pid));
    sayContact();
}

/// The agent answers at last. Events flow since before it said so: what changed up to then shows in a scan of
/// all slots, what changes from now on in the rings, whose heads were followed all the time.
void LiveSource::hearHello() {
    auto greeted = link_.greeted();
    if (greeted && !*greeted)
        return;
    nextContact_ = 0;
    if (!greeted) {
        silence_ = greeted.problem().empty() ? "does not answer" : greeted.problem();
        return;
    }
    struct stat theirs{};
    const Descriptor record = link_.takeRecord();
    if (::fstat(record.get(), &theirs) != 0 || theirs.st_ino != reader_->inode()) {
        replaced_ = true;
        return;
    }
    linkLostAt_ = 0;
    eventsLost_ = true;
    nextScrub_ = monotonicNow() + firstScrub;
}

void LiveSource::callAgain(std::int64_t now) {
    nextCall_ = now + callEvery;
    for (const AgentSocket& socket : agentSockets(facts_, reader_->socketAddress())) {
        Result<AgentLink> called = AgentLink::call(facts_, socket);
        if (called) {
            link_ = *std::move(called);
            return;
        }
    }
}

void LiveSource::sayContact() {
    contact_.followsEvents = link_.connected();
    contact_.commandsAllowed = link_.connected() && !contact_.stopped && reader_->commandsAllowed();
    if (!link_.connected())
        contact_.problem = label_ + ' ' + (contact_.stopped ? "is stopped" : silence_) +
                           ". Its memory is read instead; nothing can be cancelled.";
    else if (contact_.stopped)
        contact_.problem = label_ + " is stopped. Nothing can be cancelled until it goes on.";
    else
        contact_.problem = contact_.commandsAllowed ? "" : label_ + " does not allow commands.";
}

/// The process lives on, but its record is not among its files any more (seen when the agent has hung up), or
/// another one has taken its place.
bool LiveSource::programWasReplaced() {
    if (replaced_)
        return true;
    if (linkLostAt_ == 0 || monotonicNow() - linkLostAt_ < hangUpGrace)
        return false;
    linkLostAt_ = monotonicNow();
    const HeldRecords held = heldRecords(facts_.pid);
    return !held.denied &&
           std::none_of(held.paths.begin(), held.paths.end(), [this](const std::string& path) {
               struct stat info{};
               return ::stat(path.c_str(), &info) == 0 && info.st_ino == reader_->inode();
           });
}

void LiveSource::finish(std::string text) {
    ended_ = SourceEnd{monotonicNow(), std::time(nullptr), std::move(text)};
    link_.close(ended_->text, answers_);
}

// Counts exactly: every event that a ring's head has counted is either among the batch's events or among its
// lost.
void LiveSource::readRings(Batch& batch) {
    const std::uint32_t threads = reader_->threadsHighWater();
    if (ringsRead_.size() < threads)
        ringsRead_.resize(threads); // new entries were never used before: all their events are ours
    for (std::uint32_t thread = 0; thread < threads; ++thread) {
        const std::uint64_t head = reader_->ringHead(thread);
        const std::uint64_t from = ringsRead_[thread];
        if (head == from)
            continue;
        ringsRead_[thread] = head;
        const std::uint64_t written = head - from;
        if (written > reader_->ringCapacity()) {
            if (static_cast<std::int64_t>(written) > 0)
                batch.lost += written;
            eventsLost_ = true;
            continue;
        }
        events_.clear();
        const std::uint64_t overwritten = reader_->readEvents(thread, from, head, events_);
        // In memory that was given back when the last other observer left, nothing can be read any more.
        const auto blank = static_cast<std::uint64_t>(
            std::count_if(events_.begin(), events_.end(),
                          [](const layout::Event& event) { return event.kind == layout::EventKind::None; }));
        batch.lost += overwritten + blank;
        batch.events += events_.size() - blank;
        eventsLost_ = eventsLost_ || overwritten + blank != 0;
        for (const layout::Event& event : events_)
            take(event, batch);
    }
}

void LiveSource::take(const layout::Event& event, Batch& batch) {
    const JobId id{event.job};
    if (!id || id.index() >= reader_->slotsHighWater())
        return;
    if (event.kind != layout::EventKind::Ended) {
        lookAt(id.index());
        return;
    }
    Known& job = known(id.index());
    const bool ours = job.holds(id);
    if (ours ? !job.alive : (job.used && job.generation > id.generation()) || failureTexts_.has(id))
        return;
    const EndedJob ended = endedOf(event, id);
    if (ended.failure != 0)
        failureTexts_.keep(id, reader_->failureText(id, ended.failure));
    if (ours) {
        end(job, ended, batch);
        return;
    }
    batch.ended.push_back(ended); // it came and went between two looks
    if (!job.alive)
        job.tell({id, 0, 0, 0});
}

EndedJob LiveSource::endedOf(const layout::Event& event, JobId id) {
    const auto state = static_cast<JobState>(event.detail);
    const bool sane = event.detail <= static_cast<std::uint8_t>(JobState::Failed) && isFinal(state);
    EndedJob ended{id, sane ? state : JobState::Completed, event.aux, clock_.toMonotonic(event.ticks)};
    if (reader_->readEnded(id, event.version, clock_, ended.row) && isOwnName(ended.row.name))
        ended.row.name = names_->ofEnded(id, ended.row.name, ended.failed(), [&] {
            return reader_->ownNameOfEnded(id, ended.row.name, event.version);
        });
    return ended;
}

LiveSource::Known& LiveSource::known(std::uint32_t index) {
    if (index >= slots_.size())
        slots_.resize(std::size_t{index} + 1); // has room for more, and touches none of it
    return slots_[index];
}

void LiveSource::end(Known& job, const EndedJob& ended, Batch& batch) {
    if (!job.alive)
        return;
    job.alive = 0;
    names_->ended(ended.id, ended.failed());
    batch.ended.push_back(ended);
    failing_.erase(ended.id);
}

void LiveSource::lookAt(std::uint32_t index) {
    Known& job = known(index);
    if (job.listed)
        return;
    job.listed = 1;
    toRead_.push_back(index);
}

void LiveSource::readSlots(Batch& batch) {
    std::vector<std::uint32_t> indices;
    indices.swap(toRead_);
    if (batch.rows.capacity() < batch.rows.size() + indices.size())
        batch.rows.reserve(batch.rows.size() + indices.size());
    for (const std::uint32_t index : indices) {
        slots_[index].listed = 0;
        readSlot(index, batch);
    }
    if (toRead_.empty()) {
        indices.clear();
        toRead_.swap(indices); // keeps the memory
    }
}

/// The first look: what scan() and readSlots() would do, with each slot touched once.
JobTree LiveSource::readAllSlots() {
    const std::uint32_t end = reader_->slotsHighWater();
    reserveWithRoom(slots_, end);
    JobTree::Builder builder(end);
    JobRow row;
    for (std::uint32_t index = 0; index < end; ++index) {
        Known& job = slots_.emplace_back();
        const RecordReader::SlotRead read = reader_->readSlot(index, clock_, row);
        if (read == RecordReader::SlotRead::Unstable)
            lookAt(index);
        if (read != RecordReader::SlotRead::Job || isFinal(row.state))
            continue;
        tell(job, row);
        numberName(row);
        builder.add(row);
    }
    return builder.finish();
}

void LiveSource::tell(Known& job, const JobRow& row) noexcept {
    job.tell(RecordReader::fingerprintOf(row));
    job.state = static_cast<std::uint8_t>(row.state) & 0xf;
    job.alive = 1;
}

/// After tell(), which goes by what stands in the slot.
void LiveSource::numberName(JobRow& row) {
    if (isOwnName(row.name))
        row.name = names_->of(row.id, row.name, [&] { return reader_->ownName(row.id, row.name); });
}

void LiveSource::readSlot(std::uint32_t index, Batch& batch) {
    Known& job = known(index);
    JobRow row;
    const RecordReader::SlotRead read = reader_->readSlot(index, clock_, row);
    if (read == RecordReader::SlotRead::Unstable) {
        lookAt(index); // with the next batch
        return;
    }
    if (job.alive && (read == RecordReader::SlotRead::Free || !job.holds(row.id)))
        vanished_.push_back(JobId::of(index, job.generation));
    if (read == RecordReader::SlotRead::Free)
        return;
    const bool same = job.holds(row.id);
    if (same ? !job.alive : row.id.generation() < job.generation)
        return; // over: its end was told, only its slot is not free yet
    if (!same && isFinal(row.state))
        return; // over before we knew it
    if (!same && job.alive)
        return; // the end of the old job is told first; endTheVanished comes back to this slot
    const bool alive = job.alive;
    tell(job, row);
    if (closing_ && isFinal(row.state)) {
        job.alive = alive;
        vanished_.push_back(row.id); // the process was killed between the last words of its end
        return;
    }
    numberName(row);
    batch.rows.push_back(row);
}

/// Puts all slots on the list that differ from what was told of them.
void LiveSource::scan(std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t index = from; index < to; ++index) {
        const RecordReader::Fingerprint print = reader_->fingerprint(index);
        const Known told = index < slots_.size() ? slots_[index] : Known{};
        // Whoever was killed within the last words of an end will not say the rest.
        const bool halfEnded = closing_ && told.alive && isFinal(static_cast<JobState>(told.state));
        if (print.id ? halfEnded || !told.is(print) : told.alive != 0)
            lookAt(index);
    }
}

// A step each time, so that the rings are read in between: who looks at a million slots in one go is
// overtaken by the events of that time, and must do it again.
void LiveSource::scrub(std::int64_t now) {
    const std::uint32_t end = reader_->slotsHighWater();
    if (eventsLost_ || (scrubLeft_ == 0 && now >= nextScrub_)) {
        scrubSteps_ = eventsLost_ ? scrubStepsAfterLoss : scrubSteps;
        scrubLeft_ = end;
        eventsLost_ = false;
        nextScrub_ = now + scrubEvery;
        clock_.calibrate();
    }
    for (std::uint32_t step = std::min(scrubLeft_, std::max(scrubStep, end / scrubSteps_)); step > 0;) {
        if (scrubNext_ >= end)
            scrubNext_ = 0;
        const std::uint32_t count = std::min(step, end - scrubNext_);
        scan(scrubNext_, scrubNext_ + count);
        scrubNext_ += count;
        scrubLeft_ -= count;
        step -= count;
    }
}

/// Jobs that are no longer in their slots. The event of an end is written before the slot is freed: a second
/// look at the rings finds it, unless it was lost; then only the fact that the job is gone is known.
void LiveSource::endTheVanished(Batch& batch) {
    if (vanished_.empty())
        return;
    readRings(batch);
    for (const JobId id : vanished_) {
        Known& job = known(id.index());
        const auto state = static_cast<JobState>(job.state);
        if (const auto failure = failing_.find(id); failure != failing_.end())
            end(job, EndedJob(failure->second), batch);
        else if (job.holds(id))
            end(job,
                {id,
                 isFinal(state)                  ? state
                 : state == JobState::Cancelling ? JobState::Cancelled
                                                 : JobState::Completed,
                 0, monotonicNow()},
                batch);
        lookAt(id.index()); // the next job in the slot, if there is one, comes with the next batch
    }
    vanished_.clear();
}

/// Each incident once: those that the ring still has when we come, and each new one. One that is being
/// written is tried again until the ring has passed it.
void LiveSource::readIncidents(Batch& batch) {
    const std::uint64_t head = reader_->incidentsHead();
    const auto fresh = static_cast<std::int64_t>(head - incidentsRead_);
    if (fresh <= 0 && unfinished_.empty())
        return;
    if (fresh > 0) {
        const std::uint64_t most = std::min(reader_->incidentCapacity(), mostIncidents);
        for (std::uint64_t n = head - std::min<std::uint64_t>(static_cast<std::uint64_t>(fresh), most);
             n != head; ++n)
            unfinished_.push_back(n);
        incidentsRead_ = head;
    }
    std::erase_if(unfinished_, [&](std::uint64_t number) {
        Incident incident;
        std::string ownName;
        const RecordReader::IncidentRead read = reader_->readIncident(number, clock_, incident, ownName);
        if (read == RecordReader::IncidentRead::Read) {
            if (isOwnName(incident.job.name))
                incident.job.name = names_->ofIncident(std::move(ownName));
            if (incident.what == IncidentKind::Failed && isFinal(incident.job.state))
                takeFailure(incident, batch);
            batch.incidents.push_back(std::move(incident));
        }
        return read != RecordReader::IncidentRead::NotYet;
    });
    // A writer that gave up leaves nothing, and who makes up numbers must not fill our memory with them.
    if (unfinished_.size() > mostUnfinished)
        unfinished_.erase(unfinished_.begin(), unfinished_.end() - mostUnfinished);
}

/// All of them each time: who holds what changes without an event, and there are few.
void LiveSource::readResources(Batch& batch) {
    const std::int64_t before = monotonicNow();
    std::vector<Resource> now = reader_->resources();
    if (now != resources_)
        batch.resources = resources_ = std::move(now);
    const std::int64_t after = monotonicNow();
    nextResources_ = after + std::max(resourcesEvery, 20 * (after - before));
}

/// An incident tells of a failed job's end where no event does: it was before we came, the events are off, or
/// it was lost.
void LiveSource::takeFailure(const Incident& incident, Batch& batch) {
    const JobId id = incident.job.id;
    if (!id || id.index() >= reader_->slotsHighWater() || failureTexts_.has(id))
        return;
    failureTexts_.keep(id, incident.text);
    const EndedJob ended{id, incident.job.state, incident.number + 1, incident.at, incident.job};
    Known& job = known(id.index());
    if (job.holds(id)) {
        if (job.alive) // an event is still to come, or the job vanishes
            failing_.insert_or_assign(id, ended);
        return;
    }
    batch.ended.push_back(ended);
    if (!job.alive && job.generation < id.generation())
        job.tell({id, 0, 0, 0});
}

void LiveSource::wait(int milliseconds) {
    if (ended_ || milliseconds <= 0)
        return;
    pollfd waiting[2] = {{link_.descriptor(), POLLIN, 0}, {process_.get(), POLLIN, 0}};
    std::int64_t now = monotonicNow();
    const std::int64_t end = now + milliseconds * millisecond;
    do {
        const std::int64_t nap = link_.connected() && !busy_ ? std::min(end - now, glimpseEvery) : end - now;
        const timespec time{nap / (1'000 * millisecond), nap % (1'000 * millisecond)};
        if (::ppoll(waiting, 2, &time, nullptr) != 0 || ringsHaveMore())
            return;
        now = monotonicNow();
    } while (now < end);
}

bool LiveSource::ringsHaveMore() const noexcept {
    const std::uint32_t threads = reader_->threadsHighWater();
    for (std::uint32_t thread = 0; thread < threads; ++thread)
        if (thread >= ringsRead_.size() || reader_->ringHead(thread) != ringsRead_[thread])
            return true;
    return false;
}

bool LiveSource::processIsGone() {
    if (process_) {
        pollfd waiting{process_.get(), POLLIN, 0};
        return ::poll(&waiting, 1, 0) > 0;
    }
    const std::optional<ProcessFacts> now = processFacts(facts_.pid);
    return !now || now->start != facts_.start || now->state == 'Z';
}

Result<std::uint64_t> LiveSource::cancel(JobId job, bool childrenOnly, std::string_view reason) {
    if (ended_)
        return Problem{ended_->text};
    if (!link_.connected() || contact_.stopped)
        return Problem{contact_.problem};
    return link_.cancel(job, childrenOnly, reason);
}

std::vector<CommandAnswer> LiveSource::answers() {
    return std::exchange(answers_, {});
}

std::string LiveSource::failureText(const EndedJob& job) const {
    if (job.failure == 0)
        return {};
    std::string kept = failureTexts_.find(job.id);
    return kept.empty() ? reader_->failureText(job.id, job.failure) : kept;
}

} // namespace coroscope::observe
