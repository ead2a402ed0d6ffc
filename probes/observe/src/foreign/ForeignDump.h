// SPDX-License-Identifier: Apache-2.0
// Collects the jobs that a reader of a foreign format finds, and what it could not read.
#pragma once

#include "foreign/ForeignTables.h"

#include <coroscope/observe/Dump.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coroscope::observe {

/// The frames of one job, each line as it stands there.
struct ForeignStack {
    StackId suspendedAt = 0;
    StackId creation = 0;
    SiteId site = 0; ///< where it was created; 0 when that is not told
};

class ForeignDump {
public:
    /// Jobs beyond it are counted, and said to be missing.
    static constexpr std::uint32_t mostJobs = std::uint32_t{1} << JobId::indexBits;
    /// Jobs that repeatFrom() adds: a line is enough to ask for any number of them.
    static constexpr std::uint32_t mostCopies = 1'000'000;

    ForeignDump();

    ForeignTables& tables() noexcept { return *tables_; }
    /// The job's number, from 0, or `none` when there is no more room.
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    std::uint32_t add(JobRow row, std::uint32_t parent = none);
    JobRow& job(std::uint32_t number) { return jobs_[number]; }
    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(jobs_.size()); }
    /// All jobs from this one on once more, so many times in all: what a format tells as "9 of these".
    void repeatFrom(std::uint32_t first, std::uint64_t times);
    void setParent(std::uint32_t job, std::uint32_t parent);
    void place(std::uint32_t job, const ForeignStack& stack);

    /// What was made of these lines before, or null: most jobs of a dump stand at the same few places.
    /// The answer is good until remember() is called.
    const ForeignStack* known(std::string_view lines) const;
    void remember(std::string_view lines, const ForeignStack& stack);

    std::vector<Resource>& resources() noexcept { return resources_; }

    /// Below `job` stands once more one that is above it, which is told as `whom`.
    void circle(std::uint32_t job, std::string_view whom);
    /// A sentence on what could not be read; `line` 0 for none.
    void problem(std::uint64_t line, const std::string& sentence);
    /// What one dump can consist of: coroutines and the threads they run on may stand in one file.
    enum class Part : unsigned { Coroutines = 1, Threads = 2, Whole = 4 };
    /// Another dump begins in the same file, of which only the last one is kept; or a part that the present
    /// one does not have yet.
    void startOver(std::uint64_t line, Part part = Part::Whole);
    bool has(Part part) const noexcept { return (parts_ & static_cast<unsigned>(part)) != 0; }
    /// How many dumps have begun.
    std::uint64_t dumps() const noexcept { return dumps_; }

    SourceInfo& info() noexcept { return info_; }
    /// As SourceInfo has them.
    void describe(std::string_view program, std::string_view format, bool parentsTold,
                  bool rootsTold = false);
    /// All of it, once.
    Dump finish();

private:
    void moveTimes();

    std::shared_ptr<ForeignTables> tables_;
    LargeVector<JobRow> jobs_;
    std::vector<Resource> resources_;
    std::vector<Incident> circles_;
    unsigned parts_ = 0;
    std::uint64_t left_ = 0; ///< jobs for which there was no room
    std::uint32_t copies_ = 0;
    /// By two hashes: the lines themselves would be most of the file.
    std::vector<std::pair<TextHash, ForeignStack>> stacks_;
    HashIndex stackNumbers_;
    SourceInfo info_;
    std::uint64_t problems_ = 0;
    std::uint64_t dumps_ = 1, begins_ = 0;
};

} // namespace coroscope::observe
