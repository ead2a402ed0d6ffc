// SPDX-License-Identifier: Apache-2.0
// The exceptions that mean "stop", and not "something went wrong".
#pragma once

#include <coroscope/runtime/detail/Delivery.h>

#include <chrono>
#include <exception>
#include <string>
#include <utility>

namespace coroscope {

namespace detail {

/// Throws a copy of the cancellation in `original` that carries `delivery`. Returns if there is none, or one
/// of a user's own class, of which no copy can be made.
void throwDelivered(const std::exception_ptr& original, const Ref<Delivery>& delivery);

} // namespace detail

/// Thrown into a coroutine that was cancelled, at the co_await where it waits or at the next one. It derives
/// from std::exception, as in Kotlin: a broad catch that does not rethrow it swallows the cancellation.
class CancellationException : public std::exception {
public:
    /// `reason` is for people. `cause`: the error that led to the cancellation, if there was one.
    explicit CancellationException(std::string reason, std::exception_ptr cause = {})
        : reason_(std::move(reason))
        , cause_(std::move(cause)) {}
    CancellationException(const CancellationException&) = default;
    CancellationException& operator=(const CancellationException&) = default;
    ~CancellationException() override;

    const char* what() const noexcept override { return reason_.c_str(); }
    const std::exception_ptr& cause() const noexcept { return cause_; }

protected:
    /// For the library: a copy on its way into a job.
    CancellationException(const CancellationException& e, detail::Ref<detail::Delivery> delivery)
        : reason_(e.reason_)
        , cause_(e.cause_)
        , delivery_(std::move(delivery)) {}

private:
    friend struct detail::DeliveryAccess;
    friend void detail::throwDelivered(const std::exception_ptr&, const detail::Ref<detail::Delivery>&);
    std::string reason_;
    std::exception_ptr cause_;
    detail::Ref<detail::Delivery> delivery_;
};

/// What withTimeout throws when its time is over. It is a cancellation: a launch that ends by it ends
/// silently.
class TimeoutCancellationException : public CancellationException {
public:
    /// `owner` names the withTimeout that threw it; only withTimeoutOrNull looks at it.
    explicit TimeoutCancellationException(std::string reason, const void* owner = nullptr)
        : CancellationException(std::move(reason))
        , owner_(owner) {}
    TimeoutCancellationException(const TimeoutCancellationException&) = default;
    TimeoutCancellationException& operator=(const TimeoutCancellationException&) = default;
    ~TimeoutCancellationException() override;

    const void* owner() const noexcept { return owner_; }

private:
    friend void detail::throwDelivered(const std::exception_ptr&, const detail::Ref<detail::Delivery>&);
    TimeoutCancellationException(const TimeoutCancellationException& e,
                                 detail::Ref<detail::Delivery> delivery)
        : CancellationException(e, std::move(delivery))
        , owner_(e.owner_) {}
    const void* owner_;
};

} // namespace coroscope
