// SPDX-License-Identifier: Apache-2.0
#include "model/Workspace.h"

#include "model/Format.h"
#include "program/Log.h"

#include <coroscope/observe/Labels.h>
#include <coroscope/observe/Remote.h>

#include <QCoreApplication>
#include <QDateTime>
#include <QFile>
#include <QPointer>
#include <QThreadPool>

#include <algorithm>

#include <unistd.h>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
constexpr std::int64_t millisecond = 1'000'000;
/// A file is judged when its jobs are on the screen.
constexpr std::int64_t afterPainting = 100 * millisecond;
constexpr std::int64_t tickBudget = 6 * millisecond;
constexpr std::int64_t detailsInterval = 250 * millisecond;
/// Milliseconds between ticks; while somebody waits for the answer to a filter, what is left of them goes
/// there.
constexpr int tickInterval = 16, searchingInterval = 1;
constexpr std::size_t sliceRows = 4'096;
/// Nodes that one tick looks at for who waits for the selected job: half a millisecond's worth.
constexpr std::size_t waiterNodes = 16'384;
/// Nodes that one tick looks at for the oldest job of each group.
constexpr std::size_t groupNodes = 16'384;
/// What one tick gives to finding out what is wrong in a dump.
constexpr std::chrono::nanoseconds judgingBudget = std::chrono::milliseconds(8);
constexpr std::size_t mostCancels = 1'000;
constexpr std::size_t mostCallStacks = 1'000;

/// `work` in the background, then `then` with what it gives here, unless the workspace is gone by then.
template <class Work, class Then>
void inBackground(Workspace* workspace, Work work, Then then) {
    QPointer<Workspace> self(workspace);
    QThreadPool::globalInstance()->start([self, work = std::move(work), then = std::move(then)]() mutable {
        auto result = std::make_shared<decltype(work())>(work());
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [self, result, then = std::move(then)] {
                if (self)
                    then(std::move(*result));
            },
            Qt::QueuedConnection);
    });
}
} // namespace

Workspace::Workspace(QObject* parent)
    : QObject(parent) {
    timer_.setInterval(tickInterval);
    timer_.setTimerType(Qt::PreciseTimer);
    connect(&timer_, &QTimer::timeout, this, &Workspace::tick);
    connect(&exports_, &Exports::changed, this, &Workspace::savingChanged);
    connect(&exports_, &Exports::textReady, this, &Workspace::textReady);
}

Workspace::~Workspace() {
    opening_->stop = true;
}

/// What an open session keeps while another is on show. Its reader goes on meanwhile, and folds what nobody
/// takes into a bounded batch.
struct Workspace::Parked {
    int key = 0;
    State state = State::Empty;
    std::shared_ptr<observe::Session> session;
    observe::SourceInfo info;
    observe::JobTree tree;
    observe::EndedJobs ended;
    TreeRows::Expansion expansion;
    std::optional<observe::GroupBy> grouping;
    observe::FindingWatch watch;
    observe::FindingLog findingLog;
    observe::Batch batch;
    std::size_t batchAt = 0;
    bool batchOpen = false;
    std::optional<SelectedJob> selected;
    QString search;
    std::vector<Cancel> cancels;

    State stateNow() const { return state == State::Live && session->status().ended ? State::Ended : state; }
};

void Workspace::attach(int pid) {
    for (const OpenSession& open : sessions())
        if (open.state == State::Live && open.info.via.empty() && open.info.pid == pid) {
            stopOpening();
            show(open.key);
            emit attached();
            return;
        }
    startOpening(pid, {}, {});
    openLater([pid] { return observe::attach(pid); },
              [this, pid](const QString& sentence) { emit attachFailed(pid, sentence); });
}

void Workspace::attachThrough(const QString& command, int pid) {
    for (const OpenSession& open : sessions())
        if (open.state == State::Live && open.info.via == command.toStdString() && open.info.pid == pid) {
            stopOpening();
            show(open.key);
            emit attached();
            return;
        }
    startOpening(0, {}, command);
    openLater(
        [command, pid, control = opening_] {
            return observe::attachThrough(command.toStdString(), std::to_string(pid),
                                          {.stop = &control->stop});
        },
        [this, command](const QString& sentence) { emit throughFailed(command, sentence); });
}

/// What is being opened from now on; nothing: it is over, or given up.
void Workspace::startOpening(int pid, const QString& file, const QString& through) {
    attachingPid_ = pid;
    openingFile_ = file;
    openingThrough_ = through;
    opening_->stop = true;
    opening_ = std::make_shared<OpeningControl>();
}

