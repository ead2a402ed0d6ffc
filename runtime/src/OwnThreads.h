// SPDX-License-Identifier: Apache-2.0
// The runtime's own threads: named, and stopped before the process tears down what they use.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace coroscope::detail {

class OwnThreads {
public:
    /// `name`: at most 15 characters are shown. Throws std::system_error where no thread can be had.
    void start(const std::string& name, std::function<void()> body);
    /// Waits until the bodies have returned, but not for ever: one that is stuck in code of the user must not
    /// hold up the end of the process. Does not wait for the calling thread.
    void join() noexcept;
    /// In a forked child: the threads were its parent's, and nobody is here who could answer or open a lock.
    bool areElsewhere() const noexcept;

    /// Calls `stop` when the process ends by exit or by returning from main, before statics that are older
    /// than this call are destroyed.
    static void atProcessEnd(void (*stop)());

private:
    void reapLocked();
    void forgetLocked() noexcept;

    std::atomic<int> process_{0}; ///< that started them
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::thread::id> done_;
    std::vector<std::thread> threads_;
};

} // namespace coroscope::detail
