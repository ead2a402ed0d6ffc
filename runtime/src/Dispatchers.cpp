// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/Dispatchers.h>

#include "Handover.h"
#include "LimitedDispatcher.h"
#include "OwnThreads.h"
#include "WorkerPool.h"

#include <coroscope/runtime/detail/InPlace.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace coroscope {

TimerSource::~TimerSource() = default;
Dispatcher::~Dispatcher() = default;

TimerSource& Dispatcher::timers() noexcept {
    return systemTimers();
}

void Dispatcher::reject(Runnable& work) noexcept {
    detail::Handover::finish(); // who hears of the cancellation is code of the user
    work.rejected();
    Dispatchers::IO()->dispatch(work);
}

unsigned defaultParallelism() noexcept {
    static const unsigned n = std::max(2u, std::thread::hardware_concurrency());
    return n;
}

unsigned ioParallelism() noexcept {
    return std::max(64u, defaultParallelism());
}

namespace {

using detail::LimitedDispatcher;
using detail::WorkerPool;

// What lives here is never destroyed: jobs refer to it until the very end of the process.

const std::shared_ptr<WorkerPool>& sharedPool() {
    static const auto* const pool = [] {
        static const auto* const p =
            new auto(std::make_shared<WorkerPool>(defaultParallelism(), "coroscope-w"));
        detail::OwnThreads::atProcessEnd([] { (*p)->stop(); });
        return p;
    }();
    return *pool;
}

class DefaultDispatcher final : public Dispatcher {
public:
    // At the end of the process nothing is run any more.
    void dispatch(Runnable& work) noexcept override { sharedPool()->submit(work, false); }
    void dispatchYield(Runnable& work) noexcept override { sharedPool()->submit(work, true); }
    DispatcherPtr limitedParallelism(int parallelism, std::string name) override {
        LimitedDispatcher::check(parallelism);
        if (static_cast<unsigned>(parallelism) >= defaultParallelism() && name.empty())
            return shared_from_this();
        return Dispatcher::limitedParallelism(parallelism, std::move(name));
    }
    std::string_view name() const noexcept override { return "Default"; }
};

/// What IO and its views are views of.
class BlockingDispatcher final : public Dispatcher {
public:
    void dispatch(Runnable& work) noexcept override { sharedPool()->submitBlocking(work); }
    std::string_view name() const noexcept override { return "IO"; }
};

const DispatcherPtr& blocking() {
    static const auto* const dispatcher = new DispatcherPtr(std::make_shared<BlockingDispatcher>());
    return *dispatcher;
}

class IoDispatcher final : public Dispatcher {
public:
    void dispatch(Runnable& work) noexcept override { limited_->dispatch(work); }
    void dispatchYield(Runnable& work) noexcept override { limited_->dispatchYield(work); }
    DispatcherPtr limitedParallelism(int parallelism, std::string name) override {
        return blocking()->limitedParallelism(parallelism, std::move(name));
    }
    std::string_view name() const noexcept override { return "IO"; }

private:
    const DispatcherPtr limited_ = blocking()->limitedParallelism(static_cast<int>(ioParallelism()));
};

class UnconfinedDispatcher final : public Dispatcher {
public:
    void dispatch(Runnable& work) noexcept override { detail::runInPlace(work); }
    DispatcherPtr limitedParallelism(int, std::string) override {
        throw std::logic_error("limitedParallelism is not supported for Dispatchers.Unconfined");
    }
    std::string_view name() const noexcept override { return "Unconfined"; }
};

class FixedDispatcher final : public CloseableDispatcher {
public:
    FixedDispatcher(unsigned threads, std::string name, bool inOrder)
        : name_(std::move(name))
        , inOrder_(inOrder)
        , pool_(std::make_shared<WorkerPool>(threads, name_.substr(0, 14))) {}
    ~FixedDispatcher() override { pool_->close(); }

    void dispatch(Runnable& work) noexcept override {
        if (!pool_->submit(work, inOrder_))
            reject(work);
    }
    void dispatchYield(Runnable& work) noexcept override {
        if (!pool_->submit(work, true))
            reject(work);
    }
    void close() noexcept override { pool_->close(); }
    std::string_view name() const noexcept override { return name_; }

private:
    const std::string name_;
    const bool inOrder_;
    const std::shared_ptr<WorkerPool> pool_;
};

} // namespace

const DispatcherPtr& Dispatchers::Default() {
    static const auto* const dispatcher = new DispatcherPtr(std::make_shared<DefaultDispatcher>());
    return *dispatcher;
}

const DispatcherPtr& Dispatchers::IO() {
    static const auto* const dispatcher = new DispatcherPtr(std::make_shared<IoDispatcher>());
    return *dispatcher;
}

const DispatcherPtr& Dispatchers::Unconfined() {
    static const auto* const dispatcher = new DispatcherPtr(std::make_shared<UnconfinedDispatcher>());
    return *dispatcher;
}

std::shared_ptr<CloseableDispatcher> newFixedThreadPoolContext(int threads, std::string name,
                                                               PoolOrder order) {
    if (threads < 1)
        throw std::invalid_argument("Expected at least one thread, but " + std::to_string(threads) +
                                    " specified");
    return std::make_shared<FixedDispatcher>(static_cast<unsigned>(threads), std::move(name),
                                             threads == 1 && order == PoolOrder::Usual);
}

std::shared_ptr<CloseableDispatcher> newSingleThreadContext(std::string name) {
    return newFixedThreadPoolContext(1, std::move(name));
}

} // namespace coroscope
