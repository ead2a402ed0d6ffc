// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/Session.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

namespace coroscope::observe {

namespace {

/// The reader looks so often, in ms. It costs the target nothing, and this process a hundredth of a
/// processor.
constexpr int lookEvery = 1;
constexpr std::int64_t second = 1'000'000'000;
/// Batches with more rows than this are folded outside the lock.
constexpr std::size_t smallBatch = 1'000;
/// Room for so many rows, and a quarter as many ends, is kept from batch to batch, and from look to look.
constexpr std::size_t keptForBatch = 32'768, keptForLook = 4'096;
/// Commands that wait for their last answer: a target that gets too many at once refuses the rest.
constexpr std::size_t mostOpenCommands = 64;
/// So many jobs at most are noted as they were at the attach: more would push each other out.
constexpr std::size_t mostNotedAtOnce = ChangeRing::defaultRoom / 8;
/// Of incidents that nobody takes, the newest are kept.
constexpr std::ptrdiff_t mostIncidents = 10'000;

/// What a burst took goes back: it would else be kept for ever, for batches that need a fraction of it.
void empty(Batch& batch, std::size_t kept) {
    if (batch.rows.capacity() > kept || batch.ended.capacity() > kept / 4)
        batch = {};
    batch.clear();
}

/// What the jobs do by which they are counted, and how many came and went since the beginning.
struct Tally {
    LiveCounts live{};
    std::uint64_t launched = 0, ended = 0, failed = 0;
};

/// Which row of a batch is that of a slot. A batch mostly has rows of few slots, so this is by rows: there is
/// nothing in it for the rest of the slots.
class RowOfSlot {
public:
    static constexpr std::uint32_t none = 0xffffffff;

    /// The batch has no rows any more.
    void clear() {
        const bool large = next_.capacity() > keptForBatch || first_.size() > 2 * keptForBatch;
        first_.assign(large ? 0 : first_.size(), none);
        if (large) {
            first_.shrink_to_fit();
            next_ = {};
        }
        next_.clear();
    }
    std::uint32_t find(const LargeVector<JobRow>& rows, std::uint32_t slot) const noexcept {
        if (first_.empty())
            return none;
        std::uint32_t at = first_[chain(slot)];
        while (at != none && rows[at].id.index() != slot)
            at = next_[at];
        return at;
    }
    /// The last of the rows is one of a slot that had none.
    void append(const LargeVector<JobRow>& rows) {
        next_.resize(rows.size(), none);
        if (rows.size() > first_.size()) {
            first_.assign(std::max(fewest, 2 * first_.size()), none);
            for (std::uint32_t at = 0; at < rows.size(); ++at)
                link(rows, at);
        } else {
            link(rows, static_cast<std::uint32_t>(rows.size() - 1));
        }
    }
    /// Takes a row out; the last one takes its place.
    void erase(LargeVector<JobRow>& rows, std::uint32_t at) noexcept {
        const auto last = static_cast<std::uint32_t>(rows.size() - 1);
        unlink(rows, at);
        if (at != last) {
            unlink(rows, last);
            rows[at] = rows[last];
            link(rows, at);
        }
        rows.pop_back();
        next_.pop_back();
    }

private:
    static constexpr std::size_t fewest = 1024;

    std::size_t chain(std::uint32_t slot) const noexcept { return slot & (first_.size() - 1); }
    void link(const LargeVector<JobRow>& rows, std::uint32_t at) noexcept {
        next_[at] = std::exchange(first_[chain(rows[at].id.index())], at);
    }
    void unlink(const LargeVector<JobRow>& rows, std::uint32_t at) noexcept {
        std::uint32_t* to = &first_[chain(rows[at].id.index())];
        while (*to != at)
            to = &next_[*to];
        *to = next_[at];
    }

    std::vector<std::uint32_t> first_; ///< of each chain; a power of two, and at least as many as rows
    std::vector<std::uint32_t> next_;  ///< by position
};

/// Folds batches into one that says the same to somebody who knows what was taken before. Reader thread only.
///
/// Its size is bounded however long nobody takes it: there is one row a slot and one end for each job that
/// the taker knows; of the jobs that came and went since the last take only the ends that EndedJobs would
/// keep.
class Folder {
public:
    void begin(std::int64_t at) {
        begun_ = at;
        changes_.begin(at);
    }
    const Tally& tally() const noexcept { return tally_; }
    ChangeRing& changes() noexcept { return changes_; }
    /// Of this job each change is told anew.
    void watch(JobId job) { watched_ = changes_.of(job); }
    const JobHistory& watched() const noexcept { return watched_; }

