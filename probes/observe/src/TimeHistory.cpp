// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/TimeHistory.h>

#include <algorithm>
#include <numeric>

namespace coroscope::observe {

namespace {
constexpr std::size_t mostTurns = 500;
/// A sample that comes a little late is still about the time before it.
constexpr std::int64_t lateSteps = 2;

/// The step that ends at `at`, or has it in it.
std::int64_t beginOfStep(std::int64_t at, std::int64_t length) {
    return (at - 1) / length * length;
}

/// What is later goes on with the earlier one; the fuller moment stays.
void join(TimeHistory::Step& into, const TimeHistory::Step& later) {
    into.until = later.until;
    if (later.jobs() >= into.jobs())
        into.live = later.live;
    into.launched += later.launched;
    into.ended += later.ended;
    into.failed += later.failed;
    into.lost += later.lost;
    into.lag = std::max(into.lag, later.lag);
    into.over += later.over;
}
} // namespace

LiveState liveState(JobState state, Execution execution) noexcept {
    if (state == JobState::Cancelling)
        return LiveState::Cancelling;
    if (state == JobState::New)
        return LiveState::Unstarted;
    switch (execution) {
    case Execution::None:
        return LiveState::Plain;
    case Execution::Unstarted:
        return LiveState::Unstarted;
    case Execution::Queued:
        return LiveState::Queued;
    case Execution::Running:
        return LiveState::Running;
    case Execution::Suspended:
        return LiveState::Suspended;
    case Execution::WaitsForChildren:
        return LiveState::WaitsForChildren;
    }
    return LiveState::Plain;
}

std::uint64_t sum(const LiveCounts& counts) noexcept {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

void TimeHistory::begin(std::int64_t at) {
    *this = {};
    begun_ = latest_ = at;
}

void TimeHistory::add(const Sample& sample) {
    if (begun_ == 0 || sample.at <= latest_)
        return;
    const auto grown = [](std::uint64_t now, std::uint64_t before) {
        return now > before ? now - before : 0;
    };
    const Step news{0,
                    sample.at,
                    sample.live,
                    grown(sample.launched, last_.launched),
                    grown(sample.ended, last_.ended),
                    grown(sample.failed, last_.failed),
                    grown(sample.lost, last_.lost),
                    sample.lag,
                    sample.at - latest_};
    for (Track& track : tracks_)
        track.add(sample, news);
    last_ = sample;
    latest_ = sample.at;
    ++version_;
}

void TimeHistory::Track::add(const Sample& sample, const Step& news) {
    std::int64_t from = beginOfStep(sample.at, length);
    if (!steps.empty() && steps.back().from >= from) {
        join(steps.back(), news);
        return;
    }
    while (coarsens && steps.size() >= most) {
        coarsen();
        from = beginOfStep(sample.at, length);
        if (steps.back().from >= from) {
            join(steps.back(), news);
            return;
        }
    }
    if (steps.size() >= most)
        steps.pop_front();
    steps.push_back(news);
    steps.back().from = from;
}

void TimeHistory::Track::coarsen() {
    length *= 2;
    std::deque<Step> fewer;
    for (Step& step : steps) {
        step.from = step.from / length * length;
        if (!fewer.empty() && fewer.back().from == step.from)
            join(fewer.back(), step);
        else
            fewer.push_back(step);
    }
    steps = std::move(fewer);
}

void TimeHistory::add(Turn turn) {
    if (begun_ == 0)
        return;
    if (turns_.size() >= mostTurns)
        turns_.pop_front();
    turns_.push_back(turn);
    ++version_;
}

std::int64_t TimeHistory::firstOf(Scale scale) const noexcept {
    const std::deque<Step>& all = steps(scale);
    return all.empty() ? begun_ : std::max(begun_, all.front().from);
}

const TimeHistory::Step* TimeHistory::at(Scale scale, std::int64_t moment) const noexcept {
    const Track& of = track(scale);
    const auto after = std::upper_bound(of.steps.begin(), of.steps.end(), moment,
                                        [](std::int64_t at, const Step& step) { return at < step.from; });
    if (after == of.steps.begin())
        return nullptr;
    const Step& step = *std::prev(after);
    if (moment < step.from + of.length)
        return &step;
    const bool late = after != of.steps.end() && after->from <= step.from + (1 + lateSteps) * of.length;
    return late ? &*after : nullptr;
}

std::vector<TimeHistory::Gap> TimeHistory::gaps(Scale scale) const {
    const Track& of = track(scale);
    std::vector<Gap> found;
    std::int64_t end = firstOf(scale);
    for (const Step& step : of.steps) {
        if (step.from > end + lateSteps * of.length)
            found.push_back({end, step.from});
        end = step.from + of.length;
    }
    return found;
}

} // namespace coroscope::observe
