// SPDX-License-Identifier: Apache-2.0
// Follows one cancel from the request to the last job that goes. Says only what the target's events say.
#pragma once

#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Source.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace coroscope::observe {

/// What a cancel would meet, before it is sent. Each job is in exactly one of the counts below `jobs`.
struct CancelPreview {
    std::uint64_t jobs = 0;
    std::uint64_t suspended = 0; ///< stop at once
    std::uint64_t running = 0;   ///< running or queued: stop at their next suspension
    std::uint64_t shielded = 0;  ///< in NonCancellable: finish that first
    std::uint64_t alreadyCancelling = 0;
    std::uint64_t waiting = 0;               ///< wait for children, not started, or without code
    std::vector<JobId> shieldedJobs;         ///< those of `shielded`; at most 100 are named
    std::vector<JobId> waitedForByOutsiders; ///< jobs outside that wait for one of these; at most 100 named
    std::uint64_t outsiders = 0;             ///< all of them
};
/// Looks at all jobs of the tree once. With `childrenOnly` the job itself is left out.
CancelPreview previewCancel(const JobTree& tree, Node node, bool childrenOnly);
/// The same for several subtrees at once; a job that is in two of them counts once.
CancelPreview previewCancel(const JobTree& tree, std::span<const Node> tops, bool childrenOnly);

/// The jobs that match and have none above them that matches, too: to cancel these is to cancel all that
/// match. Looks at all jobs once; the order is that of the tree.
std::vector<Node> topMost(const JobTree& tree, const std::function<bool(Node)>& matches);

class CancelProgress {
public:
    /// Remembers the jobs of the subtree as they are now.
    CancelProgress(const JobTree& tree, Node node, bool childrenOnly, std::uint64_t request,
                   std::string reason, std::int64_t now);
    /// Several subtrees, none inside another, with a command for each: their requests follow each other from
    /// `firstRequest` on.
    CancelProgress(const JobTree& tree, std::span<const Node> tops, bool childrenOnly,
                   std::uint64_t firstRequest, std::string reason, std::int64_t now);

    /// Takes note of an answer to one of its commands; ignores all others.
    void answered(const CommandAnswer& answer);
    /// Looks at the tree again. Cheap when nothing is left.
    void update(const JobTree& tree, std::int64_t now);

    std::uint64_t request() const noexcept { return request_; }
    /// Whether this is the number of one of its commands.
    bool asked(std::uint64_t request) const noexcept {
        return request >= request_ && request - request_ < jobs_.size();
    }
    JobId job() const noexcept { return jobs_.front(); }
    /// The jobs that the commands are for.
    const std::vector<JobId>& jobs() const noexcept { return jobs_; }
    const std::string& reason() const noexcept { return reason_; }
    std::uint64_t requested() const noexcept { return requested_; } ///< jobs there when it was asked for
    std::uint64_t reached() const noexcept { return reached_; }     ///< seen cancelling or ended
    std::uint64_t finished() const noexcept { return finished_; }   ///< ended
    bool done() const noexcept { return finished_ == requested_; }
    /// Set when the target refused all of it; a sentence.
    const std::string& refused() const noexcept { return refused_; }
    std::uint64_t refusals() const noexcept { return refusals_; } ///< commands that were refused
    std::uint64_t gone() const noexcept { return gone_; }         ///< commands whose job had ended before
    std::int64_t duration(std::int64_t now) const noexcept { return (done() ? endedAt_ : now) - startedAt_; }
    /// The jobs that are still here, at most so many.
    std::vector<JobId> laggards(std::size_t atMost) const;

private:
    std::uint64_t request_;
    std::vector<JobId> jobs_;
    std::string reason_;
    std::string refused_;
    struct Remaining {
        JobId id;
        bool reached;
    };
    std::vector<Remaining> remaining_;
    std::uint64_t requested_ = 0, reached_ = 0, finished_ = 0;
    std::uint64_t refusals_ = 0, gone_ = 0;
    std::int64_t startedAt_ = 0, endedAt_ = 0;
};

} // namespace coroscope::observe
