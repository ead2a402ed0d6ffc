// SPDX-License-Identifier: Apache-2.0
// What Coroscope finds by itself. The rules are pure functions over a JobTree and its history.
#pragma once

#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/JobTree.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace coroscope::observe {

struct SourceInfo;

enum class Severity : std::uint8_t { Error, Warning, Hint };
enum class Confidence : std::uint8_t { Proven, Suspected };

/// What a rule says of one job.
struct Finding {
    std::string_view rule; ///< "orphan-global": its section in the user guide has this name
    std::string_view chip; ///< the word shown in the row: "global", "island"
    std::string title;     ///< "No owner will ever cancel this job"
    Severity severity = Severity::Warning;
    Confidence confidence = Confidence::Suspected;
    JobId job;
    std::string jobName;  ///< as jobLabel says it: the job may have ended
    std::string evidence; ///< in numbers and names
    std::string advice;   ///< one sentence
    SiteText where;       ///< where the job was launched
    /// The job has ended. One finding then stands for all such jobs of one place, and this is the last of
    /// them.
    bool ended = false;
    /// News of several jobs may have come in an order that looks like this for a moment: see FindingWatch.
    bool mayPass = false;
    /// With mayPass, where there is one: since when it has been so. Another time means that it was over in
    /// between.
    std::int64_t since = 0;
};

/// Times are in nanoseconds.
struct FindingSettings {
    /// slow-cancellation: so long may a job take to stop.
    std::int64_t slowCancellation = 2'000'000'000;
    /// What befell jobs that have ended is told for so long.
    std::int64_t tellEnded = 3'600'000'000'000;
    /// lazy-never-started: so long may a job that its parent waits for be New.
    std::int64_t lazyNeverStarted = 10'000'000'000;
    /// leak-by-growth in a snapshot: so many jobs that wait with the same stack are told of.
    std::size_t alike = 1'000;
    /// Nobody will look again, as FindingWatch does: the tree comes from a file.
    bool once = false;
    /// The tree is a snapshot that another program wrote: it is judged by what stands there, not by times.
    bool snapshot = false;
    /// In a snapshot: a job without a parent is known to have none.
    bool rootsTold = false;
    /// Bounds the cost where a program has orphans by the hundred thousand.
    std::size_t atMost = 10'000;
};

/// Those that fit what this source can tell.
FindingSettings settingsFor(const SourceInfo& info);

/// The findings that hold now, most severe first, then by rule and job. `now`: CLOCK_MONOTONIC ns. Costs what
/// the roots, the tree's notable jobs, the resources and the incidents cost, not what all jobs cost; of a
/// snapshot, which is judged once, what all jobs cost.
std::vector<Finding> findings(const JobTree& tree, const EndedJobs& ended, const Dictionary& dictionary,
                              std::int64_t now, const FindingSettings& settings = {});

/// The same in steps, for who has no time for all of it at once. What it looks at must stay as it is until it
/// is done.
class FindingSearch {
public:
    FindingSearch(const JobTree& tree, const EndedJobs& ended, const Dictionary& dictionary, std::int64_t now,
                  const FindingSettings& settings);
    ~FindingSearch();
    FindingSearch(const FindingSearch&) = delete;
    FindingSearch& operator=(const FindingSearch&) = delete;

    /// Goes on for about so long. True when all is found.
    bool step(std::chrono::nanoseconds time);
    /// Once; as findings() gives them.
    std::vector<Finding> take();

private:
    struct Progress;
    const FindingSettings settings_;
    std::unique_ptr<Progress> progress_;
};

/// Holds back a finding that may pass until it was found again some time later. For those who show findings:
/// they ask again and again.
class FindingWatch {
public:
    /// So long it has to hold.
    static constexpr std::int64_t confirmAfter = 200'000'000;

    /// Takes what was found at `now` and answers what is to be shown.
    std::vector<Finding> confirmed(std::vector<Finding> found, std::int64_t now);
    /// Something was held back: ask again after `confirmAfter`.
    bool waiting() const noexcept { return waiting_; }

private:
    struct Held {
        std::int64_t since; ///< as the finding says
        std::int64_t found; ///< first
    };
    std::unordered_map<JobId, Held> held_;
    bool waiting_ = false;
};

std::string_view name(Severity severity) noexcept;
std::string_view name(Confidence confidence) noexcept;

} // namespace coroscope::observe
