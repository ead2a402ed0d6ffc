// SPDX-License-Identifier: Apache-2.0
// A view of a dispatcher that runs a limited number of tasks at once.
#pragma once

#include "RunnableQueue.h"

#include <coroscope/runtime/Dispatcher.h>
#include <coroscope/runtime/detail/Lock.h>

#include <memory>
#include <string>
#include <vector>

namespace coroscope::detail {

/// Its tasks wait in a queue of its own; up to `parallelism` runners, which the dispatcher below sees as
/// tasks, work it off. A runner takes each task under the lock, so what one task did is seen by the next.
/// After a few tasks it goes to the end of the line below, for the sake of others.
class LimitedDispatcher final : public Dispatcher {
public:
    LimitedDispatcher(std::shared_ptr<Dispatcher> below, int parallelism, std::string name);
    ~LimitedDispatcher() override;

    void dispatch(Runnable& work) noexcept override { enter(work, false); }
    void dispatchYield(Runnable& work) noexcept override { enter(work, true); }
    std::shared_ptr<Dispatcher> limitedParallelism(int parallelism, std::string name) override;
    TimerSource& timers() noexcept override { return below_->timers(); }
    TimerSource& alarms() noexcept override { return below_->alarms(); }
    std::string_view name() const noexcept override { return name_; }

    /// Throws std::invalid_argument for less than one.
    static void check(int parallelism);

private:
    class Runner;

    void enter(Runnable& work, bool yields) noexcept;

    const std::shared_ptr<Dispatcher> below_;
    const int parallelism_;
    const std::string name_;
    Lock lock_; ///< for what follows
    RunnableQueue queue_;
    int running_ = 0;
    std::vector<std::unique_ptr<Runner>> idle_;
};

} // namespace coroscope::detail
