// SPDX-License-Identifier: Apache-2.0
//
// The life of a job
// =================
//
// phase_ is a set of bits that are only ever added, under lock_:
//
//   bit         meaning
//   started     begun: not New any more
//   completing  its own part (the body, or being completed) is over
//   cancelling  told to stop; failures_->root says why
//   sealed      nothing is waited for any more: no child may attach, no exception is collected
//   final       ended
//   failed      ended by something that is no cancellation
//
//   state       bits                            isActive isCompleted isCancelled
//   New         (none)                             F         F           F
//   Active      started                            T         F           F
//   Completing  started completing                 T         F           F
//   Cancelling  cancelling, not final              F         F           T
//   Cancelled   cancelling final                   F         T           T
//   Completed   final                              F         T           F
//
//              start            own part ends           last child ends
//        New ---------> Active -----------------> Completing ---------> Completed
//         |               |                           |
//         | cancel        | cancel, failure           | cancel, failure of a child
//         v               v                           v
//     Cancelled <------ Cancelling <------------------+
//              own part has ended, last child too
//
// pending_ counts what the job waits for: its own part and each child. Whoever brings it to zero seals the
// job under the same lock and ends it, so exactly one does. A child attaches by adding itself while the job
// is not sealed. All children together keep their parent in memory: the first takes a reference, the last
// gives it back.
//
// What happens when (JobWalk does it, without recursion). A job that a step sets off is worked on before the
// next step, so the order is that of a recursion.
//
//   on cancelling
//     1  the cause is collected, the bit set
//     2  handlers, children and the suspended body hear of it, in the order in which they came
//     3  of a failure the parent is told, which is then cancelled itself
//
//   on the end
//     1  sealed: nobody attaches any more
//     2  which exception is it; the others are attached to it
//     3  the parent is told of a failure; if it does not deal with it, the exception handler is asked
//     4  the final state; the record ends; the job leaves its parent's list
//     5  completion handlers and those who wait for it, in the order in which they came
//     6  the job leaves its parent's count, which may end the parent
//     7  the coroutine that awaits a scope goes on
//
// Up to 4 the job is still Cancelling or Completing to whoever asks; a handler in 5 sees the final state and
// no parent. For one job each list is gone through once, by one thread, but the two may run at the same time
// on two threads: a body may end while its canceller is still at 2. The end does not wait for that; what is
// left to hear of the cancellation then finds nobody.
//
// The common path, an end without exception, children or handlers and with at most one who waits, is all this
// at once (endAtOnce): nobody could tell the steps apart.
//
// The body and its suspensions
// ----------------------------
// wait_ says which co_await a job waits at, and who decides that it goes on: detail/Suspension.h. The
// canceller, who is alone (the first to set the cancelling bit), tells it after phase_.
#include <coroscope/runtime/detail/JobNode.h>

#include "Handover.h"
#include "JobText.h"
#include "JobWalk.h"
#include "ThreadBinding.h"
#include "Uncaught.h"

#include <coroscope/model/RecordLayout.h>
#include <coroscope/record/Record.h>
#include <coroscope/runtime/CoroutineContext.h>
#include <coroscope/runtime/detail/WaitQueue.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <mutex>
#include <stdexcept>

