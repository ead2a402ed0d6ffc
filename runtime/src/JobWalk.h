// SPDX-License-Identifier: Apache-2.0
// Cancelling and ending jobs without recursion: whatever the depth of the tree, the stack stays flat.
#pragma once

#include <coroscope/runtime/detail/JobNode.h>

#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <vector>

namespace coroscope::detail {

/// A stack of jobs that are being cancelled or ended. The one on top is worked on until it is through; what
/// it sets off (its children, its parent) is pushed above it, so that the order is that of a recursion (rules
/// 9 and 10).
class JobWalk {
public:
    JobWalk() noexcept = default;
    JobWalk(const JobWalk&) = delete;
    JobWalk& operator=(const JobWalk&) = delete;

    /// Begins to cancel `job`. False if it was too late.
    bool cancel(JobNode& job, const std::exception_ptr& cause);
    /// The job's own part is over, by `failure` or without. With `inPlace` the awaiting coroutine of a scope
    /// is left to the caller, if the job ends within this walk. False if that was said before.
    bool endOwnPart(JobNode& job, std::exception_ptr failure, bool inPlace);
    struct Left {
        bool last = false; ///< nothing is waited for any more: the caller has to end the job
        Ref<JobNode> keep; ///< the reference that its children had together, when the last one leaves
    };
    /// A child of `job` leaves its count; under its lock. If it was the last, nobody attaches any more.
    static Left childLeaves(JobNode& job) noexcept;
    /// The same; answers whether others are left. If not, the caller has their reference. `last` is set if
    /// nothing is waited for any more.
    static bool childLeaves(JobNode& job, bool& last) noexcept {
        job.pending_ -= JobNode::oneChild;
        if (job.pending_ >= JobNode::oneChild) [[likely]]
            return true;
        last = sealIfLast(job);
        return false;
    }
    /// The same for its own part: true if it was the last.
    static bool ownPartLeaves(JobNode& job) noexcept;
    /// The last that `job` waited for has left its count.
    void end(JobNode& job);
    /// Works until nothing is left.
    void run() noexcept;
    /// After run: the job given to endOwnPart has ended within this walk.
    bool ended() const noexcept { return ended_; }

private:
    enum class Step : unsigned char {
        Notify,      ///< handlers, children and the suspended body hear of the cancellation
        TellParent,  ///< then the parent, of a failure
        EndOwnPart,  ///< the job's own part leaves the count of what it waits for
        Seal,        ///< the last one has left: which exception is it
        Handle,      ///< nobody took it: the exception handler
        SetState,    ///< final; detached from the parent
        Complete,    ///< completion handlers and those who wait for it
        LeaveParent, ///< leaves the count of its parent
        Done
    };
    struct Frame {
        Step step = Step::Done;
        bool endsOwnPart = false;
        bool reported = false; ///< to endOwnPart's caller
        bool inPlace = false;
        bool taken = false; ///< somebody took the failure
        Ref<JobNode> job;
        JobNode* parent = nullptr; ///< waits for `job`, which therefore keeps it
        std::exception_ptr cause;
        std::exception_ptr childCause;
        std::exception_ptr handlerFailure;
        Registration cursor{Registration::Kind::Cursor};
    };

    /// All steps of cancelling a job that never began, where nothing belongs to it and nobody wants to hear
    /// of it: then nobody can tell them apart. Answers false, and has done nothing, where there is more to
    /// it.
    bool endUnstarted(JobNode& job, const std::exception_ptr& cause);
    static bool endUnknown(JobNode& child) noexcept;
    static void approachAfter(const Registration& child) noexcept;
    static bool sealIfLast(JobNode& job) noexcept;
    static bool waitsForOthers(const JobNode& job) noexcept;
    Frame& push(JobNode& job, Step step);
    Frame& top() noexcept {
        return depth_ <= shallow_.size() ? shallow_[depth_ - 1] : *deep_[depth_ - 1 - shallow_.size()];
    }
    void pop() noexcept;
    void work(Frame& frame);
    void notify(Frame& frame);
    void seal(Frame& frame);
    void setState(Frame& frame);
    void complete(Frame& frame);
    void leaveParent(Frame& frame);
    void reportHandlerFailure(Frame& frame) noexcept;

    std::array<Frame, 2> shallow_;
    std::vector<std::unique_ptr<Frame>> deep_; ///< kept until the walk is over
    std::size_t depth_ = 0;
    bool ended_ = false;
};

} // namespace coroscope::detail
