// SPDX-License-Identifier: Apache-2.0
// What the rules share: what they look at, and how they say what they found. Each rule is a function in a
// file of its own.
#pragma once

#include <coroscope/observe/Finding.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace coroscope::observe {

struct Rules {
    const JobTree& tree;
    const EndedJobs& ended;
    const Dictionary& dictionary;
    const std::int64_t now;
    const FindingSettings& settings;
    std::vector<Finding> found{};
    std::optional<std::unordered_map<JobId, const EndedJob*>> endedById{}; ///< made when first needed

    bool full() const noexcept { return found.size() >= settings.atMost; }
    std::string label(const JobRow& row) const;
    /// "by audit launch #12": the job that launched this one.
    std::string launcherText(const JobRow& row);
    /// "Launched at orders.cpp:12 by audit launch #12"
    std::string origin(const JobRow& row);
    /// "waits for delay at orders.cpp:12", "runs for 3.1 s": what a live job does.
    std::string doing(const JobRow& row) const;
    /// Where it waits, "" when that is not known.
    std::string suspensionSite(const JobRow& row) const;
    /// "4.2 s"
    std::string since(std::int64_t time) const;

    /// A finding on this job with what all findings have.
    Finding about(const JobRow& row, std::string_view rule, std::string_view chip) const;
    void add(Finding finding) { found.push_back(std::move(finding)); }

    /// One finding for all jobs that ended in the same way and were launched at the same place.
    struct Similar {
        const Incident* last = nullptr;
        std::uint64_t count = 0;
        std::int64_t first = 0; ///< time of the first one
    };
    /// Those of kind `what` whose jobs are gone, by place, the last one first.
    std::vector<Similar> endedBySite(IncidentKind what) const;
    /// " 36 more like it, the first 3 m 10 s ago." or nothing.
    std::string more(const Similar& similar) const;
};

/// A rule about a snapshot that looks at all of its jobs, in the order of their nodes.
class JobRule {
public:
    virtual ~JobRule() = default;
    virtual void look(Node node, const JobRow& row) = 0;
    /// It has seen all.
    virtual void end() {}
};

// Of one root.
void orphanGlobal(Rules& rules, Node root);
void orphanDetached(Rules& rules, Node root);
// Of one notable job.
void scopeDropped(Rules& rules, Node node);
void blockingInCoroutine(Rules& rules, Node node);
void slowCancellation(Rules& rules, Node node);
void lazyNeverStarted(Rules& rules, Node node);
// Of all.
void swallowedCancellation(Rules& rules);
void silentSupervisorFailure(Rules& rules);
void deadlock(Rules& rules);
// Of a snapshot.
void orphanRoot(Rules& rules, Node root);
void circularReference(Rules& rules);
std::unique_ptr<JobRule> blockedWorkers(Rules& rules);
std::unique_ptr<JobRule> growthByStacks(Rules& rules);

} // namespace coroscope::observe