    /// The taker has emptied the batch: positions in it mean nothing any more, and all it held is known to
    /// the taker.
    void taken() {
        forgetPassing();
        rowOf_.clear();
    }

    void fold(Batch& into, Batch& news) {
        if (news.reset) {
            into.clear();
            into.reset = true;
            slots_.clear();
            taken();
            tally_.live = {};
            into.tree = news.tree ? *std::exchange(news.tree, {})
                                  : JobTree::Builder::treeOf(std::exchange(news.rows, {}));
            takeAll(*into.tree);
        }
        into.events += news.events;
        into.lost += news.lost;
        into.incidents.insert(into.incidents.end(), std::make_move_iterator(news.incidents.begin()),
                              std::make_move_iterator(news.incidents.end()));
        if (into.incidents.size() > mostIncidents)
            into.incidents.erase(into.incidents.begin(), into.incidents.end() - mostIncidents);
        if (news.resources)
            into.resources = std::move(news.resources);
        into.endedUntold += news.endedUntold;
        into.failedUntold += news.failedUntold;
        tally_.launched += news.endedUntold;
        tally_.ended += news.endedUntold;
        tally_.failed += news.failedUntold;
        // No batch of a source both has a job and ends it, so the ends may come first: they make room in the
        // slots.
        for (const EndedJob& ended : news.ended)
            end(into, ended);
        for (const JobRow& row : news.rows)
            add(into, row);
    }

private:
    /// There is one for each slot: every byte of it is a megabyte.
    struct [[gnu::packed]] Known {
        std::uint64_t generation : 64 - JobId::indexBits = 0; ///< of the id; its index is the place of this
        std::uint64_t used : 1 = 0;                           ///< there is a job to which all of this belongs
        std::uint64_t gone : 1 = 0;                           ///< it has ended
        std::uint64_t fresh : 1 = 0; ///< it came since the batch was taken last, if its row is in the batch
        std::uint64_t live : 5 = 0;  ///< a LiveState
    };
    static_assert(sizeof(Known) == 6 && liveStates < 32);

    bool holds(JobId id) const noexcept {
        const std::uint32_t index = id.index();
        return index < slots_.size() && slots_[index].used && slots_[index].generation == id.generation();
    }
    std::uint32_t& count(const Known& job) noexcept { return tally_.live[job.live]; }
    static std::uint8_t liveOf(const JobRow& row) noexcept {
        return static_cast<std::uint8_t>(liveState(row.state, row.execution));
    }

    void note(const JobRow& row, bool born) {
        changes_.add(row, born);
        if (row.id == watched_.job)
            append(watched_, changeOf(row));
    }

    void noteEnd(const EndedJob& ended) {
        changes_.add(ended);
        if (ended.id == watched_.job)
            append(watched_, changeOf(ended));
    }

    /// What comes after a complete state is folded as if that had been taken already.
    void takeAll(const JobTree& tree) {
        resizeWithRoom(slots_, tree.endSlot());
        for (Node node = 0; node < tree.endNode(); ++node) {
            const JobId id = tree.id(node);
            if (!id)
                continue;
            Known& job = slots_[id.index()];
            job = {.generation = id.generation(),
                   .used = 1,
                   .gone = 0,
                   .fresh = 0,
                   .live = static_cast<std::uint8_t>(liveState(tree.state(node), tree.execution(node)))};
            ++count(job);
        }
        if (tree.size() <= mostNotedAtOnce)
            for (Node node = 0; node < tree.endNode(); ++node)
                if (tree.isLive(node))
                    changes_.add(tree.row(node), false);
    }

    void add(Batch& into, const JobRow& row) {
        const std::uint32_t index = row.id.index();
        if (index >= slots_.size()) // has room for more, and touches none of it
            slots_.resize(std::size_t{index} + 1);
        const bool known = holds(row.id);
        Known& job = slots_[index];
        if (known && job.gone)
            return;
        if (!known) {
            if (job.used && !job.gone)
                end(into, {JobId::of(index, job.generation), JobState::Completed, 0, row.createdAt});
            ++tally_.launched;
            note(row, true);
        } else {
            --count(job);
            note(row, false);
        }
        const std::uint32_t at = known ? rowOf_.find(into.rows, index) : RowOfSlot::none;
        const bool in = at != RowOfSlot::none;
        job = {.generation = row.id.generation(),
               .used = 1,
               .gone = 0,
               .fresh = static_cast<std::uint8_t>(in ? job.fresh : !known),
               .live = liveOf(row)};
        ++count(job);
        if (in) {
            into.rows[at] = row;
            return;
        }
        into.rows.push_back(row);
        rowOf_.append(into.rows);
    }

