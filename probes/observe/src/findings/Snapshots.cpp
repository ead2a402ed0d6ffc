// SPDX-License-Identifier: Apache-2.0
// What only a snapshot of another program can show: circular references, roots without a scope, very many
// jobs at one place.
#include "Rules.h"

#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace coroscope::observe {

namespace {
constexpr std::size_t mostNamed = 6;
constexpr std::size_t mostPlaces = 10;
} // namespace

// circular-reference: the format said so where it would have had to repeat itself.
void circularReference(Rules& rules) {
    for (const Incident& incident : rules.ended.incidents()) {
        const Node node = rules.tree.find(incident.job.id);
        if (incident.what != IncidentKind::CircularReference || node == noNode || rules.full())
            continue;
        const JobRow& row = rules.tree.row(node);
        std::string path;
        std::size_t named = 0;
        for (Node at = node; at != noNode; at = rules.tree.parent(at)) {
            const std::string label = rules.label(rules.tree.row(at));
            if (++named <= mostNamed)
                path += (path.empty() ? "" : ", below ") + label;
            if (label == incident.text)
                break;
        }
        Finding finding = rules.about(row, "circular-reference", "circle");
        finding.title = "A job stands above itself";
        finding.severity = Severity::Error;
        finding.confidence = Confidence::Proven;
        finding.evidence = "Below " + path + (named > mostNamed ? ", and so on" : "") + " stands " +
                           incident.text +
                           " once more. A job waits for all below it, so these never end by themselves.";
        finding.advice =
            "Give a job no child that is above it: make its Job a child of the scope it belongs to.";
        rules.add(std::move(finding));
    }
}

// orphan-root: what a program knows of its scopes a dump does not tell, so that is all that is said.
void orphanRoot(Rules& rules, Node root) {
    if (!rules.settings.rootsTold)
        return;
    const JobRow& row = rules.tree.row(root);
    if (row.parent || isFinal(row.state) || (row.kind != JobKind::Launch && row.kind != JobKind::Async))
        return;
    Finding finding = rules.about(row, "orphan-root", "no parent");
    finding.title = "No job stands above this one";
    finding.severity = Severity::Hint;
    finding.confidence = Confidence::Suspected;
    finding.evidence =
        "It was made by " + std::string(name(row.kind)) +
        " and has no parent, so no scope's end reaches it. Whether somebody holds a handle to it "
        "is not told.";
    finding.advice = "Launch it in a scope that ends with the work it belongs to.";
    rules.add(std::move(finding));
}

// leak-by-growth: whether they grow in number only a second dump would tell.
void growthByStacks(Rules& rules) {
    const JobTree& tree = rules.tree;
    std::vector<std::uint32_t> counts;
    std::uint32_t all = 0;
    const auto counted = [&tree](Node node) {
        return tree.isLive(node) && tree.execution(node) == Execution::Suspended &&
               tree.row(node).suspendedAt != 0;
    };
    for (Node node = 0; node < tree.endNode(); ++node) {
        if (!counted(node))
            continue;
        const StackId stack = tree.row(node).suspendedAt;
        if (stack >= counts.size())
            counts.resize(std::max<std::size_t>(stack + 1, 2 * counts.size()));
        ++counts[stack];
        ++all;
    }
    std::vector<std::pair<std::uint32_t, StackId>> places;
    for (StackId stack = 0; stack < counts.size(); ++stack)
        if (counts[stack] >= rules.settings.alike)
            places.emplace_back(counts[stack], stack);
    std::sort(places.rbegin(), places.rend());
    places.resize(std::min(places.size(), mostPlaces));
    for (Node node = 0; node < tree.endNode() && !places.empty() && !rules.full(); ++node) {
        if (!counted(node))
            continue;
        const auto place = std::find_if(places.begin(), places.end(), [&](const auto& each) {
            return each.second == tree.row(node).suspendedAt;
        });
        if (place == places.end())
            continue;
        Finding finding = rules.about(tree.row(node), "leak-by-growth", "many alike");
        finding.title = "Very many jobs wait at the same place";
        finding.severity = Severity::Hint;
        finding.confidence = Confidence::Suspected;
        finding.evidence =
            countText(place->first) + " of " + countText(all) + " jobs that wait have this stack";
        if (const std::string site = rules.suspensionSite(tree.row(node)); !site.empty())
            finding.evidence += ", at " + site;
        finding.evidence += "; " + countText(rules.settings.alike) + " or more are told of.";
        finding.advice =
            "Take another dump later: if there are more of them then, nothing ends them. Bound how "
            "many are launched, or see what they wait for.";
        rules.add(std::move(finding));
        places.erase(place);
    }
}

} // namespace coroscope::observe
