// SPDX-License-Identifier: Apache-2.0
// The texts of the exceptions that jobs ended with, kept when the target's own ring has overwritten them.
#pragma once

#include <coroscope/model/Ids.h>

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace coroscope::observe {

/// Those of the last 10,000 jobs that failed, as EndedJobs keeps them. Threads: any.
class FailureTexts {
public:
    void keep(JobId job, std::string text);
    /// Empty when it is not kept.
    std::string find(JobId job) const;
    bool has(JobId job) const;

private:
    struct Entry {
        JobId job;
        std::string text;
    };
    mutable std::mutex lock_;
    std::vector<Entry> texts_; ///< a circle
    std::size_t oldest_ = 0;
    std::unordered_map<JobId, std::size_t> places_; ///< in texts_
};

} // namespace coroscope::observe
