// SPDX-License-Identifier: Apache-2.0
// Who is told of a failure that nobody else took (rules 39 - 44).
#pragma once

#include <exception>
#include <functional>
#include <memory>

namespace coroscope {

class CoroutineContext;

/// A context element: called once by a root launch (or one directly below a supervisor) that failed, after
/// all its children are done, with the context of that launch. Never for a cancellation and never by async.
/// Threads: that on which the job ended. A handler that throws is reported to the process-wide handler with
/// the original attached.
class CoroutineExceptionHandler {
public:
    using Function = std::function<void(const CoroutineContext&, std::exception_ptr)>;

    /// No handler.
    CoroutineExceptionHandler() noexcept = default;
    explicit CoroutineExceptionHandler(Function f)
        : function_(std::make_shared<const Function>(std::move(f))) {}

    explicit operator bool() const noexcept { return function_ != nullptr; }
    void operator()(const CoroutineContext& context, std::exception_ptr e) const {
        (*function_)(context, std::move(e));
    }

private:
    std::shared_ptr<const Function> function_;
};

/// Sets who is told of failures that no handler in a context took, for the whole process, and answers who was
/// it before. The default writes to standard error; the process goes on. Threads: any.
CoroutineExceptionHandler setUncaughtExceptionHandler(CoroutineExceptionHandler handler);

} // namespace coroscope