    void end(Batch& into, EndedJob ended) {
        const std::uint32_t index = ended.id.index();
        if (!holds(ended.id)) {
            if (ended.at >= begun_) { // a failure of before is only remembered
                ++tally_.launched;
                ++tally_.ended;
                tally_.failed += ended.failed();
                noteEnd(ended);
            }
            passed(into, ended); // never told to anybody
            return;
        }
        Known& job = slots_[index];
        if (job.gone)
            return;
        --count(job);
        ++tally_.ended;
        tally_.failed += ended.failed();
        noteEnd(ended);
        const std::uint32_t at = rowOf_.find(into.rows, index);
        const bool in = at != RowOfSlot::none;
        if (in) {
            if (!ended.row.id)
                ended.row = into.rows[at];
            rowOf_.erase(into.rows, at);
        }
        if (in && job.fresh)
            passed(into, ended);
        else
            into.ended.push_back(ended);
        job.gone = 1;
    }

    /// The end of a job that the taker has never heard of: takes the place of an older one when there are
    /// many.
    void passed(Batch& into, const EndedJob& ended) {
        Passing& passing = ended.failed() ? failed_ : others_;
        if (passing.at.size() < EndedJobs::mostOfEach) {
            passing.at.push_back(into.ended.size());
            into.ended.push_back(ended);
            return;
        }
        ++into.endedUntold;
        into.failedUntold += ended.failed();
        into.ended[passing.at[passing.oldest]] = ended;
        passing.oldest = (passing.oldest + 1) % EndedJobs::mostOfEach;
    }

    void forgetPassing() noexcept {
        failed_.at.clear();
        others_.at.clear();
        failed_.oldest = others_.oldest = 0;
    }

    struct Passing {
        std::vector<std::size_t> at; ///< in Batch::ended, a circle
        std::size_t oldest = 0;
    };
    Passing failed_, others_;
    LargeVector<Known> slots_; ///< by JobId::index
    RowOfSlot rowOf_;          ///< of the batch that is being folded
    Tally tally_;
    ChangeRing changes_;
    JobHistory watched_;
    std::int64_t begun_ = 0;
};

/// Events in the last second or so.
class Rate {
public:
    void add(std::int64_t now, std::uint64_t events) {
        if (steps_.empty() || now - steps_.back().from >= second / 10)
            steps_.push_back({now, 0});
        steps_.back().events += events;
        while (now - steps_.front().from > second)
            steps_.pop_front();
    }
    double perSecond(std::int64_t now) const {
        std::uint64_t sum = 0;
        for (const Step& step : steps_)
            sum += step.events;
        const std::int64_t span = steps_.empty() ? 0 : now - steps_.front().from;
        return static_cast<double>(sum) * static_cast<double>(second) /
               static_cast<double>(std::max(span, second / 10));
    }

private:
    struct Step {
        std::int64_t from;
        std::uint64_t events;
    };
    std::deque<Step> steps_;
};

} // namespace

struct Session::Impl {
    struct Command {
        std::uint64_t request;
        JobId job;
        bool childrenOnly;
        std::string reason;
    };

    explicit Impl(std::unique_ptr<Source> s)
        : source(std::move(s))
        , status{.contact = source->contact(), .ended = {}} {
        lastLook = monotonicNow();
        if (source->info().live) {
            if (const auto& clock = source->info().clockAhead)
                ahead = clock->load(std::memory_order_relaxed);
            folder.begin(lastLook + ahead);
            times.begin(lastLook + ahead);
        }
        thread = std::thread([this] { run(); });
    }

    ~Impl() {
        stop.store(true, std::memory_order_relaxed);
        thread.join();
    }

    void run() {
        while (!stop.load(std::memory_order_relaxed)) {
            sendCommands();
            watchWanted();
            empty(news, keptForLook);
            std::optional<SourceEnd> end;
            std::vector<CommandAnswer> answered;
            std::uint64_t untracked = 0;
            Contact contact;
            std::int64_t delay = 0;
            {
                const std::lock_guard guard(sourceLock);
                source->read(news);
                end = source->ended();
                answered = source->answers();
                untracked = source->untrackedJobs();
                contact = source->contact();
                delay = source->delay();
            }
            const std::int64_t now = monotonicNow();
            publish(now, end, untracked, std::move(contact), std::move(answered), delay);
            if (end)
                return;
            source->wait(lookEvery);
        }
    }

