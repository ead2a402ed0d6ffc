// SPDX-License-Identifier: Apache-2.0
#include "OwnNames.h"

#include <mutex>

namespace coroscope::observe {

namespace {
/// Names are left a little before EndedJobs hears of the end.
constexpr std::size_t mostLeft = EndedJobs::mostOfEach + EndedJobs::mostOfEach / 4;
} // namespace

TextId OwnNames::add(std::string name) {
    const std::lock_guard guard(lock_);
    for (;;) {
        last_ = (last_ + 1) & ~ownNameBit;
        if (texts_.try_emplace(last_ | ownNameBit, std::move(name)).second)
            return last_ | ownNameBit;
    }
}

TextId OwnNames::leave(TextId number, Kept as) {
    std::deque<TextId>& left = left_[static_cast<std::size_t>(as)];
    left.push_back(number);
    if (left.size() > mostLeft) {
        const std::lock_guard guard(lock_);
        texts_.erase(left.front());
        left.pop_front();
    }
    return number;
}

std::string OwnNames::text(TextId number) const {
    const std::shared_lock guard(lock_);
    const auto found = texts_.find(number);
    return found == texts_.end() ? std::string() : found->second;
}

std::size_t OwnNames::size() const {
    const std::shared_lock guard(lock_);
    return texts_.size();
}

} // namespace coroscope::observe
