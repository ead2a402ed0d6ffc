// SPDX-License-Identifier: Apache-2.0
// deadlock: jobs that wait for each other in a circle of mutexes, joins, awaits, scopes and children.
//
// A circle is looked for from the holders of mutexes for which somebody waits, of which there are few; one of
// joins alone is not found. Each edge says "goes on only after that one": who joins, awaits or waits for a
// mutex waits for one job, who waits for children for all of them, so every circle is a deadlock, but for a
// limit of time or a cancellation that breaks it.
#include "Rules.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace coroscope::observe {

namespace {

/// So many jobs are looked at in all.
constexpr std::size_t mostVisited = 20'000;
constexpr std::size_t mostNamed = 6;

class CircleSearch {
public:
    explicit CircleSearch(const JobTree& tree)
        : tree_(tree) {}

    /// The circles that can be reached from here and were not met before.
    std::vector<std::vector<Node>> from(Node start) {
        std::vector<std::vector<Node>> circles;
        if (start == noNode || !enter(start))
            return circles;
        while (!path_.empty()) {
            const Node next = nextOf(path_.back());
            if (next == noNode) {
                onPath_[path_.back().node] = false;
                path_.pop_back();
                continue;
            }
            const auto known = onPath_.find(next);
            if (known == onPath_.end()) {
                enter(next);
            } else if (known->second) {
                const auto begin = std::find_if(path_.begin(), path_.end(),
                                                [next](const Step& step) { return step.node == next; });
                std::vector<Node> circle;
                for (auto step = begin; step != path_.end(); ++step)
                    circle.push_back(step->node);
                circles.push_back(std::move(circle));
            }
        }
        return circles;
    }

private:
    struct Step {
        Node node;
        bool waitsForChildren;
        Node next; ///< to be looked at
    };

    bool enter(Node node) {
        if (onPath_.size() >= mostVisited || !onPath_.try_emplace(node, true).second)
            return false;
        const JobRow& row = tree_.row(node);
        const bool children = row.execution == Execution::WaitsForChildren ||
                              (row.execution == Execution::None && row.state == JobState::Completing);
        path_.push_back({node, children, children ? tree_.firstChild(node) : waitedFor(row)});
        return true;
    }
    /// One that has been told to stop does not wait for ever, unless it is shielded.
    Node waitedFor(const JobRow& row) const {
        if (row.changing || (row.state == JobState::Cancelling && (row.flags & JobFlags::shielded) == 0))
            return noNode;
        return tree_.find(tree_.waitsForJob(row));
    }
    Node nextOf(Step& step) const {
        const Node next = step.next;
        step.next = step.waitsForChildren && next != noNode ? tree_.nextSibling(next) : noNode;
        return next;
    }

    const JobTree& tree_;
    std::vector<Step> path_;
    std::unordered_map<Node, bool> onPath_; ///< all that were met; those that are on the path now
};

/// A mutex that is handed over has its new holder before that one is seen to go on: so whoever waits for a
/// mutex waits for itself for a moment, again and again. The mutex no longer counts it among those who wait.
bool isHandedTo(const JobTree& tree, Node holder) {
    const Resource* const mutex = tree.resource(tree.row(holder).resource());
    if (!mutex)
        return false;
    std::uint32_t waiting = 0;
    for (Node node = 0; node < tree.endNode() && waiting <= mutex->waiting; ++node)
        waiting += tree.isLive(node) && tree.execution(node) == Execution::Suspended &&
                   tree.row(node).resource() == mutex->id;
    return waiting > mutex->waiting;
}

bool hasTimeLimit(const JobTree& tree, Node node) {
    for (; node != noNode; node = tree.parent(node))
        if (tree.row(node).kind == JobKind::WithTimeout)
            return true;
    return false;
}

} // namespace

void deadlock(Rules& rules) {
    const JobTree& tree = rules.tree;
    CircleSearch search(tree);
    for (const Resource& resource : tree.resources()) {
        if (resource.kind != WaitKind::Mutex || resource.waiting == 0 || !resource.owner || rules.full())
            continue;
        for (std::vector<Node>& circle : search.from(tree.find(resource.owner))) {
            if (rules.settings.once && circle.size() == 1 && isHandedTo(tree, circle.front()))
                continue;
            // Told of the one that has waited longest: the same one each time.
            std::rotate(circle.begin(),
                        std::min_element(circle.begin(), circle.end(),
                                         [&tree](Node a, Node b) {
                                             return tree.row(a).executionSince < tree.row(b).executionSince;
                                         }),
                        circle.end());
            const JobRow& first = tree.row(circle.front());
            Finding finding = rules.about(first, "deadlock", "deadlock");
            const std::string jobs =
                circle.size() == 1 ? "It waits" : "These " + std::to_string(circle.size()) + " jobs wait";
            finding.title = circle.size() == 1 ? "Waits for itself" : "Wait for each other";
            finding.severity = Severity::Error;
            const bool limited = std::any_of(circle.begin(), circle.end(),
                                             [&tree](Node node) { return hasTimeLimit(tree, node); });
            finding.confidence = limited ? Confidence::Suspected : Confidence::Proven;
            std::int64_t closed = 0;
            for (const Node node : circle)
                closed = std::max(closed, tree.row(node).executionSince);
            finding.evidence = jobs + (circle.size() == 1 ? " for itself" : " in a circle") +
                               (closed == 0 ? std::string() : " since " + rules.since(closed)) + ": ";
            for (std::size_t i = 0; i < circle.size() && i < mostNamed; ++i) {
                const JobRow& row = tree.row(circle[i]);
                const JobRow& next = tree.row(circle[(i + 1) % circle.size()]);
                std::string what = rules.doing(row);
                if (const Resource* const mutex = tree.resource(row.resource()); mutex && mutex->name)
                    what = "waits for mutex " + rules.dictionary.text(mutex->name) +
                           (rules.suspensionSite(row).empty() ? "" : " at " + rules.suspensionSite(row));
                finding.evidence += (i ? "; " : "") + rules.label(row) + ' ' + what +
                                    (row.resource() ? ", held by " : ", for ") + rules.label(next);
            }
            finding.evidence += circle.size() > mostNamed ? "; and so on." : ".";
            if (limited)
                finding.evidence += " A limit of time may end it.";
            finding.advice = circle.size() == 1
                                 ? "A mutex is not re-entrant: unlock it before locking it again."
                                 : "Take mutexes in one order everywhere, and wait for no job "
                                   "while holding one that it needs.";
            finding.mayPass = true; // see isHandedTo
            finding.since = closed;
            rules.add(std::move(finding));
        }
    }
}

} // namespace coroscope::observe
