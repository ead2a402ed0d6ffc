// SPDX-License-Identifier: Apache-2.0
// What only a snapshot of another program can show: circular references, roots without a scope, very many
// jobs at one place.
#include "Rules.h"

#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <cstdint>
#include <memory>
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

namespace {

// leak-by-growth: whether they grow in number only a second dump would tell.
class GrowthByStacks final : public JobRule {
public:
    explicit GrowthByStacks(Rules& rules)
        : rules_(rules) {}

    void look(Node node, const JobRow& row) override {
        if (row.execution != Execution::Suspended || row.suspendedAt == 0)
            return;
        if (row.suspendedAt >= places_.size())
            places_.resize(std::max<std::size_t>(row.suspendedAt + 1, 2 * places_.size()));
        Place& place = places_[row.suspendedAt];
        if (place.jobs++ == 0)
            place.first = node;
        ++all_;
    }

    void end() override {
        std::erase_if(places_, [&](const Place& place) { return place.jobs < rules_.settings.alike; });
        std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
            return std::pair(b.jobs, a.first) < std::pair(a.jobs, b.first);
        });
        places_.resize(std::min(places_.size(), mostPlaces));
        for (const Place& place : places_)
            if (!rules_.full())
                add(rules_.tree.row(place.first), place.jobs);
    }

private:
    struct Place {
        std::uint32_t jobs = 0;
        Node first = noNode;
    };

    void add(const JobRow& row, std::uint32_t jobs) {
        Finding finding = rules_.about(row, "leak-by-growth", "many alike");
        finding.title = "Very many jobs wait at the same place";
        finding.severity = Severity::Hint;
        finding.confidence = Confidence::Suspected;
        finding.evidence = countText(jobs) + " of " + countText(all_) + " jobs that wait have this stack";
        if (const std::string site = rules_.suspensionSite(row); !site.empty())
            finding.evidence += ", at " + site;
        finding.evidence += "; " + countText(rules_.settings.alike) + " or more are told of.";
        finding.advice =
            "Take another dump later: if there are more of them then, nothing ends them. Bound how "
            "many are launched, or see what they wait for.";
        rules_.add(std::move(finding));
    }

    Rules& rules_;
    std::vector<Place> places_; ///< by StackId
    std::uint32_t all_ = 0;
};

} // namespace

std::unique_ptr<JobRule> growthByStacks(Rules& rules) {
    return std::make_unique<GrowthByStacks>(rules);
}

} // namespace coroscope::observe
