// SPDX-License-Identifier: Apache-2.0
#include "JobText.h"

#include <coroscope/runtime/detail/JobNode.h>

#include <utility>
#include <vector>

namespace coroscope::detail {

std::string_view kindName(JobKind kind, bool lazy, bool dispatched) noexcept {
    return kind == JobKind::WithContext && !dispatched ? "UndispatchedCoroutine" : kotlinType(kind, lazy);
}

std::string jobHead(JobKind kind, std::string_view name, std::uint64_t number, bool lazy, bool dispatched) {
    std::string text;
    if (hasBody(kind)) {
        text += '"';
        text += name.empty() ? "coroutine" : name;
        text += '#' + std::to_string(number) + "\":";
    }
    return text.append(kindName(kind, lazy, dispatched));
}

std::string treeOf(JobNode& root) {
    std::string text;
    std::vector<std::pair<Ref<JobNode>, std::size_t>> open;
    open.emplace_back(Ref<JobNode>::share(&root), 0);
    while (!open.empty()) {
        auto [job, depth] = std::move(open.back());
        open.pop_back();
        text += std::string(depth, '\t') + job->toString() + '\n';
        auto children = job->children();
        for (auto child = children.rbegin(); child != children.rend(); ++child)
            open.emplace_back(*child, depth + 1);
    }
    return text;
}

} // namespace coroscope::detail