observe::OpenOptions Workspace::OpeningControl::options() {
    return {.progress = [this](std::uint64_t done, std::uint64_t all) {
        read = done;
        size = all;
        return !stop;
    }};
}

void Workspace::openFile(const QString& path) {
    startOpening(0, path, {});
    openLater([name = QFile::encodeName(path).toStdString(),
               control = opening_] { return observe::open(name, control->options()); },
              [this, path](const QString& sentence) { emit openFailed(path, sentence); });
}

void Workspace::openText(const QString& text, const QString& name) {
    startOpening(0, name, {});
    openLater([bytes = text.toStdString(), called = name.toStdString(),
               control = opening_] { return observe::openText(bytes, called, control->options()); },
              [this, name](const QString& sentence) { emit openFailed(name, sentence); });
}

void Workspace::stopOpening() {
    ++attachRound_;
    startOpening(0, {}, {});
    if (state_ == State::Attaching)
        state_ = State::Empty;
    emit stateChanged();
}

void Workspace::openLater(std::function<Opened()> work, std::function<void(const QString&)> failed) {
    const std::uint64_t round = ++attachRound_;
    if (state_ == State::Empty)
        state_ = State::Attaching;
    emit stateChanged();
    QPointer<Workspace> self(this);
    QThreadPool::globalInstance()->start([self, round, work = std::move(work), failed = std::move(failed)] {
        Opened opened = work();
        std::shared_ptr<observe::Session> session;
        if (opened) {
            session = std::make_shared<observe::Session>(*std::move(opened));
            if (!session->info().live)
                session->waitForFirstLook(); // it is not open before its jobs are there
        }
        const QString problem = session ? QString() : QString::fromStdString(opened.problem());
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [self, round, session, problem, failed] {
                if (!self || self->attachRound_ != round)
                    return;
                self->startOpening(0, {}, {});
                if (session) {
                    self->open(session);
                    return;
                }
                if (self->state_ == State::Attaching)
                    self->state_ = State::Empty;
                emit self->stateChanged();
                failed(problem);
            },
            Qt::QueuedConnection);
    });
}

void Workspace::open(std::unique_ptr<observe::Source> source) {
    open(std::make_shared<observe::Session>(std::move(source)));
}

void Workspace::open(std::shared_ptr<observe::Session> session) {
    ++attachRound_;
    startOpening(0, {}, {});
    // Other programs' dumps are called after their language.
    const bool sameProgram =
        session->info().program == info_.program && session->info().format.empty() && info_.format.empty();
    const QString searchHere = sameProgram ? search_ : QString();
    emit aboutToSwitch();
    emit aboutToUpdate();
    if (auto before = park())
        parked_.push_back(std::move(before));
    showNothing();
    shownKey_ = ++lastKey_;
    session_ = std::move(session);
    info_ = session_->info();
    contact_ = session_->status().contact;
    labels_.use(session_->dictionary());
    state_ = info_.live ? State::Live : State::File;
    const auto [searchThere, grouping] = replaceDead(info_);
    freshSource_ = true;
    if (!info_.parentsTold)
        group(observe::usualGrouping(info_));
    else if (grouping)
        group(grouping);
    setSearch(searchHere.isEmpty() ? searchThere : searchHere);
    timer_.start();
    if (state_ == State::File) {
        findingsDue_ = observe::monotonicNow() + afterPainting;
        tick();
    }
    tellAll();
    emit switched();
    emit attached();
    emit sessionsChanged();
}

/// What is on show takes the place of the same program that has ended, and its way of looking at it. Of one
/// that is started again and again only the last dead one is worth the memory.
Workspace::Heritage Workspace::replaceDead(const observe::SourceInfo& program) {
    Heritage heritage;
    if (!program.live || program.commandLine.empty())
        return heritage;
    bool kept = false;
    for (std::size_t i = parked_.size(); i-- > 0;) {
        const Parked& each = *parked_[i];
        if (each.stateNow() != State::Ended || each.info.program != program.program ||
            each.info.commandLine != program.commandLine || each.info.via != program.via ||
            each.info.processStart > program.processStart)
            continue;
        if (std::exchange(kept, true)) {
            forgetKey(each.key);
            parked_.erase(parked_.begin() + static_cast<std::ptrdiff_t>(i));
            continue;
        }
        heritage = {each.search, each.grouping};
        successors_[each.key] = shownKey_;
    }
    return heritage;
}

/// Of a session that is closed.
void Workspace::forgetKey(int key) {
    std::erase_if(successors_, [key](const auto& pair) { return pair.first == key || pair.second == key; });
}

int Workspace::successorOf(int key) const {
    const auto at = successors_.find(key);
    return at == successors_.end() ? 0 : at->second;
}

