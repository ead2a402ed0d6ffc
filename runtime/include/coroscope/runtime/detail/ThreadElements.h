// SPDX-License-Identifier: Apache-2.0
// The thread-bound elements of a context.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace coroscope {

class CoroutineContext;

/// What all thread-bound elements of a context have in common. Derive from ThreadContextElement<S>, or from
/// CopyableThreadContextElement<S>.
class ThreadElement {
public:
    virtual ~ThreadElement();
    /// Two elements with the same key mean the same thing, and of those a context has one. By default all of
    /// one class.
    virtual const void* key() const noexcept;

    // For the library: the element without its type S.
    /// Bytes of the state that update makes and restore destroys, aligned as for std::max_align_t.
    virtual std::size_t stateSize() const noexcept = 0;
    virtual void update(void* state, const CoroutineContext& context) noexcept = 0;
    virtual void restore(void* state, const CoroutineContext& context) noexcept = 0;
    virtual bool isCopyable() const noexcept { return false; }
    virtual std::shared_ptr<ThreadElement> copied() { return nullptr; }
    virtual std::shared_ptr<ThreadElement> merged(const std::shared_ptr<ThreadElement>&) { return nullptr; }

protected:
    ThreadElement() noexcept = default;
    ThreadElement(const ThreadElement&) = default;
    ThreadElement& operator=(const ThreadElement&) = default;
};

namespace detail {

/// At least one of them, in the order in which they are set. Shared, never changed.
class ThreadElements {
public:
    using List = std::vector<std::shared_ptr<ThreadElement>>;
    explicit ThreadElements(List elements);

    const List list;
    const std::size_t stateSize; ///< of all together
    const bool copyable;         ///< one of them is
};

/// Null where a context has none: most have.
using ThreadElementsPtr = std::shared_ptr<const ThreadElements>;

/// Those of `a` and `b`; where both have one, that of `b`.
ThreadElementsPtr bothOf(const ThreadElementsPtr& a, const ThreadElementsPtr& b);
/// The same for a coroutine that runs with `own` given to it in the context `from` (rule 111). `child`: it is
/// a new one, not a scope inside the same.
ThreadElementsPtr inherited(const ThreadElementsPtr& from, const ThreadElementsPtr& own, bool child);

} // namespace detail

} // namespace coroscope
