// SPDX-License-Identifier: Apache-2.0
#include "FailureTexts.h"

#include <coroscope/observe/EndedJobs.h>

#include <utility>

namespace coroscope::observe {

void FailureTexts::keep(JobId job, std::string text) {
    const std::lock_guard guard(lock_);
    if (texts_.size() < EndedJobs::mostOfEach) {
        if (!places_.try_emplace(job, texts_.size()).second)
            return;
        texts_.push_back({job, std::move(text)});
        return;
    }
    if (!places_.try_emplace(job, oldest_).second)
        return;
    Entry& entry = texts_[oldest_];
    places_.erase(entry.job);
    entry = {job, std::move(text)};
    oldest_ = (oldest_ + 1) % texts_.size();
}

std::string FailureTexts::find(JobId job) const {
    const std::lock_guard guard(lock_);
    const auto found = places_.find(job);
    return found == places_.end() ? std::string() : texts_[found->second].text;
}

bool FailureTexts::has(JobId job) const {
    const std::lock_guard guard(lock_);
    return places_.contains(job);
}

} // namespace coroscope::observe
