// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/CoroutineScope.h>

#include <stdexcept>
#include <utility>

namespace coroscope {

namespace {

/// Every coroutine has a dispatcher.
detail::ElementsRef withDispatcher(const detail::ElementsRef& elements) {
    if (elements && elements->dispatcher)
        return elements;
    if (elements)
        return detail::ElementsRef::adopt(new detail::ContextElements(
            Dispatchers::Default(), elements->name, elements->handler, elements->threadElements));
    // Never destroyed: jobs may be launched while the process ends.
    static const auto* const plain =
        new detail::ElementsRef(CoroutineContext(Dispatchers::Default()).elements());
    return *plain;
}

} // namespace

CoroutineScope::CoroutineScope(CoroutineContext context, std::source_location where)
    : elements_(context.elements())
    , counts_(true) {
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

CoroutineScope::CoroutineScope(BodyTag, detail::JobNode& job) noexcept
    : job_(&job)
    , ofJob_(true) {
    job.retain();
}

CoroutineScope::CoroutineScope(const CoroutineScope& o) noexcept
    : elements_(o.elements_)
    , job_(o.job_)
    , ofJob_(o.ofJob_)
    , counts_(true)
    , global_(o.global_) {
    if (job_)
        job_->addHandle();
}

CoroutineScope::~CoroutineScope() {
    if (!job_)
        return;
    if (counts_)
        job_->dropHandle();
    else
        job_->release();
}

CoroutineContext CoroutineScope::context() const {
    return CoroutineContext(elements(), job());
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
    if (context && context->elements())
        origin.elements = withDispatcher(detail::inherited(elements(), context->elements(), true));
    else if (elements() && elements()->threadElements) [[unlikely]]
        origin.elements = withDispatcher(detail::inherited(elements(), {}, true));
    else
        origin.elements = withDispatcher(elements());
    detail::JobNode* const own = context ? detail::HandleAccess::node(context->job()) : nullptr;
    if (own && own != job_) {
        origin.flags |= JobFlags::parentFromContext;
        origin.scope = job_;
        origin.parent = own->traits() & detail::Traits::nonCancellable ? nullptr : own;
    } else if (global_) {
        origin.flags |= JobFlags::launchedInGlobalScope;
    }
    if (origin.parent && (origin.parent->traits() & detail::Traits::nonCancellable))
        origin.parent = nullptr;
    return origin;
}

} // namespace coroscope
