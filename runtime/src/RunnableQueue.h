// SPDX-License-Identifier: Apache-2.0
// First in, first out, linked through the Runnables themselves. Not synchronised.
#pragma once

#include <coroscope/runtime/Dispatcher.h>

namespace coroscope::detail {

class RunnableQueue {
public:
    void push(Runnable& work) noexcept {
        work.next = nullptr;
        (last_ ? last_->next : first_) = &work;
        last_ = &work;
    }
    /// Takes over all of `other`, which is empty afterwards.
    void append(RunnableQueue& other) noexcept {
        if (!other.first_)
            return;
        (last_ ? last_->next : first_) = other.first_;
        last_ = other.last_;
        other.first_ = other.last_ = nullptr;
    }
    /// Null if there is none.
    Runnable* pop() noexcept {
        Runnable* const work = first_;
        if (work) {
            first_ = work->next;
            if (!first_)
                last_ = nullptr;
            work->next = nullptr;
        }
        return work;
    }
    bool empty() const noexcept { return !first_; }

private:
    Runnable* first_ = nullptr;
    Runnable* last_ = nullptr;
};

} // namespace coroscope::detail
