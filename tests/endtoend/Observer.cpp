// SPDX-License-Identifier: Apache-2.0
#include "Observer.h"
#include "Process.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace endtoend {

namespace observe = coroscope::observe;

Observer::Observer(int pid) {
    std::string problem;
    eventually([&] {
        auto attached = observe::attach(pid);
        if (attached)
            source_ = std::move(*attached);
        else
            problem = attached.problem();
        return source_ != nullptr;
    });
    if (!source_)
        throw std::runtime_error(problem);
}

bool Observer::look() {
    source_->wait(10);
    news_ = {};
    source_->read(news_);
    ended_.apply(news_, tree_);
    observe::TreeChanges changes;
    tree_.apply(news_, changes);
    const std::int64_t now = observe::monotonicNow();
    findings_ = watch_.confirmed(observe::findings(tree_, ended_, *source_->dictionary(), now), now);
    return !source_->ended();
}

} // namespace endtoend
