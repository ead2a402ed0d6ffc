// SPDX-License-Identifier: Apache-2.0
// The exceptions that mean "stop", and not "something went wrong".
#pragma once

#include <chrono>
#include <exception>
#include <string>

namespace coroscope {

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

private:
    std::string reason_;
    std::exception_ptr cause_;
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
    const void* owner_;
};

} // namespace coroscope
