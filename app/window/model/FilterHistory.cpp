// SPDX-License-Identifier: Apache-2.0
#include "model/FilterHistory.h"

namespace coroscope::app {

namespace {
constexpr std::int64_t pauseMilliseconds = 2'000;
constexpr qsizetype mostKept = 200;
} // namespace

void FilterHistory::use(const QString& text, bool typed, std::int64_t milliseconds) {
    if (text == current())
        return;
    const bool goesOn = typed && typing_ && milliseconds - usedAt_ < pauseMilliseconds && at_ > 0;
    typing_ = typed;
    usedAt_ = milliseconds;
    if (goesOn) {
        texts_[at_] = text;
        return;
    }
    texts_.resize(at_ + 1);
    texts_ << text;
    if (texts_.size() > mostKept)
        texts_.removeFirst();
    at_ = texts_.size() - 1;
}

QString FilterHistory::back() {
    typing_ = false;
    if (canGoBack())
        --at_;
    return current();
}

QString FilterHistory::forward() {
    typing_ = false;
    if (canGoForward())
        ++at_;
    return current();
}

} // namespace coroscope::app
