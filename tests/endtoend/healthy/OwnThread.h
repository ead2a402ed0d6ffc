// SPDX-License-Identifier: Apache-2.0
// One thread as a dispatcher, as a program with a user interface or a reactor of its own has one.
#pragma once

#include <coroscope/runtime/Dispatcher.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace healthy {

class OwnThread final : public coroscope::Dispatcher {
public:
    OwnThread()
        : thread_([this] { run(); }) {}
    ~OwnThread() override {
        {
            const std::lock_guard lock(mutex_);
            ends_ = true;
        }
        arrived_.notify_one();
        thread_.join();
    }
    void dispatch(coroscope::Runnable& work) noexcept override {
        // Told under the lock: once the last work is taken out, this may be gone.
        const std::lock_guard lock(mutex_);
        ready_.push_back(&work);
        arrived_.notify_one();
    }
    std::string_view name() const noexcept override { return "OwnThread"; }

private:
    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            arrived_.wait(lock, [this] { return ends_ || !ready_.empty(); });
            if (ready_.empty())
                return;
            coroscope::Runnable* const work = ready_.front();
            ready_.pop_front();
            lock.unlock();
            work->run();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<coroscope::Runnable*> ready_;
    bool ends_ = false;
    std::thread thread_;
};

} // namespace healthy
