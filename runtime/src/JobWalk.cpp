// SPDX-License-Identifier: Apache-2.0
#include "JobWalk.h"

#include "Uncaught.h"

#include <coroscope/runtime/detail/WaitQueue.h>

#include <cstddef>
#include <mutex>
#include <utility>

namespace coroscope::detail {

namespace {

constexpr std::size_t lineOfCache = 64;
/// So many children ahead of the one whose turn it is: a line from memory takes about as long as two of them.
constexpr int slotAhead = 2;
constexpr int jobAhead = 5;

} // namespace

JobWalk::Frame& JobWalk::push(JobNode& job, Step step) {
    if (depth_ == shallow_.size() + deep_.size())
        deep_.push_back(std::make_unique<Frame>());
    ++depth_;
    Frame& frame = top();
    frame.step = step;
    frame.job = Ref<JobNode>::share(&job);
    return frame;
}

void JobWalk::pop() noexcept {
    Frame& frame = top();
    --depth_;
    frame.endsOwnPart = frame.reported = frame.inPlace = frame.taken = false;
    frame.cause = frame.childCause = frame.handlerFailure = nullptr;
    frame.parent = nullptr;
    frame.job = {};
}

bool JobWalk::cancel(JobNode& job, const std::exception_ptr& cause) {
    if (job.traits_ & Traits::nonCancellable)
        return false;
    if (endUnstarted(job, cause))
        return true;
    bool endsOwnPart = false;
    {
        std::lock_guard lock(job.lock_);
        const std::uint32_t phase = job.phase_.load(std::memory_order_relaxed);
        if (phase & JobNode::sealedPhase)
            return false;
        job.addException(cause);
        std::uint32_t next = phase | JobNode::cancellingPhase;
        if (!(phase & JobNode::completingPhase) &&
            ((job.traits_ & Traits::endsOnCancel) || !(phase & JobNode::startedPhase))) {
            next |= JobNode::completingPhase;
            endsOwnPart = true;
        }
        job.phase_.store(next, std::memory_order_release);
        const bool first = !(phase & JobNode::cancellingPhase);
        if (first)
            job.record_.stateChanges(JobState::Cancelling);
        if (!first && !endsOwnPart)
            return true;
        Frame& frame = push(job, first ? Step::Notify : Step::EndOwnPart);
        frame.endsOwnPart = endsOwnPart;
        if (first) {
            frame.cause = job.failures_->root;
            frame.cursor.linkBefore(*job.list_.next);
        }
    }
    return true;
}

bool JobWalk::endUnstarted(JobNode& job, const std::exception_ptr& cause) {
    if (job.phase() != 0 || (job.traits_ & Traits::awaited) || !cancellationIn(cause))
        return false;
    {
        const std::lock_guard lock(job.lock_);
        if (job.phase_.load(std::memory_order_relaxed) != 0 || job.pending_ != JobNode::ownPart ||
            job.list_.next != &job.list_)
            return false;
        job.addException(cause);
        job.phase_.store(JobNode::cancellingPhase | JobNode::completingPhase, std::memory_order_release);
    }
    job.dropBody(); // may run code of the user, who may know the job
    JobNode* parent;
    {
        const std::lock_guard lock(job.lock_);
        JobNode::Failures& failures = *job.failures_;
        if (job.pending_ != JobNode::ownPart || job.list_.next != &job.list_ || !failures.others.empty()) {
            push(job, Step::EndOwnPart);
            return true;
        }
        job.pending_ = 0;
        failures.final = failures.root;
        job.record_.end(JobState::Cancelled);
        job.leaveElements();
        job.phase_.store(JobNode::cancellingPhase | JobNode::completingPhase | JobNode::sealedPhase |
                             JobNode::finalPhase,
                         std::memory_order_release);
        parent = std::exchange(job.parent_, nullptr);
    }
    if (!parent)
        return true;
    Left left;
    {
        const std::lock_guard lock(parent->lock_);
        job.unlink();
        left = childLeaves(*parent);
    }
    job.release(); // the reference of its parent's list
    if (left.last)
        end(*parent);
    return true; // left.keep: the children's reference to the parent goes
}

bool JobWalk::endOwnPart(JobNode& job, std::exception_ptr failure, bool inPlace) {
    std::lock_guard lock(job.lock_);
    const std::uint32_t phase = job.phase_.load(std::memory_order_relaxed);
    if (phase & (JobNode::completingPhase | JobNode::sealedPhase))
        return false;
    std::uint32_t next = phase | JobNode::completingPhase;
    bool notifies = false;
    if (failure) {
        job.addException(failure);
        notifies = !(phase & JobNode::cancellingPhase);
        next |= JobNode::cancellingPhase;
    }
    job.phase_.store(next, std::memory_order_release);
    if (notifies)
        job.record_.stateChanges(JobState::Cancelling);
    if (job.pending_ >= JobNode::oneChild) {
        if (!(next & JobNode::cancellingPhase))
            job.record_.stateChanges(JobState::Completing);
        if (job.bodyBegun_)
            job.record_.waitsForChildren();
    }
    Frame& frame = push(job, notifies ? Step::Notify : Step::EndOwnPart);
    frame.endsOwnPart = true;
    frame.reported = true;
    frame.inPlace = inPlace;
    if (notifies) {
        frame.cause = job.failures_->root;
        frame.cursor.linkBefore(*job.list_.next);
    }
    return true;
}

// Sealed in the same breath: a child that attached in between would make the job end twice.
bool JobWalk::sealIfLast(JobNode& job) noexcept {
    if (job.pending_ != 0)
        return false;
    job.phase_.store(job.phase_.load(std::memory_order_relaxed) | JobNode::sealedPhase,
                     std::memory_order_release);
    return true;
}

JobWalk::Left JobWalk::childLeaves(JobNode& job) noexcept {
    Left left;
    if (!childLeaves(job, left.last))
        left.keep = Ref<JobNode>::adopt(&job);
    return left;
}

bool JobWalk::ownPartLeaves(JobNode& job) noexcept {
    job.pending_ -= JobNode::ownPart;
    return sealIfLast(job);
}

void JobWalk::end(JobNode& job) {
    push(job, Step::Seal);
}

void JobWalk::run() noexcept {
    while (depth_ > 0) {
        if (top().step == Step::Done)
            pop();
        else
            work(top());
    }
}

void JobWalk::work(Frame& frame) {
    JobNode& job = *frame.job;
    switch (frame.step) {
    case Step::Notify:
        notify(frame);
        break;
    case Step::TellParent: {
        reportHandlerFailure(frame);
        frame.step = frame.endsOwnPart ? Step::EndOwnPart : Step::Done;
        if ((job.traits_ & Traits::scoped) || cancellationIn(frame.cause))
            break;
        if (Ref<JobNode> parent = job.parent(); parent && !(parent->traits_ & Traits::supervisor))
            cancel(*parent, frame.cause);
        break;
    }
    case Step::EndOwnPart: {
        bool last;
        if (!(job.phase() & JobNode::startedPhase))
            job.dropBody();
        {
            std::lock_guard lock(job.lock_);
            last = ownPartLeaves(job);
        }
        frame.step = last ? Step::Seal : Step::Done;
        if (last && frame.reported)
            ended_ = true;
        break;
    }
    case Step::Seal:
        seal(frame);
        break;
    case Step::Handle:
        frame.step = Step::SetState;
        if (frame.cause && !frame.taken && (job.traits_ & Traits::uncaughtHandler) &&
            !job.handleUncaught(frame.cause) && job.belowSupervisor() && !job.hasHandlers()) {
            record::JobFacts facts = job.record_.facts();
            facts.state = static_cast<std::uint8_t>(JobState::Failed);
            record::tellIncident(IncidentKind::UnseenFailure, facts, incidentText(frame.cause));
        }
        break;
    case Step::SetState:
        setState(frame);
        break;
    case Step::Complete:
        complete(frame);
        break;
    case Step::LeaveParent:
        leaveParent(frame);
        break;
    case Step::Done:
        break;
    }
}

/// A child that never began, and that nothing but the list of its parent refers to: nobody will ever ask what
/// became of it. Its record ends here, so that no observer can get hold of it any more. With the lock of the
/// parent held, without which it gets no other reference.
bool JobWalk::endUnknown(JobNode& child) noexcept {
    const auto onlyTheList = [&child] {
        return child.counts_.load(std::memory_order_acquire) == JobNode::oneReference;
    };
    if (child.phase() != 0 || !onlyTheList() || child.pending_ != JobNode::ownPart ||
        child.list_.next != &child.list_)
        return false;
    child.record_.end(JobState::Cancelled);
    return onlyTheList();
}

/// Many children have left the caches since they came: one that is far ahead is fetched, and the slot of one
/// that was fetched before.
void JobWalk::approachAfter(const Registration& child) noexcept {
    const Registration* ahead = child.next->next; // the cursor comes first
    for (int i = 0; i < slotAhead; ++i, ahead = ahead->next)
        if (ahead->kind != Registration::Kind::Child)
            return;
    if (ahead->kind == Registration::Kind::Child)
        static_cast<const JobNode*>(ahead)->record_.approach();
    for (int i = slotAhead; i < jobAhead; ++i, ahead = ahead->next)
        if (ahead->kind != Registration::Kind::Child)
            return;
    const auto* const job = reinterpret_cast<const std::byte*>(ahead);
    for (std::size_t line = 0; line < sizeof(JobNode); line += lineOfCache)
        __builtin_prefetch(job + line, 1);
}

void JobWalk::notify(Frame& frame) {
    JobNode& job = *frame.job;
    for (JobNode* unknown = nullptr;;) {
        Ref<JobNode> child;
        Ref<HandlerNode> handler;
        Left left;
        std::uint32_t order = UINT32_MAX;
        {
            std::lock_guard lock(job.lock_);
            if (std::exchange(unknown, nullptr) && (left = childLeaves(job)).last) {
                end(job);
                return;
            }
            Registration* next = frame.cursor.next;
            while (next->kind == Registration::Kind::Cursor || next->kind == Registration::Kind::Waiter)
                next = next->next;
            frame.cursor.unlink();
            if (next->kind != Registration::Kind::Head) {
                frame.cursor.linkBefore(*next->next);
                order = next->order;
            }
            if (next->kind == Registration::Kind::Child) {
                approachAfter(*next);
                auto* const c = static_cast<JobNode*>(next);
                if (endUnknown(*c)) {
                    unknown = c;
                    c->unlink();
                } else {
                    child = Ref<JobNode>::share(c);
                }
            } else if (next->kind == Registration::Kind::Handler) {
                auto* h = static_cast<HandlerNode*>(next);
                if (!h->onCancelling || h->fired)
                    continue;
                h->fired = true;
                handler = Ref<HandlerNode>::share(h);
            }
        }
        // The suspended body has its place in the order too: where it was when it suspended.
        job.cancelSuspension(order);
        if (handler) {
            job.invokeHandler(*handler, frame.cause, frame.handlerFailure);
        } else if (unknown) {
            unknown->phase_.store(JobNode::cancellingPhase | JobNode::completingPhase | JobNode::sealedPhase |
                                      JobNode::finalPhase,
                                  std::memory_order_relaxed);
            delete unknown; // with the body, whose captures may run code of the user
        } else if (child) {
            if (!frame.childCause)
                frame.childCause = job.childCause();
            cancel(*child, frame.childCause);
            return;
        } else {
            frame.step = Step::TellParent;
            return;
        }
    }
}

void JobWalk::seal(Frame& frame) {
    JobNode& job = *frame.job;
    // It is sealed: failures_ changes no more, but for the wrappers made on demand.
    // Counting references to exceptions is dear where many jobs have the same one.
    if (const std::exception_ptr& cause = job.aggregateExceptions(); frame.cause != cause)
        frame.cause = cause;
    frame.step = Step::Handle;
    if (!frame.cause)
        return;
    if ((job.traits_ & Traits::scoped) || cancellationIn(frame.cause)) {
        frame.taken = true;
    } else if (Ref<JobNode> parent = job.parent(); parent && !(parent->traits_ & Traits::supervisor)) {
        frame.taken = (parent->traits_ & Traits::handlesException) != 0;
        if (!cancel(*parent, frame.cause))
            frame.taken = false;
    }
}

void JobWalk::setState(Frame& frame) {
    JobNode& job = *frame.job;
    std::string text;
    JobState state = JobState::Completed;
    std::uint32_t extra = JobNode::finalPhase;
    if (frame.cause) {
        extra |= JobNode::cancellingPhase;
        state = JobState::Cancelled;
        if (!cancellationIn(frame.cause)) {
            state = JobState::Failed;
            extra |= JobNode::failedPhase;
            text = incidentText(frame.cause);
        }
    }
    {
        std::lock_guard lock(job.lock_);
        if (state == JobState::Failed && job.kind_ == JobKind::Async &&
            (!job.parent_ || (job.parent_->traits_ & Traits::supervisor))) {
            // Told if nobody has asked for it when the last handle goes.
            job.failures_->facts = std::make_unique<record::JobFacts>(job.record_.facts());
            job.failures_->facts->state = static_cast<std::uint8_t>(JobState::Failed);
        }
        job.record_.end(state, text);
        job.leaveElements();
        job.phase_.store(job.phase_.load(std::memory_order_relaxed) | extra, std::memory_order_release);
        frame.parent = std::exchange(job.parent_, nullptr);
    }
    if (frame.parent) {
        {
            std::lock_guard lock(frame.parent->lock_);
            job.unlink();
        }
        job.release(); // the parent's reference; the frame has its own
    }
    if (job.shields())
        job.outer()->record_.flagsChange(0, JobFlags::shielded);
    frame.step = Step::Complete;
}

/// In the list of a job that has ended there is something else than places up to which others walk.
bool JobWalk::waitsForOthers(const JobNode& job) noexcept {
    for (const Registration* r = job.list_.next; r != &job.list_; r = r->next)
        if (r->kind != Registration::Kind::Cursor)
            return true;
    return false;
}

void JobWalk::complete(Frame& frame) {
    JobNode& job = *frame.job;
    for (;;) {
        Ref<HandlerNode> handler;
        JobNode* waiting = nullptr;
        {
            std::lock_guard lock(job.lock_);
            Registration* next = job.list_.next;
            while (next->kind == Registration::Kind::Cursor)
                next = next->next;
            if (next->kind == Registration::Kind::Head)
                break;
            next->unlink();
            if (next->kind == Registration::Kind::Waiter) {
                waiting = choose(static_cast<WaiterNode&>(*next)).job;
            } else {
                auto* const h = static_cast<HandlerNode*>(next);
                if (h->last && waitsForOthers(job)) {
                    job.appendLocked(*h);
                    continue;
                }
                handler = Ref<HandlerNode>::adopt(h);
                if (std::exchange(handler->fired, true))
                    continue;
            }
        }
        if (handler) {
            if (handler->observes)
                job.noteObserver();
            if (handler->last)
                reportHandlerFailure(frame);
            job.invokeHandler(*handler, frame.cause, frame.handlerFailure);
        }
        if (waiting)
            waiting->resumeLater();
    }
    reportHandlerFailure(frame);
    frame.step = Step::LeaveParent;
}

void JobWalk::leaveParent(Frame& frame) {
    Ref<JobNode> job = frame.job;
    JobNode* const parent = std::exchange(frame.parent, nullptr);
    const bool wasRunning = job->runs_;
    job->runs_ = false;
    Left left;
    if (parent) {
        std::lock_guard lock(parent->lock_);
        left = childLeaves(*parent);
    }
    if (job->outer() && !frame.inPlace)
        job->goBackToOuter();
    if (wasRunning && !job->bodyScopeSurvives())
        job->release(); // the reference of the running body
    if (left.last) {
        frame.job = std::move(left.keep);
        frame.step = Step::Seal;
        frame.inPlace = false;
        frame.taken = false;
        frame.cause = nullptr;
    } else {
        frame.step = Step::Done;
    }
}

void JobWalk::reportHandlerFailure(Frame& frame) noexcept {
    if (auto failure = std::exchange(frame.handlerFailure, nullptr))
        frame.job->handleUncaught(failure);
}

} // namespace coroscope::detail
