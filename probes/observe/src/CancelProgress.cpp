// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/CancelProgress.h>

#include <algorithm>
#include <utility>

namespace coroscope::observe {

namespace {

constexpr std::size_t mostNamed = 100;

/// Visits each job that a cancel of these would meet, once.
template <class Visit>
void forEachAffected(const JobTree& tree, std::span<const Node> tops, bool childrenOnly,
                     std::vector<bool>& inside, Visit visit) {
    inside.assign(tree.endNode(), false);
    for (const Node top : tops)
        for (const Node node : tree.subtree(top)) {
            if ((childrenOnly && node == top) || inside[node])
                continue;
            inside[node] = true;
            visit(node);
        }
}

} // namespace

CancelPreview previewCancel(const JobTree& tree, Node node, bool childrenOnly) {
    return previewCancel(tree, std::span(&node, 1), childrenOnly);
}

CancelPreview previewCancel(const JobTree& tree, std::span<const Node> tops, bool childrenOnly) {
    CancelPreview preview;
    std::vector<bool> inside;
    forEachAffected(tree, tops, childrenOnly, inside, [&](Node each) {
        const JobRow& row = tree.row(each);
        ++preview.jobs;
        if ((row.flags & JobFlags::shielded) != 0) {
            ++preview.shielded;
            if (preview.shieldedJobs.size() < mostNamed)
                preview.shieldedJobs.push_back(row.id);
        } else if (row.state == JobState::Cancelling || isFinal(row.state))
            ++preview.alreadyCancelling;
        else if (row.execution == Execution::Suspended)
            ++preview.suspended;
        else if (row.execution == Execution::Running || row.execution == Execution::Queued)
            ++preview.running;
        else
            ++preview.waiting;
    });
    for (Node each = 0; each < tree.endNode(); ++each) {
        if (inside[each] || !tree.isLive(each))
            continue;
        const JobRow& row = tree.row(each);
        if (const Node awaited = tree.find(tree.waitsForJob(row)); awaited != noNode && inside[awaited]) {
            ++preview.outsiders;
            if (preview.waitedForByOutsiders.size() < mostNamed)
                preview.waitedForByOutsiders.push_back(row.id);
        }
    }
    return preview;
}

std::vector<Node> topMost(const JobTree& tree, const std::function<bool(Node)>& matches) {
    std::vector<Node> found;
    Node node = tree.firstRoot();
    while (node != noNode) {
        const bool match = matches(node);
        if (match)
            found.push_back(node);
        else if (tree.firstChild(node) != noNode) {
            node = tree.firstChild(node);
            continue;
        }
        while (node != noNode && tree.nextSibling(node) == noNode)
            node = tree.parent(node);
        if (node != noNode)
            node = tree.nextSibling(node);
    }
    return found;
}

CancelProgress::CancelProgress(const JobTree& tree, Node node, bool childrenOnly, std::uint64_t request,
                               std::string reason, std::int64_t now)
    : CancelProgress(tree, std::span(&node, 1), childrenOnly, request, std::move(reason), now) {}

CancelProgress::CancelProgress(const JobTree& tree, std::span<const Node> tops, bool childrenOnly,
                               std::uint64_t firstRequest, std::string reason, std::int64_t now)
    : request_(firstRequest)
    , reason_(std::move(reason))
    , startedAt_(now) {
    for (const Node top : tops)
        jobs_.push_back(tree.row(top).id);
    std::vector<bool> inside;
    forEachAffected(tree, tops, childrenOnly, inside,
                    [&](Node each) { remaining_.push_back({tree.row(each).id, false}); });
    requested_ = remaining_.size();
    update(tree, now);
    if (done())
        endedAt_ = now;
}

void CancelProgress::answered(const CommandAnswer& answer) {
    if (!asked(answer.request))
        return;
    gone_ += answer.kind == CommandAnswer::Kind::Gone;
    if (answer.kind == CommandAnswer::Kind::Refused && ++refusals_ == jobs_.size())
        refused_ = answer.text.empty() ? "The target refused." : answer.text;
}

void CancelProgress::update(const JobTree& tree, std::int64_t now) {
    if (remaining_.empty())
        return;
    std::erase_if(remaining_, [&](Remaining& job) {
        const Node node = tree.find(job.id);
        const bool gone = node == noNode || isFinal(tree.row(node).state);
        if (!job.reached && (gone || tree.row(node).state == JobState::Cancelling)) {
            job.reached = true;
            ++reached_;
        }
        if (gone)
            ++finished_;
        return gone;
    });
    if (remaining_.empty())
        endedAt_ = now;
}

std::vector<JobId> CancelProgress::laggards(std::size_t atMost) const {
    std::vector<JobId> jobs;
    for (std::size_t i = 0; i < std::min(atMost, remaining_.size()); ++i)
        jobs.push_back(remaining_[i].id);
    return jobs;
}

} // namespace coroscope::observe
