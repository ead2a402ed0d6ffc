// SPDX-License-Identifier: Apache-2.0
#include "Filter.h"

namespace coroscope::ctl {

observe::Result<observe::Query> parseFilter(const std::string& filter) {
    observe::QueryProblem problem;
    std::optional<observe::Query> query = observe::Query::parse(filter, problem);
    if (!query)
        return observe::Problem{problem.sentence + "\n  " + filter + "\n  " + std::string(problem.at, ' ') +
                                std::string(problem.length == 0 ? 1 : problem.length, '^')};
    return *std::move(query);
}

observe::Result<std::vector<bool>> shownBy(const Snapshot& snapshot, const std::string& filter) {
    auto query = parseFilter(filter);
    if (!query)
        return observe::Problem{query.problem()};
    const std::vector<std::uint32_t> sizes = observe::subtreeSizes(snapshot.tree);
    observe::QueryMatcher matcher(*std::move(query), snapshot.tree, snapshot.dictionary,
                                  [&](observe::Node node) { return sizes[node]; });
    matcher.refresh(snapshot.now, snapshot.findings);
    return observe::shownBy(matcher, snapshot.tree);
}

} // namespace coroscope::ctl
