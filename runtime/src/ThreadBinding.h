// SPDX-License-Identifier: Apache-2.0
// What thread-bound context elements have set on this thread, and what was there before (rules 109 and 110).
#pragma once

#include <coroscope/runtime/detail/ContextElements.h>

#include <cstddef>

namespace coroscope::detail {

/// The elements of one context, set on this thread. They form a stack: a job that runs sets those of its
/// context; a scope that it enters in place sets its own on top of them if they differ, and takes them off
/// when it ends; what suspends leaves it to the run (JobNode::run) to take off all that was set since that
/// began. A scope that was resumed by a run of its own and ends in place has nothing of the outer job's below
/// it, and puts that there instead.
class ThreadBinding {
public:
    ThreadBinding(const ThreadBinding&) = delete;
    ThreadBinding& operator=(const ThreadBinding&) = delete;

    /// Sets those of `elements`, which has some. `byRun`: a run of the job begins with it.
    static void set(const ContextElements& elements, bool byRun);
    /// Takes off what was set since `before` was on top.
    static void takeOffTo(const ThreadBinding* before) noexcept {
        while (top != before)
            takeOff();
    }
    /// The job whose elements are on top, and differ from those of `outer`, has ended; `outer` goes on here.
    static void goBackTo(const ContextElements& outer);

    static constexpr std::size_t padded(std::size_t size) noexcept {
        return (size + alignof(std::max_align_t) - 1) & ~(alignof(std::max_align_t) - 1);
    }

    /// Null where nothing is set.
    static constinit thread_local ThreadBinding* top;

private:
    ThreadBinding(const ContextElements& elements, bool byRun) noexcept
        : below_(top)
        , elements_(ElementsRef::share(&elements))
        , byRun_(byRun) {}
    ~ThreadBinding() = default;
    static void takeOff() noexcept;
    std::byte* states() noexcept { return reinterpret_cast<std::byte*>(this) + padded(sizeof(*this)); }

    ThreadBinding* const below_;
    const ElementsRef elements_;
    const bool byRun_;
    // behind it: the states, in the order of the elements
};

} // namespace coroscope::detail
