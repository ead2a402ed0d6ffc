// SPDX-License-Identifier: Apache-2.0
// The names that a target keeps beside their jobs, one of each (layout::OwnName): copied when they are first
// seen, because the target forgets them with the job.
#pragma once

#include <coroscope/model/Ids.h>
#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/LargeVector.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace coroscope::observe {

/// Gives each name a number, with ownNameBit, that does not come back before two thousand million others. A
/// name is kept while its job lives, and after that as long as EndedJobs keeps the job; some 100 bytes each.
///
/// Threads: `text` any, the others one.
class OwnNames {
public:
    /// Of a live job. `found` is what stands in its slot, another one after each rename. `read` answers the
    /// name and is called where that is not known; 0 when it answers nothing.
    template <class Read>
    TextId of(JobId job, TextId found, Read read) {
        if (job.index() >= slots_.size())
            slots_.resize(std::size_t{job.index()} + 1);
        Slot& slot = slots_[job.index()];
        if (slot.job == job.value && slot.found == found)
            return slot.number;
        std::string name = read();
        if (name.empty())
            return 0;
        const TextId number = add(std::move(name));
        if (slot.number != 0)
            leave(slot.number, Kept::Others); // somebody may hold a row from before
        slot = {job.value, found, number};
        return number;
    }
    /// Of a job that has ended, before `ended` is called for it.
    template <class Read>
    TextId ofEnded(JobId job, TextId found, bool failed, Read read) {
        if (job.index() < slots_.size())
            if (const Slot& slot = slots_[job.index()]; slot.job == job.value && slot.found == found)
                return slot.number;
        std::string name = read();
        return name.empty() ? 0 : leave(add(std::move(name)), failed ? Kept::Failures : Kept::Others);
    }
    TextId ofIncident(std::string name) {
        return name.empty() ? 0 : leave(add(std::move(name)), Kept::Incidents);
    }
    /// The job is no more. To be called once for each job that `of` was called for.
    void ended(JobId job, bool failed) {
        if (job.index() >= slots_.size() || slots_[job.index()].job != job.value)
            return; // the next one in its slot was told of already
        leave(std::exchange(slots_[job.index()], {}).number, failed ? Kept::Failures : Kept::Others);
    }

    std::string text(TextId number) const;
    std::size_t size() const; ///< names kept

private:
    struct Slot {
        std::uint64_t job = 0; ///< a JobId
        TextId found = 0, number = 0;
    };
    enum class Kept { Failures, Others, Incidents };

    TextId add(std::string name);
    /// Nobody but the history of ended jobs needs the name any more.
    TextId leave(TextId number, Kept as);

    mutable std::shared_mutex lock_;
    std::unordered_map<TextId, std::string> texts_;
    LargeVector<Slot> slots_;
    std::deque<TextId> left_[3]; ///< the oldest first
    TextId last_ = 0;
};

} // namespace coroscope::observe