namespace coroscope::detail {

// A program may have millions of them: whoever adds a member finds it a place that is free.
static_assert(sizeof(void*) != 8 || sizeof(JobNode) == 144);

namespace {

thread_local JobNode* currentJob = nullptr;

void installCommandHandler() {
    static const record::CommandHandler handler{
        .retain = [](void* owner) noexcept { return static_cast<JobNode*>(owner)->tryRetain(); },
        .release = [](void* owner) noexcept { static_cast<JobNode*>(owner)->release(); },
        .cancel =
            [](void* owner, bool childrenOnly, std::string_view reason) {
                static_cast<JobNode*>(owner)->cancelFromOutside(childrenOnly, reason);
            }};
    static const bool once = [] {
        record::setCommandHandler(&handler);
        return true;
    }();
    static_cast<void>(once);
}

/// Has a body that does not wait to be started.
bool beginsByItself(const JobNode::Origin& origin) noexcept {
    return origin.start != CoroutineStart::Lazy && origin.execution != Execution::None;
}

/// What its record begins with.
Execution firstExecution(const JobNode::Origin& origin) noexcept {
    if (!beginsByItself(origin))
        return origin.execution;
    // Attached, the same thread runs it at once.
    if (origin.start == CoroutineStart::Undispatched)
        return Execution::Running;
    // What scopes do depends on who awaits them.
    const bool dispatched = origin.kind == JobKind::RunBlocking || origin.kind == JobKind::RunTest ||
                            !(origin.traits & Traits::scoped);
    return dispatched ? Execution::Queued : origin.execution;
}

bool isOwnTimeout(const std::exception_ptr& e, const JobNode& scope) noexcept {
    const TimeoutCancellationException* const timeout = timeoutIn(e);
    return timeout && timeout->owner() == &scope;
}

} // namespace

inline JobNode::Beginning JobNode::begun(Origin& origin) noexcept {
    const bool lazy = origin.start == CoroutineStart::Lazy;
    const bool runs = beginsByItself(origin);
    const bool bound = origin.elements && origin.elements->threadElements;
    return {.kind = origin.kind,
            .runs = runs,
            .ownsElements = origin.made.take() != nullptr,
            .traits = static_cast<std::uint16_t>(origin.traits | (bound ? Traits::bound : 0)),
            .flags = static_cast<std::uint16_t>(
                origin.flags | (origin.traits & Traits::supervisor ? JobFlags::supervisor : 0) |
                (lazy ? JobFlags::lazyStart : 0)),
            .phase = lazy ? 0 : startedPhase,
            .counts = oneReference + (origin.held ? oneHandle : 0) + (origin.parent ? oneReference : 0) +
                      (runs ? oneReference : 0),
            .elements = origin.elements};
}

JobNode::JobNode(Origin& origin)
    : JobNode(begun(origin)) {}

JobNode::JobNode(const Beginning& b) noexcept
    : Registration(Kind::Child)
    , kind_(b.kind)
    , counts_(b.counts)
    , number_(record::nextJobNumber())
    , elements_(b.elements)
    , phase_(b.phase)
    , traits_(b.traits)
    , flags_(b.flags)
    , runs_(b.runs)
    , ownsElements_(b.ownsElements) {
    list_.prev = list_.next = &list_;
}

JobNode::~JobNode() {
    // A root that nobody can end any more: the last handle to it went.
    if (!isCompleted()) {
        record_.end(JobState::Cancelled);
        // Nothing else can be in the list: children and their waiters would keep this job.
        while (list_.next != &list_) {
            const auto handler = Ref<HandlerNode>::adopt(static_cast<HandlerNode*>(list_.next));
            handler->unlink();
        }
    } else if (failures_ && failures_->facts && !observed_.load(std::memory_order_relaxed))
        record::tellIncident(IncidentKind::UnseenFailure, *failures_->facts, incidentText(failures_->final));
    if (ownsElements_)
        elements_->release();
}

bool JobNode::tryRetain() noexcept {
    std::uint64_t counts = counts_.load(std::memory_order_relaxed);
    while ((counts & (oneHandle - 1)) != 0)
        if (counts_.compare_exchange_weak(counts, counts + oneReference, std::memory_order_relaxed))
            return true;
    return false;
}

void JobNode::release() noexcept {
    drop(oneReference);
}

void JobNode::drop(std::uint64_t counts) noexcept {
    const std::uint64_t references = counts & (oneHandle - 1);
    if ((counts_.fetch_sub(counts, std::memory_order_acq_rel) & (oneHandle - 1)) == references)
        delete this;
}

/// Of a job that has ended, whose record has ended, too: if these are all, nobody can get another one.
void JobNode::dropOfEnded(std::uint64_t counts) noexcept {
    // acquire: pairs with the release of those who had one.
    if (counts_.load(std::memory_order_acquire) == counts)
        delete this;
    else
        drop(counts);
}

void JobNode::addHandle() noexcept {
    if ((counts_.fetch_add(oneHandle | oneReference, std::memory_order_relaxed) >> 32) == 0)
        tellHeld();
}

void JobNode::dropHandle() noexcept {
    if (!(traits_ & Traits::tellsHeld)) {
        if (isCompleted())
            dropOfEnded(oneHandle | oneReference);
        else
            drop(oneHandle | oneReference);
        return;
    }
    if ((counts_.fetch_sub(oneHandle, std::memory_order_acq_rel) >> 32) == 1 && !isCompleted())
        tellHeld();
    release();
}

// Two threads may come here for two changes, in the wrong order. Each looks again after its store, so the one
// that stores last has seen the last change.
void JobNode::tellHeld() noexcept {
    if (!(traits_ & Traits::tellsHeld))
        return;
    bool held;
    do {
        held = (counts_.load(std::memory_order_seq_cst) >> 32) != 0;
        record_.held(held);
    } while (((counts_.load(std::memory_order_seq_cst) >> 32) != 0) != held);
}

void JobNode::attach(const Origin& origin) {
    installCommandHandler();
    if (origin.parent)
        origin.parent->start();
    const JobNode* const shown = origin.shownParent ? origin.shownParent : origin.parent;
    const JobNode* const launcher = currentJob ? currentJob : origin.scope;
    if (!shown)
        traits_ |= Traits::tellsHeld;
    record_.begin(
        {.kind = kind_,
         .state = phase() & startedPhase ? JobState::Active : JobState::New,
         .flags = static_cast<std::uint16_t>(origin.held && !shown ? flags_ | JobFlags::held : flags_),
         .execution = firstExecution(origin),
         .parent = shown ? shown->id() : JobId{},
         .launcher = launcher ? launcher->id() : JobId{},
         .site = record::internSite(origin.where),
         .name = elements_ && elements_->name ? elements_->recordName() : record::JobName{},
         .context = elements_ ? elements_->recordContext() : 0,
         .number = number_,
         .owner = this});
    if (shown && shields())
        const_cast<JobNode*>(shown)->record_.flagsChange(JobFlags::shielded, 0);
    if (origin.parent)
        origin.parent->attachChild(*this);
    else
        ownElements();
}

void JobNode::ownElements() noexcept {
    if (ownsElements_ || !elements_)
        return;
    elements_->retain();
    ownsElements_ = true;
}

void JobNode::leaveElements() noexcept {
    if (ownsElements_ || !elements_)
        return;
    // What is asked of a job that has ended: its name, and who is told when a late handler throws. A scope
    // that is still out may launch: acquire, because whoever is through with it has read them.
    if (elements_->name || elements_->handler || bodyScope_.load(std::memory_order_acquire) == BodyScope::Out)
        ownElements();
    else
        elements_ = nullptr;
}

ElementsRef JobNode::keptElements() noexcept {
    std::lock_guard lock(lock_);
    return ElementsRef::share(elements_);
}

void JobNode::bodyScopeGoes() noexcept {
    if (currentJob == this && bodyScope_.load(std::memory_order_relaxed) == BodyScope::Out) {
        bodyScope_.store(BodyScope::None, std::memory_order_relaxed);
        return;
    }
    // acq_rel: of this and the end of the job one comes second, and lets the reference go.
    if (bodyScope_.exchange(BodyScope::Gone, std::memory_order_acq_rel) == BodyScope::Survives)
        release();
}

bool JobNode::bodyScopeSurvives() noexcept {
    return bodyScope_.load(std::memory_order_relaxed) != BodyScope::None &&
           bodyScope_.exchange(BodyScope::Survives, std::memory_order_acq_rel) == BodyScope::Out;
}

bool JobNode::attachChild(JobNode& child) noexcept {
    bool attached = false;
    bool cancelled;
    {
        std::lock_guard lock(lock_);
        const std::uint32_t phase = phase_.load(std::memory_order_relaxed);
        cancelled = (phase & (cancellingPhase | sealedPhase)) != 0;
        if (!(phase & sealedPhase)) {
            attached = true;
            if (child.elements_ != elements_)
                child.ownElements();
            if (pending_ < oneChild)
                retain();
            pending_ += oneChild;
            child.parent_ = this;
            appendLocked(child);
        }
    }
    if (!attached)
        child.ownElements();
    if (cancelled)
        child.cancel(childCause());
    if (!attached)
        child.release(); // the reference that this job's list would have had
    return attached;
}

void JobNode::appendLocked(Registration& r) noexcept {
    r.order = list_.order;
    // A suspension reads it without the lock.
    std::atomic_ref(list_.order).store(r.order + 1, std::memory_order_relaxed);
    r.linkBefore(list_);
}

bool JobNode::isActive() const noexcept {
    return (phase() & (startedPhase | cancellingPhase | finalPhase)) == startedPhase;
}

JobState JobNode::stateOf(std::uint32_t phase) noexcept {
    if (phase & finalPhase) {
        if (phase & failedPhase)
            return JobState::Failed;
        return phase & cancellingPhase ? JobState::Cancelled : JobState::Completed;
    }
    if (phase & cancellingPhase)
        return JobState::Cancelling;
    if (phase & completingPhase)
        return JobState::Completing;
    return phase & startedPhase ? JobState::Active : JobState::New;
}

JobState JobNode::state() const noexcept {
    return stateOf(phase());
}

bool JobNode::start() {
    if (phase() & startedPhase)
        return false;
    {
        std::lock_guard lock(lock_);
        const std::uint32_t phase = phase_.load(std::memory_order_relaxed);
        if (phase & (startedPhase | completingPhase))
            return false;
        phase_.store(phase | startedPhase, std::memory_order_release);
        record_.stateChanges(JobState::Active);
    }
    startBody(CoroutineStart::Default);
    return true;
}

bool JobNode::cancel(std::exception_ptr cause) {
    JobWalk walk;
    const bool inTime = walk.cancel(*this, cause);
    walk.run();
    return inTime;
}

void JobNode::cancelFromOutside(bool childrenOnly, std::string_view reason) {
    const auto cause = std::make_exception_ptr(CancellationException(std::string(reason)));
    if (childrenOnly) {
        cancelChildren(cause);
        return;
    }
    {
        std::lock_guard lock(lock_);
        if (!isCompleted())
            record_.flagsChange(JobFlags::cancelledByObserver, 0);
    }
    cancel(cause);
}

void JobNode::cancelChildren(const std::exception_ptr& cause) {
    for (const Ref<JobNode>& child : children())
        child->cancel(cause);
}

std::vector<Ref<JobNode>> JobNode::children() {
    std::vector<Ref<JobNode>> result;
    std::lock_guard lock(lock_);
    for (Registration* r = list_.next; r != &list_; r = r->next) {
        if (r->kind == Registration::Kind::Child)
            result.push_back(Ref<JobNode>::share(static_cast<JobNode*>(r)));
    }
    return result;
}

Ref<JobNode> JobNode::parent() {
    std::lock_guard lock(lock_);
    return Ref<JobNode>::share(parent_);
}

std::string_view JobNode::kindName() const noexcept {
    if (traits_ & Traits::nonCancellable)
        return "NonCancellable";
    return detail::kindName(kind_, (flags_ & JobFlags::lazyStart) != 0, (traits_ & Traits::dispatched) != 0);
}

std::string JobNode::toString() {
    if (traits_ & Traits::nonCancellable)
        return std::string(kindName());
    const JobState s = state();
    char address[32];
    std::snprintf(address, sizeof address, "}@%zx", reinterpret_cast<std::size_t>(this));
    const ElementsRef elements = keptElements();
    return jobHead(kind_, elements && elements->name ? *elements->name : std::string_view(), number_,
                   (flags_ & JobFlags::lazyStart) != 0, (traits_ & Traits::dispatched) != 0) +
           '{' + std::string(name(s == JobState::Failed ? JobState::Cancelled : s)) + address;
}

// Which exception a job ends with (rules 36 and 37), and what others are told.

void JobNode::addException(const std::exception_ptr& e) {
    if (!failures_)
        failures_ = std::make_unique<Failures>();
    if (!failures_->root)
        failures_->root = e;
    else if (e != failures_->root && (failures_->others.empty() || failures_->others.back() != e))
        failures_->others.push_back(e);
}

const std::exception_ptr& JobNode::aggregateExceptions() {
    static const std::exception_ptr none;
    if (!failures_)
        return none;
    if (failures_->others.empty()) {
        std::lock_guard lock(lock_);
        return failures_->final = failures_->root;
    }
    std::vector<std::exception_ptr> all{failures_->root};
    all.insert(all.end(), failures_->others.begin(), failures_->others.end());
    auto isFailure = [](const std::exception_ptr& e) { return !cancellationIn(e); };
    std::exception_ptr winner = all.front();
    if (auto failure = std::find_if(all.begin(), all.end(), isFailure); failure != all.end()) {
        winner = *failure;
    } else if (timeoutIn(winner)) {
        auto later =
            std::find_if(all.begin() + 1, all.end(), [](const auto& e) { return timeoutIn(e) != nullptr; });
        if (later != all.end())
            winner = *later;
    }
    std::vector<std::exception_ptr> seen;
    for (const std::exception_ptr& e : all) {
        if (e != winner && isFailure(e) && std::find(seen.begin(), seen.end(), e) == seen.end()) {
            seen.push_back(e);
            addSuppressed(winner, e);
        }
    }
    std::lock_guard lock(lock_);
    return failures_->final = winner;
}

std::exception_ptr JobNode::childCause() {
    std::lock_guard lock(lock_);
    if (failures_ && failures_->root && cancellationIn(failures_->root))
        return failures_->root;
    if (!failures_)
        return std::make_exception_ptr(
            CancellationException("Parent job is " + std::string(name(stateOf(phase() | finalPhase)))));
    if (!failures_->childCause)
        failures_->childCause = std::make_exception_ptr(CancellationException(
            phase() & finalPhase ? "Parent job is Cancelled" : "Parent job is Cancelling", failures_->root));
    return failures_->childCause;
}

std::exception_ptr JobNode::cancellation() {
    std::lock_guard lock(lock_);
    return cancellationLocked();
}

std::exception_ptr JobNode::cancellationLocked() {
    const bool isFinal = isCompleted();
    const std::exception_ptr cause = failures_ ? (isFinal ? failures_->final : failures_->root) : nullptr;
    if (!cause)
        return std::make_exception_ptr(
            CancellationException(std::string(kindName()) + " has completed normally"));
    if (cancellationIn(cause))
        return cause;
    if (!failures_->wrapped)
        failures_->wrapped = std::make_exception_ptr(CancellationException(
            std::string(kindName()) + (isFinal ? " was cancelled" : " is cancelling"), cause));
    return failures_->wrapped;
}

std::exception_ptr JobNode::getCancellationException() {
    std::lock_guard lock(lock_);
    if (!(phase() & (cancellingPhase | finalPhase)))
        throw std::logic_error("Job is still new or active");
    return cancellationLocked();
}

std::exception_ptr JobNode::finalException() {
    if (!(phase() & cancellingPhase))
        return {};
    std::lock_guard lock(lock_);
    return failures_ ? failures_->final : nullptr;
}

std::exception_ptr JobNode::failureSoFar() {
    if (!(phase() & cancellingPhase))
        return {};
    std::lock_guard lock(lock_);
    const std::exception_ptr& cause = isCompleted() ? failures_->final : failures_->root;
    return cancellationIn(cause) ? nullptr : cause;
}

// Is a cancellation swallowed? Each one that is thrown into a body is a copy of its own that carries a
// Delivery. As long as one of them exists somewhere (in flight, stored, nested, in a result) the body may
// still pass it on. When they are all gone and the body comes to its next suspension, or returns, it has let
// go of it. Everything here is done by the body's own thread of control.

void JobNode::throwCancellation(const PromiseBase& leaf) {
    judgeDelivery(leaf);
    const std::exception_ptr cause = cancellation();
    deliver(cause);
    std::rethrow_exception(cause);
}

// Who caught broadly and then asks for the cancellation passes it on all the same; who does so again and
// again does not.
void JobNode::throwAskedFor() {
    if (unjudged_ && !failures_->delivery->onItsWay()) {
        if (askedOnce_)
            tellSwallowed(IncidentKind::SwallowedCancellation, nullptr);
        askedOnce_ = true;
    }
    const std::exception_ptr cause = cancellation();
    deliver(cause);
    std::rethrow_exception(cause);
}

// A scope that ended because this job was cancelled has this job's cause: it is this job's cancellation that
// comes out of it. One that was cancelled for its own reasons, a timeout's for example, may be caught at
// will.
void JobNode::throwOutcome(std::exception_ptr failure) {
    if (isCancelled() && !isCompleted() && cancellationIn(failure) && failure == childCause())
        deliver(failure);
    std::rethrow_exception(std::move(failure));
}

void JobNode::deliver(const std::exception_ptr& cancellation) {
    if (!delivered_ && !isCompleted()) {
        delivered_ = true;
        record_.flagsChange(JobFlags::cancellationDelivered, 0);
    }
    if (!failures_)
        return;
    if (!failures_->delivery)
        failures_->delivery = Ref<Delivery>::adopt(new Delivery);
    const bool before = unjudged_;
    unjudged_ = true;
    throwDelivered(cancellation, failures_->delivery);
    unjudged_ = before;
}

void JobNode::judgeDelivery(const PromiseBase& leaf) noexcept {
    if (unjudged_ && !failures_->delivery->onItsWay())
        tellSwallowed(IncidentKind::SwallowedCancellation, &leaf);
}

void JobNode::tellSwallowed(IncidentKind what, const PromiseBase* leaf) noexcept {
    unjudged_ = false;
    if (swallowed_)
        return;
    swallowed_ = true;
    if (what == IncidentKind::SwallowedCancellation)
        record_.flagsChange(JobFlags::swallowedCancellation, 0);
    record::JobFacts facts = record_.facts();
    facts.suspendedAt = leaf ? stackOf(*leaf) : StackId{0};
    record::tellIncident(what, facts, incidentText(cancellation()));
}

/// Answers what the job ends by: in place of the copy that reached the promise, the cause itself.
std::exception_ptr JobNode::judgeEnd(std::exception_ptr failure) noexcept {
    const std::exception_ptr cause = cancellation();
    if (const CancellationException* const e = cancellationIn(failure)) {
        const TimeoutCancellationException* const timeout = timeoutIn(failure);
        const TimeoutCancellationException* const known = timeoutIn(cause);
        if (DeliveryAccess::of(*e) != failures_->delivery.get() ||
            (timeout && (!known || known->owner() != timeout->owner())))
            return failure;
        for (const std::exception_ptr& other : suppressedExceptions(failure))
            addSuppressed(cause, other);
        return cause;
    }
    // A job that was failing anyway, and a limit of time, lose nothing when the body returns.
    if (!failures_->delivery->onItsWay() && !failureSoFar() && (failure || !isOwnTimeout(cause, *this)))
        tellSwallowed(failure ? IncidentKind::CancellationBecameFailure
                              : IncidentKind::CancellationBecameValue,
                      nullptr);
    return failure;
}

bool JobNode::handleUncaught(const std::exception_ptr& e) noexcept {
    addHandle();
    const CoroutineContext context(keptElements(), HandleAccess::adopt<Job>(this));
    if (!context.elements() || !context.elements()->handler)
        return reportUncaught(context, e);
    try {
        context.elements()->handler(context, e);
    } catch (...) {
        const std::exception_ptr thrown = std::current_exception();
        addSuppressed(thrown, e);
        reportUncaught(context, thrown);
    }
    return true;
}

bool JobNode::belowSupervisor() noexcept {
    std::lock_guard lock(lock_);
    return parent_ && (parent_->traits_ & Traits::supervisor);
}

bool JobNode::hasHandlers() noexcept {
    std::lock_guard lock(lock_);
    for (const Registration* r = list_.next; r != &list_; r = r->next)
        if (r->kind == Registration::Kind::Handler && static_cast<const HandlerNode*>(r)->observes)
            return true;
    return false;
}

bool JobNode::complete(std::exception_ptr failure) {
    JobWalk walk;
    const bool first = walk.endOwnPart(*this, std::move(failure), false);
    walk.run();
    return first;
}

// Handlers and waiters.

void JobNode::invokeHandler(HandlerNode& handler, const std::exception_ptr& cause,
                            std::exception_ptr& firstFailure) noexcept {
    try {
        handler.invoke(cause);
    } catch (...) {
        if (firstFailure)
            addSuppressed(firstFailure, std::current_exception());
        else
            firstFailure = std::current_exception();
    }
}

bool JobNode::addHandler(HandlerNode& handler, bool onCancelling) {
    Ref<HandlerNode> own = Ref<HandlerNode>::adopt(&handler);
    if (traits_ & Traits::nonCancellable)
        return true;
    std::exception_ptr cause;
    {
        std::lock_guard lock(lock_);
        handler.onCancelling = onCancelling;
        const std::uint32_t phase = phase_.load(std::memory_order_relaxed);
        if (!(phase & finalPhase) && !(onCancelling && (phase & cancellingPhase))) {
            appendLocked(*own.take());
            return true;
        }
        if (failures_)
            cause = phase & finalPhase ? failures_->final : failures_->root;
    }
    if (handler.observes)
        noteObserver();
    std::exception_ptr failure;
    invokeHandler(handler, cause, failure);
    if (failure)
        handleUncaught(failure);
    return false;
}

void JobNode::removeHandler(HandlerNode& handler) noexcept {
    Ref<HandlerNode> own;
    std::lock_guard lock(lock_);
    // Kotlin: from the final state on all handlers that are left are called, whatever they say to each other.
    if (phase_.load(std::memory_order_relaxed) & finalPhase)
        return;
    if (handler.linked()) {
        handler.unlink();
        own = Ref<HandlerNode>::adopt(&handler);
    }
    handler.fired = true;
}

bool JobNode::addWaiter(WaiterNode& waiter) noexcept {
    std::lock_guard lock(lock_);
    if (phase_.load(std::memory_order_relaxed) & finalPhase)
        return false;
    appendLocked(waiter);
    return true;
}

void JobNode::removeWaiter(WaiterNode& waiter) noexcept {
    std::lock_guard lock(lock_);
    if (waiter.linked())
        waiter.unlink();
}

// The body.

JobNode* JobNode::current() noexcept {
    return currentJob;
}

void JobNode::startBody(CoroutineStart how) {
    if (how == CoroutineStart::Lazy)
        return;
    const bool lazy = !runs_;
    if (lazy) {
        runs_ = true;
        retain();
    }
    skipCancelledBody_ = how == CoroutineStart::Default;
    if (how == CoroutineStart::Undispatched) {
        runHere(true);
        return;
    }
    if (lazy)
        record_.queued();
    dispatcher().dispatch(*this);
}

std::coroutine_handle<> JobNode::startScope(JobNode& outer, const PromiseBase& leaf) noexcept {
    ScopeEnd& end = *scopeEnd();
    end.outer = &outer;
    const bool dispatch = (traits_ & Traits::dispatched) != 0;
    skipCancelledBody_ = dispatch;
    // Cleanup in NonCancellable is no going on: what comes after it will tell.
    if (outer.isCancelled() && !shields())
        outer.judgeDelivery(leaf);
    outer.record_.suspends(stackOf(leaf), WaitKind::Scope, id().value);
    if (dispatch) {
        currentJob = nullptr; // a dispatcher may run it at once, and `outer` waits by now
        end.way.store(ScopeEnd::Return::Undecided, std::memory_order_relaxed);
        record_.queued();
        dispatcher().dispatch(*this);
        // acq_rel: whoever comes second sees what the other one did. From here on another thread may have
        // resumed `outer`, unless the scope has ended already: then it is not dispatched back.
        if (end.way.exchange(ScopeEnd::Return::Dispatched, std::memory_order_acq_rel) ==
            ScopeEnd::Return::Undecided)
            return std::noop_coroutine();
        outer.entersThread();
        return outer.goesOnAt();
    }
    entersThread();
    if (traits_ & Traits::rebinds) [[unlikely]]
        ThreadBinding::set(*elements_, false);
    return beginBody();
}

void JobNode::entersThread() noexcept {
    currentJob = this;
    record_.runs();
}

void JobNode::run() noexcept {
    runHere(false);
}

inline void JobNode::runHere(bool recorded) noexcept {
    Handover::finish();
    JobNode* const previous = currentJob;
    const ThreadBinding* const binding = ThreadBinding::top;
    if (recorded)
        currentJob = this;
    else
        entersThread();
    if (traits_ & Traits::bound) [[unlikely]]
        ThreadBinding::set(*elements_, true);
    const std::coroutine_handle<> goesOn = bodyBegun_ ? goesOnAt() : beginBody();
    goesOn.resume();
    // `this` may be gone. Whoever was running here before (an undispatched start, a nested loop) goes on.
    currentJob = previous;
    if (ThreadBinding::top != binding) [[unlikely]]
        ThreadBinding::takeOffTo(binding);
    if (previous)
        previous->record_.continuesHere();
}

void JobNode::resumeLater() noexcept {
    everSuspended_ = true;
    record_.queued();
    dispatcher().dispatch(*this);
}

void JobNode::givesWay() noexcept {
    everSuspended_ = true;
    record_.givesWay();
    currentJob =
        nullptr; // dispatching may be code of the user, and another thread may end this job meanwhile
    dispatcher().dispatchYield(*this);
}

void JobNode::rejected() noexcept {
    cancel(std::make_exception_ptr(CancellationException("The task was rejected")));
}

void JobNode::resumeNow() noexcept {
    everSuspended_ = true;
    run();
}

std::coroutine_handle<> JobNode::beginBody() noexcept {
    bodyBegun_ = true;
    if (skipCancelledBody_ && isCancelled()) {
        dropBody();
        return endBody(cancellation());
    }
    try {
        return createBody();
    } catch (...) {
        const std::exception_ptr failure = std::current_exception();
        dropBody();
        return endBody(failure);
    }
}

std::coroutine_handle<> JobNode::bodyEnds(std::coroutine_handle<> body) noexcept {
    std::exception_ptr failure = takeResult(body);
    bodyReturnedValue_ = !failure;
    // As endBody would, without what most need not.
    if (!failure && !unjudged_ && !(traits_ & Traits::awaited) && endAtOnce()) [[likely]]
        return std::noop_coroutine();
    if (unjudged_)
        failure = judgeEnd(std::move(failure));
    return endBody(std::move(failure));
}

std::coroutine_handle<> JobNode::endBody(std::exception_ptr failure) noexcept {
    JobNode* const outer = this->outer();
    const bool inPlace = outer && !(traits_ & Traits::dispatched);
    // A scope that goes on in place is kept by the coroutine that awaits it.
    if (failure || !endAtOnce()) {
        const Ref<JobNode> keep = Ref<JobNode>::share(this);
        JobWalk walk;
        walk.endOwnPart(*this, std::move(failure), inPlace);
        walk.run();
        currentJob = nullptr; // it may go with `keep`, and so may what is in its result
        if (!walk.ended())
            return std::noop_coroutine();
    }
    if (!inPlace)
        return std::noop_coroutine();
    if (everSuspended_)
        outer->everSuspended_ = true;
    if (traits_ & Traits::rebinds) [[unlikely]]
        ThreadBinding::goBackTo(*outer->elements_);
    outer->entersThread();
    return outer->goesOnAt();
}

/// All steps of an end at once, where the body returned, nothing else belongs to the job any more, and nobody
/// wants to hear of it but one who waits for it: then nobody can tell them apart. Answers false, and has done
/// nothing, where there is more to it. `this` may be gone afterwards, unless it is a scope that goes on in
/// place.
bool JobNode::endAtOnce() noexcept {
    JobNode* parent;
    JobNode* waiting = nullptr;
    {
        const std::lock_guard lock(lock_);
        Registration& first = *list_.next;
        const bool isAwaited = first.kind == Kind::Waiter && first.next == &list_;
        if (phase_.load(std::memory_order_relaxed) != startedPhase || pending_ != ownPart ||
            (&first != &list_ && !isAwaited))
            return false;
        pending_ = 0;
        record_.end(JobState::Completed);
        leaveElements();
        phase_.store(startedPhase | completingPhase | sealedPhase | finalPhase, std::memory_order_release);
        parent = std::exchange(parent_, nullptr);
        if (isAwaited) {
            first.unlink();
            waiting = choose(static_cast<WaiterNode&>(first)).job;
        }
    }
    bool siblings = true;
    bool last = false;
    if (parent) {
        const std::lock_guard lock(parent->lock_);
        unlink();
        if (!waiting) [[likely]]
            siblings = JobWalk::childLeaves(*parent, last);
    }
    // Whoever waits goes on before the parent may end.
    if (waiting) [[unlikely]] {
        waiting->resumeLater();
        if (parent) {
            const std::lock_guard lock(parent->lock_);
            siblings = JobWalk::childLeaves(*parent, last);
        }
    }
    if (traits_ & Traits::awaited) [[unlikely]] {
        if (shields())
            scopeEnd()->outer->record_.flagsChange(0, JobFlags::shielded);
        if (traits_ & Traits::dispatched)
            goBackToOuter();
    }
    runs_ = false;
    currentJob = nullptr; // code of the user may follow, which is no code of this job
    if (!siblings) [[unlikely]]
        parent->childrenHaveLeft(last);
    // The body's reference, and that of the parent's list.
    if (const std::uint64_t counts = (bodyScopeSurvives() ? 0 : oneReference) + (parent ? oneReference : 0))
        dropOfEnded(counts);
    return true;
}

void JobNode::childrenHaveLeft(bool last) noexcept {
    if (last) {
        JobWalk walk;
        walk.end(*this);
        walk.run();
    }
    release(); // the reference that they had together
}

void JobNode::goBackToOuter() noexcept {
    ScopeEnd& end = *scopeEnd();
    auto before = ScopeEnd::Return::Undecided;
    if (!end.way.compare_exchange_strong(before, ScopeEnd::Return::InPlace, std::memory_order_acq_rel)) {
        end.cameBackDispatched = true;
        end.outer->resumeLater();
    } // else the awaiting coroutine is not suspended yet, and goes on by itself
}

StackId JobNode::stackOf(const PromiseBase& leaf) noexcept {
    if (!leaf.caller)
        return record::internStack(leaf.site);
    std::array<std::source_location, layout::Stack::maxDepth> places;
    std::size_t depth = 0;
    std::uint32_t cut = 0;
    for (const PromiseBase* p = &leaf; p; p = p->callerPromise()) {
        if (depth < places.size())
            places[depth++] = p->site;
        else
            ++cut;
    }
    return record::internStack(std::span(places.data(), depth), cut);
}

} // namespace coroscope::detail