/// Takes what is on show out of this; null when there is nothing.
std::unique_ptr<Workspace::Parked> Workspace::park() {
    if (!session_)
        return nullptr;
    auto parked = std::make_unique<Parked>();
    parked->key = shownKey_;
    parked->state = state_;
    stopJudging();
    parked->session = std::exchange(session_, nullptr);
    parked->info = std::exchange(info_, {});
    parked->tree = std::exchange(tree_, {});
    parked->ended = std::exchange(ended_, {});
    parked->expansion = rows_.expansion();
    parked->grouping = grouping();
    parked->watch = std::exchange(watch_, {});
    parked->findingLog = std::exchange(findingLog_, {});
    parked->session->rest();
    parked->batch = std::exchange(batch_, {});
    parked->batchAt = std::exchange(batchAt_, 0);
    parked->batchOpen = std::exchange(batchOpen_, false);
    parked->selected = std::exchange(selected_, std::nullopt);
    parked->search = std::exchange(search_, {});
    parked->cancels = std::exchange(cancels_, {});
    return parked;
}

void Workspace::unpark(Parked& parked) {
    shownKey_ = parked.key;
    state_ = parked.stateNow();
    session_ = std::move(parked.session);
    info_ = std::move(parked.info);
    contact_ = session_->status().contact;
    tree_ = std::move(parked.tree);
    ended_ = std::move(parked.ended);
    watch_ = std::move(parked.watch);
    findingLog_ = std::move(parked.findingLog);
    batch_ = std::move(parked.batch);
    batchAt_ = parked.batchAt;
    batchOpen_ = parked.batchOpen;
    selected_ = std::move(parked.selected);
    cancels_ = std::move(parked.cancels);
    labels_.use(session_->dictionary());
    rows_.restore(std::move(parked.expansion));
    changes_.clear();
    changes_.reset = true;
    for (Node root = tree_.firstRoot(); root != noNode; root = tree_.nextSibling(root)) {
        const std::vector<Node> nodes = tree_.subtree(root);
        changes_.inserted.insert(changes_.inserted.end(), nodes.begin(), nodes.end());
    }
    rows_.apply(changes_);
    group(parked.grouping);
    emit treeChanged(changes_);
    changes_.clear();
    treeChangedSinceFindings_ = true;
    freshSource_ = false;
    setSearch(parked.search);
    timer_.start();
}

/// As at the beginning. Says nothing to anybody.
void Workspace::showNothing() {
    shownKey_ = 0;
    state_ = State::Empty;
    stopJudging();
    session_.reset();
    info_ = {};
    contact_ = {};
    batch_.clear();
    batchAt_ = 0;
    batchOpen_ = false;
    ended_ = {};
    watch_ = {};
    findingLog_ = {};
    observe::Batch nothing;
    nothing.reset = true;
    tree_.apply(nothing, changes_);
    rows_.forget();
    rows_.apply(changes_);
    search_.clear();
    query_ = {};
    searchProblem_.reset();
    matcher_.reset();
    rows_.clearFilter();
    labels_.use(nullptr);
    findings_.assign({}, tree_);
    cancels_.clear();
    callStacks_.clear();
    sampling_.reset();
    selected_.reset();
    selectedGroup_.reset();
    lookForWaiters();
    if (saving() && !exports_.going())
        dismissSaving(); // it spoke of what was shown before
    findingsDue_ = 0;
    endedTold_ = 0;
    endedDue_ = 0;
    emit treeChanged(changes_);
    changes_.clear();
}

void Workspace::tellAll() {
    emit updated(true);
    emit stateChanged();
    emit searchChanged();
    emit selectionChanged();
    emit groupingChanged();
    emit findingsChanged();
    emit cancelsChanged();
    emit endedJobsChanged();
}

std::vector<Workspace::OpenSession> Workspace::sessions() const {
    std::vector<OpenSession> all;
    for (const std::unique_ptr<Parked>& each : parked_)
        all.push_back({each->key, each->stateNow(), each->info, each->session->status().ended, false,
                       successorOf(each->key)});
    if (session_)
        all.push_back({shownKey_, state_, info_, session_->status().ended, true, successorOf(shownKey_)});
    std::sort(all.begin(), all.end(),
              [](const OpenSession& a, const OpenSession& b) { return a.key < b.key; });
    return all;
}

