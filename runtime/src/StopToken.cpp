// SPDX-License-Identifier: Apache-2.0
//
// A std::stop_callback cannot be destroyed by one thread while it runs on another: its destructor waits. If
// the end of a job waited like that for a stop that is just cancelling it, and the cancelling for the end
// (what it resumes may block), both would hang. So the first of the two to move `turn` out of Idle destroys
// the callback, and the other one leaves it alone:
//
//     Building --(the callback is in place)--> Idle --(the job ends, is dropped; dispose)--> Over
//         |                                     +--(stop)--> Looking --> Stopped
//         +--(stop, before it was in place)--> Early: who builds cancels the job
//
// The destructor of the job is what may wait: for Looking, in which the stop only takes a reference to the
// job, or finds that there is none to be had.
#include <coroscope/runtime/StopToken.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

namespace coroscope {

namespace detail {

namespace {

class StopBridge {
public:
    StopBridge(JobNode& job, std::string_view reason)
        : job_(&job)
        , reason_(reason) {}

    /// False: a stop was requested already; the bridge is gone.
    static bool build(const std::shared_ptr<StopBridge>& bridge, const std::stop_token& token) {
        bridge->callback_.emplace(token, Stopped{bridge});
        Turn turn = Turn::Building;
        if (bridge->turn_.compare_exchange_strong(turn, Turn::Idle, std::memory_order_acq_rel))
            return true;
        bridge->callback_.reset();
        return false;
    }
    /// The job is over, or the bridge is not wanted any more. Afterwards the job is not touched.
    void over() noexcept {
        Turn turn = Turn::Idle;
        if (turn_.compare_exchange_strong(turn, Turn::Over, std::memory_order_acq_rel)) {
            // Waits for a stop that has come too late, if there is one, which returns at once.
            callback_.reset();
            return;
        }
        for (; turn == Turn::Looking; turn = turn_.load(std::memory_order_acquire))
            std::this_thread::yield();
    }

private:
    enum class Turn { Building, Idle, Looking, Stopped, Early, Over };
    struct Stopped {
        std::shared_ptr<StopBridge> bridge;
        void operator()() const noexcept { stopped(bridge); }
    };

    /// By value: the callback that it came from is destroyed in here.
    static void stopped(std::shared_ptr<StopBridge> bridge) noexcept {
        Turn turn = Turn::Building;
        if (bridge->turn_.compare_exchange_strong(turn, Turn::Early, std::memory_order_acq_rel))
            return;
        if (turn != Turn::Idle ||
            !bridge->turn_.compare_exchange_strong(turn, Turn::Looking, std::memory_order_acq_rel))
            return;
        const Ref<JobNode> job =
            bridge->job_->tryRetain() ? Ref<JobNode>::adopt(bridge->job_) : Ref<JobNode>();
        bridge->turn_.store(Turn::Stopped, std::memory_order_release);
        if (job)
            HandleAccess::share<Job>(job.get()).cancel(bridge->reason_);
        bridge->callback_.reset();
    }

    JobNode* const job_; ///< not counted: there while turn_ is neither Over nor Stopped
    const std::string reason_;
    std::atomic<Turn> turn_{Turn::Building};
    std::optional<std::stop_callback<Stopped>> callback_;
};

/// The bridge's end with the job.
class StopHandler final : public HandlerNode {
public:
    explicit StopHandler(std::shared_ptr<StopBridge> bridge) noexcept
        : HandlerNode()
        , bridge_(std::move(bridge)) {
        observes = false;
    }
    void invoke(const std::exception_ptr&) override { bridge_->over(); }

private:
    ~StopHandler() override { bridge_->over(); }
    const std::shared_ptr<StopBridge> bridge_;
};

} // namespace

} // namespace detail

DisposableHandle cancelOnStop(const Job& job, const std::stop_token& token, std::string_view reason) {
    if (!token.stop_possible())
        return {};
    detail::JobNode& node = *detail::HandleAccess::node(job);
    auto bridge = std::make_shared<detail::StopBridge>(node, reason);
    if (!detail::StopBridge::build(bridge, token)) {
        job.cancel(reason);
        return {};
    }
    return detail::HandleAccess::registerHandler(job, new detail::StopHandler(std::move(bridge)), false);
}

StopOnCancel::StopOnCancel(const Job& job) {
    auto stop = [source = source_](const std::exception_ptr& cause) mutable {
        if (cause)
            source.request_stop();
    };
    auto* const handler = new detail::HandlerOf<decltype(stop)>(std::move(stop));
    handler->observes = false;
    handle_ = detail::HandleAccess::registerHandler(job, handler, true);
}

} // namespace coroscope
