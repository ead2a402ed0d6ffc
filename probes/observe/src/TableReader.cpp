// SPDX-License-Identifier: Apache-2.0
#include "TableReader.h"
#include "Utf8.h"

#include <algorithm>
#include <limits>
#include <mutex>

namespace coroscope::observe {

namespace dump = wire::dump;

namespace {

constexpr std::uint64_t mostTextBytes = std::uint64_t{1} << 30;
constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max() / 2;
constexpr const char* nonsense = "makes no sense";

/// An enumerator that a newer writer may know and we do not.
template <class E>
E known(std::uint8_t value, E last, E otherwise) noexcept {
    return value <= static_cast<std::uint8_t>(last) ? static_cast<E>(value) : otherwise;
}

bool ofEarlierStack(const dump::StackRest& a, const dump::StackRest& b) noexcept {
    return a.stack < b.stack;
}

} // namespace

std::int64_t saneTime(std::int64_t value) noexcept {
    return std::clamp<std::int64_t>(value, 0, latest);
}

std::string_view TableDictionary::raw(TextId id) const noexcept {
    const auto [part, at] = texts_.find(id);
    return id == 0 || !part ? std::string_view() : part->at(at);
}

SiteText TableDictionary::siteOf(SiteId id) const {
    const auto [part, at] = sites_.find(id);
    if (id == 0 || !part)
        return {};
    const dump::Site& row = (*part)[at];
    return {presentable(raw(row.file)), presentable(raw(row.function)), row.line};
}

std::string TableDictionary::text(TextId id) const {
    const std::shared_lock guard(lock_);
    return presentable(raw(id));
}

std::string TableDictionary::failure(TextId id) const {
    const std::shared_lock guard(lock_);
    return presentable(raw(id), true);
}

SiteText TableDictionary::site(SiteId id) const {
    const std::shared_lock guard(lock_);
    return siteOf(id);
}

StackText TableDictionary::stack(StackId id) const {
    const std::shared_lock guard(lock_);
    StackText stack;
    const auto [part, at] = stacks_.find(id);
    if (id == 0 || !part)
        return stack;
    const dump::Stack& row = (*part)[at];
    for (std::uint32_t i = 0; i < std::min(row.depth, dump::Stack::depthHere); ++i)
        stack.frames.push_back(siteOf(row.sites[i]));
    stack.cut = row.cut;
    addRest(stackRests_, id, stack.frames, stack.cut);
    return stack;
}

void TableDictionary::addRest(const Rests& rests, std::uint32_t stack, std::vector<SiteText>& frames,
                              std::uint32_t& cut) const {
    const auto [from, to] =
        std::equal_range(rests.begin(), rests.end(), dump::StackRest{stack, 0}, ofEarlierStack);
    for (auto rest = from; rest != to && cut > 0; ++rest, --cut)
        frames.push_back(siteOf(rest->site));
}

CallStackText TableDictionary::callStack(CallStackId id) const {
    const std::shared_lock guard(lock_);
    CallStackText stack;
    const auto [part, at] = callStacks_.find(id);
    if (id == 0 || !part)
        return stack;
    const dump::CallStack& row = (*part)[at];
    for (std::uint32_t i = 0; i < std::min(row.depth, dump::CallStack::depthHere); ++i)
        stack.frames.push_back(siteOf(row.sites[i]));
    stack.cut = row.cut;
    addRest(callStackRests_, id, stack.frames, stack.cut);
    stack.note = presentable(raw(row.note));
    return stack;
}

ContextText TableDictionary::context(std::uint32_t id) const {
    const std::shared_lock guard(lock_);
    const auto [part, at] = contexts_.find(id);
    if (id == 0 || !part)
        return {};
    return {presentable(raw((*part)[at].dispatcher)), presentable(raw((*part)[at].elements))};
}

std::optional<dump::TableHead> tableOf(std::string_view plain, std::size_t bytes, std::uint64_t& rowsSoFar) {
    if (plain.size() < sizeof(dump::TableHead))
        return std::nullopt;
    const auto head = valueAt<dump::TableHead>(plain.data());
    const std::uint64_t room = plain.size() - sizeof head;
    if (head.stride < bytes || std::uint64_t{head.count} * head.stride > room ||
        head.count > mostTableRows - rowsSoFar)
        return std::nullopt;
    rowsSoFar += head.count;
    return head;
}

std::optional<Texts> textsOf(std::string_view plain, std::uint64_t& rowsSoFar) {
    const auto table = tableOf(plain, sizeof(std::uint32_t), rowsSoFar);
    if (!table || table->stride != sizeof(std::uint32_t))
        return std::nullopt;
    Texts texts;
    texts.ends.reserve(table->count);
    const std::size_t begin = sizeof *table + std::size_t{table->count} * table->stride;
    const std::uint64_t room = plain.size() - begin;
    std::uint64_t end = 0;
    for (std::size_t i = 0; i < table->count; ++i) {
        const auto size = rowAt<std::uint32_t>(plain, *table, i);
        end += size;
        if (size > dump::longestText || end > room)
            return std::nullopt;
        texts.ends.push_back(static_cast<std::uint32_t>(end));
    }
    texts.bytes.assign(plain.data() + begin, static_cast<std::size_t>(end));
    return texts;
}

JobRow rowOf(const dump::Job& job, bool namesResources) noexcept {
    JobRow row;
    row.id = JobId{job.id};
    row.parent = JobId{job.parent};
    row.launcher = JobId{job.launcher};
    row.number = job.number;
    row.createdAt = saneTime(job.createdAt);
    row.stateSince = saneTime(job.stateSince);
    row.executionSince = saneTime(job.executionSince);
    row.jobVersion = job.jobVersion;
    row.executionSequence = job.executionSequence;
    row.site = job.site;
    row.suspendedAt = job.suspendedAt;
    row.name = job.name;
    row.context = job.context;
    row.resumes = job.resumes;
    row.creationStack = job.creationStack;
    row.flags = job.flags;
    row.kind = known(job.kind, JobKind::ThreadScope, JobKind::Foreign);
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

EndedJob endedOf(const dump::Ended& row, bool namesResources) noexcept {
    const JobState state = known(row.finalState, JobState::Failed, JobState::Completed);
    EndedJob job{JobId{row.job.id}, isFinal(state) ? state : JobState::Completed, 0, saneTime(row.at)};
    if ((row.marks & dump::EndedMarks::known) != 0)
        job.row = rowOf(row.job, namesResources);
    return job;
}

Incident incidentOf(const dump::Incident& row, bool namesResources) noexcept {
    return {row.number,
            known(row.what, IncidentKind::CircularReference, IncidentKind::Unknown),
            saneTime(row.at),
            rowOf(row.job, namesResources),
            {}};
}

Resource resourceOf(const dump::Resource& row) noexcept {
    const WaitKind kind = known(row.kind, WaitKind::Select, WaitKind::Unknown);
    if (!isResource(kind))
        return {};
    return {ResourceId{row.id}, kind,        JobId{row.owner}, row.count,
            row.capacity,       row.waiting, row.name,         row.site};
}

TableReader::TableReader()
    : dictionary_(std::make_shared<TableDictionary>()) {}

bool TableReader::knows(std::uint32_t tag) noexcept {
    return tag == dump::tags::texts || tag == dump::tags::sites || tag == dump::tags::stacks ||
           tag == dump::tags::callStacks || tag == dump::tags::contexts || tag == dump::tags::stackRests ||
           tag == dump::tags::callStackRests;
}

const char* TableReader::take(std::uint32_t tag, std::string_view plain) {
    TableDictionary& into = *dictionary_;
    switch (tag) {
    case dump::tags::texts: {
        auto texts = textsOf(plain, texts_);
        if (!texts)
            return nonsense;
        textBytes_ += texts->bytes.size();
        if (textBytes_ > mostTextBytes)
            return "has more text than there may be";
        const std::lock_guard guard(into.lock_);
        into.texts_.add(valueAt<dump::TableHead>(plain.data()).first, *std::move(texts));
        return nullptr;
    }
    case dump::tags::sites:
        return takeRows(plain, into.sites_, sites_);
    case dump::tags::stacks:
        return takeRows(plain, into.stacks_, stacks_);
    case dump::tags::callStacks:
        return takeRows(plain, into.callStacks_, callStacks_);
    case dump::tags::stackRests:
        return takeRests(plain, into.stackRests_);
    case dump::tags::callStackRests:
        return takeRests(plain, into.callStackRests_);
    case dump::tags::contexts:
        return takeRows(plain, into.contexts_, contexts_);
    default:
        return nonsense;
    }
}

template <class Row>
const char* TableReader::takeRows(std::string_view plain, Spread<Rows<Row>>& into, std::uint64_t& rowsSoFar) {
    const auto table = tableOf(plain, sizeof(Row), rowsSoFar);
    if (!table)
        return nonsense;
    Rows<Row> rows;
    rows.reserve(table->count);
    for (std::size_t i = 0; i < table->count; ++i)
        rows.push_back(rowAt<Row>(plain, *table, i));
    const std::lock_guard guard(dictionary_->lock_);
    into.add(table->first, std::move(rows));
    return nullptr;
}

const char* TableReader::takeRests(std::string_view plain, TableDictionary::Rests& into) {
    const auto table = tableOf(plain, sizeof(dump::StackRest), rests_);
    if (!table)
        return nonsense;
    const std::lock_guard guard(dictionary_->lock_);
    for (std::size_t i = 0; i < table->count; ++i)
        into.push_back(rowAt<dump::StackRest>(plain, *table, i));
    return nullptr;
}

void TableReader::finish() {
    const std::lock_guard guard(dictionary_->lock_);
    for (TableDictionary::Rests* const rests : {&dictionary_->stackRests_, &dictionary_->callStackRests_})
        if (!std::is_sorted(rests->begin(), rests->end(), ofEarlierStack)) // as they are written
            std::sort(rests->begin(), rests->end(), ofEarlierStack);
    dictionary_->texts_.finish();
    dictionary_->sites_.finish();
    dictionary_->stacks_.finish();
    dictionary_->callStacks_.finish();
    dictionary_->contexts_.finish();
}

} // namespace coroscope::observe
