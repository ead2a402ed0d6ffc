// SPDX-License-Identifier: Apache-2.0
// The elements of a context except the job: shared, never changed, so that a child takes them over by
// counting.
#pragma once

#include <coroscope/model/Ids.h>
#include <coroscope/record/Record.h>
#include <coroscope/runtime/CoroutineExceptionHandler.h>
#include <coroscope/runtime/Dispatcher.h>
#include <coroscope/runtime/detail/Ref.h>
#include <coroscope/runtime/detail/ThreadElements.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace coroscope::detail {

class ContextElements {
public:
    ContextElements(DispatcherPtr d, std::optional<std::string> n, CoroutineExceptionHandler h,
                    ThreadElementsPtr t = {});
    ContextElements(const ContextElements&) = delete;
    ContextElements& operator=(const ContextElements&) = delete;

    void retain() const noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() const noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }

    const DispatcherPtr dispatcher; ///< null where a context does not name one
    const std::optional<std::string> name;
    const CoroutineExceptionHandler handler;
    const ThreadElementsPtr threadElements;

    /// As the record knows them. A name that is not interned is a view of `name`.
    record::JobName recordName() const noexcept;
    std::uint32_t recordContext() const noexcept {
        const std::uint32_t id = recordContext_.load(std::memory_order_relaxed);
        return id != 0 ? id : findRecordContext();
    }

private:
    ~ContextElements() = default;
    std::uint32_t findRecordContext() const noexcept;
    mutable std::atomic<TextId> recordName_{0};
    mutable std::atomic<std::uint32_t> recordContext_{0};
    /// Far from what every thread reads.
    alignas(64) mutable std::atomic<std::uint32_t> references_{1};
};

using ElementsRef = Ref<const ContextElements>;

/// The elements of a coroutine that runs with `own` given to it in the context `from`; either may be null.
/// `child`: it is a new one, not a scope inside the same (rule 111).
ElementsRef inherited(const ContextElements* from, const ContextElements* own, bool child);

} // namespace coroscope::detail
