// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/detail/ScopeAwaitable.h>

#include "Handover.h"

#include <memory>
#include <string>
#include <utility>

namespace coroscope::detail {

namespace {

std::string timedOut(std::chrono::nanoseconds after) {
    return "Timed out waiting for " +
           std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(after).count()) + " ms";
}

/// The alarm of a withTimeout, and the completion handler that switches it off. While the timer source knows
/// it, the job's list (or, once claimed, the alarm itself) keeps it.
class Alarm final : public HandlerNode, public TimerNode {
public:
    Alarm(JobNode& scope, std::chrono::nanoseconds after) noexcept
        : scope_(Ref<JobNode>::share(&scope))
        , source_(scope.dispatcher().alarms())
        , after_(after) {}

    void arm() { source_.schedule(*this, after_); }
    void invoke(const std::exception_ptr&) override { source_.dispose(*this); }
    bool claim() noexcept override {
        retain();
        return true;
    }
    void fire(bool) noexcept override {
        Handover::finish(); // completion handlers are code of the user
        scope_->cancel(std::make_exception_ptr(TimeoutCancellationException(timedOut(after_), scope_.get())));
        release();
    }

private:
    ~Alarm() override = default;
    const Ref<JobNode> scope_;
    TimerSource& source_;
    const std::chrono::nanoseconds after_;
};

} // namespace

JobNode::Origin scopeOrigin(const ScopePlan& plan, JobNode& outer) {
    JobNode::Origin origin{.kind = plan.kind,
                           .traits = static_cast<std::uint16_t>(plan.traits | Traits::scoped |
                                                                Traits::awaited | Traits::handlesException),
                           .where = plan.where,
                           .parent = &outer,
                           .elements = outer.elements()};
    if (!plan.context)
        return origin;
    if (plan.context->elements())
        origin.give(inherited(outer.elements(), plan.context->elements().get(), false));
    if (origin.elements->dispatcher != outer.elements()->dispatcher)
        origin.traits |= Traits::dispatched;
    else if (origin.elements != outer.elements() && origin.elements->threadElements)
        origin.traits |= Traits::rebinds;
    if (JobNode* job = HandleAccess::node(plan.context->job())) {
        if (job->traits() & Traits::nonCancellable) {
            // Cut off from cancellation, but in the record it stays where people look for it.
            origin.parent = nullptr;
            origin.shownParent = &outer;
            origin.flags |= JobFlags::shielded;
        } else {
            origin.parent = job;
        }
    }
    return origin;
}

void checkActive(const ScopePlan& plan, const PromiseBase& leaf) {
    JobNode* const own = HandleAccess::node(plan.context->job());
    if (!own)
        leaf.job->throwIfCancelled(leaf);
    else if (!own->isActive())
        std::rethrow_exception(own->getCancellationException());
}

void armTimeout(JobNode& scope, std::chrono::nanoseconds after) {
    auto alarm = Ref<Alarm>::adopt(new Alarm(scope, after));
    alarm->retain();
    scope.addHandler(*alarm, false);
    alarm->arm();
    // It may have ended in between, without finding anything to dispose of.
    if (scope.isCompleted())
        alarm->invoke({});
}

void throwTimeout(std::chrono::nanoseconds after, const void* owner) {
    throw TimeoutCancellationException(
        "Timed out immediately, the limit was " +
            std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(after).count()) + " ms",
        owner);
}

} // namespace coroscope::detail
