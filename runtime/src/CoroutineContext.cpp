// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/CoroutineContext.h>

#include <coroscope/record/Record.h>

#include <utility>

namespace coroscope {

namespace detail {

ContextElements::ContextElements(DispatcherPtr d, std::optional<std::string> n, CoroutineExceptionHandler h)
    : dispatcher(std::move(d))
    , name(std::move(n))
    , handler(std::move(h)) {}

TextId ContextElements::recordName() const noexcept {
    if (!name)
        return 0;
    TextId id = recordName_.load(std::memory_order_relaxed);
    if (id == 0) {
        id = record::internText(*name);
        recordName_.store(id, std::memory_order_relaxed);
    }
    return id;
}

// Without the name, which may be another one for each job.
std::uint32_t ContextElements::recordContext() const noexcept {
    std::uint32_t id = recordContext_.load(std::memory_order_relaxed);
    if (id == 0) {
        id = record::internContext(dispatcher ? dispatcher->name() : std::string_view(),
                                   handler ? std::string_view("CoroutineExceptionHandler")
                                           : std::string_view());
        recordContext_.store(id, std::memory_order_relaxed);
    }
    return id;
}

} // namespace detail

CoroutineContext operator+(const CoroutineContext& a, const CoroutineContext& b) {
    const Job& job = b.job() ? b.job() : a.job();
    const auto& x = a.elements();
    const auto& y = b.elements();
    if (!x || !y)
        return CoroutineContext(x ? x : y, job);
    return CoroutineContext(detail::ElementsRef::adopt(new detail::ContextElements(
                                y->dispatcher ? y->dispatcher : x->dispatcher, y->name ? y->name : x->name,
                                y->handler ? y->handler : x->handler)),
                            job);
}

} // namespace coroscope
