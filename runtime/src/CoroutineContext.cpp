// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/CoroutineContext.h>

#include <coroscope/record/Record.h>

#include <utility>

namespace coroscope {

namespace detail {

ContextElements::ContextElements(DispatcherPtr d, std::optional<std::string> n, CoroutineExceptionHandler h,
                                 ThreadElementsPtr t)
    : dispatcher(std::move(d))
    , name(std::move(n))
    , handler(std::move(h))
    , threadElements(std::move(t)) {}

record::JobName ContextElements::recordName() const noexcept {
    if (!name)
        return {};
    if (const TextId id = recordName_.load(std::memory_order_relaxed))
        return {id, {}};
    const record::JobName now = record::internName(*name);
    if (now.id != 0)
        recordName_.store(now.id, std::memory_order_relaxed);
    return now;
}

// Without the name, which may be another one for each job.
std::uint32_t ContextElements::findRecordContext() const noexcept {
    const std::uint32_t id =
        record::internContext(dispatcher ? dispatcher->name() : std::string_view(),
                              handler ? std::string_view("CoroutineExceptionHandler") : std::string_view());
    recordContext_.store(id, std::memory_order_relaxed);
    return id;
}

/// What `y` has, else what `x` has; their thread-bound elements are given.
static ElementsRef merged(const ContextElements& x, const ContextElements& y,
                          ThreadElementsPtr threadElements) {
    return ElementsRef::adopt(new ContextElements(y.dispatcher ? y.dispatcher : x.dispatcher,
                                                  y.name ? y.name : x.name, y.handler ? y.handler : x.handler,
                                                  std::move(threadElements)));
}

static bool copies(const ContextElements* elements) noexcept {
    return elements && elements->threadElements && elements->threadElements->copyable;
}

ElementsRef inherited(const ContextElements* from, const ContextElements* own, bool child) {
    if (!copies(own) && !(child && copies(from)))
        return (CoroutineContext(ElementsRef::share(from), {}) +
                CoroutineContext(ElementsRef::share(own), {}))
            .elements();
    // Never destroyed: jobs may be launched while the process ends.
    static const auto& nothing = *new ContextElements(nullptr, std::nullopt, CoroutineExceptionHandler());
    const ContextElements& x = from ? *from : nothing;
    const ContextElements& y = own ? *own : nothing;
    return merged(x, y, inherited(x.threadElements, y.threadElements, child));
}

} // namespace detail

CoroutineContext operator+(const CoroutineContext& a, const CoroutineContext& b) {
    const Job& job = b.job() ? b.job() : a.job();
    const auto& x = a.elements();
    const auto& y = b.elements();
    if (!x || !y)
        return CoroutineContext(x ? x : y, job);
    return CoroutineContext(detail::merged(*x, *y, detail::bothOf(x->threadElements, y->threadElements)),
                            job);
}

} // namespace coroscope
