// SPDX-License-Identifier: Apache-2.0
// First in, first out, linked through the Runnables themselves. Not synchronised.
#pragma once

#include <coroscope/runtime/Dispatcher.h>

#include <cstddef>

namespace coroscope::detail {

class RunnableQueue {
public:
    void push(Runnable& work) noexcept {
        work.next = nullptr;
        (last_ ? last_->next : first_) = &work;
        last_ = &work;
        ++count_;
    }
    /// Takes over all of `other`, which is empty afterwards.
    void append(RunnableQueue& other) noexcept {
        if (!other.first_)
            return;
        (last_ ? last_->next : first_) = other.first_;
        last_ = other.last_;
        count_ += other.count_;
        other = {};
    }
    /// Null if there is none.
    Runnable* pop() noexcept {
        Runnable* const work = first_;
        if (work) {
            first_ = work->next;
            if (!first_)
                last_ = nullptr;
            work->next = nullptr;
            if (--count_ >= longQueue)
                approach();
            else
                ahead_ = nullptr;
        }
        return work;
    }
    bool empty() const noexcept { return !first_; }

private:
    /// What a short queue holds is in the caches anyway.
    static constexpr std::size_t longQueue = 64;
    /// So far ahead of its turn a task is fetched: some 100 ns, what a line from memory takes, and as much
    /// again for what that one leads to.
    static constexpr std::size_t fetchedAhead = 6;
    static constexpr std::size_t lineOfCache = 64;

    void approach() noexcept {
        if (!ahead_) {
            ahead_ = first_;
            for (std::size_t i = 1; i < fetchedAhead; ++i)
                ahead_ = ahead_->next;
        } else {
            ahead_ = ahead_->next;
        }
        ahead_->approach();
        // Its first two lines: approach() follows what is in them.
        __builtin_prefetch(ahead_->next, 1);
        __builtin_prefetch(reinterpret_cast<const std::byte*>(ahead_->next) + lineOfCache, 1);
    }

    Runnable* first_ = nullptr;
    Runnable* last_ = nullptr;
    Runnable* ahead_ = nullptr; ///< null, or as far behind first_ as fetchedAhead says
    std::size_t count_ = 0;
};

} // namespace coroscope::detail
