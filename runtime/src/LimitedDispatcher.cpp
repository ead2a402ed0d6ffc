// SPDX-License-Identifier: Apache-2.0
#include "LimitedDispatcher.h"

#include <mutex>
#include <stdexcept>
#include <utility>

namespace coroscope::detail {

namespace {

/// So many tasks in a row are one view's, then others have their turn.
constexpr int tasksInARow = 16;

} // namespace

class LimitedDispatcher::Runner final : public Runnable {
public:
    void begin(std::shared_ptr<LimitedDispatcher> view, bool yields) noexcept {
        view_ = std::move(view);
        Dispatcher& below = *view_->below_;
        if (yields)
            below.dispatchYield(*this);
        else
            below.dispatch(*this);
    }
    /// Kotlin: the tasks of a view do not hear that the dispatcher below is closed. They run where its
    /// rejected ones do.
    void rejected() noexcept override {}
    void run() noexcept override {
        for (int done = 0;; ++done) {
            Runnable* task;
            std::shared_ptr<LimitedDispatcher> last;
            {
                std::lock_guard lock(view_->lock_);
                if (view_->queue_.empty()) {
                    --view_->running_;
                    last = std::move(view_);
                    last->idle_.emplace_back(this);
                    return;
                }
                task = done < tasksInARow ? view_->queue_.pop() : nullptr;
            }
            if (!task) {
                // From here on another thread may be running this.
                view_->below_->dispatchYield(*this);
                return;
            }
            task->run();
        }
    }

private:
    std::shared_ptr<LimitedDispatcher> view_; ///< kept while it runs or is queued below
};

LimitedDispatcher::LimitedDispatcher(std::shared_ptr<Dispatcher> below, int parallelism, std::string name)
    : below_(std::move(below))
    , parallelism_(parallelism)
    , name_(std::move(name)) {}

LimitedDispatcher::~LimitedDispatcher() = default;

void LimitedDispatcher::check(int parallelism) {
    if (parallelism < 1)
        throw std::invalid_argument("Expected positive parallelism level, but got " +
                                    std::to_string(parallelism));
}

std::shared_ptr<Dispatcher> LimitedDispatcher::limitedParallelism(int parallelism, std::string name) {
    check(parallelism);
    if (parallelism >= parallelism_ && name.empty())
        return shared_from_this();
    return Dispatcher::limitedParallelism(parallelism, std::move(name));
}

void LimitedDispatcher::enter(Runnable& work, bool yields) noexcept {
    std::unique_ptr<Runner> runner;
    std::shared_ptr<LimitedDispatcher> self;
    {
        std::lock_guard lock(lock_);
        queue_.push(work);
        if (running_ >= parallelism_)
            return;
        ++running_;
        // As soon as the lock is open, a runner may run the work to its end, and with it the last that keeps
        // this view.
        self = std::static_pointer_cast<LimitedDispatcher>(shared_from_this());
        if (!idle_.empty()) {
            runner = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (!runner)
        runner = std::make_unique<Runner>();
    runner.release()->begin(std::move(self), yields);
}

} // namespace coroscope::detail

namespace coroscope {

std::shared_ptr<Dispatcher> Dispatcher::limitedParallelism(int parallelism, std::string name) {
    detail::LimitedDispatcher::check(parallelism);
    if (name.empty())
        name = std::string(this->name()) + ".limitedParallelism(" + std::to_string(parallelism) + ")";
    return std::make_shared<detail::LimitedDispatcher>(shared_from_this(), parallelism, std::move(name));
}

} // namespace coroscope
