// SPDX-License-Identifier: Apache-2.0
// What every coroutine's promise knows: who awaits it, in which job it runs, and at which co_await it is.
#pragma once

#include <coroscope/runtime/detail/Blocks.h>

#include <coroutine>
#include <source_location>

namespace coroscope::detail {

class JobNode;

class PromiseBase : public FromBlocks {
public:
    /// Who goes on when this coroutine ends; null for the body of a job.
    std::coroutine_handle<> caller;
    /// The promise of `caller`; null for the body of a job. All promises lie at the same place of their
    /// frames, because none is aligned more strictly than two pointers.
    const PromiseBase* callerPromise() const noexcept {
        return caller ? &std::coroutine_handle<PromiseBase>::from_address(caller.address()).promise()
                      : nullptr;
    }
    JobNode* job = nullptr;
    /// The co_await that this coroutine came to last. Together with those of its callers: the chain of
    /// awaiting callers.
    std::source_location site;

protected:
    PromiseBase() noexcept = default;
    PromiseBase(const PromiseBase&) = delete;
    PromiseBase& operator=(const PromiseBase&) = delete;
    ~PromiseBase() = default;
};

} // namespace coroscope::detail
