// SPDX-License-Identifier: Apache-2.0
// A value, or one sentence on why there is none: for boundaries where failure is expected.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace coroscope::observe {

/// What went wrong, as a sentence for a person: what, where, and what to do about it.
struct Problem {
    std::string text;
};

template <class T>
class [[nodiscard]] Result {
public:
    Result(T value)
        : value_(std::move(value)) {}
    Result(Problem problem)
        : problem_(std::move(problem)) {}

    explicit operator bool() const noexcept { return value_.has_value(); }
    T& operator*() & { return *value_; }
    T&& operator*() && { return *std::move(value_); }
    T* operator->() { return &*value_; }
    const std::string& problem() const noexcept { return problem_.text; }

private:
    std::optional<T> value_;
    Problem problem_;
};

} // namespace coroscope::observe
