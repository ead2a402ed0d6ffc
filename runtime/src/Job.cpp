// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/Job.h>

#include <string>

namespace coroscope {

namespace {

std::exception_ptr cancellationFor(const detail::JobNode& job, std::string_view reason) {
    if (!reason.empty())
        return std::make_exception_ptr(CancellationException(std::string(reason)));
    const bool plain = job.kind() == JobKind::Job || job.kind() == JobKind::SupervisorJob ||
                       job.kind() == JobKind::CompletableDeferred;
    return std::make_exception_ptr(
        CancellationException((plain ? std::string("Job") : std::string(job.kindName())) + " was cancelled"));
}

/// Job() and SupervisorJob(): no code, no result.
class PlainNode final : public detail::JobNode {
public:
    explicit PlainNode(Origin& origin)
        : JobNode(origin) {}

private:
    ~PlainNode() override = default;
    std::coroutine_handle<> createBody() override { return std::noop_coroutine(); }
    std::exception_ptr takeResult(std::coroutine_handle<>) noexcept override { return {}; }
    void dropBody() noexcept override {}
};

CompletableJob makePlain(JobKind kind, std::uint16_t traits, const Job& parent, std::source_location where) {
    detail::JobNode* const above = detail::HandleAccess::node(parent);
    const bool island = above && (above->traits() & detail::Traits::nonCancellable);
    // Rule 29: a plain job handles a failure only if somebody above it does.
    if (above && (above->traits() & detail::Traits::handlesException))
        traits |= detail::Traits::handlesException;
    detail::JobNode::Origin origin{.kind = kind,
                                   .traits =
                                       static_cast<std::uint16_t>(traits | detail::Traits::endsOnCancel),
                                   .execution = Execution::None,
                                   .where = where,
                                   .parent = island ? nullptr : above,
                                   .held = true};
    auto* node = new PlainNode(origin);
    auto handle = detail::HandleAccess::adopt<CompletableJob>(node);
    node->attach(origin);
    return handle;
}

} // namespace

void DisposableHandle::dispose() noexcept {
    if (job_)
        job_->removeHandler(*handler_);
    job_ = {};
    handler_ = {};
}

void Job::cancel(std::string_view reason) const {
    node_->cancel(cancellationFor(*node_, reason));
}

void Job::cancel(const CancellationException& cause) const {
    if (const auto* timeout = dynamic_cast<const TimeoutCancellationException*>(&cause))
        node_->cancel(std::make_exception_ptr(*timeout));
    else
        node_->cancel(std::make_exception_ptr(cause));
}

std::vector<Job> Job::children() const {
    std::vector<Job> result;
    for (const auto& child : node_->children())
        result.push_back(detail::HandleAccess::share<Job>(child.get()));
    return result;
}

void Job::cancelChildren(std::string_view reason) const {
    node_->cancelChildren(cancellationFor(*node_, reason));
}

Job Job::parent() const {
    return detail::HandleAccess::share<Job>(node_->parent().get());
}

DisposableHandle Job::registerHandler(detail::HandlerNode* handler, bool onCancelling) const {
    auto own = detail::Ref<detail::HandlerNode>::share(handler);
    if (!node_->addHandler(*handler, onCancelling))
        return {};
    return {detail::Ref<detail::JobNode>::share(node_), std::move(own)};
}

CompletableJob newJob(const Job& parent, std::source_location where) {
    return makePlain(JobKind::Job, 0, parent, where);
}

CompletableJob SupervisorJob(const Job& parent, std::source_location where) {
    return makePlain(JobKind::SupervisorJob, detail::Traits::supervisor, parent, where);
}

const Job& NonCancellable() {
    // Never destroyed: jobs may use it while the process ends.
    static const Job* const job = [] {
        detail::JobNode::Origin origin{.kind = JobKind::Job,
                                       .traits = detail::Traits::nonCancellable,
                                       .execution = Execution::None,
                                       .held = true};
        return new Job(detail::HandleAccess::adopt<Job>(new PlainNode(origin)));
    }();
    return *job;
}

bool detail::CancelAndJoinAwaitable::await_ready() {
    target_->cancel(cancellationFor(*target_, reason_));
    return CompletionAwaiter::await_ready();
}

} // namespace coroscope