    void publish(std::int64_t now, std::optional<SourceEnd> end, std::uint64_t untracked, Contact contact,
                 std::vector<CommandAnswer> answered, std::int64_t delay) {
        rate.add(now, news.events);
        const bool first = news.reset;
        std::unique_lock guard(lock);
        // A big batch is folded outside the lock: until then take() finds nothing, which is what it would
        // have found a moment earlier.
        const bool aside = news.tree || news.rows.size() > smallBatch;
        Batch batch;
        if (takes != seenTakes) {
            seenTakes = takes;
            folder.taken();
        }
        if (aside) {
            std::swap(batch, pending);
            guard.unlock();
            folder.fold(batch, news);
            guard.lock();
            std::swap(batch, pending);
        } else {
            folder.fold(pending, news);
        }
        if (!pending.empty() && oldestPending == 0)
            oldestPending = now;
        status.events += news.events;
        status.lost += news.lost;
        if (times.begun() != 0)
            record(now, contact, end.has_value(), news.lost > 0, first, delay);
        status.eventsPerSecond = rate.perSecond(now);
        status.untracked = untracked;
        status.contact = std::move(contact);
        status.lagMilliseconds = static_cast<double>(delay) / 1e6;
        status.ended = std::move(end);
        for (CommandAnswer& answer : answered) {
            const auto it = requests.find(answer.request);
            if (it == requests.end())
                continue;
            answer.request = it->second;
            if (answer.kind != CommandAnswer::Kind::Queued)
                requests.erase(it);
            answersGiven.push_back(std::move(answer));
        }
        if (status.ended)
            refuseCommands(status.ended->text);
        if (!std::exchange(looked, true))
            firstLook.notify_all();
    }

    /// With the lock held.
    void record(std::int64_t now, const Contact& contact, bool end, bool lost, bool first,
                std::int64_t delay) {
        using Kind = TimeHistory::TurnKind;
        const std::int64_t there = now + ahead;
        if (lost)
            folder.changes().lost(there);
        if (end)
            times.add({there, Kind::Ended});
        else if (contact.stopped != status.contact.stopped)
            times.add({there, contact.stopped ? Kind::Stopped : Kind::WentOn});
        else if (contact.followsEvents != status.contact.followsEvents)
            times.add({there, contact.followsEvents ? Kind::Answered : Kind::Silent});
        if (folder.watched().version != watched.version || folder.watched().job != watched.job)
            watched = folder.watched();
        // What was read only now is as old as that. The first complete state takes what it takes.
        if (!first)
            lag = std::max({lag, now - lastLook, delay});
        lastLook = first ? monotonicNow() : now;
        if (oldestPending != 0 && !resting)
            lag = std::max(lag, now - oldestPending);
        if (!end && now < nextSample)
            return;
        // On the stroke, so that each step has its sample.
        const std::int64_t at = end ? there : there / TimeHistory::finest * TimeHistory::finest;
        nextSample = at + TimeHistory::finest - ahead;
        const Tally& tally = folder.tally();
        times.add(TimeHistory::Sample{at, tally.live, tally.launched, tally.ended, tally.failed, status.lost,
                                      static_cast<double>(std::exchange(lag, 0)) / 1e6});
    }

    /// Somebody wants to know about another job.
    void watchWanted() {
        JobId job;
        {
            const std::lock_guard guard(lock);
            if (wanted == folder.watched().job)
                return;
            job = wanted;
        }
        folder.watch(job);
        const std::lock_guard guard(lock);
        watched = folder.watched();
    }

    void sendCommands() {
        std::vector<Command> toSend;
        {
            const std::lock_guard guard(lock);
            while (!commands.empty() && requests.size() + toSend.size() < mostOpenCommands) {
                toSend.push_back(std::move(commands.front()));
                commands.pop_front();
            }
        }
        for (Command& command : toSend) {
            Result<std::uint64_t> sent = [&] {
                const std::lock_guard guard(sourceLock);
                return source->cancel(command.job, command.childrenOnly, command.reason);
            }();
            const std::lock_guard guard(lock);
            if (sent)
                requests.emplace(*sent, command.request);
            else
                answersGiven.push_back({command.request, CommandAnswer::Kind::Refused, sent.problem()});
        }
    }

