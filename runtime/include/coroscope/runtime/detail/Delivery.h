// SPDX-License-Identifier: Apache-2.0
// What tells whether a cancellation that was thrown into a job is still on its way.
#pragma once

#include <coroscope/runtime/detail/Ref.h>

#include <atomic>
#include <cstdint>

namespace coroscope {

class CancellationException;

namespace detail {

/// Counts the exceptions that carry one job's cancellation: in flight, stored, nested in others, copied. The
/// job itself keeps one reference, so where that is the only one, all of them are gone. It refers to nothing,
/// so an exception may outlive its job. Threads: any.
class Delivery {
public:
    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }
    /// Asked by the job. Acquire: whoever dropped the last exception is through with it.
    bool onItsWay() const noexcept { return references_.load(std::memory_order_acquire) > 1; }

private:
    ~Delivery() = default;
    std::atomic<std::uint32_t> references_{1};
};

struct DeliveryAccess {
    /// Null for an exception that was not delivered into a job by the library.
    static const Delivery* of(const CancellationException& e) noexcept;
};

} // namespace detail

} // namespace coroscope
