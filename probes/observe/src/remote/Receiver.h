// SPDX-License-Identifier: Apache-2.0
// What an observer makes of the sections that a proxy sends. Whatever comes is treated as hostile.
#pragma once

#include "FailureTexts.h"
#include "OwnNames.h"
#include "TableReader.h"

#include <coroscope/observe/Discovery.h>
#include <coroscope/observe/Source.h>
#include <coroscope/wire/LinkFormat.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace coroscope::observe::remote {

/// By how much the other machine's clock is ahead of ours, from what it says its time is. The estimate is
/// late by the shortest way there, and follows a clock that stood still while its machine slept.
class ClockAhead {
public:
    void hear(std::int64_t there, std::int64_t here) noexcept;
    std::int64_t ahead() const noexcept { return ahead_->load(std::memory_order_relaxed); }
    std::shared_ptr<const std::atomic<std::int64_t>> shared() const noexcept { return ahead_; }

private:
    std::shared_ptr<std::atomic<std::int64_t>> ahead_ = std::make_shared<std::atomic<std::int64_t>>(0);
    bool known_ = false;
    std::int64_t best_ = 0, since_ = 0; ///< of this period
};

/// Threads: one at a time, but for `failures` and the dictionary.
class Receiver {
public:
    struct Arrived {
        Batch batch;
        std::int64_t age = 0;  ///< of its oldest news when it was sent, ns
        std::int64_t sent = 0; ///< by the clock there
    };

    /// Takes in one section, received at `now`. Null when all is well, else what is wrong with it, as the
    /// second half of a sentence; then the link is of no use any more.
    const char* take(std::uint32_t tag, std::string_view plain, std::int64_t now);

    std::optional<SourceInfo> info;
    std::deque<Arrived> batches;
    Contact contact;
    std::uint64_t untracked = 0;
    std::optional<SourceEnd> over;
    std::string cannot; ///< why there is nothing to observe
    std::vector<CommandAnswer> answers;
    std::optional<std::vector<Target>> targets;
    /// Requests that wait, and what came for them.
    std::map<std::uint64_t, std::optional<std::string>> replies;
    FailureTexts failures;
    ClockAhead clock;
    std::shared_ptr<TableDictionary> dictionary() const { return tables_.dictionary(); }
    std::shared_ptr<const OwnNames> names() const { return names_; }

private:
    const char* takeInfo(std::string_view plain);
    const char* takeRows(std::uint32_t tag, std::string_view plain);
    const char* takeNames(std::string_view plain);
    std::string batchText(std::uint32_t number, std::size_t longest) const;
    std::string nameTold(TextId number) const;
    const char* takeBatchEnd(std::string_view plain, std::int64_t now);
    const char* takeStatus(std::string_view plain, std::int64_t now);
    const char* takeAnswer(std::string_view plain);
    const char* takeReply(std::string_view plain);
    const char* takeTargets(std::string_view plain);

    TableReader tables_;
    Batch building_;
    /// The rows of the first batch, which is the complete state, as they come.
    std::optional<JobTree::Builder> state_ = JobTree::Builder(0);
    std::vector<Resource> resources_;
    Texts texts_;                                     ///< of the batch
    std::unordered_map<TextId, std::uint32_t> named_; ///< of the batch: numbers in texts_
    std::shared_ptr<OwnNames> names_ = std::make_shared<OwnNames>();
    std::uint64_t rows_ = 0, textRows_ = 0;
};

/// A native stack out of fields.
CallStackText callStackOf(std::string_view plain);
ThreadSample sampleOf(std::string_view plain);
/// Why there is no answer; empty when there is one.
std::string problemOf(std::string_view plain);

} // namespace coroscope::observe::remote