    /// With the lock held, once the reader has ended: nobody will carry out what is still asked for.
    void refuseCommands(const std::string& because) {
        for (const auto& [theirs, ours] : requests)
            answersGiven.push_back({ours, CommandAnswer::Kind::Refused, because});
        requests.clear();
        for (const Command& command : commands)
            answersGiven.push_back({command.request, CommandAnswer::Kind::Refused, because});
        commands.clear();
    }

    const std::unique_ptr<Source> source;
    std::mutex sourceLock; ///< around every use of the source but info, dictionary, failureText, sample, wait
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> lastRequest = 0;

    // The reader thread's own.
    Batch news; ///< what was read last
    Folder folder;
    Rate rate;
    std::uint64_t seenTakes = 0;
    std::int64_t lastLook = 0, nextSample = 0;
    std::int64_t ahead = 0; ///< of the target's clock, at the attach: what the histories count with

    mutable std::mutex lock; ///< guards what follows
    bool looked = false;
    std::condition_variable firstLook; ///< it has looked
    Batch pending;
    std::uint64_t takes = 0;
    std::int64_t oldestPending = 0;
    SessionStatus status;
    std::deque<Command> commands;                              ///< not yet sent
    std::unordered_map<std::uint64_t, std::uint64_t> requests; ///< the source's number to ours
    std::vector<CommandAnswer> answersGiven;
    TimeHistory times;
    std::int64_t lag = 0; ///< the longest since the last sample
    bool resting = true;  ///< nobody has taken anything yet, or for a while
    JobId wanted;         ///< the job to watch
    JobHistory watched;

    std::thread thread; ///< last: it uses all of the above
};

Session::Session(std::unique_ptr<Source> source)
    : impl_(std::make_unique<Impl>(std::move(source))) {}

Session::~Session() = default;

const SourceInfo& Session::info() const {
    return impl_->source->info();
}

std::shared_ptr<const Dictionary> Session::dictionary() const {
    return impl_->source->dictionary();
}

void Session::waitForFirstLook() const {
    std::unique_lock guard(impl_->lock);
    impl_->firstLook.wait(guard, [this] { return impl_->looked; });
}

bool Session::take(Batch& batch) {
    empty(batch, keptForBatch);
    const std::lock_guard guard(impl_->lock);
    if (impl_->pending.empty())
        return false;
    std::swap(batch, impl_->pending);
    ++impl_->takes;
    impl_->oldestPending = 0;
    impl_->resting = false;
    return true;
}

void Session::rest() {
    const std::lock_guard guard(impl_->lock);
    impl_->resting = true;
}

bool Session::timeHistory(TimeHistory& into) const {
    const std::lock_guard guard(impl_->lock);
    if (into.begun() == impl_->times.begun() && into.version() == impl_->times.version())
        return false;
    into = impl_->times;
    return true;
}

void Session::watch(JobId job) {
    const std::lock_guard guard(impl_->lock);
    impl_->wanted = job;
    if (!impl_->status.ended || impl_->folder.watched().job == job)
        return;
    impl_->folder.watch(job); // the reader has gone home
    impl_->watched = impl_->folder.watched();
}

bool Session::jobHistory(JobHistory& into) const {
    const std::lock_guard guard(impl_->lock);
    const JobHistory& known = impl_->watched;
    if (into.job == known.job && into.version == known.version)
        return false;
    into = known;
    return true;
}

SessionStatus Session::status() const {
    const std::lock_guard guard(impl_->lock);
    SessionStatus status = impl_->status;
    if (impl_->oldestPending != 0)
        status.lagMilliseconds += static_cast<double>(monotonicNow() - impl_->oldestPending) / 1e6;
    return status;
}

void Session::cancel(std::uint64_t request, JobId job, bool childrenOnly, std::string reason) {
    const std::lock_guard guard(impl_->lock);
    impl_->commands.push_back({request, job, childrenOnly, std::move(reason)});
    if (impl_->status.ended)
        impl_->refuseCommands(impl_->status.ended->text);
}

std::uint64_t Session::nextRequest() {
    return ++impl_->lastRequest;
}

std::vector<CommandAnswer> Session::answers() {
    const std::lock_guard guard(impl_->lock);
    return std::exchange(impl_->answersGiven, {});
}

Result<ThreadSample> Session::sample(JobId job) const {
    return impl_->source->sample(job);
}

std::string Session::failureText(const EndedJob& job) const {
    return impl_->source->failureText(job);
}

} // namespace coroscope::observe
