// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/JobHistory.h>

#include <algorithm>

namespace coroscope::observe {

namespace {
constexpr std::int64_t microsecond = 1'000;
constexpr unsigned threeBits = 7, executionShift = 3, bornBit = 1u << 6;

/// As the ring keeps it, so that a change that comes both ways is the same.
std::int64_t rounded(std::int64_t at) {
    return at / microsecond * microsecond;
}
} // namespace

JobChange changeOf(const JobRow& row) noexcept {
    return {rounded(std::max(row.stateSince, row.executionSince)), row.state, row.execution,
            row.execution == Execution::Suspended ? row.suspendedAt : 0};
}

JobChange changeOf(const EndedJob& ended) noexcept {
    return {rounded(ended.at), ended.finalState, Execution::None, 0};
}

bool append(JobHistory& history, JobChange change) {
    std::vector<JobChange>& all = history.changes;
    if (!all.empty() && isFinal(change.state)) // where an end was not told, its time is a guess
        change.at = std::max(change.at, all.back().at);
    // Told twice, or told late: rows are looked at again without having changed.
    if (!all.empty() && (all.back() == change || change.at < all.back().at))
        return false;
    if (all.size() >= ChangeRing::mostOfOne) {
        history.fromBirth = false;
        all.erase(all.begin());
        if (history.completeSince < all.front().at) {
            history.completeSince = all.front().at;
            history.limit = JobHistory::Limit::Room;
        }
    }
    all.push_back(change);
    ++history.version;
    return true;
}

void ChangeRing::begin(std::int64_t at) {
    entries_.clear();
    oldest_ = 0;
    begun_ = at;
    droppedAt_ = lostAt_ = 0;
}

void ChangeRing::add(const JobRow& row, bool born) {
    const JobChange change = changeOf(row);
    put(row.id, change.at, change.state, change.execution, change.suspendedAt, born);
}

void ChangeRing::add(const EndedJob& ended) {
    put(ended.id, ended.at, ended.finalState, Execution::None, 0, false);
}

void ChangeRing::put(JobId job, std::int64_t at, JobState state, Execution execution, StackId suspendedAt,
                     bool born) {
    const auto micros = static_cast<std::uint64_t>(at / microsecond);
    const Entry entry{
        static_cast<std::uint32_t>(job.value),
        static_cast<std::uint32_t>(job.value >> 32),
        suspendedAt,
        static_cast<std::uint32_t>(micros),
        static_cast<std::uint16_t>(micros >> 32),
        static_cast<std::uint8_t>((static_cast<unsigned>(state) & threeBits) |
                                  (static_cast<unsigned>(execution) & threeBits) << executionShift |
                                  (born ? bornBit : 0u)),
        0};
    if (entries_.size() < room_) {
        entries_.push_back(entry);
        return;
    }
    droppedAt_ = std::max(droppedAt_, timeOf(entries_[oldest_]));
    entries_[oldest_] = entry;
    oldest_ = oldest_ + 1 == room_ ? 0 : oldest_ + 1;
}

std::int64_t ChangeRing::timeOf(const Entry& entry) noexcept {
    return static_cast<std::int64_t>(std::uint64_t{entry.atHigh} << 32 | entry.atLow) * microsecond;
}

JobHistory ChangeRing::of(JobId job) const {
    JobHistory history;
    history.job = job;
    history.completeSince = std::max({begun_, droppedAt_, lostAt_});
    history.limit = history.completeSince == begun_       ? JobHistory::Limit::Attach
                    : history.completeSince == droppedAt_ ? JobHistory::Limit::Room
                                                          : JobHistory::Limit::Loss;
    const auto low = static_cast<std::uint32_t>(job.value),
               high = static_cast<std::uint32_t>(job.value >> 32);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const std::size_t at = oldest_ + i < entries_.size() ? oldest_ + i : oldest_ + i - entries_.size();
        const Entry& entry = entries_[at];
        if (entry.idLow != low || entry.idHigh != high)
            continue;
        if (history.changes.empty() && (entry.what & bornBit) != 0)
            history.fromBirth = true;
        append(history,
               {timeOf(entry), static_cast<JobState>(entry.what & threeBits),
                static_cast<Execution>(entry.what >> executionShift & threeBits), entry.suspendedAt});
    }
    return history;
}

} // namespace coroscope::observe
