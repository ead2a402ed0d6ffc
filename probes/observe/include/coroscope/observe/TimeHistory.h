// SPDX-License-Identifier: Apache-2.0
// How a session went: live jobs by what they did, launches and ends, losses and lag, in steps that are fine
// for the last minute and coarse for hours. Pure data: no threads, no clock, no Qt.
#pragma once

#include <coroscope/model/States.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace coroscope::observe {

/// Both axes of a live job in one word: the one that tells more.
enum class LiveState : std::uint8_t {
    WaitsForChildren,
    Suspended,
    Plain, ///< without code of its own
    Unstarted,
    Queued,
    Running,
    Cancelling
};
inline constexpr std::size_t liveStates = 7;
LiveState liveState(JobState state, Execution execution) noexcept;

using LiveCounts = std::array<std::uint32_t, liveStates>;
std::uint64_t sum(const LiveCounts& counts) noexcept;

/// Costs at most 200 kB, however long it goes on. Times are nanoseconds of the target's clock.
class TimeHistory {
public:
    /// Samples are taken so often.
    static constexpr std::int64_t finest = 250'000'000;

    /// Which part of it one looks at: each is kept in steps of its own.
    enum class Scale : std::uint8_t { Minute, TenMinutes, Session };
    static constexpr std::array<Scale, 3> scales{Scale::Minute, Scale::TenMinutes, Scale::Session};

    /// What is known at one moment.
    struct Sample {
        std::int64_t at = 0;
        LiveCounts live{};
        std::uint64_t launched = 0, ended = 0, failed = 0, lost = 0; ///< since the attach
        double lag = 0; ///< ms, the longest since the last sample
    };
    struct Step {
        std::int64_t from = 0;  ///< a multiple of stepOf()
        std::int64_t until = 0; ///< the last sample that it was made of
        LiveCounts live{};      ///< when most jobs were there
        std::uint64_t launched = 0, ended = 0, failed = 0, lost = 0;
        double lag = 0;        ///< ms, the longest
        std::int64_t over = 0; ///< ns for which launched and ended count: more than a step after a gap
        std::uint64_t jobs() const noexcept { return sum(live); }
    };
    /// Something befell the target as a whole.
    enum class TurnKind : std::uint8_t {
        Stopped,
        WentOn,
        Silent,   ///< its agent does not answer any more
        Answered, ///< it does again
        Ended
    };
    struct Turn {
        std::int64_t at = 0;
        TurnKind kind = TurnKind::Stopped;
    };

    /// When the watching began; 0: not yet.
    void begin(std::int64_t at);
    std::int64_t begun() const noexcept { return begun_; }
    /// The last sample; begun() without one.
    std::int64_t latest() const noexcept { return latest_; }
    /// Samples come in the order of their times; one that is not after the last is dropped. A sample is about
    /// the time that ends with it.
    void add(const Sample& sample);
    /// The last 500 are kept.
    void add(Turn turn);

    /// The oldest first. Without a sample there is no step.
    const std::deque<Step>& steps(Scale scale) const noexcept { return track(scale).steps; }
    std::int64_t stepOf(Scale scale) const noexcept { return track(scale).length; }
    /// From when on this scale tells.
    std::int64_t firstOf(Scale scale) const noexcept;
    /// Null when nothing is known of that moment.
    const Step* at(Scale scale, std::int64_t moment) const noexcept;
    /// A stretch of time after the attach in which nobody looked, because the machine was busy with other
    /// things: how many jobs lived then is not known. One or two missing steps are none yet.
    struct Gap {
        std::int64_t from = 0, to = 0;
    };
    std::vector<Gap> gaps(Scale scale) const;
    const std::deque<Turn>& turns() const noexcept { return turns_; }
    /// Counts what came in: nothing is new where it is the same.
    std::uint64_t version() const noexcept { return version_; }

private:
    struct Track {
        std::int64_t length;
        std::size_t most;
        bool coarsens; ///< when it is full; else the oldest goes
        std::deque<Step> steps;
        void add(const Sample& sample, const Step& news);
        void coarsen();
    };
    const Track& track(Scale scale) const noexcept { return tracks_[static_cast<std::size_t>(scale)]; }

    std::array<Track, 3> tracks_{Track{finest, 248, false, {}}, Track{4 * finest, 620, false, {}},
                                 Track{finest, 1'024, true, {}}};
    std::deque<Turn> turns_;
    Sample last_;
    std::int64_t begun_ = 0, latest_ = 0;
    std::uint64_t version_ = 0;
};

} // namespace coroscope::observe
