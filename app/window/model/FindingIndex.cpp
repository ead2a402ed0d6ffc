// SPDX-License-Identifier: Apache-2.0
#include "model/FindingIndex.h"

#include "model/RowGroups.h"

#include <algorithm>

namespace coroscope::app {

namespace {
/// Ways to the root are followed for this many findings only; a program with more has other problems.
constexpr std::size_t mostFollowed = 5'000;
constexpr std::size_t deepestFollowed = 256;
} // namespace

bool FindingIndex::assign(std::vector<observe::Finding> findings, const observe::JobTree& tree) {
    const bool same = std::equal(findings.begin(), findings.end(), all_.begin(), all_.end(),
                                 [](const observe::Finding& a, const observe::Finding& b) {
                                     return a.job == b.job && a.rule == b.rule && a.evidence == b.evidence &&
                                            a.confidence == b.confidence && a.title == b.title;
                                 });
    all_ = std::move(findings);
    byJob_.clear();
    below_.clear();
    proven_ = 0;
    for (std::size_t i = 0; i < all_.size(); ++i) {
        byJob_[all_[i].job].push_back(static_cast<std::uint32_t>(i));
        proven_ += all_[i].confidence == observe::Confidence::Proven;
        observe::Node node = tree.find(all_[i].job);
        if (i >= mostFollowed || node == observe::noNode)
            continue;
        std::size_t steps = 0;
        for (node = tree.parent(node); node != observe::noNode && steps < deepestFollowed; ++steps) {
            ++below_[tree.row(node).id];
            node = tree.parent(node);
        }
    }
    return !same;
}

void FindingIndex::countGroups(const RowGroups* groups, const observe::JobTree& tree) {
    byGroup_.clear();
    if (groups == nullptr)
        return;
    for (std::uint32_t i = 0; i < all_.size(); ++i) { // the most severe first
        const observe::Node node = tree.find(all_[i].job);
        const std::uint32_t group = node == observe::noNode ? RowGroups::none : groups->groupOf(node);
        if (group == RowGroups::none)
            continue;
        OfGroup& found = byGroup_.try_emplace(group, OfGroup{0, i}).first->second;
        ++found.count;
        // Of what is as severe, what is certain.
        if (all_[i].severity == all_[found.worst].severity &&
            all_[i].confidence == observe::Confidence::Proven &&
            all_[found.worst].confidence != observe::Confidence::Proven)
            found.worst = i;
    }
}

FindingIndex::OfGroup FindingIndex::ofGroup(std::uint32_t group) const {
    const auto found = byGroup_.find(group);
    return found == byGroup_.end() ? OfGroup{} : found->second;
}

const std::vector<std::uint32_t>& FindingIndex::of(JobId job) const {
    static const std::vector<std::uint32_t> none;
    const auto found = byJob_.find(job);
    return found == byJob_.end() ? none : found->second;
}

std::uint32_t FindingIndex::below(JobId job) const {
    const auto found = below_.find(job);
    return found == below_.end() ? 0 : found->second;
}

} // namespace coroscope::app
