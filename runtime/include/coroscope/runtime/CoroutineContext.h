// SPDX-License-Identifier: Apache-2.0
// What a coroutine runs with: its job, dispatcher, name, exception handler and what is bound to its threads.
#pragma once

#include <coroscope/runtime/CoroutineExceptionHandler.h>
#include <coroscope/runtime/Dispatchers.h>
#include <coroscope/runtime/Job.h>
#include <coroscope/runtime/detail/ContextElements.h>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace coroscope {

/// A context element: the name shown in logs and in the window.
class CoroutineName {
public:
    explicit CoroutineName(std::string name)
        : name_(std::move(name)) {}
    const std::string& name() const noexcept { return name_; }

private:
    std::string name_;
};

/// A set of at most one job, dispatcher, name and exception handler, and of thread-bound elements
/// (ThreadContextElement.h) with different keys; any of them may be missing. Values are cheap to copy. Every
/// element is also a context, so `Dispatchers::Default() + CoroutineName("charge")` reads as in Kotlin. A
/// context that names a Job holds a handle to it.
class CoroutineContext {
public:
    /// The empty context.
    CoroutineContext() noexcept = default;
    // Elements convert by themselves: they are contexts.
    CoroutineContext(Job job) noexcept // NOLINT(google-explicit-constructor)
        : job_(std::move(job)) {}
    template <class D>
        requires std::is_convertible_v<D*, Dispatcher*>
    CoroutineContext(std::shared_ptr<D> dispatcher) // NOLINT(google-explicit-constructor)
        : elements_(detail::ElementsRef::adopt(new detail::ContextElements(
              std::move(dispatcher), std::nullopt, CoroutineExceptionHandler()))) {}
    template <class E>
        requires std::is_convertible_v<E*, ThreadElement*>
    CoroutineContext(std::shared_ptr<E> threadElement) // NOLINT(google-explicit-constructor)
        : elements_(detail::ElementsRef::adopt(
              new detail::ContextElements(nullptr, std::nullopt, CoroutineExceptionHandler(),
                                          std::make_shared<const detail::ThreadElements>(
                                              detail::ThreadElements::List{std::move(threadElement)})))) {}
    CoroutineContext(const CoroutineName& name) // NOLINT(google-explicit-constructor)
        : elements_(detail::ElementsRef::adopt(
              new detail::ContextElements(nullptr, name.name(), CoroutineExceptionHandler()))) {}
    CoroutineContext(CoroutineExceptionHandler handler) // NOLINT(google-explicit-constructor)
        : elements_(detail::ElementsRef::adopt(
              new detail::ContextElements(nullptr, std::nullopt, std::move(handler)))) {}

    /// None if the context names none.
    const Job& job() const noexcept { return job_; }
    DispatcherPtr dispatcher() const noexcept { return elements_ ? elements_->dispatcher : nullptr; }
    std::optional<std::string> name() const { return elements_ ? elements_->name : std::nullopt; }
    CoroutineExceptionHandler exceptionHandler() const {
        return elements_ ? elements_->handler : CoroutineExceptionHandler();
    }
    /// The thread-bound element of class E; null without one.
    template <class E>
        requires std::is_convertible_v<E*, ThreadElement*>
    std::shared_ptr<E> element() const {
        if (elements_ && elements_->threadElements) {
            for (const auto& one : elements_->threadElements->list)
                if (auto found = std::dynamic_pointer_cast<E>(one))
                    return found;
        }
        return nullptr;
    }
    CoroutineContext withoutJob() const {
        CoroutineContext c;
        c.elements_ = elements_;
        return c;
    }

    /// For the library.
    CoroutineContext(detail::ElementsRef elements, Job job) noexcept
        : elements_(std::move(elements))
        , job_(std::move(job)) {}
    const detail::ElementsRef& elements() const noexcept { return elements_; }

private:
    detail::ElementsRef elements_;
    Job job_;
};

/// The elements of both; where both have one, that of `b`.
CoroutineContext operator+(const CoroutineContext& a, const CoroutineContext& b);

} // namespace coroscope
