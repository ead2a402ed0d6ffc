// SPDX-License-Identifier: Apache-2.0
// Atomic access to the plain integers of the record's layout.
#pragma once

#include <atomic>

namespace coroscope::record {

template <class T>
T get(T& field, std::memory_order order = std::memory_order_relaxed) noexcept {
    return std::atomic_ref<T>(field).load(order);
}

template <class T>
void set(T& field, T value, std::memory_order order = std::memory_order_relaxed) noexcept {
    std::atomic_ref<T>(field).store(value, order);
}

/// For a field with one writer: no read-modify-write needed.
template <class T>
void add(T& field, T amount) noexcept {
    set(field, static_cast<T>(get(field) + amount));
}

} // namespace coroscope::record
