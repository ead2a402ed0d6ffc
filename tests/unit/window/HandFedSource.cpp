// SPDX-License-Identifier: Apache-2.0
#include "HandFedSource.h"

#include <chrono>
#include <thread>

namespace coroscope::app {

namespace {

/// Text n is "name-n"; every place is in reader.cpp.
class PlainDictionary : public observe::Dictionary {
public:
    std::string text(TextId id) const override { return id == 0 ? "" : "name-" + std::to_string(id); }
    observe::SiteText site(SiteId id) const override {
        if (id == 0)
            return {};
        return {"/src/reader.cpp", "coroscope::Task<int> Reader::next(Buffer&)", id};
    }
    observe::StackText stack(StackId id) const override {
        return id == 0 ? observe::StackText{} : observe::StackText{{site(id), site(id + 1)}, 0};
    }
    observe::ContextText context(std::uint32_t id) const override {
        return id == 0 ? observe::ContextText{} : observe::ContextText{"IO", "trace=17"};
    }
    observe::CallStackText callStack(CallStackId id) const override {
        return id == 0 ? observe::CallStackText{}
                       : observe::CallStackText{
                             {{"/src/launcher.cpp", "startReader(int)", id}, {"/usr/bin/handfed", "main", 0}},
                             0,
                             "handfed has no debug information."};
    }
};

} // namespace

HandFedSource::HandFedSource(std::shared_ptr<Feed> feed)
    : feed_(std::move(feed))
    , dictionary_(std::make_shared<PlainDictionary>()) {
    info_.pid = 4711;
    info_.program = "handfed";
    info_.commandLine = "handfed --serve";
    info_.live = true;
}

observe::Contact HandFedSource::contact() const {
    const std::lock_guard lock(feed_->mutex);
    return feed_->contact;
}

void HandFedSource::read(observe::Batch& batch) {
    const std::lock_guard lock(feed_->mutex);
    if (feed_->news.empty())
        return;
    const observe::Batch next = std::move(feed_->news.front());
    feed_->news.erase(feed_->news.begin());
    batch.reset = batch.reset || next.reset;
    batch.rows.insert(batch.rows.end(), next.rows.begin(), next.rows.end());
    batch.ended.insert(batch.ended.end(), next.ended.begin(), next.ended.end());
    batch.incidents.insert(batch.incidents.end(), next.incidents.begin(), next.incidents.end());
    batch.events += next.rows.size() + next.ended.size();
}

void HandFedSource::wait(int milliseconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    while (std::chrono::steady_clock::now() < end) {
        {
            const std::lock_guard lock(feed_->mutex);
            if (!feed_->news.empty() || feed_->end)
                return;
        }
        std::this_thread::yield();
    }
}

std::optional<observe::SourceEnd> HandFedSource::ended() const {
    const std::lock_guard lock(feed_->mutex);
    return feed_->news.empty() ? feed_->end : std::nullopt;
}

observe::Result<std::uint64_t> HandFedSource::cancel(JobId job, bool childrenOnly, std::string_view reason) {
    const std::lock_guard lock(feed_->mutex);
    feed_->commands.push_back({job, childrenOnly, std::string(reason)});
    const std::uint64_t request = ++requests_;
    feed_->answers.push_back({request, observe::CommandAnswer::Kind::Done, ""});
    return request;
}

std::vector<observe::CommandAnswer> HandFedSource::answers() {
    const std::lock_guard lock(feed_->mutex);
    return std::exchange(feed_->answers, {});
}

} // namespace coroscope::app
