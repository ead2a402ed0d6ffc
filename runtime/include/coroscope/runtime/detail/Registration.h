// SPDX-License-Identifier: Apache-2.0
// One entry in a job's list of all who want to hear from it: children, completion handlers, those who wait
// for it. One list, because their order is one order (rules 9 and 12).
#pragma once

#include <cstdint>

namespace coroscope::detail {

struct Registration {
    enum class Kind : std::uint8_t {
        Head,    ///< of the list
        Cursor,  ///< the place up to which somebody walks
        Child,   ///< a child job
        Handler, ///< invokeOnCompletion
        Waiter   ///< a suspended join or await
    };
    Registration* prev = nullptr;
    Registration* next = nullptr;
    /// How many were registered with the job before. Of the head: so far.
    std::uint32_t order = 0;
    Kind kind; ///< last, so that what derives from it begins right behind

    explicit Registration(Kind k) noexcept
        : kind(k) {}
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

    bool linked() const noexcept { return next != nullptr; }
    void linkBefore(Registration& where) noexcept {
        prev = where.prev;
        next = &where;
        where.prev->next = this;
        where.prev = this;
    }
    void unlink() noexcept {
        prev->next = next;
        next->prev = prev;
        prev = next = nullptr;
    }
};

} // namespace coroscope::detail
