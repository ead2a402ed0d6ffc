// SPDX-License-Identifier: Apache-2.0
// When findings appeared. Pure data: no threads, no clock, no Qt.
#pragma once

#include <coroscope/observe/Finding.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace coroscope::observe {

/// For those who ask for findings again and again. One that went away and comes back has appeared again. A
/// finding that stands for the ended jobs of one place appears with the first of them.
class FindingLog {
public:
    static constexpr std::size_t most = 1'000;

    struct Appeared {
        std::int64_t at = 0;   ///< when it was noted first
        std::string_view rule; ///< lives as long as the program
        Confidence confidence = Confidence::Suspected;
        JobId job;
        std::string jobName;
        std::string evidence; ///< as it was then
    };

    /// All findings that hold at `now`.
    void note(const std::vector<Finding>& found, std::int64_t now);
    /// The oldest first; the last ones.
    const std::deque<Appeared>& appeared() const noexcept { return appeared_; }

private:
    /// By job, the rules that held when it was last noted, as bits in the order in which rules came.
    std::unordered_map<JobId, std::uint64_t> holding_;
    std::vector<std::string_view> rules_;
    std::set<std::string> places_; ///< rule and place of those about ended jobs
    std::deque<Appeared> appeared_;

    std::uint64_t bitOf(std::string_view rule);
};

} // namespace coroscope::observe