void Workspace::show(int key) {
    const auto at =
        std::find_if(parked_.begin(), parked_.end(), [key](const auto& each) { return each->key == key; });
    if (at == parked_.end())
        return;
    emit aboutToSwitch();
    emit aboutToUpdate();
    const std::unique_ptr<Parked> wanted = std::move(*at);
    parked_.erase(at);
    if (auto before = park())
        parked_.push_back(std::move(before));
    showNothing();
    unpark(*wanted);
    tellAll();
    emit switched();
    emit sessionsChanged();
}

void Workspace::closeSession(int key) {
    forgetKey(key);
    if (key != shownKey_) {
        std::erase_if(parked_, [key](const auto& each) { return each->key == key; });
        emit sessionsChanged();
        return;
    }
    if (!session_)
        return;
    emit aboutToSwitch();
    emit aboutToUpdate();
    showNothing();
    if (parked_.empty()) {
        timer_.stop();
    } else {
        const auto rank = [](const auto& each) {
            return std::pair(each->stateNow() != State::Ended, each->key);
        };
        const auto last = std::max_element(parked_.begin(), parked_.end(),
                                           [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
        const std::unique_ptr<Parked> wanted = std::move(*last);
        parked_.erase(last);
        unpark(*wanted);
    }
    tellAll();
    emit switched();
    emit sessionsChanged();
}

/// Tells when one of those in the background has ended.
void Workspace::watchParked() {
    const auto ended = static_cast<std::size_t>(std::count_if(
        parked_.begin(), parked_.end(), [](const auto& each) { return each->stateNow() == State::Ended; }));
    if (std::exchange(parkedEnded_, ended) != ended)
        emit sessionsChanged();
}

void Workspace::close() {
    ++attachRound_;
    startOpening(0, {}, {});
    timer_.stop();
    parked_.clear();
    successors_.clear();
    session_.reset();
}

observe::SessionStatus Workspace::status() const {
    return session_ ? session_->status() : observe::SessionStatus{};
}

bool Workspace::timeHistory(observe::TimeHistory& into) const {
    return session_ && session_->timeHistory(into);
}

std::int64_t Workspace::now() const {
    if (session_) {
        if (const auto status = session_->status(); status.ended)
            return status.ended->at;
    }
    return info_.now();
}

std::int64_t Workspace::wallClock(std::int64_t at) const {
    const std::int64_t known = info_.live ? QDateTime::currentSecsSinceEpoch() : info_.takenWallClock;
    return known - (info_.now() - at) / (1000 * millisecond);
}

Node Workspace::selectedNode() const noexcept {
    return selected_ && !selected_->ended ? tree_.find(selected_->id) : noNode;
}

void Workspace::select(JobId id) {
    const bool hadGroup = selectedGroup_.has_value();
    selectedGroup_.reset();
    if (selected_ && selected_->id == id && !selected_->ended)
        return;
    if (!selected_ && !id && !hadGroup)
        return;
    selected_.reset();
    if (const Node node = tree_.find(id); id && node != noNode) {
        selected_.emplace();
        selected_->id = id;
        selected_->whenSelected = observe::changeOf(tree_.row(node));
        session_->watch(id);
        refreshSelected();
    }
    rows_.keepApart(id);
    lookForWaiters();
    emit selectionChanged();
}

void Workspace::selectGroup(std::uint64_t key) {
    selectedGroup_ = key;
    selected_.reset();
    rows_.keepApart({});
    lookForWaiters();
    emit selectionChanged();
}

Node Workspace::selectedGroup() const noexcept {
    return selectedGroup_ ? rows_.groupOfKey(*selectedGroup_) : noNode;
}

std::optional<observe::GroupBy> Workspace::grouping() const noexcept {
    return rows_.groups() != nullptr ? std::optional(rows_.groups()->by()) : std::nullopt;
}

void Workspace::group(std::optional<observe::GroupBy> by) {
    rows_.group(by ? std::make_unique<RowGroups>(tree_, observe::Grouping(*by, info_, session_->dictionary()))
                   : nullptr);
    findings_.countGroups(rows_.groups(), tree_);
}

void Workspace::setGrouping(std::optional<observe::GroupBy> by) {
    if (!session_ || by == grouping())
        return;
    emit aboutToUpdate();
    group(by);
    if (selectedGroup_)
        select({});
    emit updated(false);
    emit groupingChanged();
}

std::shared_ptr<const observe::Dump> Workspace::dumpOf(int key) {
    const auto copy = [](const observe::SourceInfo& info, const observe::Session& session,
                         const observe::JobTree& tree) {
        return std::make_shared<observe::Dump>(observe::takeDump(
            info, session.dictionary(), tree, {}, [](const observe::EndedJob&) { return std::string(); }));
    };
    if (session_ && key == shownKey_)
        return copy(info_, *session_, tree_);
    for (const std::unique_ptr<Parked>& parked : parked_) {
        if (parked->key != key)
            continue;
        // What has come since it was on show.
        do {
            if (parked->batchOpen) {
                parked->batch.rows.erase(parked->batch.rows.begin(),
                                         parked->batch.rows.begin() +
                                             static_cast<std::ptrdiff_t>(parked->batchAt));
                observe::TreeChanges changes;
                parked->ended.apply(parked->batch, parked->tree);
                parked->tree.apply(std::exchange(parked->batch, {}), changes);
            }
            parked->batchAt = 0;
            parked->batchOpen = parked->session->take(parked->batch);
        } while (parked->batchOpen);
        return copy(parked->info, *parked->session, parked->tree);
    }
    return nullptr;
}

void Workspace::selectEnded(JobId id) {
    selectedGroup_.reset();
    const observe::EndedJob* job = ended_.find(id);
    // Of a job that is no longer kept, or ended before the attach, what befell it tells.
    std::optional<observe::EndedJob> remembered;
    if (job == nullptr) {
        const auto& incidents = ended_.incidents();
        const auto found = std::find_if(incidents.rbegin(), incidents.rend(),
                                        [id](const observe::Incident& i) { return i.job.id == id; });
        if (found != incidents.rend())
            job = &remembered.emplace(
                observe::EndedJob{id, isFinal(found->job.state) ? found->job.state : JobState::Cancelled, 0,
                                  found->at, found->job});
    }
    if (job == nullptr || (selected_ && selected_->id == id && selected_->ended))
        return;
    selected_.emplace();
    selected_->id = id;
    session_->watch(id);
    selected_->row = job->row;
    selected_->ended = *job;
    selected_->failure = failureText(*job);
    selected_->endedWallClock = wallClock(job->at);
    // Of those above only what still lives can be told.
    if (const Node parent = tree_.find(job->row.parent); job->row.id && parent != noNode)
        for (const Node above : tree_.path(parent))
            selected_->path.emplace_back(tree_.row(above).id, labels_.name(tree_.row(above)));
    emit selectionChanged();
}

QString Workspace::failureText(const observe::EndedJob& job) const {
    return session_ && job.failure != 0
               ? QString::fromStdString(observe::exceptionText(session_->failureText(job)))
               : QString();
}

void Workspace::save(const QString& path, bool redact) {
    exportTo(path, {.format = observe::ExportFormat::Dump, .redact = redact});
}

void Workspace::exportTo(const QString& path, const ExportWish& wish) {
    if (!shows() || exports_.going())
        return;
    observe::Dump dump = observe::takeDump(
        info_, session_->dictionary(), tree_, ended_,
        [session = session_](const observe::EndedJob& job) { return session->failureText(job); });
    const observe::SessionStatus status = session_->status();
    dump.followedEvents = status.contact.followsEvents;
    dump.untracked = status.untracked;
    dump.events = status.events;
    dump.lost = status.lost;
    if (status.ended && info_.live) {
        dump.info.takenAt = status.ended->at;
        dump.info.takenWallClock = status.ended->wallClock;
    }
    if (status.ended && status.ended->text != status.contact.problem)
        dump.endText = status.ended->text;
    observe::ExportOptions options;
    options.format = wish.format;
    options.job = wish.job;
    if (wish.onlyMatches)
        options.filter = query_;
    options.redact = wish.redact;
    options.confirmed = findings_.all();
    exports_.start(std::move(dump), std::move(options), path);
}

/// A program that was stopped goes on, or the other way round: what can be done with it is another matter
/// then.
void Workspace::refreshContact() {
    observe::Contact contact = session_->status().contact;
    if (contact == contact_)
        return;
    contact_ = std::move(contact);
    emit stateChanged();
}

void Workspace::refreshSelected() {
    if (selected_)
        session_->jobHistory(selected_->history);
    const Node node = selectedNode();
    if (node == noNode)
        return;
    selected_->row = tree_.row(node);
    // The way to the root is long in a deep tree and rarely changes.
    const JobId parent = tree_.parent(node) == noNode ? JobId{} : tree_.row(tree_.parent(node)).id;
    const JobId known = selected_->path.empty() ? JobId{} : selected_->path.back().first;
    if (parent == known && changes_.moved.empty())
        return;
    selected_->path.clear();
    for (Node above : tree_.path(node)) {
        if (above != node)
            selected_->path.emplace_back(tree_.row(above).id, labels_.name(tree_.row(above)));
    }
}

const observe::CallStackText* Workspace::callStack(CallStackId id) {
    if (!session_ || id == 0)
        return nullptr;
    if (callStacks_.size() > mostCallStacks)
        callStacks_.clear();
    const auto [at, added] = callStacks_.try_emplace(id);
    if (added)
        inBackground(
            this, [dictionary = session_->dictionary(), id] { return dictionary->callStack(id); },
            [this, id, session = std::weak_ptr(session_)](observe::CallStackText stack) {
                if (session.lock() != session_)
                    return;
                callStacks_[id] = std::move(stack);
                emit callStackKnown();
            });
    return at->second ? &*at->second : nullptr;
}

void Workspace::sampleThread(JobId job) {
    if (!session_ || (sampling_ && sampling_->going))
        return;
    sampling_ = Sampling{job, true, {}, {}};
    logInfo(tr("user %1 samples the thread of job id %2 in %3, pid %4")
                .arg(::geteuid())
                .arg(job.value)
                .arg(QString::fromStdString(info_.program))
                .arg(info_.pid));
    inBackground(
        this, [session = session_, job] { return session->sample(job); },
        [this, session = std::weak_ptr(session_)](observe::Result<observe::ThreadSample> result) {
            if (session.lock() != session_ || !sampling_)
                return;
            sampling_->going = false;
            if (result)
                sampling_->sample = *std::move(result);
            else
                sampling_->problem = QString::fromStdString(result.problem());
            emit samplingChanged();
        });
    emit samplingChanged();
}

void Workspace::lookForWaiters() {
    waiters_.start(selected_ && !selected_->ended ? selected_->id : JobId{});
    waiters_.step(tree_, waiterNodes);
}

void Workspace::setSearch(const QString& text) {
    const QString wanted = text.trimmed();
    observe::QueryProblem problem;
    std::optional<observe::Query> query = observe::Query::parse(wanted.toStdString(), problem);
    const bool hadProblem = searchProblem_.has_value();
    searchProblem_.reset();
    if (!query)
        searchProblem_ = std::move(problem);
    if (!query || wanted == search_) {
        if (hadProblem || !query)
            emit searchChanged();
        return;
    }
    search_ = wanted;
    query_ = *std::move(query);
    emit aboutToUpdate();
    applyQuery();
    emit updated(false);
    emit searchChanged();
}

void Workspace::applyQuery() {
    if (query_.empty() || !labels_.dictionary()) {
        matcher_.reset();
        rows_.clearFilter();
        return;
    }
    matcher_ = searchMatcher();
    askedAt_ = observe::monotonicNow();
    rows_.setFilter([matcher = matcher_](Node node) { return matcher->matches(node); });
    rows_.scan(std::chrono::milliseconds(4));
}

std::unique_ptr<observe::QueryMatcher> Workspace::searchMatcher() const {
    if (query_.empty() || !session_)
        return nullptr;
    auto matcher = std::make_unique<observe::QueryMatcher>(
        query_, tree_, session_->dictionary(), [this](Node node) { return rows_.subtreeSize(node); });
    matcher->refresh(now(), findings_.all());
    return matcher;
}

/// Answers come in slices; where they depend on the time, all are asked for again and again.
void Workspace::refreshFilter() {
    const std::int64_t at = observe::monotonicNow();
    if (rows_.scanning()) {
        if (rows_.scan(std::chrono::milliseconds(4))) {
            askAgainDue_ = at + std::max(1'000 * millisecond, 4 * (at - askedAt_));
            emit searchChanged();
        }
    } else if (rows_.stale() && at >= filterDue_) {
        rows_.refresh();
        const std::int64_t cost = observe::monotonicNow() - at;
        // Rows in another order than that of their birth: not faster than eyes follow.
        const std::int64_t pause = (rows_.filtered() ? 100 : 500) * millisecond;
        filterDue_ = at + std::max(pause, 20 * cost);
        if (rows_.filtered())
            emit searchChanged();
    } else if (matcher_ && at >= askAgainDue_ && query_.drifts()) {
        matcher_->refresh(now(), findings_.all());
        askedAt_ = at;
        rows_.askAgain();
    }
    if (const int wanted = rows_.searching() ? searchingInterval : tickInterval; timer_.interval() != wanted)
        timer_.setInterval(wanted);
}

QString Workspace::cancelProblem() const {
    if (state_ != State::Live && state_ != State::File)
        return tr("Nothing is attached that could be told to stop.");
    if (!contact_.commandsAllowed) {
        return contact_.problem.empty() ? tr("This program takes no commands.")
                                        : QString::fromStdString(contact_.problem);
    }
    return {};
}

void Workspace::cancel(JobId job, bool childrenOnly, const QString& reason) {
    const Node node = tree_.find(job);
    if (!session_ || node == noNode)
        return;
    sendCancel({node}, childrenOnly, labels_.fullName(tree_.row(node)), reason);
}

void Workspace::cancelAll(const std::vector<JobId>& jobs, const QString& what, const QString& reason) {
    std::vector<Node> tops;
    for (const JobId job : jobs)
        if (const Node node = tree_.find(job); node != noNode)
            tops.push_back(node);
    if (session_ && !tops.empty())
        sendCancel(tops, false, what, reason);
}

void Workspace::sendCancel(const std::vector<Node>& tops, bool childrenOnly, const QString& name,
                           const QString& reason) {
    const std::int64_t at = now();
    const std::string text = reason.toStdString();
    const std::uint64_t first = session_->nextRequest();
    cancels_.push_back({name, childrenOnly,
                        observe::CancelProgress(tree_, tops, childrenOnly, first, text, at), QString(), at,
                        QDateTime::currentSecsSinceEpoch()});
    if (cancels_.size() > mostCancels)
        cancels_.erase(cancels_.begin());
    const Cancel& sent = cancels_.back();
    for (std::size_t i = 0; i < tops.size(); ++i)
        session_->cancel(i == 0 ? first : session_->nextRequest(), tree_.row(tops[i]).id, childrenOnly, text);
    logInfo(tr("user %1 cancels %2%3 in %4, pid %5, job id %6%7, %8; reason: %9")
                .arg(::geteuid())
                .arg(childrenOnly ? tr("what is below ") : QString(), sent.name,
                     QString::fromStdString(info_.program))
                .arg(info_.pid)
                .arg(sent.progress.job().value)
                .arg(tops.size() > 1 ? tr(" and %1 more").arg(tops.size() - 1) : QString(),
                     jobsText(sent.progress.requested()), reason));
    emit cancelsChanged();
}

/// Leaves the batch empty, with its room.
void Workspace::applyBatch(observe::Batch& batch) {
    if (selected_ && !selected_->ended) {
        const JobId id = selected_->id;
        const auto ended = std::find_if(batch.ended.begin(), batch.ended.end(),
                                        [id](const observe::EndedJob& e) { return e.id == id; });
        if (ended != batch.ended.end()) {
            refreshSelected();
            selected_->ended = *ended;
            selected_->failure = failureText(*ended);
            selected_->endedWallClock = wallClock(ended->at);
        }
    }
    changes_.clear();
    stopJudging();
    ended_.apply(batch, tree_);
    tree_.apply(std::move(batch), changes_);
    batch.clear();
    rows_.apply(changes_);
    emit treeChanged(changes_);
    if (changes_.reset)
        changes_ = {}; // with its room for all jobs
    treeChangedSinceFindings_ = true;
    if (selected_ && !selected_->ended && tree_.find(selected_->id) == noNode) {
        // Gone while news were lost: how it ended is not known.
        selected_->ended = observe::EndedJob{selected_->id, selected_->row.state, 0, now()};
        selected_->endedWallClock = QDateTime::currentSecsSinceEpoch();
    }
}

/// Applies what was taken, in slices, until the time of this tick is used up.
void Workspace::applySome() {
    const std::int64_t end = observe::monotonicNow() + tickBudget;
    do {
        if (!batchOpen_) {
            if (!session_->take(batch_))
                return;
            batchOpen_ = true;
            batchAt_ = 0;
        }
        if (batch_.reset || batch_.rows.size() - batchAt_ <= sliceRows) {
            if (batchAt_ > 0)
                batch_.rows.erase(batch_.rows.begin(),
                                  batch_.rows.begin() + static_cast<std::ptrdiff_t>(batchAt_));
            applyBatch(batch_);
            batchOpen_ = false;
            return;
        }
        const auto first = batch_.rows.begin() + static_cast<std::ptrdiff_t>(batchAt_);
        slice_.rows.assign(first, first + static_cast<std::ptrdiff_t>(sliceRows));
        // No batch both has a job and ends it, and a later slice may have rows of slots that are in use
        // again: the ends go first.
        slice_.ended.swap(batch_.ended);
        batchAt_ += sliceRows;
        applyBatch(slice_);
    } while (observe::monotonicNow() < end);
}

void Workspace::tick() {
    if (!session_)
        return;
    const bool wasEnded = selected_ && selected_->ended;
    emit aboutToUpdate();
    applySome();
    const std::int64_t at = observe::monotonicNow();
    refreshFilter();
    if (state_ == State::Live) // else they are as old as they were
        rows_.lookAtGroups(groupNodes);
    emit updated(std::exchange(freshSource_, false));
    refreshContact();
    refreshSelected();
    lookForWaiters();
    if (!wasEnded && selected_ && selected_->ended)
        emit selectionChanged();
    if (judging_ || at >= findingsDue_)
        refreshFindings();
    if (at >= endedDue_ && ended_.total() != endedTold_) {
        endedDue_ = at + 250 * millisecond;
        endedTold_ = ended_.total();
        emit endedJobsChanged();
    }
    refreshCancels();
    const bool numbers = at >= numbersDueAt_;
    if (numbers) {
        numbersDueAt_ = at + 100 * millisecond;
        emit numbersDue();
        watchParked();
        exports_.refresh();
    }
    // Where ticks are so slow that numbers are due in each of them, there is none left for the details alone.
    if (at >= detailsDueAt_ + (numbers ? detailsInterval : 0)) {
        detailsDueAt_ = at + detailsInterval;
        emit detailsDue();
    }
    if (state_ == State::Live && session_->status().ended && !batchOpen_) {
        state_ = State::Ended;
        emit stateChanged();
        emit sessionsChanged();
    }
}

/// All at once while the tree changes with each tick; a tree that stays as it is has no hurry.
void Workspace::refreshFindings() {
    const std::int64_t at = observe::monotonicNow();
    if (!judging_) {
        findingsDue_ = at + 500 * millisecond;
        // What takes too long is found without any news.
        if ((!treeChangedSinceFindings_ && state_ != State::Live) || !labels_.dictionary())
            return;
        treeChangedSinceFindings_ = false;
        judgingCost_ = 0;
        judging_ = std::make_unique<observe::FindingSearch>(tree_, ended_, *labels_.dictionary(), now(),
                                                            observe::settingsFor(info_));
    }
    const bool done = judging_->step(state_ == State::Live ? std::chrono::nanoseconds::max() : judgingBudget);
    judgingCost_ += observe::monotonicNow() - at;
    if (!done)
        return;
    std::vector<observe::Finding> found = std::exchange(judging_, nullptr)->take();
    if (session_->info().live)
        found = watch_.confirmed(std::move(found), at);
    const bool changed = findings_.assign(std::move(found), tree_);
    findings_.countGroups(rows_.groups(), tree_);
    if (changed)
        findingLog_.note(findings_.all(), now());
    // A tree that is slow to judge is judged less often: at most a fiftieth of the time goes here.
    findingsDue_ = at + std::max(500 * millisecond, 50 * judgingCost_);
    if (changed || state_ == State::File)
        emit findingsChanged();
}

/// Before the tree changes or goes. It begins anew later.
void Workspace::stopJudging() {
    treeChangedSinceFindings_ = treeChangedSinceFindings_ || judging_;
    judging_.reset();
}

void Workspace::refreshCancels() {
    if (cancels_.empty())
        return;
    bool changed = false;
    for (const observe::CommandAnswer& answer : session_->answers()) {
        for (Cancel& cancel : cancels_) {
            if (!cancel.progress.asked(answer.request))
                continue;
            cancel.progress.answered(answer);
            const QString before = cancel.answer;
            const std::uint64_t refusals = cancel.progress.refusals();
            const bool single = cancel.progress.jobs().size() == 1;
            if (!cancel.progress.refused().empty())
                cancel.answer = QString::fromStdString(cancel.progress.refused());
            else if (refusals > 0)
                cancel.answer = tr("%1 of %2 commands were refused.")
                                    .arg(countText(refusals), countText(cancel.progress.jobs().size()));
            else if (single && answer.kind == observe::CommandAnswer::Kind::Gone)
                cancel.answer = tr("The job had ended before the command came.");
            if (cancel.answer != before)
                logInfo(tr("cancel of %1: %2").arg(cancel.name, cancel.answer));
            changed = true;
        }
    }
    const std::int64_t at = now();
    if (at >= cancelsDue_) {
        const std::int64_t begin = observe::monotonicNow();
        for (Cancel& cancel : cancels_) {
            if (cancel.progress.done() || !cancel.progress.refused().empty())
                continue;
            cancel.progress.update(tree_, at);
            if (cancel.progress.done())
                logInfo(tr("cancel of %1: all of %2 have ended after %3")
                            .arg(cancel.name, jobsText(cancel.progress.requested()),
                                 durationText(cancel.progress.duration(at))));
            changed = true;
        }
        // Of a cancel of very many jobs only a twentieth of the time goes into counting them.
        cancelsDue_ = at + std::max(50 * millisecond, 20 * (observe::monotonicNow() - begin));
    }
    if (changed)
        emit cancelsChanged();
}

} // namespace coroscope::app
