// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/detail/ThreadElements.h>

#include "ThreadBinding.h"

#include <algorithm>
#include <typeinfo>
#include <utility>

namespace coroscope {

ThreadElement::~ThreadElement() = default;

const void* ThreadElement::key() const noexcept {
    return typeid(*this).name();
}

namespace detail {

namespace {

ThreadElements::List::const_iterator find(const ThreadElements::List& list, const void* key) noexcept {
    return std::find_if(list.begin(), list.end(), [key](const auto& e) { return e->key() == key; });
}

ThreadElementsPtr madeOf(ThreadElements::List list) {
    return list.empty() ? nullptr : std::make_shared<const ThreadElements>(std::move(list));
}

std::size_t sizeOf(const ThreadElements::List& list) noexcept {
    std::size_t size = 0;
    for (const auto& element : list)
        size += ThreadBinding::padded(element->stateSize());
    return size;
}

} // namespace

ThreadElements::ThreadElements(List elements)
    : list(std::move(elements))
    , stateSize(sizeOf(list))
    , copyable(std::any_of(list.begin(), list.end(), [](const auto& e) { return e->isCopyable(); })) {}

ThreadElementsPtr bothOf(const ThreadElementsPtr& a, const ThreadElementsPtr& b) {
    if (!a || !b)
        return a ? a : b;
    ThreadElements::List list;
    for (const auto& element : a->list)
        if (find(b->list, element->key()) == b->list.end())
            list.push_back(element);
    list.insert(list.end(), b->list.begin(), b->list.end());
    return madeOf(std::move(list));
}

ThreadElementsPtr inherited(const ThreadElementsPtr& from, const ThreadElementsPtr& own, bool child) {
    if (!(own && own->copyable) && !(child && from && from->copyable))
        return bothOf(from, own);
    ThreadElements::List left = own ? own->list : ThreadElements::List();
    ThreadElements::List result;
    if (from) {
        for (const auto& element : from->list) {
            const auto overriding = find(left, element->key());
            if (!element->isCopyable()) {
                if (overriding == left.end())
                    result.push_back(element);
            } else if (overriding != left.end()) {
                result.push_back(element->merged(*overriding));
                left.erase(overriding);
            } else {
                result.push_back(child ? element->copied() : element);
            }
        }
    }
    for (const auto& element : left)
        result.push_back(child && element->isCopyable() ? element->copied() : element);
    return madeOf(std::move(result));
}

} // namespace detail

} // namespace coroscope
