// SPDX-License-Identifier: Apache-2.0
#include "Filter.h"

namespace coroscope::ctl {

namespace {

observe::Result<observe::QueryMatcher> matcherFor(const Snapshot& snapshot, const std::string& filter) {
    auto query = parseFilter(filter);
    if (!query)
        return observe::Problem{query.problem()};
    observe::QueryMatcher matcher(
        *std::move(query), snapshot.tree, snapshot.dictionary,
        [sizes = observe::subtreeSizes(snapshot.tree)](observe::Node node) { return sizes[node]; });
    matcher.refresh(snapshot.now, snapshot.findings);
    return matcher;
}

} // namespace

observe::Result<observe::Query> parseFilter(const std::string& filter) {
    observe::QueryProblem problem;
    std::optional<observe::Query> query = observe::Query::parse(filter, problem);
    if (!query)
        return observe::Problem{problem.sentence + "\n  " + filter + "\n  " + std::string(problem.at, ' ') +
                                std::string(problem.length == 0 ? 1 : problem.length, '^')};
    return *std::move(query);
}

observe::Result<std::vector<bool>> shownBy(const Snapshot& snapshot, const std::string& filter) {
    auto matcher = matcherFor(snapshot, filter);
    if (!matcher)
        return observe::Problem{matcher.problem()};
    return observe::shownBy(*matcher, snapshot.tree);
}

observe::Result<std::vector<bool>> matchedBy(const Snapshot& snapshot, const std::string& filter) {
    auto matcher = matcherFor(snapshot, filter);
    if (!matcher)
        return observe::Problem{matcher.problem()};
    std::vector<bool> matched(snapshot.tree.endNode(), false);
    for (observe::Node node = 0; node < snapshot.tree.endNode(); ++node)
        matched[node] = snapshot.tree.isLive(node) && matcher->matches(node);
    return matched;
}

} // namespace coroscope::ctl
