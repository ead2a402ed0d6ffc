// SPDX-License-Identifier: Apache-2.0
#include "ThreadBinding.h"

#include <coroscope/runtime/CoroutineContext.h>
#include <coroscope/runtime/detail/Blocks.h>

#include <new>

namespace coroscope::detail {

constinit thread_local ThreadBinding* ThreadBinding::top = nullptr;

void ThreadBinding::set(const ContextElements& elements, bool byRun) {
    const ThreadElements& all = *elements.threadElements;
    void* const memory = Blocks::take(padded(sizeof(ThreadBinding)) + all.stateSize);
    auto* const binding = new (memory) ThreadBinding(elements, byRun);
    const CoroutineContext context(binding->elements_, Job());
    std::byte* state = binding->states();
    for (const auto& element : all.list) {
        element->update(state, context);
        state += padded(element->stateSize());
    }
    top = binding;
}

void ThreadBinding::takeOff() noexcept {
    ThreadBinding* const binding = top;
    const ThreadElements& all = *binding->elements_->threadElements;
    const std::size_t size = padded(sizeof(ThreadBinding)) + all.stateSize;
    {
        const CoroutineContext context(binding->elements_, Job());
        std::byte* state = binding->states() + all.stateSize;
        for (auto element = all.list.rbegin(); element != all.list.rend(); ++element) {
            state -= padded((*element)->stateSize());
            (*element)->restore(state, context);
        }
    }
    top = binding->below_;
    binding->~ThreadBinding();
    Blocks::give(binding, size);
}

void ThreadBinding::goBackTo(const ContextElements& outer) {
    const bool byRun = top->byRun_;
    takeOff();
    if (byRun && outer.threadElements)
        set(outer, true);
}

} // namespace coroscope::detail
