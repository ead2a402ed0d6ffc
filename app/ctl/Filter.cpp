// SPDX-License-Identifier: Apache-2.0
#include "Filter.h"

#include <coroscope/observe/Query.h>

namespace coroscope::ctl {

using observe::Node;
using observe::noNode;

namespace {

observe::Result<std::vector<bool>> asked(const Snapshot& snapshot, const std::string& filter,
                                         bool withThoseAbove) {
    observe::QueryProblem problem;
    std::optional<observe::Query> query = observe::Query::parse(filter, problem);
    if (!query)
        return observe::Problem{problem.sentence + "\n  " + filter + "\n  " + std::string(problem.at, ' ') +
                                std::string(problem.length == 0 ? 1 : problem.length, '^')};
    const observe::JobTree& tree = snapshot.tree;
    std::vector<Node> order; // parents before children
    for (Node root = tree.firstRoot(); root != noNode; root = tree.nextSibling(root))
        order.push_back(root);
    for (std::size_t i = 0; i < order.size(); ++i)
        for (Node child = tree.firstChild(order[i]); child != noNode; child = tree.nextSibling(child))
            order.push_back(child);
    std::vector<std::uint32_t> sizes(tree.endNode(), 1);
    for (std::size_t i = order.size(); i-- > 0;)
        if (const Node parent = tree.parent(order[i]); parent != noNode)
            sizes[parent] += sizes[order[i]];
    observe::QueryMatcher matcher(*std::move(query), tree, snapshot.dictionary,
                                  [&](Node node) { return sizes[node]; });
    matcher.refresh(snapshot.now, snapshot.findings);
    std::vector<bool> shown(tree.endNode(), false);
    for (std::size_t i = order.size(); i-- > 0;) {
        const Node node = order[i];
        shown[node] = shown[node] || matcher.matches(node);
        if (const Node parent = tree.parent(node); withThoseAbove && shown[node] && parent != noNode)
            shown[parent] = true;
    }
    return shown;
}

} // namespace

observe::Result<std::vector<bool>> shownBy(const Snapshot& snapshot, const std::string& filter) {
    return asked(snapshot, filter, true);
}

observe::Result<std::vector<bool>> matchedBy(const Snapshot& snapshot, const std::string& filter) {
    return asked(snapshot, filter, false);
}

} // namespace coroscope::ctl
