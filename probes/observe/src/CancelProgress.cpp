// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/CancelProgress.h>

#include <algorithm>
#include <utility>

namespace coroscope::observe {

namespace {

std::vector<Node> affected(const JobTree& tree, Node node, bool childrenOnly) {
    std::vector<Node> nodes = tree.subtree(node);
    if (childrenOnly)
        nodes.erase(nodes.begin());
    return nodes;
}

constexpr std::size_t outsidersNamed = 100;

} // namespace

CancelPreview previewCancel(const JobTree& tree, Node node, bool childrenOnly) {
    CancelPreview preview;
    std::vector<bool> inside(tree.endNode());
    for (const Node each : affected(tree, node, childrenOnly)) {
        inside[each] = true;
        const JobRow& row = tree.row(each);
        ++preview.jobs;
        if ((row.flags & JobFlags::shielded) != 0)
            ++preview.shielded;
        else if (row.state == JobState::Cancelling || isFinal(row.state))
            ++preview.alreadyCancelling;
        else if (row.execution == Execution::Suspended)
            ++preview.suspended;
        else if (row.execution == Execution::Running || row.execution == Execution::Queued)
            ++preview.running;
        else
            ++preview.waiting;
    }
    for (Node each = 0; each < tree.endNode() && preview.waitedForByOutsiders.size() < outsidersNamed;
         ++each) {
        const JobRow& row = tree.row(each);
        if (inside[each] || !tree.isLive(each))
            continue;
        if (const Node awaited = tree.find(tree.waitsForJob(row)); awaited != noNode && inside[awaited])
            preview.waitedForByOutsiders.push_back(row.id);
    }
    return preview;
}

CancelProgress::CancelProgress(const JobTree& tree, Node node, bool childrenOnly, std::uint64_t request,
                               std::string reason, std::int64_t now)
    : request_(request)
    , job_(tree.row(node).id)
    , reason_(std::move(reason))
    , startedAt_(now) {
    for (const Node each : affected(tree, node, childrenOnly))
        remaining_.push_back({tree.row(each).id, false});
    requested_ = remaining_.size();
    update(tree, now);
    if (done())
        endedAt_ = now;
}

void CancelProgress::answered(const CommandAnswer& answer) {
    if (answer.request == request_ && answer.kind == CommandAnswer::Kind::Refused)
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
