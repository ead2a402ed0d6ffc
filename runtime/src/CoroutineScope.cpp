// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/CoroutineScope.h>

#include <stdexcept>
#include <utility>

namespace coroscope {

namespace {

/// Every coroutine has a dispatcher.
void giveDispatcher(detail::JobNode::Origin& origin) {
    const detail::ContextElements* const e = origin.elements;
    if (e && e->dispatcher)
        return;
    if (e) {
        origin.give(detail::ElementsRef::adopt(
            new detail::ContextElements(Dispatchers::Default(), e->name, e->handler, e->threadElements)));
        return;
    }
    // Never destroyed: jobs may be launched while the process ends.
    static const auto* const plain =
        new detail::ContextElements(Dispatchers::Default(), std::nullopt, CoroutineExceptionHandler());
    origin.elements = plain;
}

[[gnu::noinline]] void giveElements(detail::JobNode::Origin& origin, const detail::ContextElements* own,
                                    const CoroutineContext* context) {
    if (context && context->elements())
        origin.give(detail::inherited(own, context->elements().get(), true));
    else if (own && own->threadElements)
        origin.give(detail::inherited(own, nullptr, true));
    else
        origin.elements = own;
    giveDispatcher(origin);
}

} // namespace

CoroutineScope::CoroutineScope(CoroutineContext context, std::source_location where)
    : elements_(context.elements()) {
    const Job job = context.job() ? context.job() : Job(newJob({}, where));
    job_ = detail::HandleAccess::node(job);
    job_->addHandle();
    // A Job made for a scope is known by the scope's name: "intake SupervisorJob" says more than
    // "SupervisorJob".
    if (job_->kind() != JobKind::Job && job_->kind() != JobKind::SupervisorJob)
        return;
    job_->record().flagsChange(JobFlags::ownsScope, 0);
    if (elements_ && elements_->name)
        job_->record().renamed(elements_->recordName());
}

CoroutineScope::CoroutineScope(Hold hold, detail::JobNode& job) noexcept
    : job_(&job)
    , hold_(hold) {
    if (hold == Hold::Body) {
        job.lendBodyScope();
        return;
    }
    elements_ = detail::ElementsRef::share(job.elements());
    job.retain();
}

CoroutineScope::CoroutineScope(const CoroutineScope& o) noexcept
    : elements_(detail::ElementsRef::share(o.elements()))
    , job_(o.job_)
    , global_(o.global_) {
    if (job_)
        job_->addHandle();
}

void CoroutineScope::letGo() noexcept {
    switch (hold_) {
    case Hold::Handle:
        job_->dropHandle();
        break;
    case Hold::Reference:
        job_->release();
        break;
    case Hold::Body:
        job_->bodyScopeGoes();
        break;
    }
}

CoroutineContext CoroutineScope::context() const {
    return CoroutineContext(detail::ElementsRef::share(elements()), job());
}

Job CoroutineScope::job() const {
    return detail::HandleAccess::share<Job>(job_);
}

void CoroutineScope::cancel(std::string_view reason) const {
    if (!job_)
        throw std::logic_error("This scope has no job to cancel");
    job().cancel(reason);
}

void CoroutineScope::ensureActive() const {
    if (isActive())
        return;
    if (detail::JobNode::current() == job_ && job_->isCancelled())
        job_->throwAskedFor();
    std::rethrow_exception(job_->getCancellationException());
}

CoroutineScope operator+(const CoroutineScope& scope, const CoroutineContext& context) {
    return CoroutineScope(scope.context() + context);
}

detail::JobNode::Origin CoroutineScope::originOf(JobKind kind, const CoroutineContext* context,
                                                 CoroutineStart start, std::source_location where) const {
    using detail::Traits::handlesException;
    using detail::Traits::uncaughtHandler;
    detail::JobNode::Origin origin{
        .kind = kind,
        .traits = static_cast<std::uint16_t>(kind == JobKind::Launch ? handlesException | uncaughtHandler
                                                                     : handlesException),
        .start = start,
        .where = where,
        .parent = job_,
        .held = true};
    const detail::ContextElements* const own = elements();
    // Most take over what the scope has.
    if (!context && own && own->dispatcher && !own->threadElements && job_ &&
        !(job_->traits() & detail::Traits::nonCancellable)) [[likely]] {
        origin.elements = own;
        return origin;
    }
    giveElements(origin, own, context);
    detail::JobNode* const given = context ? detail::HandleAccess::node(context->job()) : nullptr;
    if (given && given != job_) {
        origin.flags |= JobFlags::parentFromContext;
        origin.scope = job_;
        origin.parent = given->traits() & detail::Traits::nonCancellable ? nullptr : given;
    } else if (global_) {
        origin.flags |= JobFlags::launchedInGlobalScope;
    }
    if (origin.parent && (origin.parent->traits() & detail::Traits::nonCancellable))
        origin.parent = nullptr;
    return origin;
}

} // namespace coroscope
