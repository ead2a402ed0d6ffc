// SPDX-License-Identifier: Apache-2.0
// A source whose news a test writes by hand.
#pragma once

#include <coroscope/observe/Source.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace coroscope::app {

/// What the test and the source share; the session owns the source and reads it on its own thread.
struct Feed {
    std::mutex mutex;
    std::vector<observe::Batch> news;
    std::vector<observe::CommandAnswer> answers;
    std::optional<observe::SourceEnd> end;
    observe::Contact contact{.followsEvents = true, .commandsAllowed = true, .stopped = false, .problem = {}};
    struct Command {
        JobId job;
        bool childrenOnly;
        std::string reason;
    };
    std::vector<Command> commands;
    std::optional<observe::ThreadSample> sample; ///< the answer to everybody who asks
    std::vector<JobId> sampled;

    void push(observe::Batch batch) {
        const std::lock_guard lock(mutex);
        news.push_back(std::move(batch));
    }
};

class HandFedSource : public observe::Source {
public:
    explicit HandFedSource(std::shared_ptr<Feed> feed);

    const observe::SourceInfo& info() const override { return info_; }
    std::shared_ptr<const observe::Dictionary> dictionary() const override { return dictionary_; }
    observe::Contact contact() const override;
    void read(observe::Batch& batch) override;
    void wait(int milliseconds) override;
    std::optional<observe::SourceEnd> ended() const override;
    observe::Result<std::uint64_t> cancel(JobId job, bool childrenOnly, std::string_view reason) override;
    std::vector<observe::CommandAnswer> answers() override;
    std::string failureText(const observe::EndedJob& job) const override {
        return "shop::Lost\norder " + std::to_string(job.failure) + "\n\tsuppressed: shop::Late: too late";
    }
    observe::Result<observe::ThreadSample> sample(JobId job) const override {
        const std::lock_guard lock(feed_->mutex);
        if (!feed_->sample)
            return observe::Problem{"No thread of handfed runs this job now."};
        feed_->sampled.push_back(job);
        return *feed_->sample;
    }
    std::uint64_t untrackedJobs() const override { return 0; }

private:
    std::shared_ptr<Feed> feed_;
    observe::SourceInfo info_;
    std::shared_ptr<const observe::Dictionary> dictionary_;
    std::uint64_t requests_ = 0;
};

} // namespace coroscope::app
