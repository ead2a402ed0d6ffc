// SPDX-License-Identifier: Apache-2.0
// One who observes: a source, and the tree made of what it gives.
#pragma once

#include "TargetProcess.h"

#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Source.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace coroscope::test {

struct Observer {
    std::unique_ptr<observe::Source> source;
    observe::JobTree tree;
    std::uint64_t events = 0, lost = 0;
    std::vector<observe::EndedJob> ended;
    std::vector<observe::Incident> incidents;
    /// Rows that said they were changing though their sequence was even, or the other way round.
    std::uint64_t mismarked = 0;

    /// Empty, or why it was not possible.
    std::string attachTo(int pid) {
        auto attached = observe::attach(pid);
        if (!attached)
            return attached.problem();
        source = *std::move(attached);
        read();
        return {};
    }
    void read() {
        observe::Batch batch;
        observe::TreeChanges changes;
        source->read(batch);
        for (const observe::JobRow& row : batch.rows)
            mismarked += row.changing != (row.executionSequence % 2 == 1);
        tree.apply(batch, changes);
        events += batch.events;
        lost += batch.lost;
        ended.insert(ended.end(), batch.ended.begin(), batch.ended.end());
        incidents.insert(incidents.end(), batch.incidents.begin(), batch.incidents.end());
    }
    template <class F>
    testing::AssertionResult soon(F&& holds) {
        return eventually([&] { return read(), holds(); })
                   ? testing::AssertionSuccess()
                   : testing::AssertionFailure() << "the tree is: " << names();
    }
    std::string nameOf(observe::Node node) const { return source->dictionary()->text(tree.row(node).name); }
    observe::Node named(const std::string& name) const {
        for (observe::Node node = 0; node < tree.endNode(); ++node)
            if (tree.isLive(node) && nameOf(node) == name)
                return node;
        return observe::noNode;
    }
    observe::JobRow row(const std::string& name) const { return tree.row(named(name)); }
    std::string names() const {
        std::string text;
        for (observe::Node root = tree.firstRoot(); root != observe::noNode; root = tree.nextSibling(root))
            for (const observe::Node node : tree.subtree(root))
                text +=
                    (text.empty() ? "" : ";") + std::string(tree.path(node).size() - 1, '+') + nameOf(node);
        return text;
    }
};

} // namespace coroscope::test
