// SPDX-License-Identifier: Apache-2.0
#include "model/ChildStates.h"

#include <algorithm>
#include <tuple>

namespace coroscope::app {

using observe::noNode;

void ChildStates::start(const observe::JobTree& tree, JobId parent) {
    if (parent == parent_ && counting())
        return;
    if (parent != parent_) {
        parent_ = parent;
        counts_.clear();
        partial_ = true;
    }
    running_.clear();
    const observe::Node node = tree.find(parent);
    next_ = node == noNode ? noNode : tree.firstChild(node);
    nextId_ = next_ == noNode ? JobId{} : tree.id(next_);
    if (next_ == noNode) {
        partial_ = false;
        publish();
    }
}

void ChildStates::step(const observe::JobTree& tree, std::size_t children) {
    if (!counting())
        return;
    const observe::Node parent = tree.find(parent_);
    if (parent == noNode || !tree.isLive(next_) || tree.id(next_) != nextId_ ||
        tree.parent(next_) != parent) {
        next_ = noNode;
        return;
    }
    for (; next_ != noNode && children > 0; next_ = tree.nextSibling(next_), --children) {
        const observe::JobRow& row = tree.row(next_);
        const auto at = std::find_if(running_.begin(), running_.end(), [&](const Count& each) {
            return each.state == row.state && each.execution == row.execution;
        });
        if (at == running_.end())
            running_.push_back({row.state, row.execution, 1});
        else
            ++at->jobs;
    }
    nextId_ = next_ == noNode ? JobId{} : tree.id(next_);
    partial_ = partial_ && next_ != noNode;
    if (next_ == noNode || partial_)
        publish();
}

void ChildStates::publish() {
    counts_ = running_;
    std::sort(counts_.begin(), counts_.end(), [](const Count& a, const Count& b) {
        return std::tie(b.jobs, a.state, a.execution) < std::tie(a.jobs, b.state, b.execution);
    });
}

} // namespace coroscope::app
