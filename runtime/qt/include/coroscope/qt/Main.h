// SPDX-License-Identifier: Apache-2.0
// For programs with a Qt event loop: the dispatcher of its thread. Needs Qt6::Core.
#pragma once

#include <coroscope/runtime/Dispatcher.h>
#include <coroscope/runtime/detail/InPlace.h>

#include <QCoreApplication>
#include <QEvent>
#include <QObject>
#include <QThread>

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace coroscope {

namespace detail {

/// The way into the event loop of the application's thread.
class QtLoop {
public:
    /// Never destroyed: jobs may outlive the application.
    static QtLoop& instance() {
        static QtLoop& loop = *new QtLoop;
        return loop;
    }
    static bool isHere() noexcept {
        const QCoreApplication* const application = QCoreApplication::instance();
        return application && QThread::currentThread() == application->thread();
    }
    /// False: there is no application, or not any more. One event for each piece of work, so that it is in
    /// order with all other events, and so that a dialog that runs a loop of its own within one does not hold
    /// up the rest.
    template <class Rejects>
    bool post(Runnable& work, Rejects rejects) noexcept {
        const std::lock_guard lock(mutex_);
        if (!receiver_ && !open())
            return false;
        QCoreApplication::postEvent(receiver_.get(), new Work(work, rejects));
        return true;
    }

private:
    /// Goes to waste when the application ends before it was delivered.
    class Work final : public QEvent {
    public:
        Work(Runnable& work, void (*rejects)(Runnable&)) noexcept
            : QEvent(QEvent::User)
            , work_(&work)
            , rejects_(rejects) {}
        ~Work() override {
            if (work_)
                rejects_(*work_);
        }
        void run() noexcept { std::exchange(work_, nullptr)->run(); }

    private:
        Runnable* work_;
        void (*rejects_)(Runnable&);
    };
    class Receiver final : public QObject {
    public:
        bool event(QEvent* event) override {
            if (event->type() != QEvent::User)
                return QObject::event(event);
            static_cast<Work*>(event)->run();
            return true;
        }
    };

    bool open() {
        QCoreApplication* const application = QCoreApplication::instance();
        if (!application)
            return false;
        receiver_ = std::make_unique<Receiver>();
        receiver_->moveToThread(application->thread());
        QObject::connect(
            application, &QObject::destroyed, application, [this] { close(); }, Qt::DirectConnection);
        return true;
    }
    void close() {
        std::unique_ptr<Receiver> last;
        const std::lock_guard lock(mutex_);
        last = std::move(receiver_);
        // It goes after the lock: what it still was to be sent is rejected then.
    }

    std::mutex mutex_;
    std::unique_ptr<Receiver> receiver_;
};

class QtDispatcher final : public Dispatcher {
public:
    explicit QtDispatcher(bool immediate) noexcept
        : immediate_(immediate) {}
    void dispatch(Runnable& work) noexcept override {
        if (immediate_ && QtLoop::isHere())
            runInPlace(work);
        else
            dispatchYield(work);
    }
    void dispatchYield(Runnable& work) noexcept override {
        const auto rejects = [](Runnable& undelivered) { reject(undelivered); };
        if (!QtLoop::instance().post(work, rejects))
            reject(work);
    }
    /// One at a time as it is.
    std::shared_ptr<Dispatcher> limitedParallelism(int parallelism, std::string name) override {
        if (parallelism < 1 || !name.empty())
            return Dispatcher::limitedParallelism(parallelism, std::move(name));
        return shared_from_this();
    }
    std::string_view name() const noexcept override { return immediate_ ? "Main.immediate" : "Main"; }

private:
    const bool immediate_;
};

} // namespace detail

namespace Dispatchers {

/// The thread of the QCoreApplication, in its event loop and in the order of its events. Without an
/// application, or when it is gone, work is rejected (rule 70): its job is cancelled and cleans up on IO.
/// Timers are the machine's. Threads: any.
inline const DispatcherPtr& Main() {
    static const auto* const dispatcher = new DispatcherPtr(std::make_shared<detail::QtDispatcher>(false));
    return *dispatcher;
}

/// The same, but on that thread it goes on at once instead of waiting for the event loop (rule 69): for slots
/// that should have shown something when they return. `yield` does wait.
inline const DispatcherPtr& MainImmediate() {
    static const auto* const dispatcher = new DispatcherPtr(std::make_shared<detail::QtDispatcher>(true));
    return *dispatcher;
}

} // namespace Dispatchers

} // namespace coroscope
