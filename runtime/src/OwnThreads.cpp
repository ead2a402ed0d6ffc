// SPDX-License-Identifier: Apache-2.0
#include "OwnThreads.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <utility>

namespace coroscope::detail {

void OwnThreads::start(const std::string& name, std::function<void()> body) {
    // Signals are the program's own business: its handlers run on its own threads.
    class Blocked {
    public:
        Blocked() {
            sigset_t all;
            sigfillset(&all);
            pthread_sigmask(SIG_SETMASK, &all, &before_);
        }
        ~Blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    private:
        sigset_t before_;
    } blocked;
    std::lock_guard lock(mutex_);
    if (areElsewhere())
        forgetLocked();
    process_.store(::getpid(), std::memory_order_relaxed);
    reapLocked();
    threads_.emplace_back([this, name, body = std::move(body)] {
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
        body();
        std::lock_guard own(mutex_);
        done_.push_back(std::this_thread::get_id());
        returned_.notify_all();
    });
}

void OwnThreads::reapLocked() {
    for (const std::thread::id id : done_) {
        const auto ended = std::find_if(threads_.begin(), threads_.end(),
                                        [id](const std::thread& t) { return t.get_id() == id; });
        if (ended == threads_.end())
            continue;
        ended->join();
        threads_.erase(ended);
    }
    done_.clear();
}

bool OwnThreads::areElsewhere() const noexcept {
    const int process = process_.load(std::memory_order_relaxed);
    return process != 0 && process != ::getpid();
}

/// They can neither be joined nor detached.
void OwnThreads::forgetLocked() noexcept {
    static_cast<void>(*new std::vector<std::thread>(std::exchange(threads_, {})));
    done_.clear();
}

void OwnThreads::join() noexcept {
    if (areElsewhere()) {
        forgetLocked(); // whoever had the lock is not here
        return;
    }
    constexpr std::chrono::seconds patience{2};
    std::vector<std::thread> threads;
    std::vector<std::thread::id> done;
    {
        std::unique_lock lock(mutex_);
        const auto self = std::count_if(threads_.begin(), threads_.end(), [](const std::thread& t) {
            return t.get_id() == std::this_thread::get_id();
        });
        returned_.wait_for(lock, patience,
                           [&] { return done_.size() + static_cast<std::size_t>(self) >= threads_.size(); });
        threads.swap(threads_);
        done = done_;
    }
    for (std::thread& t : threads) {
        if (t.get_id() != std::this_thread::get_id() &&
            std::find(done.begin(), done.end(), t.get_id()) != done.end())
            t.join();
        else
            t.detach();
    }
}

void OwnThreads::atProcessEnd(void (*stop)()) {
    std::atexit(stop);
}

} // namespace coroscope::detail
