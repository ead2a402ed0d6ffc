// SPDX-License-Identifier: Apache-2.0
#include "TreeText.h"

#include <algorithm>
#include <sstream>

namespace coroscope::test {

JobId id(const std::string& text) {
    const auto primes = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\''));
    return JobId::of(static_cast<std::uint32_t>(std::stoul(text)), 1 + primes);
}

std::string label(JobId id) {
    return std::to_string(id.index()) + std::string(id.generation() - 1, '\'');
}

observe::Batch batch(const std::string& text) {
    observe::Batch batch;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (word == "!") {
            batch.reset = true;
        } else if (word.front() == '-') {
            batch.ended.push_back({id(word.substr(1))});
        } else {
            observe::JobRow row;
            const std::size_t below = word.find('<');
            row.id = id(word.substr(0, below));
            row.number = row.id.index();
            row.kind = JobKind::Launch;
            row.state = JobState::Active;
            row.execution = Execution::Suspended;
            if (below != std::string::npos)
                row.parent = id(word.substr(below + 1));
            batch.rows.push_back(row);
        }
    }
    return batch;
}

std::string draw(const observe::JobTree& tree) {
    std::string text;
    for (observe::Node root = tree.firstRoot(); root != observe::noNode; root = tree.nextSibling(root))
        for (const observe::Node node : tree.subtree(root))
            text += (text.empty() ? "" : ";") + std::string(tree.path(node).size() - 1, '+') +
                    label(tree.row(node).id);
    return text;
}

} // namespace coroscope::test
